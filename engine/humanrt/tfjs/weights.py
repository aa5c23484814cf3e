"""Reading of the weights: the manifest is checked against the lengths of the files, then values are dequantized."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from humanrt.errors import ModelFormatError
from humanrt.tfjs.document import (
    JsonObject,
    checked,
    file_size,
    group_files,
    integer,
    member,
    number,
    optional,
    read_document,
    read_file,
    weight_groups,
)
from humanrt.tfjs.graph import BOOL, FLOAT32, INT32, Array, DType

MAX_MODEL_BYTES = 2**31 - 2**20
"""The most bytes of weights: a protocol buffer is limited to 2 GiB, and 1 MiB is left for the graph."""

MAX_RANK = 8

_BLOCK = 2**20
"""Elements that are dequantized at a time: in double precision they take eight times the memory of uint8."""

_DTYPES: dict[str, DType] = {"float32": FLOAT32, "int32": INT32, "bool": BOOL}
_QUANTIZED_DTYPES: dict[str, DType] = {
    name: np.dtype(f"<{code}") for name, code in {"uint8": "u1", "uint16": "u2", "float16": "f2"}.items()
}


@dataclass(frozen=True, slots=True)
class _Weight:
    """One entry of the manifest. ``scale`` is None if the stored values need only a cast."""

    name: str
    shape: tuple[int, ...]
    dtype: DType
    stored: DType
    scale: float | None
    minimum: float

    @property
    def stored_bytes(self) -> int:
        return math.prod(self.shape) * self.stored.itemsize

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def check_sizes(model_json: Path) -> bool:
    """Return True if the weights files of a model have the sizes that its manifest describes.

    Raises ``ModelFormatError`` otherwise.
    """
    try:
        _groups(read_document(model_json), model_json.parent)
    except ModelFormatError as error:
        raise ModelFormatError(f"{model_json}: {error}") from error
    return True


def read_weights(document: JsonObject, folder: Path) -> dict[str, Array]:
    """Return all weights by name, as float32, int32 or bool arrays. All sizes are checked before a file is read."""
    arrays: dict[str, Array] = {}
    for files, weights in _groups(document, folder):
        content, offset = b"".join(read_file(file, MAX_MODEL_BYTES) for file in files), 0
        for weight in weights:
            if weight.name in arrays:
                raise ModelFormatError(f"'weightsManifest' has the weight {weight.name!r} twice")
            stored = np.frombuffer(content, weight.stored, math.prod(weight.shape), offset)
            arrays[weight.name] = _dequantize(weight, stored).reshape(weight.shape)
            offset += weight.stored_bytes
    return arrays


def _groups(document: JsonObject, folder: Path) -> list[tuple[tuple[Path, ...], list[_Weight]]]:
    """Return the files and the weights of each group, whose sizes agree."""
    groups = [
        (
            group_files(group, folder),
            [_entry(weight) for weight in member(group, "weights", list, "a group of weights")],
        )
        for group in weight_groups(document)
    ]
    files = [file for group_of_files, _ in groups for file in group_of_files]
    if len(set(files)) < len(files):
        # Otherwise a small file could be read into gigabytes.
        raise ModelFormatError("'weightsManifest' has a path twice")
    for group_of_files, weights in groups:
        expected, found = sum(weight.stored_bytes for weight in weights), sum(map(file_size, group_of_files))
        if expected != found:
            names = ", ".join(file.name for file in group_of_files)
            raise ModelFormatError(f"'weightsManifest' describes {expected} bytes of weights; {names} have {found}")
    if (total := sum(weight.bytes for _, weights in groups for weight in weights)) > MAX_MODEL_BYTES:
        raise ModelFormatError(f"the weights take {total} bytes; an ONNX file can hold at most {MAX_MODEL_BYTES}")
    return groups


def _entry(raw: object) -> _Weight:
    entry = checked(raw, dict, "a weight of 'weightsManifest'")
    name = member(entry, "name", str, "a weight of 'weightsManifest'")
    where = f"the weight {name!r}"
    shape = tuple(integer(size, f"a size of {where}") for size in member(entry, "shape", list, where))
    if len(shape) > MAX_RANK or any(not 0 <= size < 2**31 for size in shape):
        raise ModelFormatError(f"{where} has the impossible shape {shape}")
    dtype_name = member(entry, "dtype", str, where)
    if dtype_name not in _DTYPES:
        raise ModelFormatError(f"{where} has dtype {dtype_name!r}; accepted are {', '.join(_DTYPES)}")
    dtype = _DTYPES[dtype_name]
    quantization = optional(entry, "quantization", dict, where)
    if not quantization:
        return _Weight(name, shape, dtype, dtype.newbyteorder("<"), None, 0.0)
    stored_name = member(quantization, "dtype", str, f"the quantization of {where}")
    if stored_name not in _QUANTIZED_DTYPES or dtype == BOOL or (stored_name == "float16" and dtype != FLOAT32):
        raise ModelFormatError(f"{where} has dtype {dtype_name} quantized as {stored_name!r}; TF.js has no such pair")
    stored = _QUANTIZED_DTYPES[stored_name]
    if stored_name == "float16":
        return _Weight(name, shape, dtype, stored, None, 0.0)
    scale, minimum = (number(quantization.get(key), f"{key!r} of {where}") for key in ("scale", "min"))
    return _Weight(name, shape, dtype, stored, scale, minimum)


def _dequantize(weight: _Weight, stored: Array) -> Array:
    if weight.scale is None:
        return stored.astype(weight.dtype)
    # JavaScript multiplies in double precision, then stores: as float32, or by Math.round (half up) as int32.
    values: Array = np.empty(stored.shape, weight.dtype)
    for start in range(0, stored.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        with np.errstate(over="ignore"):
            exact = stored[block].astype(np.float64) * weight.scale + weight.minimum
            if weight.dtype == INT32:
                exact = np.floor(exact + 0.5)
                if not ((exact >= -(2.0**31)) & (exact < 2.0**31)).all():
                    raise ModelFormatError(f"the dequantized weight {weight.name!r} does not fit int32")
            values[block] = exact
    return values
