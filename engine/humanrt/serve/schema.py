"""The description of the endpoints' bodies, parameters and answers in OpenAPI."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from humanrt.config import FilterConfig
from humanrt.serve.backend import PICTURE_FORMS
from humanrt.serve.parameters import FORMS, STYLES
from humanrt.serve.problems import MEDIA_TYPE

PROBLEM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "instance": {"type": "string", "pattern": "^urn:humanrt:request:"},
    },
    "required": ["type", "title", "status", "detail", "instance"],
}
RETRY_AFTER: dict[str, Any] = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}}


def _problem(description: str, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": description, "content": {MEDIA_TYPE: {"schema": PROBLEM}}}
    return {**answer, "headers": headers} if headers else answer


REFUSALS: dict[int | str, dict[str, Any]] = {
    401: _problem("No token, or another one"),
    421: _problem("Another name of the host"),
    503: _problem("Starting, shutting down, or a failure of the service"),
}
"""The errors of every endpoint."""

PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _problem("No picture, or a malformed body"),
    **REFUSALS,
    403: _problem("A page of another origin"),
    404: _problem("No such style"),
    408: _problem("The body did not come in time"),
    413: _problem("The body or the picture is too large"),
    415: _problem("Another type of content, or of picture"),
    422: _problem("A damaged picture, or a wrong option"),
    429: _problem("Busy", RETRY_AFTER),
    504: _problem("No result in time"),
}
"""The errors of endpoints that take a body."""


def answer(*kinds: str, required: Sequence[str] = ()) -> dict[int | str, dict[str, Any]]:
    """Return the description of an answer without an error; ``required`` are the fields of its JSON."""
    schemas: dict[str, dict[str, Any]] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}
    if "application/json" in schemas:
        schemas["application/json"] = {"schema": {"type": "object", "required": list(required)}}
    return {200: {"description": "The answer", "content": schemas}}


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
    return _parameter(name, "query", kind, description, values)


def _parameter(name: str, place: str, kind: str, description: str, values: Sequence[str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": kind}
    if values:
        schema["enum"] = list(values)
    return {"name": name, "in": place, "required": place == "path", "description": description, "schema": schema}


FORM = query("form", "string", "The form of the answer", FORMS)
SEGMENT_FORM = query("form", "string", "The form of the answer", ("json", "png"))
PICTURE_FORM = query("form", "string", "The format of the picture", tuple(PICTURE_FORMS))
MODULES = query("modules", "string", "Those that run, with commas: face, body, hand, object, gesture, segmentation")
MAX_FACES = query("max_faces", "integer", "The most faces")
CONFIG = query("config", "string", "Human's configuration as JSON: the sections of modules, filter, preset")
FILTER = _parameter(
    "name",
    "path",
    "string",
    "The filter",
    tuple(each.name for each in fields(FilterConfig) if each.name not in ("enabled", "return_")),
)
STYLE = _parameter("name", "path", "string", "The style", STYLES)
VALUE = query("value", "string", "A number, true or false; true by default")
PICTURES = tuple(f"image/{form}" for form in PICTURE_FORMS)
