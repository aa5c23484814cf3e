"""The header of an encoded picture, and the limits that it must keep.

OpenCV reports the size of a picture only after it has decoded the whole of it. So ``formats.py`` reads the header as
the decoder does, and ``Header.check()`` refuses what would take too much memory, before the decoder runs.
"""

from typing import NamedTuple

from humanrt.errors import InputError
from humanrt.imaging.opencv import PIXEL_CEILING

ACCEPTED_FORMATS = "JPEG, PNG, WebP, GIF, BMP, TIFF and AVIF"

# The most segments, chunks or boxes of a file. The largest pictures have tens of thousands; a file made to keep the
# reader busy has millions.
MAX_SEGMENTS = 100_000

# The peak of memory, in bytes a pixel, while OpenCV decodes 8-bit RGB: the picture, and its copy for NumPy. Other
# pictures take more; their readers have the figures. Measured with OpenCV 5.0 on pictures of 36 megapixels.
PLAIN_BYTES = 6

# A smaller max_pixels does not lower the limit of memory below 200 MB: it would refuse pictures that are within
# max_pixels.
LEAST_MEMORY_PIXELS = 33_000_000


class Header(NamedTuple):
    """The contents of a picture's header, none of it checked."""

    format: str
    """``JPEG``, ``PNG``, ``WebP``, ``GIF``, ``BMP``, ``TIFF`` or ``AVIF``."""

    width: int
    """Width in pixels as stored, before the picture is turned upright."""

    height: int
    """Height in pixels as stored."""

    memory: int
    """The memory in bytes that OpenCV takes at most to decode the picture."""

    coded_pixels: int = 0
    """The pixels of the largest part that is decoded at once, if it may be larger than the picture: a frame of AV1, a
    tile of TIFF."""

    def check(self, max_pixels: int) -> None:
        """Raise ``InputError`` if the picture has no pixels, or is larger than ``max_pixels`` allows."""
        check_size(self.width, self.height, max_pixels)
        limit = min(max_pixels, PIXEL_CEILING)
        if self.coded_pixels > limit:
            raise InputError(
                f"the {self.format} picture is too large: it is {self.width} x {self.height}, but a part of it has "
                f"{self.coded_pixels:,} pixels; the limit is {limit:,} (the setting image.max_pixels)"
            )
        memory_limit = PLAIN_BYTES * max(limit, LEAST_MEMORY_PIXELS)
        if self.memory > memory_limit:
            raise InputError(
                f"the {self.format} picture is too large: {self.width} x {self.height} pixels of its kind take "
                f"{self.memory / 1e6:,.0f} MB to decode, the limit is {memory_limit / 1e6:,.0f} MB "
                f"({PLAIN_BYTES} bytes a pixel of the setting image.max_pixels)"
            )


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Raise ``InputError`` if a picture of this size has no pixels, or more than ``max_pixels``."""
    if width < 1 or height < 1:
        raise InputError(f"the picture is {width} x {height}: it has no pixels")
    limit = min(max_pixels, PIXEL_CEILING)
    if width * height > limit:
        raise InputError(
            f"the picture is too large: {width} x {height} = {width * height:,} pixels, the limit is {limit:,} "
            "(the setting image.max_pixels)"
        )
