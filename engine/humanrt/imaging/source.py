"""Reading a picture from whatever the caller has: a path, bytes, a file, an array."""

import base64
import importlib
import inspect
import io
import os
import re
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, cast, runtime_checkable
from urllib.parse import unquote_to_bytes

import numpy as np
from numpy.typing import NDArray

from humanrt.config import ImageConfig
from humanrt.errors import InputError
from humanrt.imaging.decode import RGB_BYTES, decode, decode_scaled
from humanrt.imaging.header import ACCEPTED_FORMATS, check_size
from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.room import UNLIMITED, Room
from humanrt.tensors import Tensor
from humanrt.tracebacks import clear_frames, handled

DATA_URL = re.compile("data:", re.IGNORECASE)
READ_BYTES = 2**20

# PIL converts from these modes, whose colours are multiplied by alpha, to one other only.
WITHOUT_ALPHA_MULTIPLIED = {"RGBa": "RGBA", "La": "LA"}

# The copies that PIL makes of a pixel: upright, in RGB (both of 4 bytes), and twice for NumPy.
PIL_BYTES = 14

ACCEPTED_SOURCES = (
    f"accepted are the path, the bytes or an open binary file of a picture ({ACCEPTED_FORMATS}), a data URL, a PIL "
    "image, and an array or Tensor of shape [h, w], [h, w, 1 | 3 | 4] or [1, h, w, 1 | 3 | 4] with values from 0 to 255"
)

NOT_REGULAR = "is not a regular file; accepted are the path of a file, and its bytes"


@runtime_checkable
class BinaryFile(Protocol):
    """The part of an open file that is used."""

    def read(self, size: int, /) -> object:
        """Return at most ``size`` bytes, and none at the end."""


class PilImage(Protocol):
    """The part of a PIL image that is used. Naming the class would import PIL."""

    @property
    def mode(self) -> str:
        """The layout of the pixels, such as "RGB" or "P"."""

    @property
    def width(self) -> int:
        """Pixels in a row."""

    @property
    def height(self) -> int:
        """Rows."""


@runtime_checkable
class ArrayLike(Protocol):
    """An array of another library, which NumPy can convert."""

    def __array__(self) -> NDArray[Any]:
        """Return the array."""


@runtime_checkable
class DLPackArray(Protocol):
    """An array of another library, which exports it by DLPack."""

    def __dlpack__(self) -> object:
        """Return the capsule."""

    def __dlpack_device__(self) -> tuple[int, int]:
        """Return type and number of the device."""


PictureSource: TypeAlias = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | BinaryFile
    | PilImage
    | NDArray[Any]
    | ArrayLike
    | DLPackArray
    | Tensor
)


def read_picture(
    source: PictureSource,
    *,
    bgr: bool = False,
    max_pixels: int = ImageConfig.max_pixels,
    max_bytes: int = ImageConfig.max_bytes,
    white: Literal[1, 255] | None = None,
) -> NDArray[np.uint8]:
    """Read a picture from any source to uint8 [h, w, 3] RGB, upright, C-contiguous.

    ``source`` is a path, encoded bytes, a data URL, an open binary file (read from its position on), a PIL image, or an
    array with values from 0 to 255: of NumPy, of a library with ``__array__`` or DLPack, or a ``Tensor``. Alpha is
    dropped, and a leading batch axis of 1 removed. ``bgr`` states that an array has its channels in OpenCV's order, and
    has no effect on other sources. ``white`` is the value of white in an array of floats, 1 or 255; without it floats
    from 0 to 255 are accepted, unless all are within 0 to 1.

    The result shares the memory of a uint8 RGB array that needs no change; any other result belongs to the caller. It
    may be read-only. A tensor is copied. The call blocks, so that it does not belong on the thread of an event loop.
    Files that are not regular ones, such as pipes and sockets, are refused: they might block forever.

    Raises ``InputError`` for any other source, for pictures of more than ``max_pixels`` pixels, for those that need
    too much memory, and for files of more than ``max_bytes`` bytes; ``TensorDisposedError`` for a disposed tensor;
    ``MissingDependencyError`` for HEIC without pillow-heif.
    """
    outer = handled()
    try:
        return read_into(UNLIMITED, source, bgr=bgr, max_pixels=max_pixels, max_bytes=max_bytes, white=white)
    except BaseException as error:
        clear_frames(error, outer)
        raise
    finally:
        del source, outer  # an error's traceback holds this frame, which must not hold the picture


