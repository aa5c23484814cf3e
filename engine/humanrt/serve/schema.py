"""The description of the endpoints' bodies, parameters and answers in OpenAPI."""

from collections.abc import Sequence
from typing import Any

from humanrt.serve.backend import PICTURE_FORMS
from humanrt.serve.parameters import FORMS

PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"description": "No picture, or a malformed body"},
    401: {"description": "No token, or another one"},
    408: {"description": "The body did not come in time"},
    413: {"description": "The body or the picture is too large"},
    415: {"description": "Another type of content, or of picture"},
    422: {"description": "A damaged picture, or a wrong option"},
    429: {"description": "Busy; see Retry-After"},
    503: {"description": "Starting, shutting down, or a failure of the service"},
    504: {"description": "No result in time"},
}


def body(*names: str) -> dict[str, Any]:
    """Return the description of a body with these pictures."""

    def pictures(form: str) -> dict[str, Any]:
        properties = {name: {"type": "string", "format": form} for name in names}
        return {"schema": {"type": "object", "properties": properties, "required": list(names)}}

    content: dict[str, Any] = {"multipart/form-data": pictures("binary"), "application/json": pictures("byte")}
    if len(names) == 1:
        content["image/*"] = {"schema": {"type": "string", "format": "binary"}}
    return {"content": content, "required": True}


def query(name: str, kind: str, description: str, values: Sequence[str] = ()) -> dict[str, Any]:
    """Return the description of a parameter of the query."""
    schema: dict[str, Any] = {"type": kind}
    if values:
        schema["enum"] = list(values)
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


FORM = query("form", "string", "The form of the answer", FORMS)
SEGMENT_FORM = query("form", "string", "The form of the answer", ("json", "png"))
PICTURE_FORM = query("form", "string", "The format of the picture", tuple(PICTURE_FORMS))
MODULES = query("modules", "string", "Those that run, with commas: face, body, hand, object, gesture, segmentation")
MAX_FACES = query("max_faces", "integer", "The most faces")
CONFIG = query("config", "string", "Human's configuration as JSON: the sections of modules, filter, preset")
