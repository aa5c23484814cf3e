"""Whether a file is what its card says, and putting a new one in its place.

A file is hashed when it arrives. The result is noted in a small file beside it, ``NAME.verified``, with the file's
length and time of change: while these still hold the file need not be hashed again. Whoever copies a cache to another
machine loses nothing but the one hash. Converted models have no card: there the note alone says what the file was.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from humanrt.errors import IntegrityError, StoreError
from humanrt.zoo.cards import CardFile


@contextmanager
def file_access(path: Path) -> Iterator[None]:
    """Turn an OSError into a StoreError that says what to do about it."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{path} cannot be read or written: {error.strerror or error}. Make room or give access, "
            "or let HUMANRT_CACHE_DIR name another folder for the cache"
        ) from error


def is_intact(path: Path, file: CardFile) -> bool:
    """Tell whether `path` is `file`. The bytes are hashed if the note beside it does not hold, and the note is renewed.

    Raises StoreError: the file is there and cannot be read.
    """
    with file_access(path):
        try:
            status = path.stat()
        except FileNotFoundError:
            return False
    # Taken before the hash: a change while it is computed makes the note invalid, not the file trusted.
    note = _note(file, status)
    if status.st_size == file.bytes and _read_note(path) == note:
        return True
    if not has_digest(path, file):
        return False
    _write_note(path, note)
    return True


def has_digest(path: Path, file: CardFile) -> bool:
    """Tell whether `path` has the length and the SHA-256 of `file`; a missing file has not. Always reads every byte.

    Raises StoreError: the file is there and cannot be read.
    """
    with file_access(path):
        try:
            with path.open("rb") as stream:
                right_length = os.fstat(stream.fileno()).st_size == file.bytes
                return right_length and hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
        except FileNotFoundError:
            return False


def record(path: Path) -> None:
    """Note what `path` holds now, for `is_recorded`.

    Raises StoreError: the file cannot be read.
    """
    with file_access(path):
        status = path.stat()
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    _write_note(path, _note(CardFile(name=path.name, sha256=digest, bytes=status.st_size), status))


def is_recorded(path: Path, *, hashed: bool = False) -> bool:
    """Tell whether `path` still holds what `record` noted; `hashed` reads every byte, whatever length and time say.

    Raises StoreError: the file is there and cannot be read.
    """
    match _read_note(path):
        case {"sha256": str() as digest, "bytes": int() as length}:
            file = CardFile(name=path.name, sha256=digest, bytes=length)
            return has_digest(path, file) if hashed else is_intact(path, file)
    return False


def install(arrived: Path, destination: Path, file: CardFile) -> None:
    """Move `arrived`, which must lie on the same file system, to `destination` if it is `file`; else delete it.

    Raises IntegrityError: it is not; whatever was at `destination` is untouched; StoreError: the folder cannot be
    written.
    """
    if not has_digest(arrived, file):
        arrived.unlink(missing_ok=True)
        raise IntegrityError(
            f"what arrived as {file.name} is not the file that its card describes "
            f"({file.bytes} bytes, SHA-256 {file.sha256}); it was not kept"
        )
    with file_access(destination):
        # Otherwise a power cut could leave the new name on an empty file.
        with arrived.open("rb+") as stream:
            os.fsync(stream.fileno())
        destination.parent.mkdir(parents=True, exist_ok=True)
        arrived.replace(destination)
        _write_note(destination, _note(file, destination.stat()))


def part_of(destination: Path) -> Path:
    """Return where `destination` grows while it is not complete."""
    return destination.with_name(f"{destination.name}.part")


def forget(path: Path) -> None:
    """Make the next `is_intact` hash `path` again."""
    with file_access(path):
        _note_path(path).unlink(missing_ok=True)


def _note(file: CardFile, status: os.stat_result) -> dict[str, str | int]:
    return {"sha256": file.sha256, "bytes": status.st_size, "modified_ns": status.st_mtime_ns}


def _note_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.verified")


def _read_note(path: Path) -> object:
    # A note that is missing, cut short or not ours is no note.
    with suppress(OSError, ValueError):
        return json.loads(_note_path(path).read_bytes())
    return None


def _write_note(path: Path, note: dict[str, str | int]) -> None:
    # A cache that cannot be written is a good cache: it only costs the hash each time.
    with suppress(OSError):
        _note_path(path).write_text(json.dumps(note) + "\n", encoding="utf-8")
