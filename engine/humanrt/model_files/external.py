"""The external data of an ONNX model: tensors whose values are in other files beside the model."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from humanrt import tfjs
from humanrt.errors import ModelFormatError

if TYPE_CHECKING:
    import onnx

MAX_MODEL_BYTES = 2**31 - 1
"""The most bytes of an ``.onnx`` file: the limit of a protocol buffer."""


class OnnxContent(NamedTuple):
    """The content of an ``.onnx`` file: its bytes, and the files that it needs with their least lengths in bytes."""

    data: bytes
    files: Mapping[str, int]


def read_onnx(data: bytes, label: str) -> OnnxContent:
    """Parse an ONNX model; ``label`` is its name in messages.

    Raises ``ModelFormatError`` if it is malformed.
    """
    import onnx  # a slow import, which models that are converted already do not need
    from google.protobuf.message import DecodeError

    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise ModelFormatError(
            f"{label} is not an ONNX model, or damaged: {error}. Accepted is an ONNX or a TF.js graph model"
        ) from error
    if not model.HasField("graph") or not model.ir_version:
        raise ModelFormatError(f"{label} is not an ONNX model, or damaged: it has no graph or no version")
    if not model.opset_import:
        raise ModelFormatError(f"{label} is damaged: it has no opset")
    files: dict[str, int] = {}
    for tensor in _tensors(model):
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            name, end = _external(tensor, label)
            files[name] = max(end, files.get(name, 0))
    return OnnxContent(data, files)


def _tensors(model: "onnx.ModelProto") -> Iterator["onnx.TensorProto"]:
    """Yield all tensors of a model: those of its graphs, of the attributes of nodes, and of its functions."""
    graphs = [model.graph, *(graph for info in model.training_info for graph in (info.initialization, info.algorithm))]
    nodes = [node for function in model.functions for node in function.node]
    attributes = [attribute for function in model.functions for attribute in function.attribute_proto]
    sparse: list[onnx.SparseTensorProto] = []
    while graphs or nodes or attributes or sparse:
        while graphs:
            graph = graphs.pop()
            yield from graph.initializer
            sparse += graph.sparse_initializer
            nodes += graph.node
        while nodes:
            attributes += nodes.pop().attribute
        while attributes:
            attribute = attributes.pop()
            yield attribute.t
            yield from attribute.tensors
            sparse += [attribute.sparse_tensor, *attribute.sparse_tensors]
            graphs += [attribute.g, *attribute.graphs]
        while sparse:
            tensor = sparse.pop()
            yield tensor.values
            yield tensor.indices


def _external(tensor: "onnx.TensorProto", label: str) -> tuple[str, int]:
    """Return the file of a tensor, as a path relative to the model, and the end of its values in the file."""
    where = f"{label}: the external data of tensor {tensor.name!r}"
    # Texts that are not UTF-8 are bytes.
    entries = {str(entry.key): str(entry.value) for entry in tensor.external_data}
    location = entries.get("location", "")
    if tfjs.file_inside(Path(), location) is None or "\\" in location or "\0" in location:
        raise ModelFormatError(f"{where} is in {location!r}, which is not a relative path inside the model's folder")
    offset, length = (_integer(entries.get(key, "0"), f"{where}: {key!r}") for key in ("offset", "length"))
    size = _bytes_of(tensor, where)
    if length and length != size:
        raise ModelFormatError(f"{where} has {length} bytes; its type and shape need {size}")
    return PurePosixPath(location).as_posix(), offset + size


def _integer(text: str, what: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise ModelFormatError(f"{what} is {text[:40]!r}, not a non-negative integer")
    return int(text)


def _bytes_of(tensor: "onnx.TensorProto", where: str) -> int:
    """Return the number of bytes of the values of a tensor."""
    from onnx import helper

    if any(size < 0 for size in tensor.dims):
        raise ModelFormatError(f"{where}: the shape {list(tensor.dims)} is impossible")
    try:
        dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type)
        bits = {"int4": 4, "uint4": 4, "float4_e2m1fn": 4, "int2": 2, "uint2": 2}.get(dtype.name, 8 * dtype.itemsize)
    except (KeyError, TypeError, ValueError):
        raise ModelFormatError(f"{where}: the type {tensor.data_type} does not exist") from None
    if dtype.kind == "O":
        raise ModelFormatError(f"{where}: strings cannot be external data")
    return -(-math.prod(int(size) for size in tensor.dims) * int(bits) // 8)
