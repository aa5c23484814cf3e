"""The pictures of the tests, and a bilinear resize that is independent of both sides."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PICTURES = Path(__file__).resolve().parents[2] / "tests" / "pictures"

Float32 = NDArray[np.float32]


def read_picture(name: str) -> NDArray[np.uint8]:
    """Return ``tests/pictures/<name>.png`` as RGB uint8 [height, width, 3]."""
    from PIL import Image  # the benches, which need no tests' packages, use the rest of this file

    with Image.open(PICTURES / f"{name}.png") as picture:
        return np.array(picture.convert("RGB"))


def resize_bilinear(picture: NDArray[Any], height: int, width: int) -> Float32:
    """Resize [h, w, c] to float32 [height, width, c] with TF.js's default sampling: pixel i samples i * old / new."""
    rows = np.arange(height, dtype=np.float32) * np.float32(picture.shape[0] / height)
    columns = np.arange(width, dtype=np.float32) * np.float32(picture.shape[1] / width)
    top, left = rows.astype(np.intp), columns.astype(np.intp)
    bottom, right = np.minimum(top + 1, picture.shape[0] - 1), np.minimum(left + 1, picture.shape[1] - 1)
    down, along = (rows - top)[:, None, None], (columns - left)[None, :, None]
    pixels = picture.astype(np.float32)
    upper = pixels[top][:, left] * (1 - along) + pixels[top][:, right] * along
    lower = pixels[bottom][:, left] * (1 - along) + pixels[bottom][:, right] * along
    resized: Float32 = (upper * (1 - down) + lower * down).astype(np.float32)
    return resized
