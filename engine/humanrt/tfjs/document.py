"""Reading of ``model.json`` as untrusted JSON: its kind, the files it names, and typed access to its members."""

import json
import math
import stat
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, TypeAlias, TypeVar

from humanrt.errors import ModelFormatError

JsonObject: TypeAlias = Mapping[str, Any]

MAX_JSON_BYTES = 16 * 2**20
"""The most bytes of a ``model.json``, 17 times the largest of Human's; the parsed document takes 25 times as many."""

_T = TypeVar("_T")


def member(container: JsonObject, key: str, kind: type[_T], where: str) -> _T:
    """Return ``container[key]``, which must be of type ``kind``.

    Raises ``ModelFormatError`` if it is missing or of another type; ``where`` names the container in the message.
    """
    if key not in container:
        raise ModelFormatError(f"{where} has no {key!r}")
    return checked(container[key], kind, f"{key!r} of {where}")


def optional(container: JsonObject, key: str, kind: type[_T], where: str) -> _T:
    """Return ``container[key]`` as ``member`` does, or an empty value of the type if the key is missing or null."""
    value = container.get(key)
    return kind() if value is None else checked(value, kind, f"{key!r} of {where}")


def checked(value: object, kind: type[_T], what: str) -> _T:
    """Return ``value``, which must be of exactly the type ``kind``.

    Raises ``ModelFormatError`` if it is of another type; ``what`` names the value in the message.
    """
    if type(value) is not kind:
        raise ModelFormatError(f"{what} is {_brief(value)}, not of type {kind.__name__}")
    return value


def integer(value: object, what: str) -> int:
    """Return a 64-bit integer. The JSON form of protocol buffers is a string of digits; a number is accepted too."""
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
    """Parse a ``model.json``.

    Raises ``ModelFormatError`` if it cannot be read, or is not a TF.js graph model.
    """
    content = read_file(model_json, MAX_JSON_BYTES)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError, MemoryError) as error:
        raise ModelFormatError(f"{model_json}: not a JSON object: {error}") from error
    if foreign := _foreign(document):
        raise ModelFormatError(f"{model_json}: {foreign}")
    try:
        return checked(document, dict, "the document")
    except ModelFormatError as error:
        raise ModelFormatError(f"{model_json}: not a JSON object: {error}") from error


def _foreign(document: object) -> str | None:
    """Return the format of a document that is not a graph model, with the cure; None if it is not a known format."""
    if isinstance(document, list) and document and all(isinstance(entry, dict) for entry in document):
        is_manifest = all("weights" in group and "paths" in group for group in document)
        return _WEIGHTS_MANIFEST if is_manifest else None
    if not isinstance(document, dict):
        return None
    topology = document.get("modelTopology")
    if document.get("format") == "layers-model" or (isinstance(topology, dict) and "model_config" in topology):
        return (
            "a TF.js layers model (Keras); only graph models are supported. Convert it with "
            "'tensorflowjs_converter --input_format=tfjs_layers_model --output_format=tfjs_graph_model model.json DIR'"
        )
    if "modelTopology" not in document and "weightsManifest" in document:
        return _WEIGHTS_MANIFEST
    if "modelTopology" not in document and "class_name" in document and "config" in document:
        return (
            "the architecture of a Keras model, without weights; only TF.js graph models are supported. Export the "
            "model from Python: model.export('model.onnx', format='onnx')"
        )
    return None


_WEIGHTS_MANIFEST = "a weights manifest of TF.js, without a graph. Load the model.json to which it belongs"


def read_file(path: Path, limit: int) -> bytes:
    """Return the bytes of a regular file of at most ``limit`` bytes.

    Raises ``ModelFormatError`` if the file is longer, is not a regular file, or cannot be read.
    """
    size = file_size(path)
    if size > limit:
        raise ModelFormatError(f"{path}: the file has {size} bytes; at most {limit} are accepted")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelFormatError(f"{path}: cannot be read: {error.strerror}") from error


def file_size(path: Path) -> int:
    """Return the size of a regular file in bytes.

    Raises ``ModelFormatError`` if it cannot be read, or is not a regular file: reading a pipe or a device may block.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise ModelFormatError(f"{path}: cannot be read: {error}") from error
    if not stat.S_ISREG(status.st_mode):
        raise ModelFormatError(f"{path}: not a regular file")
    return status.st_size


def weight_groups(document: JsonObject) -> list[JsonObject]:
    """Return the groups of the weights manifest."""
    groups = member(document, "weightsManifest", list, "the model")
    return [checked(group, dict, f"group {index} of 'weightsManifest'") for index, group in enumerate(groups)]


def group_files(group: JsonObject, folder: Path) -> tuple[Path, ...]:
    """Return the files of one group of weights; each must be in or below the folder of the ``model.json``."""
    files = []
    for text in member(group, "paths", list, "a group of 'weightsManifest'"):
        file = file_inside(folder, checked(text, str, "a path of 'weightsManifest'"))
        if file is None:
            raise ModelFormatError(
                f"the path {_brief(text)} of 'weightsManifest' is not a relative path inside the model's folder"
            )
        files.append(file)
    return tuple(files)


def file_inside(folder: Path, name: str) -> Path | None:
    """Return the path of a file in or below a folder; None if its name is not a plain relative path."""
    relative, windows = PurePosixPath(name), PureWindowsPath(name)
    is_plain = relative.parts and not (windows.anchor or relative.is_absolute() or ".." in windows.parts)
    return folder / relative if is_plain and "://" not in name else None


def _brief(value: object) -> str:
    text = repr(value) if not isinstance(value, dict | list) else type(value).__name__
    return text if len(text) <= 80 else f"{text[:77]}..."
