"""Verification of files against their cards, and atomic installation.

A file is hashed when it arrives. The hash is stored in a small file beside it, ``NAME.verified``, with the length and
the modification time of the file: as long as these are unchanged, the file is not hashed again. A cache that is copied
to another machine is hashed once more. Converted models have no card: the note alone has their hash.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from humanrt.config.section import without_waiting
from humanrt.errors import IntegrityError, StoreError
from humanrt.zoo.cards import CardFile

MAX_NOTE = 4096


@contextmanager
def file_access(path: Path) -> Iterator[None]:
    """Convert an ``OSError`` to a ``StoreError`` with the cure."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{path} cannot be read or written: {error.strerror or error}. Free space or grant access, "
            "or set HUMANRT_CACHE_DIR to another folder for the cache"
        ) from error


def is_intact(path: Path, file: CardFile) -> bool:
    """Return whether ``path`` is ``file``. The content is hashed, and the note renewed, if the note is not valid.

    Raises ``StoreError`` if the file exists and cannot be read.
    """
    with file_access(path):
        try:
            status = path.stat()
        except FileNotFoundError:
            return False
    # Taken before the hash: if the file changes while it is hashed, the note is not valid.
    note = _note(file, status)
    if status.st_size == file.bytes and _read_note(path) == note:
        return True
    if not has_digest(path, file):
        return False
    _write_note(path, note)
    return True


def has_digest(path: Path, file: CardFile) -> bool:
    """Return whether ``path`` exists and has the length and the SHA-256 of ``file``. The whole file is read.

    Raises ``StoreError`` if the file exists and cannot be read.
    """
    with file_access(path):
        try:
            with open(path, "rb", opener=without_waiting) as stream:
                right_length = os.fstat(stream.fileno()).st_size == file.bytes
                return right_length and hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
        except FileNotFoundError:
            return False


def record(path: Path) -> None:
    """Write a note of the current content of ``path``, for ``is_recorded``.

    Raises ``StoreError`` if the file cannot be read.
    """
    with file_access(path):
        status = path.stat()
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    _write_note(path, _note(CardFile(name=path.name, sha256=digest, bytes=status.st_size), status))


def is_recorded(path: Path, *, hashed: bool = False) -> bool:
    """Return whether ``path`` still has the content that ``record`` noted.

    With ``hashed`` the whole file is read, even if its length and modification time are unchanged.

    Raises ``StoreError`` if the file exists and cannot be read.
    """
    match _read_note(path):
        case {"sha256": str() as digest, "bytes": int() as length}:
            file = CardFile(name=path.name, sha256=digest, bytes=length)
            return has_digest(path, file) if hashed else is_intact(path, file)
    return False


def install(arrived: Path, destination: Path, file: CardFile) -> None:
    """Move ``arrived`` to ``destination``, on the same file system, if it is ``file``; delete it otherwise.

    Raises ``IntegrityError`` if it is not; the file at ``destination`` is unchanged, ``StoreError`` if the folder
    cannot be written.
    """
    if not has_digest(arrived, file):
        arrived.unlink(missing_ok=True)
        raise IntegrityError(
            f"the file that arrived as {file.name} does not match its card "
            f"({file.bytes} bytes, SHA-256 {file.sha256}); it was not kept"
        )
    with file_access(destination):
        # Without it a power failure could leave an empty file under the new name.
        with arrived.open("rb+") as stream:
            os.fsync(stream.fileno())
        destination.parent.mkdir(parents=True, exist_ok=True)
        arrived.replace(destination)
        _write_note(destination, _note(file, destination.stat()))


def part_of(destination: Path) -> Path:
    """Return the path of the incomplete file for ``destination``."""
    return destination.with_name(f"{destination.name}.part")


def forget(path: Path) -> None:
    """Delete the note of ``path``, so that the next ``is_intact`` hashes it."""
    with file_access(path):
        _note_path(path).unlink(missing_ok=True)


def _note(file: CardFile, status: os.stat_result) -> dict[str, str | int]:
    return {"sha256": file.sha256, "bytes": status.st_size, "modified_ns": status.st_mtime_ns}


def _note_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.verified")


def _read_note(path: Path) -> object:
    # A missing, truncated or foreign note is ignored.
    with (
        suppress(OSError, ValueError, RecursionError),
        open(_note_path(path), "rb", opener=without_waiting) as stream,
    ):
        return json.loads(stream.read(MAX_NOTE) or b"")
    return None


def _write_note(path: Path, note: dict[str, str | int]) -> None:
    # Without the note the file is hashed each time: a cache that cannot be written works too.
    with suppress(OSError), open(_note_path(path), "w", encoding="utf-8", opener=without_waiting) as stream:
        stream.write(json.dumps(note) + "\n")
