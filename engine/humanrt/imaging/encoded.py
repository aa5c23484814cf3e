"""The bytes of an encoded picture: of a path, a data URL, an open file, or given as they are."""

import base64
import inspect
import io
import os
import re
import stat
import sys
from pathlib import Path
from urllib.parse import unquote_to_bytes

from humanrt.config.section import without_waiting
from humanrt.errors import InputError
from humanrt.imaging.accepted import ArrayLike, BinaryFile, DLPackArray, PictureSource
from humanrt.imaging.room import Room

DATA_URL = re.compile("data:", re.IGNORECASE)
READ_BYTES = 2**20
NOT_REGULAR = "is not a regular file; accepted are the path of a file, and its bytes"


def read_encoded(room: Room, source: PictureSource, max_bytes: int) -> bytes | None:
    """Return the bytes of an encoded picture; None if ``source`` is a picture that is not encoded, or none at all.

    ``room`` counts the bytes that are read or copied. Raises ``InputError`` if they cannot be read, or are more than
    ``max_bytes``.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        count = memoryview(source).nbytes
        _check_encoded_size(count, max_bytes)
        if isinstance(source, bytes):
            return source
        room.hold(count)
        return bytes(source)
    if isinstance(source, str) and is_data_url(source):
        return _read_data_url(source, room, max_bytes)
    if isinstance(source, str | os.PathLike):
        return _read_path(source, room, max_bytes)
    pil = sys.modules.get("PIL.Image")
    is_pixels = isinstance(source, ArrayLike | DLPackArray) or (pil is not None and isinstance(source, pil.Image))
    if not is_pixels and isinstance(source, BinaryFile):
        _check_may_be_read(source)
        return _read_file(source, room.kept_file(), room, max_bytes)
    return None


def is_data_url(text: str) -> bool:
    """Return whether a text is a picture itself, a data URL, and not a path."""
    return DATA_URL.match(text) is not None


def _read_data_url(url: str, room: Room, max_bytes: int) -> bytes:
    """Return the bytes that a data URL (RFC 2397) contains."""
    head, comma, body = url.partition(",")
    if not comma:
        raise InputError("the data URL has no comma, behind which its data are: data:image/png;base64,iVBORw0...")
    _check_encoded_size(len(body) * 3 // 4, max_bytes)
    room.hold(2 * len(body))
    try:
        data = unquote_to_bytes(body)
        return base64.b64decode(data, validate=True) if head.lower().endswith(";base64") else data
    except ValueError as error:
        raise InputError(f"the data URL is not base64: {error}") from error


def _read_path(source: str | os.PathLike[str], room: Room, max_bytes: int) -> bytes:
    text = os.fsdecode(source)
    path, name = Path(text), repr(text[:200])
    try:
        # Opening a device may have effects, and reading a pipe may block forever.
        if not path.is_file():
            raise InputError(f"{name} {_what_else(path)}")
        _check_encoded_size(path.stat().st_size, max_bytes)
        # The file may have been replaced by a pipe since then.
        with open(path, "rb", opener=without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InputError(f"{name} {NOT_REGULAR}")
            room.hold(status.st_size)
            return _read_file(file, io.BytesIO(), room, max_bytes, held=status.st_size)
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}") from error


def _what_else(path: Path) -> str:
    """Return what a path is if it is not a file."""
    if path.is_dir():
        return "is a folder: name the pictures in it"
    if path.exists():
        return NOT_REGULAR
    if path.parts[0] in ("http:", "https:"):
        return (
            "is an address, from which nothing is fetched: pass the bytes, or use engine.decode_image(address, "
            "allow_http=True)"
        )
    if path.parts[:1] == ("~",):
        return "does not exist: ~ is not expanded; use Path(...).expanduser()"
    return "does not exist"


def _check_may_be_read(file: BinaryFile) -> None:
    """Raise ``InputError`` if reading the file might block forever, or returns a coroutine."""
    if inspect.iscoroutinefunction(file.read):
        raise InputError(f"read() of {type(file).__name__} is asynchronous: pass `await file.read()` instead")
    try:
        # A temporary file that is kept in memory is written to disk when it is asked for its descriptor.
        tempfile = sys.modules.get("tempfile")
        if not isinstance(file, io.IOBase) or (tempfile and isinstance(file, tempfile.SpooledTemporaryFile)):
            return
        mode = os.fstat(file.fileno()).st_mode
    except (OSError, ValueError):  # it has no descriptor, or is closed
        return
    if not stat.S_ISREG(mode):
        raise InputError(
            "the file is a pipe, a socket or a device, and reading it might block forever: pass its bytes instead, for "
            "instance `await asyncio.to_thread(file.read)`"
        )


def _read_file(file: BinaryFile, data: io.BytesIO, room: Room, max_bytes: int, held: int = 0) -> bytes:
    """Read a file to its end behind ``data``, and return both; ``room`` holds at least so many bytes of them."""
    held = max(held, data.tell())
    while True:
        try:
            chunk = file.read(READ_BYTES)
        except (OSError, ValueError, TypeError) as error:
            # Of a file that is closed, or open for writing: ValueError, or io.UnsupportedOperation, which is one, too.
            cure = "; it must be open in mode 'rb'" if isinstance(error, ValueError) else ""
            raise InputError(f"the file cannot be read: {error}{cure}") from error
        if isinstance(chunk, bytes | bytearray | memoryview):
            if not chunk:
                return data.getvalue()
            data.write(chunk)
            count = data.tell()
            _check_encoded_size(count, max_bytes)
            if count > held:
                room.hold(count - held)
                held = count
            continue
        if inspect.isawaitable(chunk):
            close_coroutine(chunk)
            raise InputError(f"read() of {type(file).__name__} is asynchronous: pass `await file.read()` instead")
        if chunk is None:
            raise InputError("the file has no data yet: it is in non-blocking mode; pass its bytes instead")
        raise InputError(f"read() returned {type(chunk).__name__}, not bytes; the file must be open in mode 'rb'")


def close_coroutine(awaitable: object) -> None:
    """Close a coroutine that is not awaited: Python would warn of it."""
    if inspect.iscoroutine(awaitable):
        awaitable.close()


def _check_encoded_size(count: int, max_bytes: int) -> None:
    if count > max_bytes:
        size = f"{max_bytes / 2**20:g} MiB" if max_bytes >= 2**20 else f"{max_bytes:,} bytes"
        raise InputError(f"the encoded picture is larger than {size} (the setting image.max_bytes)")