def read_into(
    room: Room,
    source: PictureSource,
    *,
    bgr: bool,
    max_pixels: int,
    max_bytes: int = ImageConfig.max_bytes,
    white: Literal[1, 255] | None = None,
    copy: bool = False,
) -> NDArray[np.uint8]:
    """Read a picture as ``read_picture()`` does; ``room`` counts the memory that this takes, and may raise ``NoRoom``.

    The array that the caller passes is not counted, and neither are its bytes; copies of them are. With ``copy`` the
    result never shares the caller's memory.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, bgr, max_pixels, room, white=white, copy=copy)
    if isinstance(source, Tensor):
        room.hold(source.nbytes)
        return _from_array(source.data_sync(), bgr, max_pixels, room, white=white, is_copy=True)
    data = read_encoded(room, source, max_bytes)
    if data is not None:
        return decode(data, max_pixels=max_pixels, room=room)
    # Whoever has a PIL image has imported PIL; others need not have it.
    pil = sys.modules.get("PIL.Image")
    if pil is not None and isinstance(source, pil.Image):
        return _from_pil(source, max_pixels, room)
    if isinstance(source, ArrayLike | DLPackArray):
        return _from_array(_to_numpy(source), bgr, max_pixels, room, white=white, copy=copy)
    if inspect.isawaitable(source):
        _close(source)
        raise InputError(f"{type(source).__name__} is not a picture: await it, and pass the result")
    several = ": detect_many() accepts several" if isinstance(source, list | tuple) else ""
    raise InputError(f"{type(source).__name__} is not a picture{several}; {ACCEPTED_SOURCES}")


class ReadPicture(NamedTuple):
    """A picture that was decoded at any scale."""

    pixels: NDArray[np.uint8]
    """uint8 [h, w, 3] RGB, upright, C-contiguous."""
    size: tuple[int, int]
    """Width and height of the original, which are larger than those of ``pixels`` if it was reduced."""
    data: bytes
    """The encoded picture if it was reduced, to decode it whole; else empty."""


def read_scaled(
    room: Room, source: PictureSource, *, bgr: bool, max_pixels: int, max_bytes: int, max_side: int
) -> ReadPicture:
    """Read a picture as ``read_into()`` does; a JPEG at a scale at which its longer side still has ``max_side``."""
    data = None if isinstance(source, np.ndarray | Tensor) else read_encoded(room, source, max_bytes)
    if data is None:
        pixels = read_into(room, source, bgr=bgr, max_pixels=max_pixels, max_bytes=max_bytes)
        return ReadPicture(pixels, (pixels.shape[1], pixels.shape[0]), b"")
    pixels, width, height = decode_scaled(data, max_pixels=max_pixels, max_side=max_side, room=room)
    return ReadPicture(pixels, (width, height), b"" if pixels.shape[:2] == (height, width) else data)


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


def unshared(source: PictureSource) -> PictureSource:
    """Return a copy of an array, of NumPy or another library, or of bytes that may be written; else the source itself.

    An array of another library that cannot be converted is returned, too: ``read_picture()`` raises the error.
    """
    if isinstance(source, np.ndarray):
        return source.copy()
    if isinstance(source, bytearray | memoryview):
        return bytes(source)
    pil = sys.modules.get("PIL.Image")
    if isinstance(source, Tensor) or (pil is not None and isinstance(source, pil.Image)):
        return source
    if isinstance(source, ArrayLike | DLPackArray):
        with suppress(InputError):
            return np.array(_to_numpy(source))
    return source


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
        # The file may have been replaced by a pipe since then. Windows has neither this flag nor such pipes.
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
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
            _close(chunk)
            raise InputError(f"read() of {type(file).__name__} is asynchronous: pass `await file.read()` instead")
        if chunk is None:
            raise InputError("the file has no data yet: it is in non-blocking mode; pass its bytes instead")
        raise InputError(f"read() returned {type(chunk).__name__}, not bytes; the file must be open in mode 'rb'")


def _close(awaitable: object) -> None:
    """Close a coroutine that is not awaited: Python would warn of it."""
    if inspect.iscoroutine(awaitable):
        awaitable.close()


def _check_encoded_size(count: int, max_bytes: int) -> None:
    if count > max_bytes:
        size = f"{max_bytes / 2**20:g} MiB" if max_bytes >= 2**20 else f"{max_bytes:,} bytes"
        raise InputError(f"the encoded picture is larger than {size} (the setting image.max_bytes)")


def _from_pil(image: PilImage, max_pixels: int, room: Room) -> NDArray[np.uint8]:
    check_size(image.width, image.height, max_pixels)
    room.hold(PIL_BYTES * image.width * image.height)
    image_ops = importlib.import_module("PIL.ImageOps")
    try:
        upright = image_ops.exif_transpose(image)
        if upright.mode in WITHOUT_ALPHA_MULTIPLIED:
            upright = upright.convert(WITHOUT_ALPHA_MULTIPLIED[upright.mode])
        # PIL's own conversion from these modes to RGB cuts values above 255 off.
        array = np.asarray(upright if upright.mode[0] in "IF" else upright.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:  # PIL decodes late, and raises these for damaged files
        raise InputError(f"PIL cannot decode its image: {error}") from error
    if image.mode.startswith("I;16"):
        array = array >> 8
    return _from_array(array, False, max_pixels, room, is_copy=True)


def _to_numpy(source: ArrayLike | DLPackArray) -> NDArray[Any]:
    """Convert the array of another library."""
    try:
        array: NDArray[Any] = (
            np.asarray(source) if isinstance(source, ArrayLike) else np.from_dlpack(cast("Any", source))
        )
    except (BufferError, RuntimeError, TypeError, ValueError, OSError) as error:
        raise InputError(
            f"{type(source).__name__} cannot be converted to a NumPy array: {error}; move it to the CPU first"
        ) from error
    return array


def _from_array(
    array: NDArray[Any],
    bgr: bool,
    max_pixels: int,
    room: Room,
    *,
    white: Literal[1, 255] | None = None,
    is_copy: bool = False,
    copy: bool = False,
) -> NDArray[np.uint8]:
    """Return an array as uint8 [h, w, 3] RGB; ``is_copy`` states that it is not the caller's, ``copy`` asks for one."""
    shape = array.shape
    if array.ndim == 4 and shape[0] == 1:
        array = array[0]
    if array.ndim == 2:
        array = array[..., np.newaxis]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        hint = "; channels come last: transpose(1, 2, 0)" if array.ndim == 3 and array.shape[0] in (1, 3, 4) else ""
        raise InputError(f"an array of shape {list(shape)} is not a picture{hint}; {ACCEPTED_SOURCES}")
    check_size(array.shape[1], array.shape[0], max_pixels)
    count = array.shape[0] * array.shape[1]
    if array.dtype == np.uint8 and array.shape[2] == RGB_BYTES and not bgr and array.flags.c_contiguous:
        if white == 1:
            raise _not_floats(array)
        copies = copy and not is_copy
        room.hold_picture(count, RGB_BYTES * count if copies else 0, RGB_BYTES * count if is_copy or copies else 0)
        return np.array(array) if copies else np.ascontiguousarray(array)  # no subclass
    room.hold_picture(count, _bytes_of_copies(array, bgr), RGB_BYTES * count)
    if white == 1 and array.dtype.kind != "f":
        raise _not_floats(array)
    pixels: NDArray[np.uint8] = np.ascontiguousarray(
        array if array.dtype == np.uint8 else _to_uint8(array[..., :3], white)
    )
    channels = pixels.shape[2]
    if channels == RGB_BYTES and not bgr:
        return pixels
    cv2 = load_cv2()
    to_rgb = {
        (1, False): cv2.COLOR_GRAY2RGB,
        (1, True): cv2.COLOR_GRAY2RGB,
        (3, True): cv2.COLOR_BGR2RGB,
        (4, False): cv2.COLOR_RGBA2RGB,
        (4, True): cv2.COLOR_BGRA2RGB,
    }
    rgb: NDArray[np.uint8] = cv2.cvtColor(pixels, to_rgb[channels, bgr])
    return rgb


