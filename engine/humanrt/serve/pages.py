"""The page and the documentation of the endpoints, from files of the wheel."""

from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Response

from humanrt.drawing import mesh
from humanrt.serve.problems import ProblemError

PAGES = {"/": "index.html", "/docs": "docs.html"}
KINDS = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
FOLDER = files("humanrt.serve") / "static"


def create_pages() -> APIRouter:
    """Return the routes of the pages and of their files."""
    router = APIRouter(include_in_schema=False)

    for path, name in PAGES.items():

        @router.get(path, name=name)
        async def page(name: str = name) -> Response:
            return _file(name)

    @router.get("/static/mesh.js")
    async def mesh_script() -> Response:
        return Response(_mesh_script(), media_type=KINDS["js"])

    @router.get("/static/{name}")
    async def asset(name: str) -> Response:
        return _file(name)

    return router


def _file(name: str) -> Response:
    contents = _contents().get(name)
    if contents is None:
        raise ProblemError(404, "there is no such file")
    return Response(contents, headers={"Content-Type": KINDS[name.rpartition(".")[2]]})


@cache
def _contents() -> dict[str, bytes]:
    """Return the files by name. They are small, and read once."""
    return {each.name: each.read_bytes() for each in FOLDER.iterdir() if each.name.rpartition(".")[2] in KINDS}


@cache
def _mesh_script() -> str:
    """Return the edges and contours of the mesh as a module of JavaScript: the library's own."""
    contours = [list(contour) for contour in mesh.CONTOURS.values()]
    return f"export const edges = {mesh.edges().tolist()};\nexport const contours = {contours};\n"
