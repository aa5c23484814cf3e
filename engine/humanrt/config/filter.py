"""The configuration of filters. Names and defaults are Human's; but filters and automatic brightness are off."""

from typing import Annotated, ClassVar

from humanrt.config.section import Between, Natural, Ratio, Section


class FilterConfig(Section):
    """Filters that are applied to a picture before detection, and by ``image()``, in Human's order.

    Results are in the coordinates of the filtered picture, as in Human. ``Engine.filter()`` has the same keys.
    """

    path: ClassVar[str] = "filter"

    enabled: bool = False
    """Whether the other keys of this section act. Human's default is True, and in Human ``width``, ``height``, ``flip``
    and ``equalization`` act in any case."""

    equalization: bool = False
    """Whether the values of each channel are stretched, after all other filters: Human's equalisation of the
    histogram."""

    width: Natural = 0
    """Width to which the picture is resized, in pixels. 0 keeps it, or follows from ``height``."""

    height: Natural = 0
    """Height to which the picture is resized, in pixels. 0 keeps it, or follows from ``width``."""

    return_: bool = True
    """Whether the filtered picture is ``canvas`` of the result. Written ``return`` in dicts and files."""

    flip: bool = False
    """Whether the picture is mirrored horizontally."""

    auto_brightness: bool = False
    """Whether, if ``brightness`` is 0, the brightness is raised by ``1 - m / 255``, where m is the picture's largest
    value. Human's default is True: there a picture sets the brightness of the next one."""

    brightness: Annotated[float, Between(-1, 1)] = 0.0
    """Change of brightness, -1 (darker) to 1 (lighter)."""

    contrast: Annotated[float, Between(-1, 1)] = 0.0
    """Change of contrast, -1 (less) to 1 (more)."""

    sharpness: Ratio = 0.0
    """Strength of sharpening, 0 to 1."""

    blur: Annotated[float, Between(0)] = 0.0
    """Radius of the blur, in pixels. The time that it takes grows with it."""

    saturation: Annotated[float, Between(-1, 1)] = 0.0
    """Change of saturation, -1 (less) to 1 (more)."""

    hue: Annotated[float, Between(0, 360)] = 0.0
    """Rotation of the hue, in degrees."""

    negative: bool = False
    """Whether colours are inverted: a value v becomes 256 - v."""

    sepia: bool = False
    """Whether colours are changed to sepia, twice, as in Human."""

    vintage: bool = False
    """Whether colours are changed to those of an old photograph."""

    kodachrome: bool = False
    """Whether colours are changed to those of Kodachrome film."""

    technicolor: bool = False
    """Whether colours are changed to those of Technicolor film."""

    polaroid: bool = False
    """Whether colours are changed to those of a Polaroid camera."""

    pixelate: Annotated[float, Between(0)] = 0.0
    """Side of the squares that the picture is pixelated to, in pixels. Below 1 it has no effect."""
