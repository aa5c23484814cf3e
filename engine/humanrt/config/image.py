"""The configuration of pictures: how large they may be, and at which size they are decoded."""

from typing import Annotated, ClassVar

from humanrt.config.section import Between, Natural, Section


class ImageConfig(Section):
    """The bounds of a picture, and the size at which it is decoded. Human has no such section."""

    path: ClassVar[str] = "image"

    max_pixels: Annotated[int, Between(1)] = 100_000_000
    """The most pixels, width times height, of a picture, and of all frames of an animation together; pictures with more
    are refused before they are decoded. No picture of more than 2**28 pixels is decoded, whatever the value."""

    max_bytes: Annotated[int, Between(1)] = 256 * 2**20
    """The most bytes of an encoded picture; files with more are refused before they are read."""

    max_side: Natural = 0
    """A JPEG is decoded at 1/2, 1/4 or 1/8 of its size as long as its longer side keeps this many pixels; results stay
    in the coordinates of the original. Where a detected face, hand or body has fewer pixels then than the model that
    it is cut out for, the picture is decoded whole. 0 decodes every picture whole."""
