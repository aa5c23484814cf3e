"""Small valid pictures of every format, and of the kinds that are decoded differently: the input of mutations."""

import io
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 40, 30
FRAMES = 3
UPRIGHT = 0x0112
"""The tag of EXIF that turns a picture."""


class ValidPicture(NamedTuple):
    """A valid picture: its format, a name of its kind, and its bytes."""

    format: str
    kind: str
    data: bytes


def draw_all() -> list[ValidPicture]:
    """Return the valid pictures."""
    return [ValidPicture(kind.partition(" ")[0], kind, draw()) for kind, draw in DRAWINGS.items()]


def _image(mode: str = "RGB", *, seed: int = 5) -> Image.Image:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    smooth = np.stack([60 + 4 * x, 40 + 6 * y, 220 - 3 * x - 2 * y], axis=-1) + rng.integers(0, 9, (HEIGHT, WIDTH, 3))
    return Image.fromarray(smooth.astype(np.uint8)).convert(mode)


def _encoded(image: Image.Image, picture_format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, picture_format, **options)
    return file.getvalue()


def _animated(picture_format: str, **options: object) -> bytes:
    others = [_image(seed=seed) for seed in range(1, FRAMES)]
    return _encoded(_image(), picture_format, save_all=True, append_images=others, **options)


def _turned() -> bytes:
    exif = Image.Exif()
    exif[UPRIGHT] = 6
    return _encoded(_image(), "JPEG", exif=exif, restart_marker_blocks=2)


def _deep() -> Image.Image:
    return Image.fromarray(np.arange(WIDTH * HEIGHT, dtype=np.uint16).reshape(HEIGHT, WIDTH))


DRAWINGS: dict[str, Callable[[], bytes]] = {
    "JPEG baseline": lambda: _encoded(_image(), "JPEG"),
    "JPEG progressive": lambda: _encoded(_image(), "JPEG", progressive=True),
    "JPEG gray": lambda: _encoded(_image("L"), "JPEG"),
    "JPEG CMYK": lambda: _encoded(_image("CMYK"), "JPEG"),
    "JPEG turned, with restart markers": _turned,
    "PNG": lambda: _encoded(_image(), "PNG"),
    "PNG palette": lambda: _encoded(_image("P"), "PNG", transparency=3),
    "PNG alpha": lambda: _encoded(_image("RGBA"), "PNG"),
    "PNG 16 bit": lambda: _encoded(_deep(), "PNG"),
    "PNG animated": lambda: _animated("PNG"),
    "WebP lossy": lambda: _encoded(_image(), "WEBP"),
    "WebP lossless": lambda: _encoded(_image(), "WEBP", lossless=True),
    "WebP alpha": lambda: _encoded(_image("RGBA"), "WEBP"),
    "WebP animated": lambda: _animated("WEBP"),
    "GIF": lambda: _encoded(_image("P"), "GIF"),
    "GIF animated": lambda: _animated("GIF"),
    "BMP": lambda: _encoded(_image(), "BMP"),
    "BMP palette": lambda: _encoded(_image("P"), "BMP"),
    "TIFF": lambda: _encoded(_image(), "TIFF"),
    "TIFF deflate": lambda: _encoded(_image("RGBA"), "TIFF", compression="tiff_adobe_deflate"),
    "TIFF LZW": lambda: _encoded(_image("L"), "TIFF", compression="tiff_lzw"),
    "AVIF": lambda: _encoded(_image(), "AVIF"),
    "AVIF alpha": lambda: _encoded(_image("RGBA"), "AVIF"),
}
