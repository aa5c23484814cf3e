"""The public calls: a TF.js graph model to an ONNX file, and the digest under which a cache may keep that file."""

import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from humanrt.errors import ModelFormatError
from humanrt.tfjs.document import file_size
from humanrt.tfjs.reader import read_graph, source_files

CONVERTER_VERSION = "3"
"""Raised whenever the ONNX that comes out for the same model changes."""


def convert(model_json: Path, destination: Path, *, outputs: Sequence[str] | None = None) -> None:
    """Convert a TF.js graph model into one ONNX file, which appears whole or not at all.

    Inputs bear the names of the placeholders; outputs the keys of TF.js's signature without ``:0``, in its order, or
    the names of the nodes that ``outputs`` asks for. Pictures stay NHWC; the types are float32, int32, bool, and uint8
    for an input that TensorFlow declared so. Whatever does not matter to the outputs is left out.

    The batch is symbolic (``N``) when each step provably keeps the samples apart, and otherwise 1: both are tried. An
    input of which not even the number of axes is known takes any; where it is not broadcast, it must hold one number.

    Raises ModelFormatError for a model that is malformed, UnsupportedOpError for one that cannot be expressed, and
    OSError when the destination cannot be written.
    """
    # It imports onnx, which users of a cached model never need.
    from humanrt.tfjs.translation import translate_graph

    try:
        graph = read_graph(model_json, outputs)
        content = translate_graph(graph, CONVERTER_VERSION).SerializeToString(deterministic=True)
    except MemoryError as error:
        raise ModelFormatError(f"{model_json}: asks for more memory than there is") from error
    temporary = destination.with_name(f".{destination.name}.{secrets.token_hex(8)}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, destination)  # noqa: PTH105 - the same call, and the usual name of it
    finally:
        temporary.unlink(missing_ok=True)


def source_digest(model_json: Path, *, outputs: Sequence[str] | None = None) -> str:
    """Return the SHA-256, in hex, of the files' contents, ``outputs`` and the converter: all that decides on the ONNX.

    Raises ModelFormatError when a file is missing, or the first is no graph model.
    """
    digest = hashlib.sha256(repr((CONVERTER_VERSION, None if outputs is None else list(outputs))).encode())
    for path in source_files(model_json):
        digest.update(f"|{file_size(path)}|".encode())
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise ModelFormatError(f"{path}: cannot be read: {error.strerror}") from error
    return digest.hexdigest()
