"""Human's options of drawing, under their names: src/draw/options.ts.

An option that is None follows the picture or the person. ``drawing/style.py`` computes those values.
"""

from re import fullmatch
from typing import Annotated, TypeAlias

from humanrt.config.section import Between, Ratio, Section, plain
from humanrt.errors import ConfigError

Color: TypeAlias = tuple[int, int, int]
"""Red, green, blue, 0..255."""

Pixels = Annotated[float, Between(0, 10_000)]
# Smaller letters cannot be read.
SMALLEST_TYPE = 9
# OpenCV crashes at letters of some thousand pixels.
LARGEST_TYPE = 1000
COLORS = ("color", "label_color", "shadow_color")
HEX, FUNCTION = r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", r"rgba?\((\d+), ?(\d+), ?(\d+)(?:, ?1(?:\.0*)?)?\)"
FONT = r"(?:(\d+(?:\.\d+)?)px +)?(.+)"
NAMES = {"black": (0, 0, 0), "white": (255, 255, 255), "lightblue": (173, 216, 230), "pink": (255, 192, 203)}


class DrawOptions(Section):
    """What is drawn, and how: Human's options, in snake_case; a dict may have Human's camelCase names as well.

    Colours are (red, green, blue); or, as in CSS, ``"#add8e6"``, ``"rgb(173, 216, 230)"``, ``"black"``, ``"white"``,
    ``"lightblue"`` or ``"pink"``. Sizes are in pixels; those that are None follow the size of the picture.

    Templates of labels have one line or more, and names in brackets, which stand for values of the record; a line whose
    values are all unknown is left out. "" is no label. None is one short line, "female 24, happy" for instance; of a
    body or hand, only if it belongs to no face.

    Raises ``ConfigError`` if a key is unknown, or if a value has another type or lies out of range.
    """

    path = "draw"

    color: Color | None = None
    """The colour of boxes, lines and points; None is another one for each person, the same for its face, body and
    hands."""
    alpha: Ratio = 0.5
    """The opacity of meshes, fills and segments, 0..1."""
    label_color: Color | None = None
    """The colour of the type; None is that of the person."""
    shadow_color: Color | None = (24, 24, 24)
    """The colour of the shadows of lines and behind labels, which are translucent; None is none of either."""
    font: str = "sans"
    """``"sans"``, ``"italic"``, ``"uni"`` or the path of a TrueType file; a size may be
    in front of it, "16px sans", 9 to 1000. Without one the size follows the picture and its faces."""
    line_height: Pixels | None = None
    """The height of a line of a label of several lines."""
    line_width: Annotated[int, Between(1, 1000)] | None = None
    """The width of lines."""
    point_size: Pixels | None = None
    """The radius of points."""
    round_rect: Pixels | None = None
    """The radius of the corners of boxes."""
    draw_points: bool = False
    """Whether each point of a mesh and each joint is drawn as a dot."""
    draw_labels: bool = True
    """Whether labels are drawn, those of gestures included."""
    draw_boxes: bool = True
    """Whether boxes are drawn."""
    draw_attention: bool = True
    """Whether the contours of eyes, brows, lips and face are emphasised, and the points of eyes and lips."""
    draw_gestures: bool = True
    """Whether the gestures of a person are listed beside it."""
    draw_polygons: bool = True
    """Whether meshes and skeletons are drawn."""
    draw_gaze: bool = True
    """Whether an arrow shows the direction of each eye."""
    fill_polygons: bool = False
    """Whether the triangles of a mesh, and irises, are filled."""
    use_depth: bool = False
    """Whether lines and points of meshes and skeletons have a colour that depends on z; True in Human."""
    use_curves: bool = False
    """Whether boxes are ellipses and fingers are curves."""
    face_labels: str | None = None
    """A template of ``[id] [score] [gender] [genderScore] [age] [distance] [real] [live] [emotions] [roll] [yaw]
    [pitch] [gaze]``; the distance is in centimetres, angles are in degrees."""
    body_labels: str | None = None
    """A template of ``[id] [score]``."""
    body_part_labels: str = ""
    """A template of ``[label] [score]``."""
    hand_labels: str | None = None
    """A template of ``[id] [label] [score]``."""
    finger_labels: str = ""
    """A template of ``[label]``."""
    object_labels: str | None = None
    """A template of ``[id] [label] [score]``."""
    gesture_labels: str = "[what]"
    """A template of ``[where] [who] [what]``."""

    @classmethod
    def accept(cls, name: str, value: object) -> object:
        """Return a colour as a tuple, and check the size of a font."""
        if name in COLORS and value is not None:
            return _color(cls.key(name), value)
        if name == "font" and isinstance(value, str):
            size = _split_font(cls.key(name), value)[0]
            if size is not None and not SMALLEST_TYPE <= size <= LARGEST_TYPE:
                raise ConfigError(
                    f"{cls.key(name)} is {value[:99]!r}; type is at least {SMALLEST_TYPE}px, at most {LARGEST_TYPE}px"
                )
        return value

    def split_font(self) -> tuple[float | None, str]:
        """Return the size of the font in pixels, or None, and its name."""
        return _split_font(self.key("font"), self.font)


def _split_font(key: str, font: str) -> tuple[float | None, str]:
    parts = fullmatch(FONT, font.strip())
    if parts is None:
        raise ConfigError(f"{key} is {font!r}; it must be a font, with a size or without: '16px sans'")
    return (None if parts[1] is None else float(parts[1])), parts[2].strip("\"'")


def _color(key: str, value: object) -> Color:
    parts: object = value
    if isinstance(value, str):
        text = value.strip().lower()
        if match := fullmatch(HEX, text):
            parts = [int(part, 16) for part in match.groups()]
        elif match := fullmatch(FUNCTION, text):
            parts = [int(part) for part in match.groups()]
        else:
            parts = NAMES.get(text)
    if isinstance(parts, (tuple, list)) and len(parts) == 3:
        plain_parts = [plain(part) for part in parts]
        if all(type(part) is int and 0 <= part <= 255 for part in plain_parts):
            red, green, blue = (int(part) for part in parts)
            return red, green, blue
    raise ConfigError(
        f"{key} is {value!r}; it must be three integers of 0..255, '#rrggbb', 'rgb(r, g, b)' or one of "
        f"{', '.join(NAMES)}; the opacity is draw.alpha"
    )
