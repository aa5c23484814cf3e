"""Everything a picture goes through: read, decoded, resampled, normalised. NumPy in, NumPy out.

Layout, each file importing only those before it::

    opencv.py      the one door to cv2
    avif.py        header.py   size and format without decoding
    decode.py      bytes -> pixels
    source.py      anything a user calls a picture -> pixels
    transform.py   pixels -> what a model sees, and back
    encode.py      pixels -> a file
    compose.py     two pictures -> one
"""

from humanrt.imaging.compose import composite
from humanrt.imaging.encode import write_png
from humanrt.imaging.header import Header, read_header
from humanrt.imaging.source import PictureSource, read_picture
from humanrt.imaging.transform import (
    Affine,
    crop,
    crop_rotated,
    crop_turned,
    fit,
    map_points,
    normalize,
    resize,
    resize_into,
    resize_square,
    rotate,
)

__all__ = [
    "Affine",
    "Header",
    "PictureSource",
    "composite",
    "crop",
    "crop_rotated",
    "crop_turned",
    "fit",
    "map_points",
    "normalize",
    "read_header",
    "read_picture",
    "resize",
    "resize_into",
    "resize_square",
    "rotate",
    "write_png",
]
