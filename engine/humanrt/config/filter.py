"""The configuration of filters. Names and defaults are Human's, except that filters are off."""

from typing import Annotated, ClassVar

from humanrt.config.section import Between, Natural, Ratio, Section


class FilterConfig(Section):
    """Filters that are applied to a picture before detection. This version has none: the other keys have no effect."""

    path: ClassVar[str] = "filter"

    enabled: bool = False
    """Must be False in this version. Human's default is True."""

    equalization: bool = False
    """Must be False in this version. In Human: whether the histogram is equalised."""

    width: Natural = 0
    """Width to which the picture is resized, in pixels. 0 keeps it, or follows from ``height``."""

    height: Natural = 0
    """Height to which the picture is resized, in pixels. 0 keeps it, or follows from ``width``."""

    return_: bool = True
    """Whether the filtered picture is returned. Written ``return`` in dicts and files."""

    flip: bool = False
    """Whether the picture is mirrored horizontally."""

    auto_brightness: bool = True
    """Whether the brightness is adjusted automatically."""

    brightness: Annotated[float, Between(-1, 1)] = 0.0
    """Change of brightness, -1 (darker) to 1 (lighter)."""

    contrast: Annotated[float, Between(-1, 1)] = 0.0
    """Change of contrast, -1 (less) to 1 (more)."""

    sharpness: Ratio = 0.0
    """Strength of sharpening, 0 to 1."""

    blur: Annotated[float, Between(0)] = 0.0
    """Radius of the blur, in pixels."""

    saturation: Annotated[float, Between(-1, 1)] = 0.0
    """Change of saturation, -1 (less) to 1 (more)."""

    hue: Annotated[float, Between(0, 360)] = 0.0
    """Rotation of the hue, in degrees."""

    negative: bool = False
    """Whether colours are inverted."""

    sepia: bool = False
    """Whether colours are changed to sepia."""

    vintage: bool = False
    """Whether colours are changed to those of an old photograph."""

    kodachrome: bool = False
    """Whether colours are changed to those of Kodachrome film."""

    technicolor: bool = False
    """Whether colours are changed to those of Technicolor film."""

    polaroid: bool = False
    """Whether colours are changed to those of a Polaroid camera."""

    pixelate: Annotated[float, Between(0)] = 0.0
    """Side of the squares that the picture is pixelated to, in pixels."""
