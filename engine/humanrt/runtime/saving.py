"""Writing the files of a loaded model to another place."""

import os
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from filecmp import cmp
from pathlib import Path
from typing import BinaryIO, NamedTuple

from humanrt.errors import ModelError
from humanrt.zoo import as_address, local_path, redact

CHUNK_BYTES = 2**20


class StoredModel(NamedTuple):
    """The ONNX file of a model, and the files of its external data, as paths relative to its folder."""

    path: Path
    files: tuple[str, ...] = ()


def destination_of(path: object) -> Path:
    """Return the path that a path, or a ``file://`` address, names.

    Raises ``ModelError`` for anything else.
    """
    address = as_address(path)
    place = local_path(address) if address else Path(path) if isinstance(path, str | os.PathLike) else None
    if place is None:
        what = redact(address) if address else f"a {type(path).__name__}"
        raise ModelError(f"a model cannot be saved to {what}; accepted is the path of an .onnx file")
    return place


def save_model(model: StoredModel, destination: Path, cancelled: Callable[[], bool]) -> Path:
    """Copy the files of a model to ``destination`` and beside it, and return ``destination``. It may take seconds.

    A file is complete or absent under its name: it is written under another one, then renamed, the ONNX file last.
    ``cancelled`` is called for each MiB; if it returns True, nothing is written.

    Raises ``ModelError`` if a file cannot be read or written, or if another file has the name of external data.
    """
    copies = [(model.path.parent / name, destination.parent / name) for name in model.files]
    try:
        for source, target in copies:
            if target == destination or (target.exists() and not cmp(source, target, shallow=False)):
                raise ModelError(
                    f"{target} is another file, and the model has external data of that name; save it to another folder"
                )
        copies.append((model.path, destination))
        with ExitStack() as cleanup:
            parts = [(_copied(source, target, cancelled, cleanup), target) for source, target in copies]
            for part, target in parts:
                part.replace(target)
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        raise ModelError(f"the model cannot be saved to {str(destination)!r}: {error}") from error
    return destination


def _copied(source: Path, target: Path, cancelled: Callable[[], bool], cleanup: ExitStack) -> Path:
    """Copy a file to a temporary name beside its target, which ``cleanup`` deletes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{secrets.token_hex(8)}.tmp")
    cleanup.callback(part.unlink, missing_ok=True)
    with source.open("rb") as reader, part.open("xb") as writer:
        _copy(reader, writer, cancelled)
        writer.flush()
        os.fsync(writer.fileno())  # else a power failure could leave an empty file under the new name
    return part


def _copy(reader: BinaryIO, writer: BinaryIO, cancelled: Callable[[], bool]) -> None:
    while chunk := reader.read(CHUNK_BYTES):
        if cancelled():
            raise ModelError("saving the model was cancelled")
        writer.write(chunk)
