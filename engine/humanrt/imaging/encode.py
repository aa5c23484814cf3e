"""Pixels to a file."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError
from humanrt.imaging.opencv import load_cv2


def write_png(path: str | os.PathLike[str], image: NDArray[np.uint8]) -> None:
    """Write a picture, uint8 [h, w, 3] RGB, to a PNG file, which appears whole or not at all.

    Raises ``InputError`` if ``image`` is another array, ``OSError`` if the file cannot be written.
    """
    check_picture(image)
    cv2 = load_cv2()
    _, encoded = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    path = Path(path)
    # In the same folder, so that the rename is atomic. Files of the module tempfile can be read by their owner only.
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    try:
        temporary.write_bytes(encoded)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def check_picture(image: NDArray[np.uint8]) -> None:
    """Raise ``InputError`` unless ``image`` is uint8 [h, w, 3]."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise InputError(f"a picture is uint8 [h, w, 3] here; this array is {image.dtype} {list(image.shape)}")
