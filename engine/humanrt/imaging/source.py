"""Reading a picture from whatever the caller has: a path, bytes, a file, an array."""

import importlib
import inspect
import sys
from contextlib import suppress
from typing import Any, Literal, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from humanrt.config import ImageConfig
from humanrt.errors import InputError
from humanrt.imaging.accepted import ACCEPTED_SOURCES, ArrayLike, DLPackArray, PictureSource, PilImage
from humanrt.imaging.decode import RGB_BYTES, decode, decode_scaled
from humanrt.imaging.encoded import close_coroutine, read_encoded
from humanrt.imaging.header import check_size
from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.room import UNLIMITED, Room
from humanrt.tensors import Tensor
from humanrt.tracebacks import clear_frames, handled

# PIL converts from these modes, whose colours are multiplied by alpha, to one other only.
WITHOUT_ALPHA_MULTIPLIED = {"RGBa": "RGBA", "La": "LA"}

# The copies that PIL makes of a pixel: upright, in RGB (both of 4 bytes), and twice for NumPy.
PIL_BYTES = 14


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
        close_coroutine(source)
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
