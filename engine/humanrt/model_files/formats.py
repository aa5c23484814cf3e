"""Recognition of the formats of model files by their content, with the cure for those that are not supported."""

import io
import zipfile
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from humanrt.errors import ModelFormatError

HEAD_BYTES = 4096
"""The bytes at the beginning of a file by which its format is recognized."""

SUPPORTED = "an ONNX model (.onnx) or a TF.js graph model (model.json)"

_TF2ONNX = "Convert it: python -m tf2onnx.convert"
_TORCH = "Export the model from Python: torch.onnx.export(model, example_inputs, 'model.onnx')"
_KERAS = "Export the model from Python: keras.saving.load_model(path).export('model.onnx', format='onnx')"


class Foreign(NamedTuple):
    """A format that is not supported: its name, and the cure."""

    name: str
    cure: str


_BY_MAGIC: Sequence[tuple[int, bytes, Foreign]] = (
    (4, b"TFL3", Foreign("a TensorFlow Lite model (.tflite)", f"{_TF2ONNX} --tflite FILE --output model.onnx")),
    (4, b"ORTM", Foreign("an ONNX Runtime model (.ort)", "Load the .onnx file from which it was made")),
    (0, b"\x89HDF\r\n\x1a\n", Foreign("a Keras model or weights in HDF5 (.h5)", _KERAS)),
    (0, b"GGUF", Foreign("a GGUF model", "Use the ONNX form of the model, if there is one")),
    (0, b"version https://git-lfs", Foreign("a pointer of Git LFS", "Fetch the file: git lfs pull")),
    (0, b"\x1f\x8b", Foreign("a gzip archive", "Unpack it, and load the model in it")),
    (257, b"ustar", Foreign("a tar archive", "Unpack it, and load the model in it")),
    (0, b"<?xml", Foreign("an XML document, for instance an OpenVINO model", "Use the model from which it was made")),
    (0, b"<net", Foreign("an OpenVINO model (.xml)", "Use the model from which it was made")),
    (0, b"<!DOCTYPE", Foreign("an HTML page", "Use the address of the file itself, not of a page about it")),
    (0, b"<html", Foreign("an HTML page", "Use the address of the file itself, not of a page about it")),
    (0, b"\x80\x02", Foreign("a pickle, for instance of PyTorch (.pt, .pth)", _TORCH)),
    (0, b"\x80\x03", Foreign("a pickle, for instance of PyTorch (.pt, .pth)", _TORCH)),
    (0, b"\x80\x04", Foreign("a pickle, for instance of PyTorch (.pt, .pth)", _TORCH)),
    (0, b"\x80\x05", Foreign("a pickle, for instance of PyTorch (.pt, .pth)", _TORCH)),
)

_SAVED_MODEL = Foreign("a TensorFlow SavedModel (saved_model.pb)", f"{_TF2ONNX} --saved-model DIR --output model.onnx")
_GRAPH_DEF = Foreign(
    "a frozen TensorFlow graph (.pb)",
    f"{_TF2ONNX} --graphdef FILE --inputs NAME:0 --outputs NAME:0 --output model.onnx",
)
_SAFETENSORS = Foreign(
    "weights in the safetensors format, without a graph",
    "Export the model to which they belong: optimum-cli export onnx --model DIR OUTPUT_DIR, or torch.onnx.export()",
)
_IN_ZIP: Sequence[tuple[str, Foreign]] = (
    ("data.pkl", Foreign("a PyTorch model or checkpoint (.pt, .pth)", _TORCH)),
    ("model.weights.h5", Foreign("a Keras model (.keras)", _KERAS)),
    (".npy", Foreign("arrays of NumPy (.npz)", f"Use {SUPPORTED}")),
    ("", Foreign("a ZIP archive", "Unpack it, and load the model in it")),
)


def is_json(head: bytes) -> bool:
    """Return whether a file is JSON, by its beginning."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def refuse_foreign(label: str, head: bytes, whole: Callable[[], bytes | Path]) -> None:
    """Raise ``ModelFormatError`` with the cure if a binary file has a known format other than ONNX.

    ``head`` is its beginning, ``whole`` returns its content or path, and ``label`` is its name in messages.
    """
    if not head:
        raise ModelFormatError(f"{label} is empty; accepted is {SUPPORTED}")
    if (foreign := _by_magic(head)) or (foreign := _by_structure(head)):
        raise foreign_error(label, foreign)
    if head.startswith(b"PK\x03\x04"):
        raise foreign_error(label, _in_zip(whole()))


def foreign_error(label: str, foreign: Foreign) -> ModelFormatError:
    """Return the error for a format that is not supported."""
    return ModelFormatError(f"{label} is {foreign.name}; accepted is {SUPPORTED}. {foreign.cure}")


def foreign_folder(names: Collection[str]) -> Foreign | None:
    """Return the format of a folder without a model of a supported format, by the names in it."""
    return _SAVED_MODEL if "saved_model.pb" in names else None


def _by_magic(head: bytes) -> Foreign | None:
    return next((foreign for at, magic, foreign in _BY_MAGIC if head[at : at + len(magic)] == magic), None)


def _by_structure(head: bytes) -> Foreign | None:
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 2**32:
        return _SAFETENSORS
    # Protocol buffers: an ONNX model begins with its version, 08 and a number. A SavedModel has the schema version 1,
    # then messages that begin with 0A; an ONNX model has a text in its place. A graph begins with a node and its name.
    if head[:3] == b"\x08\x01\x12" and _after_length(head, 3) == b"\x0a":
        return _SAVED_MODEL
    if head[:1] == b"\x0a" and _after_length(head, 1) == b"\x0a":
        return _GRAPH_DEF
    return None


def _after_length(head: bytes, start: int) -> bytes:
    """Return the byte after a number of variable length."""
    while head[start : start + 1] and head[start] & 0x80:
        start += 1
    return head[start + 1 : start + 2]


def _in_zip(whole: bytes | Path) -> Foreign:
    names: list[str] = []
    with (
        suppress(OSError, zipfile.BadZipFile, NotImplementedError, ValueError),
        zipfile.ZipFile(whole if isinstance(whole, Path) else io.BytesIO(whole)) as archive,
    ):
        names = archive.namelist()
    return next(foreign for suffix, foreign in _IN_ZIP if not suffix or any(name.endswith(suffix) for name in names))