def _bytes_of_copies(array: NDArray[Any], bgr: bool) -> int:
    """Return the bytes of all copies of [h, w, c] that are made on the way to RGB."""
    height, width, channels = array.shape
    count: int = 0
    if array.dtype != np.uint8:
        channels = min(channels, RGB_BYTES)
        # Rounding turns integers into floats of up to 8 bytes; the bytes, which may be copied to be contiguous, follow.
        count += channels * (2 + (array.dtype.itemsize if array.dtype.kind == "f" else 8))
    elif not array.flags.c_contiguous:
        count += channels
    if channels != RGB_BYTES or bgr:
        count += RGB_BYTES
    return int(height * width * count)


def _to_uint8(array: NDArray[Any], white: Literal[1, 255] | None) -> NDArray[np.uint8]:
    if array.dtype.kind not in "iuf":
        raise InputError(
            f"an array of dtype {array.dtype} is not a picture; accepted are integers and floats from 0 to 255"
        )
    low, high, most = array.min(), array.max(), white or 255
    if not (low >= 0 and high <= most):  # a comparison with NaN is false
        found = "one of these is NaN" if np.isnan(low) else f"these run from {low} to {high}"
        raise InputError(f"the values of a picture are within 0..{most}; {found}")
    if white is None and array.dtype.kind == "f" and 0 < high <= 1:
        raise InputError(
            f"the values of a picture are within 0..255; the largest of these is {high}: multiply by 255, or pass "
            "white=1 to read_picture() or engine.decode_image()"
        )
    rounded: NDArray[np.uint8] = np.rint(array if most == 255 else array * np.float32(255)).astype(np.uint8)
    return rounded


def _not_floats(array: NDArray[Any]) -> InputError:
    return InputError(f"white is 1, which is for arrays of floats; this one is {array.dtype}: leave white out")
