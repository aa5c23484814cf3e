"""The public functions: conversion of a TF.js graph model to an ONNX file, and the digest of a model's files."""

import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from humanrt.errors import ModelFormatError
from humanrt.tfjs.document import file_size
from humanrt.tfjs.reader import read_graph, source_files

CONVERTER_VERSION = "3"
"""Incremented whenever the ONNX for the same model changes."""


def convert(model_json: Path, destination: Path, *, outputs: Sequence[str] | None = None) -> None:
    """Convert a TF.js graph model to one ONNX file, which is written completely or not at all.

    Inputs have the names of the placeholders. Outputs have the keys of TF.js's signature without ``:0``, in its order,
    or the names of the nodes in ``outputs``. Images stay NHWC. The dtypes are float32, int32 and bool, and uint8 for an
    input that TensorFlow declares as such. Nodes that no output needs are left out.

    The batch is symbolic (``N``) if every op provably keeps the samples of a batch apart, and 1 otherwise: both are
    tried. An input of unknown rank accepts any shape; if it is not broadcast, it must have one element.

    Raises ``ModelFormatError`` if the model is malformed, ``UnsupportedOpError`` if it has an op without a translation,
    ``OSError`` if the destination cannot be written.
    """
    # Imported here because it imports onnx, which a model that is already converted does not need.
    from humanrt.tfjs.translation import translate_graph

    try:
        graph = read_graph(model_json, outputs)
        content = translate_graph(graph, CONVERTER_VERSION).SerializeToString(deterministic=True)
    except MemoryError as error:
        raise ModelFormatError(f"{model_json}: the conversion needs more memory than is available") from error
    temporary = destination.with_name(f".{destination.name}.{secrets.token_hex(8)}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, destination)  # noqa: PTH105 - the same call, and the usual name of it
    finally:
        temporary.unlink(missing_ok=True)


def source_digest(model_json: Path, *, outputs: Sequence[str] | None = None) -> str:
    """Return the SHA-256, in hex, of the contents of the files, ``outputs`` and the converter's version.

    Equal digests have equal ONNX files. Raises ``ModelFormatError`` if a file is missing, or the first is not a graph
    model.
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
