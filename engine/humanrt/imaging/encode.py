"""Pixels to a file."""

import os
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from humanrt.config.section import as_path
from humanrt.errors import InputError
from humanrt.imaging.opencv import load_cv2

PictureFormat: TypeAlias = Literal["png", "jpeg", "webp", "avif"]

DEFAULT_QUALITY = 92
# The endings of the formats that lose detail, each with OpenCV's name of its quality.
LOSSY = {
    ".jpg": "IMWRITE_JPEG_QUALITY",
    ".jpeg": "IMWRITE_JPEG_QUALITY",
    ".webp": "IMWRITE_WEBP_QUALITY",
    ".avif": "IMWRITE_AVIF_QUALITY",
}
LOSSLESS = (".png",)

# Bytes a pixel while a picture is encoded: its copy in OpenCV's order and what the encoder allocates. Measured with
# OpenCV 5.0 on a picture of 12 megapixels: 7.5, 3.9, 13.4 and 22.5.
ENCODING_BYTES = {"png": 8, "jpeg": 6, "webp": 14, "avif": 32}


def write_picture(
    path: str | bytes | os.PathLike[str], pixels: NDArray[np.uint8], *, quality: int | None = None
) -> None:
    """Write a picture, uint8 [h, w, 3] RGB, to a PNG, JPEG, WebP or AVIF file, which appears whole or not at all.

    The ending of ``path`` decides the format: ``.png``, ``.jpg``, ``.jpeg``, ``.webp`` or ``.avif``. ``quality`` is
    that of JPEG, WebP and AVIF, 1..100, by default 92; PNG loses nothing and has none. This blocks for some
    milliseconds: call it with ``asyncio.to_thread()`` on an event loop.

    Raises ``InputError`` if ``path`` is no path, ``pixels`` is another array, or the ending or the quality is another
    one; ``OSError`` if the file cannot be written.
    """
    path = as_path(path, "path")
    ending = path.suffix.lower()
    if ending not in LOSSY and ending not in LOSSLESS:
        raise InputError(f"{path} ends in {ending!r}; pictures are written to .png, .jpg, .jpeg, .webp and .avif")
    write_whole(path, encode(pixels, ending, quality))


def write_png(path: str | bytes | os.PathLike[str], image: NDArray[np.uint8]) -> None:
    """Write a picture, uint8 [h, w, 3] RGB, to a PNG file, which appears whole or not at all, whatever its ending.

    Raises ``InputError`` if ``image`` is another array, ``OSError`` if the file cannot be written.
    """
    write_whole(as_path(path, "path"), encode(image, ".png"))


def encode_as(pixels: NDArray[np.uint8], picture_format: str, quality: int | None) -> bytes:
    """Return a picture, uint8 [h, w, 3] RGB, encoded as "png", "jpeg", "webp" or "avif".

    ``quality`` is that of the last three, 1..100, by default 92. Raises ``InputError`` for anything else, and if the
    picture is too large for the format.
    """
    if picture_format not in get_args(PictureFormat):
        accepted = ", ".join(get_args(PictureFormat))
        raise InputError(f"the format is {picture_format!r}; pictures are encoded as {accepted}")
    return encode(pixels, f".{picture_format}", quality)


def encoding_bytes(picture_format: str) -> int:
    """Return the bytes a pixel that encoding takes at its peak; 0 for an unknown format."""
    return ENCODING_BYTES.get(picture_format, 0)


def encode(pixels: NDArray[np.uint8], ending: str, quality: int | None = None) -> bytes:
    """Return an encoded picture; ``ending`` is one of ``LOSSY`` or ``LOSSLESS``. Raises as ``write_picture()`` does."""
    if quality is not None and ending in LOSSLESS:
        raise InputError(f"quality is {quality!r}, and PNG has none: it loses nothing; leave quality out")
    if quality is not None and not (type(quality) is int and 1 <= quality <= 100):
        raise InputError(f"quality is {quality!r}; it must be an integer of 1..100")
    check_picture(pixels)
    cv2 = load_cv2()
    settings = [getattr(cv2, LOSSY[ending]), quality or DEFAULT_QUALITY] if ending in LOSSY else []
    size = f"{pixels.shape[1]} x {pixels.shape[0]}"
    too_large = InputError(f"a picture of {size} pixels is too large for {ending}; write it as .png")
    try:
        written, encoded = cv2.imencode(ending, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), settings)
    except cv2.error as error:
        raise too_large from error
    if not written:  # JPEG, WebP and AVIF have a largest width and height
        raise too_large
    return bytes(encoded)


def write_whole(path: Path, encoded: bytes) -> None:
    """Write a file, which appears whole or not at all. Raises ``OSError``."""
    # In the same folder, so that the rename is atomic. Files of the module tempfile can be read by their owner only.
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    try:
        temporary.write_bytes(encoded)
        temporary.replace(path)
    except OSError as error:
        if error.filename is not None:
            error.filename = os.fspath(path)  # not the temporary one
        raise
    finally:
        temporary.unlink(missing_ok=True)


def check_picture(image: NDArray[np.uint8]) -> None:
    """Raise ``InputError`` unless ``image`` is uint8 [h, w, 3]."""
    if not isinstance(image, np.ndarray):
        raise InputError(f"a picture is an array, uint8 [h, w, 3], here; this is {type(image).__name__}")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise InputError(f"a picture is uint8 [h, w, 3] here; this array is {image.dtype} {list(image.shape)}")
