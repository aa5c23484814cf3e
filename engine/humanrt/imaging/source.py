"""Whatever a user calls a picture, made into pixels."""

import importlib
import os
import sys
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError
from humanrt.imaging.decode import check_size, decode
from humanrt.imaging.header import ACCEPTED_FORMATS
from humanrt.imaging.opencv import load_cv2
from humanrt.tensors import Tensor

# No still picture comes near; what does is a film, a device file or a mistake.
MAX_ENCODED_BYTES = 256 * 2**20
READ_BYTES = 2**20

ACCEPTED_SOURCES = (
    f"accepted are the path, the bytes or an open binary file of a picture ({ACCEPTED_FORMATS}), a PIL image, and a "
    "NumPy array or Tensor of shape [h, w], [h, w, 1 | 3 | 4] or [1, h, w, 1 | 3 | 4] that holds 0..255"
)


@runtime_checkable
class BinaryFile(Protocol):
    """What is used of an open file."""

    def read(self, size: int, /) -> object:
        """Read at most ``size`` bytes; at the end there are none."""


class PilImage(Protocol):
    """What is used of a PIL image, which cannot be named without importing PIL."""

    @property
    def mode(self) -> str:
        """The pixels' layout, such as "RGB" or "P"."""

    @property
    def width(self) -> int:
        """Pixels in a row."""

    @property
    def height(self) -> int:
        """Rows."""


PictureSource: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryFile | PilImage | NDArray[Any] | Tensor
)


def read_picture(source: PictureSource, *, bgr: bool = False, max_pixels: int) -> NDArray[np.uint8]:
    """Read a picture from any source to uint8 [h, w, 3] RGB, upright, C-contiguous.

    ``source`` is a path, encoded bytes, an open binary file (read from where it stands), a PIL image, or a NumPy array
    or Tensor that holds 0..255, with or without alpha (dropped) and a leading batch of 1. ``bgr`` says that an array or
    tensor has its channels in OpenCV's order; the other sources know their own.

    The result shares the memory of a uint8 RGB array in which nothing had to change; otherwise it is the caller's own.
    It may be read-only. A tensor is copied. This blocks: call it off the event loop.

    Raises InputError for anything else, also for pictures of more than ``max_pixels`` pixels and files of more than
    256 MiB; TensorDisposedError for a disposed tensor.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, bgr, max_pixels)
    if isinstance(source, Tensor):
        return _from_array(source.data_sync(), bgr, max_pixels)
    if isinstance(source, bytes | bytearray | memoryview):
        _check_encoded_size(memoryview(source).nbytes)
        return decode(bytes(source), max_pixels=max_pixels)
    if isinstance(source, str | os.PathLike):
        return decode(_read_path(source), max_pixels=max_pixels)
    # Who hands over a PIL image has imported PIL; nobody else needs to have it.
    pil = sys.modules.get("PIL.Image")
    if pil is not None and isinstance(source, pil.Image):
        return _from_pil(source, max_pixels)
    if isinstance(source, BinaryFile):
        return decode(_read_file(source), max_pixels=max_pixels)
    raise InputError(f"{type(source).__name__} is no picture; {ACCEPTED_SOURCES}")


def _read_path(source: str | os.PathLike[str]) -> bytes:
    path = Path(os.fsdecode(source))
    name = repr(str(path)[:200])
    try:
        # Opening a pipe may block for ever, and a device may never end.
        if not path.is_file():
            raise InputError(f"{name} {_what_else(path)}; {ACCEPTED_SOURCES}")
        _check_encoded_size(path.stat().st_size)
        with path.open("rb") as file:
            return _read_file(file)
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}; {ACCEPTED_SOURCES}") from error


def _what_else(path: Path) -> str:
    """Say why a path is no file."""
    if path.is_dir():
        return "is a folder: name the pictures in it"
    if path.exists():
        return "is no regular file"
    if path.parts[0] in ("http:", "https:"):
        return "is an address, from which nothing is fetched: give the bytes"
    return "does not exist"


def _read_file(file: BinaryFile) -> bytes:
    data = bytearray()
    while True:
        try:
            chunk = file.read(READ_BYTES)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(f"the file cannot be read: {error}; it must be open with mode 'rb'") from error
        if not chunk:
            return bytes(data)
        if not isinstance(chunk, bytes):
            raise InputError(f"the file gives {type(chunk).__name__}, not bytes; it must be open with mode 'rb'")
        data += chunk
        _check_encoded_size(len(data))


def _check_encoded_size(count: int) -> None:
    if count > MAX_ENCODED_BYTES:
        raise InputError(f"the encoded picture is larger than {MAX_ENCODED_BYTES >> 20} MiB")


def _from_pil(image: PilImage, max_pixels: int) -> NDArray[np.uint8]:
    check_size(image.width, image.height, max_pixels)
    image_ops = importlib.import_module("PIL.ImageOps")
    try:
        upright = image_ops.exif_transpose(image)
        # PIL's own way from these modes to RGB cuts off what is above 255.
        array = np.asarray(upright if upright.mode[0] in "IF" else upright.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:  # what PIL raises for damaged files: it decodes late
        raise InputError(f"PIL cannot decode its image: {error}") from error
    if image.mode.startswith("I;16"):
        array = array >> 8
    return _from_array(array, False, max_pixels)


def _from_array(array: NDArray[Any], bgr: bool, max_pixels: int) -> NDArray[np.uint8]:
    shape = array.shape
    if array.ndim == 4 and shape[0] == 1:
        array = array[0]
    if array.ndim == 2:
        array = array[..., np.newaxis]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        hint = "; channels come last: transpose(1, 2, 0)" if array.ndim == 3 and array.shape[0] in (1, 3, 4) else ""
        raise InputError(f"an array of shape {list(shape)} is no picture{hint}; {ACCEPTED_SOURCES}")
    check_size(array.shape[1], array.shape[0], max_pixels)
    pixels: NDArray[np.uint8] = np.ascontiguousarray(array if array.dtype == np.uint8 else _to_uint8(array[..., :3]))
    channels = pixels.shape[2]
    if channels == 3 and not bgr:
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


def _to_uint8(array: NDArray[Any]) -> NDArray[np.uint8]:
    if array.dtype.kind not in "iuf":
        raise InputError(f"an array of dtype {array.dtype} is no picture: uint8, or integers or floats within 0..255")
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= 255):  # said this way round, NaN is refused too
        raise InputError(f"the values of a picture are within 0..255; these run from {low} to {high}")
    if array.dtype.kind == "f" and 0 < high <= 1:
        raise InputError(f"the values of a picture are within 0..255; these end at {high}: multiply by 255")
    rounded: NDArray[np.uint8] = np.rint(array).astype(np.uint8)
    return rounded
