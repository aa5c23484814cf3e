import io
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

Encode = Callable[..., bytes]


@pytest.fixture(scope="session")
def encode() -> Encode:
    """Encode a PIL image or an array with Pillow: a peer that shares no code with what is tested."""

    def encode(image: Image.Image | NDArray[np.generic], picture_format: str, **options: object) -> bytes:
        if isinstance(image, np.ndarray):
            image = Image.fromarray(image)
        file = io.BytesIO()
        image.save(file, picture_format, **options)
        return file.getvalue()

    return encode


@pytest.fixture(scope="session")
def photo() -> NDArray[np.uint8]:
    """A smooth picture without any symmetry, uint8 [24, 36, 3]: lossy formats keep it, and every turn shows."""
    y, x = np.mgrid[0:24, 0:36]
    return np.stack([60 + 5 * x, 40 + 8 * y, 220 - 3 * x - 2 * y], axis=-1).astype(np.uint8)


@pytest.fixture(scope="session")
def noise() -> NDArray[np.uint8]:
    """A picture of noise, uint8 [61, 47, 3]: hard to compress, so that a cut falls into the pixels."""
    return np.random.default_rng(5).integers(0, 256, (61, 47, 3), dtype=np.uint8)
