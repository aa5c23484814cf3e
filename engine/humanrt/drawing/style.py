"""The sizes and colours of one drawing: those of the options, and those that follow the picture and its people."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, sqrt
from statistics import median

from humanrt.drawing.options import SMALLEST_TYPE, Color, DrawOptions
from humanrt.drawing.primitives import LIGHT_BLUE, line_width
from humanrt.drawing.text import Type
from humanrt.result import Box, Result

# One for each person in turn; all of them are bright, since type of this colour is on a dark ground.
PEOPLE: tuple[Color, ...] = (
    LIGHT_BLUE,
    (255, 183, 77),
    (144, 238, 144),
    (255, 158, 176),
    (197, 170, 255),
    (255, 238, 120),
    (72, 224, 208),
    (255, 138, 101),
    (190, 225, 80),
    (130, 177, 255),
    (255, 140, 225),
    (222, 190, 150),
)
OBJECT: Color = (221, 160, 221)
# The size of type: of the side of a square picture of as many pixels, and at most of the typical face.
OF_PICTURE, LEAST_OF_PICTURE, OF_FACE, LEAST = 0.017, 0.008, 0.3, 10
SMALL, LINE_HEIGHT, ROUND = 0.85, 1.25, 4.0


@dataclass(frozen=True)
class Style:
    """The sizes in pixels, and the colour of each record."""

    options: DrawOptions
    line_width: int
    point_size: float
    round_rect: float
    type: Type
    """Of the labels of people, bodies, hands and objects."""
    small: Type
    """Of gestures and of the parts of bodies and hands."""
    colors: Mapping[tuple[str, int], Color]
    """By the kind and the id of a record; "face", 0 for instance."""

    def color(self, kind: str, number: int) -> Color:
        """Return the colour of a record: of its person, unless the options have one."""
        return self.options.color or self.colors.get((kind, number), OBJECT)


def style_of(result: Result, options: DrawOptions) -> Style:
    """Return the style of a result's picture."""
    width = options.line_width or line_width(min(result.width, result.height))
    size, font = options.split_font()
    if size is None:
        size = _type_size(result)
    return Style(
        options,
        width,
        width * 1.25 if options.point_size is None else options.point_size,
        width * ROUND if options.round_rect is None else options.round_rect,
        _type(font, size, options.line_height),
        _type(font, max(SMALLEST_TYPE, SMALL * size), options.line_height),
        _colors(result),
    )


def is_drawable(box: Box) -> bool:
    """Return whether a box is finite and not empty; with compat="human" a record without keypoints has another one."""
    return all(map(isfinite, box)) and box[2] > 0 and box[3] > 0


def _type(font: str, size: float, line_height: float | None) -> Type:
    return Type(font, round(size), round(LINE_HEIGHT * size if line_height is None else line_height))


def _type_size(result: Result) -> float:
    """Return a size that follows the picture, and is smaller where the faces are."""
    side = sqrt(result.width * result.height)
    faces = [face.box[3] for face in result.face if is_drawable(face.box)]
    limit = OF_FACE * median(faces) if faces else side
    return max(LEAST, LEAST_OF_PICTURE * side, min(OF_PICTURE * side, limit))


def _colors(result: Result) -> dict[tuple[str, int], Color]:
    """Return a colour for each face, the same for the parts of its person, and others for what belongs to no face."""
    owners: dict[tuple[str, int], int] = {("face", face.id): face.id for face in result.face}
    for person in result.persons:
        hands = (person.hands.left, person.hands.right)
        parts = [("body", person.body), *(("hand", hand) for hand in hands)]
        owners.update({(kind, part.id): person.face.id for kind, part in parts if part is not None})
    strangers = [("body", body.id) for body in result.body] + [("hand", hand.id) for hand in result.hand]
    free = max(owners.values(), default=-1)
    for stranger in strangers:
        if stranger not in owners:
            free += 1
            owners[stranger] = free
    return {part: PEOPLE[owner % len(PEOPLE)] for part, owner in owners.items()}
