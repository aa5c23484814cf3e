"""Pictures: read, decoded, resized, cropped, written. NumPy in, NumPy out.

Each file imports only those before it::

    opencv.py      the only import of cv2
    header.py      the size of an encoded picture, and the limits
    room.py        where the memory of a picture is counted
    jpeg.py        tiff.py        av1.py        avif.py        heif.py
    formats.py     all formats, and the readers of the short headers
    whole.py       damage that is recognised before a decoder is given the data
    decode.py      encoded pictures to pixels
    animation.py   all frames of a GIF, an animated WebP or an animated PNG
    accepted.py    what is accepted as a picture
    encoded.py     the bytes of an encoded picture, from a path, a file, a data URL
    source.py      any source to pixels
    transform.py   pixels to the inputs of models, and coordinates back to the original
    sharpness.py   edges, and the blur of a picture
    encode.py      pixels to a file
"""

from humanrt.imaging.accepted import PictureSource
from humanrt.imaging.encode import write_picture, write_png
from humanrt.imaging.formats import read_header
from humanrt.imaging.header import Header
from humanrt.imaging.sharpness import blur_effect, edges, luminance
from humanrt.imaging.source import read_picture
from humanrt.imaging.transform import (
    Affine,
    Corners,
    composite,
    crop,
    crop_rotated,
    crop_turned,
    fit,
    map_points,
    mean_squared_difference,
    normalize,
    planar,
    resize,
    resize_into,
    resize_square,
    rotate,
    scaled,
    warp,
)

__all__ = [
    "Affine",
    "Corners",
    "Header",
    "PictureSource",
    "blur_effect",
    "composite",
    "crop",
    "crop_rotated",
    "crop_turned",
    "edges",
    "fit",
    "luminance",
    "map_points",
    "mean_squared_difference",
    "normalize",
    "planar",
    "read_header",
    "read_picture",
    "resize",
    "resize_into",
    "resize_square",
    "rotate",
    "scaled",
    "warp",
    "write_picture",
    "write_png",
]
