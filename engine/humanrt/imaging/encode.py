"""Pixels to a file."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from humanrt.config.section import as_path
from humanrt.errors import InputError
from humanrt.imaging.opencv import load_cv2

DEFAULT_QUALITY = 92
# The endings of the formats that lose detail, each with OpenCV's name of its quality.
LOSSY = {".jpg": "IMWRITE_JPEG_QUALITY", ".jpeg": "IMWRITE_JPEG_QUALITY", ".webp": "IMWRITE_WEBP_QUALITY"}
LOSSLESS = (".png",)


def write_picture(
    path: str | bytes | os.PathLike[str], pixels: NDArray[np.uint8], *, quality: int | None = None
) -> None:
    """Write a picture, uint8 [h, w, 3] RGB, to a PNG, JPEG or WebP file, which appears whole or not at all.

    The ending of ``path`` decides the format: ``.png``, ``.jpg``, ``.jpeg`` or ``.webp``. ``quality`` is that of JPEG
    and WebP, 1..100, by default 92; PNG loses nothing and has none. This blocks for some milliseconds: call it with
    ``asyncio.to_thread()`` on an event loop.

    Raises ``InputError`` if ``path`` is no path, ``pixels`` is another array, or the ending or the quality is another
    one; ``OSError`` if the file cannot be written.
    """
    path = as_path(path, "path")
    ending = path.suffix.lower()
    if ending not in LOSSY and ending not in LOSSLESS:
        raise InputError(f"{path} ends in {ending!r}; pictures are written to .png, .jpg, .jpeg and .webp")
    if quality is not None and ending in LOSSLESS:
        raise InputError(f"quality is {quality!r}, and PNG has none: it loses nothing; leave quality out")
    if quality is not None and not (type(quality) is int and 1 <= quality <= 100):
        raise InputError(f"quality is {quality!r}; it must be an integer of 1..100")
    _write(path, ending, pixels, DEFAULT_QUALITY if quality is None else quality)


def write_png(path: str | bytes | os.PathLike[str], image: NDArray[np.uint8]) -> None:
    """Write a picture, uint8 [h, w, 3] RGB, to a PNG file, which appears whole or not at all, whatever its ending.

    Raises ``InputError`` if ``image`` is another array, ``OSError`` if the file cannot be written.
    """
    _write(as_path(path, "path"), ".png", image, DEFAULT_QUALITY)


def _write(path: Path, ending: str, pixels: NDArray[np.uint8], quality: int) -> None:
    check_picture(pixels)
    cv2 = load_cv2()
    settings = [getattr(cv2, LOSSY[ending]), quality] if ending in LOSSY else []
    written, encoded = cv2.imencode(ending, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), settings)
    if not written:  # JPEG and WebP have a largest width and height
        size = f"{pixels.shape[1]} x {pixels.shape[0]}"
        raise InputError(f"a picture of {size} pixels is too large for {ending}; write it as .png")
    # In the same folder, so that the rename is atomic. Files of the module tempfile can be read by their owner only.
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    try:
        temporary.write_bytes(encoded)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def check_picture(image: NDArray[np.uint8]) -> None:
    """Raise ``InputError`` unless ``image`` is uint8 [h, w, 3]."""
    if not isinstance(image, np.ndarray):
        raise InputError(f"a picture is an array, uint8 [h, w, 3], here; this is {type(image).__name__}")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise InputError(f"a picture is uint8 [h, w, 3] here; this array is {image.dtype} {list(image.shape)}")
