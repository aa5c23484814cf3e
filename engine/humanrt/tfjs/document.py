"""Reading ``model.json`` as untrusted JSON: what it is, which files it names, and typed access to its members."""

import json
import math
import stat
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, TypeAlias, TypeVar

from humanrt.errors import ModelFormatError

JsonObject: TypeAlias = Mapping[str, Any]

MAX_JSON_BYTES = 64 * 2**20
"""Seventy times the largest of Human's; a longer file is not a graph."""

_T = TypeVar("_T")


def member(container: JsonObject, key: str, kind: type[_T], where: str) -> _T:
    """``container[key]``, which must be of that JSON type; ``where`` names the container in the ModelFormatError."""
    if key not in container:
        raise ModelFormatError(f"{where} has no {key!r}")
    return checked(container[key], kind, f"{key!r} of {where}")


def optional(container: JsonObject, key: str, kind: type[_T], where: str) -> _T:
    """As ``member``, but an empty value of the type where the key is missing or null."""
    value = container.get(key)
    return kind() if value is None else checked(value, kind, f"{key!r} of {where}")


def checked(value: object, kind: type[_T], what: str) -> _T:
    """Return the value, when it is of exactly that JSON type."""
    if type(value) is not kind:
        raise ModelFormatError(f"{what} is {_brief(value)}, not of type {kind.__name__}")
    return value


def integer(value: object, what: str) -> int:
    """Return an int64. Protocol buffers write it into JSON as a string of digits, people as a number."""
    if isinstance(value, str) and len(value) <= 20 and value.removeprefix("-").isdecimal() and value.isascii():
        value = int(value)
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise ModelFormatError(f"{what} is {_brief(value)}, not a 64-bit integer")
    return value


def number(value: object, what: str) -> float:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ModelFormatError(f"{what} is {_brief(value)}, not a finite number")
    return float(value)


def read_document(model_json: Path) -> JsonObject:
    """Parse a ``model.json``; refuses, with ModelFormatError, everything that is not a TF.js graph model."""
    content = read_file(model_json, MAX_JSON_BYTES)
    try:
        document = checked(json.loads(content), dict, "the document")
    except (ValueError, RecursionError, MemoryError) as error:
        raise ModelFormatError(f"{model_json}: not a JSON object: {error}") from error
    topology = document.get("modelTopology")
    if document.get("format") == "layers-model" or (isinstance(topology, dict) and "model_config" in topology):
        raise ModelFormatError(
            f"{model_json}: this is a Keras layers model, and only graph models can be read; convert it with "
            "'tensorflowjs_converter --input_format=tfjs_layers_model --output_format=tfjs_graph_model model.json DIR'"
        )
    return document


def read_file(path: Path, limit: int) -> bytes:
    """Return the bytes of a regular file of at most ``limit`` bytes, or raise a ModelFormatError naming the path."""
    size = file_size(path)
    if size > limit:
        raise ModelFormatError(f"{path}: {size} bytes, where at most {limit} are expected")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelFormatError(f"{path}: cannot be read: {error.strerror}") from error


def file_size(path: Path) -> int:
    """Return the size of a regular file: a pipe or a device would block its reader for ever."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise ModelFormatError(f"{path}: cannot be read: {error}") from error
    if not stat.S_ISREG(status.st_mode):
        raise ModelFormatError(f"{path}: not a regular file")
    return status.st_size


def weight_groups(document: JsonObject) -> list[JsonObject]:
    """Return the groups of the weights' manifest."""
    groups = member(document, "weightsManifest", list, "the model")
    return [checked(group, dict, f"group {index} of 'weightsManifest'") for index, group in enumerate(groups)]


def group_files(group: JsonObject, folder: Path) -> tuple[Path, ...]:
    """Return the files of one group of weights, which must lie beside or below the ``model.json``."""
    files = []
    for text in member(group, "paths", list, "a group of 'weightsManifest'"):
        relative = PurePosixPath(checked(text, str, "a path of 'weightsManifest'"))
        windows = PureWindowsPath(text)
        if not relative.parts or windows.anchor or relative.is_absolute() or ".." in windows.parts:
            raise ModelFormatError(f"the weights' path {_brief(text)} does not stay in the model's folder")
        files.append(folder / relative)
    return tuple(files)


def _brief(value: object) -> str:
    text = repr(value) if not isinstance(value, dict | list) else type(value).__name__
    return text if len(text) <= 80 else f"{text[:77]}..."
