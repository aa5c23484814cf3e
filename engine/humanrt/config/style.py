"""The configuration of artistic styles. Human has no such keys."""

from dataclasses import field
from typing import Annotated, ClassVar, Literal

from humanrt.config.section import Between, Ratio, Section

StyleName = Literal["sketch", "pencil", "oil", "watercolor"]


class SketchConfig(Section):
    """Graphite lines on white paper."""

    path: ClassVar[str] = "style.sketch"

    detail: Ratio = 0.5
    """How faint an edge may be to become a line, 0 (only strong ones) to 1."""

    shading: Ratio = 0.5
    """How dark shadows are, 0 (only lines) to 1."""


class PencilConfig(Section):
    """Strokes of coloured pencils."""

    path: ClassVar[str] = "style.pencil"

    color: Ratio = 0.8
    """How much colour the pencils have, 0 (graphite) to 1."""

    pressure: Annotated[float, Between(0.3, 1.5)] = 1.0
    """How much pigment covers the paper, 0.3 to 1.5."""


class OilConfig(Section):
    """Strokes of a brush with oil paint."""

    path: ClassVar[str] = "style.oil"

    brush: Annotated[float, Between(0.25, 3)] = 1.0
    """Size of the brush, 0.25 to 3 times the usual one, which is in proportion to the picture."""

    levels: Annotated[int, Between(4, 16)] = 8
    """Number of ranges of brightness that patches of colour are formed from, 4 to 16."""

    relief: Ratio = 0.5
    """Depth of the marks of the bristles, 0 to 1."""


class WatercolorConfig(Section):
    """Washes of watercolour on rough paper."""

    path: ClassVar[str] = "style.watercolor"

    wash: Annotated[float, Between(0.25, 3)] = 1.0
    """Size of the washes, 0.25 to 3 times the usual one, which is in proportion to the picture."""

    pigment: Ratio = 0.6
    """How unevenly pigment dries, 0 to 1: at borders of washes, and in the grain of the paper."""


class StyleConfig(Section):
    """The style that a picture is painted in, and the parameters of each."""

    path: ClassVar[str] = "style"

    name: StyleName = "oil"
    """The style, where none is named: ``sketch``, ``pencil``, ``oil`` or ``watercolor``."""

    fast: bool = False
    """Whether styles are computed at half the width and height, and enlarged."""

    sketch: SketchConfig = field(default_factory=SketchConfig)
    """Parameters of ``sketch``."""

    pencil: PencilConfig = field(default_factory=PencilConfig)
    """Parameters of ``pencil``."""

    oil: OilConfig = field(default_factory=OilConfig)
    """Parameters of ``oil``."""

    watercolor: WatercolorConfig = field(default_factory=WatercolorConfig)
    """Parameters of ``watercolor``."""
