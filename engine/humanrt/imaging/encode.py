"""Pixels -> a file."""

import os
import secrets
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError
from humanrt.imaging.opencv import load_cv2


def write_png(path: str | os.PathLike[str], image: NDArray[np.uint8]) -> None:
    """Write a picture, uint8 [h, w, 3] RGB, as a PNG file that appears whole or not at all.

    Raises InputError when ``image`` is no such picture, and OSError when the file cannot be written.
    """
    check_picture(image)
    cv2 = load_cv2()
    _, encoded = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    path = Path(path)
    # In the same folder, or the rename could not be atomic; not from tempfile, whose files only their owner may read.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.write_bytes(encoded)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def check_picture(image: NDArray[np.uint8]) -> None:
    """Raise InputError unless ``image`` is uint8 [h, w, 3]."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise InputError(f"a picture here is uint8 [h, w, 3]; this is {image.dtype} {list(image.shape)}")
