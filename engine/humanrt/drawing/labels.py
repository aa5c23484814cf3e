"""Places for labels: beside their boxes, off the faces and off each other.

Rectangles are corners in whole pixels: left, top, right, bottom. The algorithm is greedy and deterministic: the labels
with the fewest places beside their boxes are placed first, each at the place of the lowest cost. A place is *legal* if
it is in the picture, within reach of its box, and free of faces and of other labels. Where no legal place adjoins the
box, the corners of the free space are tried. If there is any legal place, then a corner is one: a rectangle that is
shifted to the left and upwards, until it touches something, stays free. A label is dropped only if none is.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Rectangle: TypeAlias = tuple[int, int, int, int]
Rectangles: TypeAlias = NDArray[np.int64]
"""Corners, int64 [n, 4]."""

# The largest share of a face under labels, where there is no legal place.
COVERED = 0.08
# Of the height of a line: the space around a label, and the distance beyond which a line ties it to its box.
SPACE, TIED = 0.12, 0.6
# How often labels are placed, until each has a place.
ROUNDS = 5
# Costs in heights of a line: of a shorter text, of another alignment, of a place in the box, of one that is nearer to
# another face than to its own, and of one in the middle of faces.
SHORTER, SHIFTED, INSIDE, AMBIGUOUS, IN_MIDDLE = 2.0, 0.2, 1.0, 2.0, 6.0
# Costs of places above, below and beside the box; and those of a label that belongs beside it.
SIDES, SIDES_IF_BESIDE = (0.0, 0.3, 0.5), (0.8, 1.0, 0.0)
# The border of a face that is not its middle, of its width and height.
BORDER = 0.2


class Text(NamedTuple):
    """The lines of a label, and its size in pixels."""

    lines: tuple[str, ...]
    width: int
    height: int


@dataclass(frozen=True)
class Label:
    """A label to be placed."""

    texts: tuple[Text, ...]
    """What it may contain, the preferred text first."""
    box: Rectangle
    """The box that it belongs to."""
    reach: int
    """The largest distance from the box along x and along y; 0 for a label that adjoins its box or is left out."""
    rank: int
    """Labels of a lower rank are placed first."""
    beside: bool
    """Whether it is at the side of its box if there is a place, and not above or below."""
    on_faces: bool
    """Whether it may cover up to 8 % of a face if it has no legal place."""


class Placed(NamedTuple):
    """A label in its place."""

    number: int
    """The index of the label among those that were to be placed."""
    lines: tuple[str, ...]
    corners: Rectangle
    tie: tuple[tuple[int, int], tuple[int, int]] | None
    """The line from a label apart from its box to the box."""


def place_labels(labels: Sequence[Label], faces: Rectangles, size: tuple[int, int]) -> list[Placed]:
    """Return the labels that have a place in a picture of this width and height.

    ``faces``, int64 [n, 4], are not covered, except by labels that allow it, and then by up to 8 % of each. Labels of
    the lowest rank are placed again if some have no place: those first, and with the shortest texts around them.
    """
    first = min((label.rank for label in labels), default=0)
    everyone = {i for i, label in enumerate(labels) if label.rank == first}
    best: list[Placed] = []
    urgent: set[int] = set()
    shortened: set[int] = set()
    for _ in range(ROUNDS):
        placed = _Plan(faces, size).fill(labels, urgent, shortened)
        if _count(placed, everyone) > _count(best, everyone) or not best:
            best = placed
        dropped = everyone - {each.number for each in placed}
        if not dropped:
            break
        if dropped <= urgent and everyone <= shortened:
            break
        urgent |= dropped
        near = _within_reach([labels[i] for i in dropped], labels)
        shortened |= everyone if near <= shortened else near
    return best


class _Plan:
    """A picture in which labels are placed one by one."""

    def __init__(self, faces: Rectangles, size: tuple[int, int]) -> None:
        self.faces = faces
        self.size = size
        # What may still be covered of each face, in pixels.
        self.budget = COVERED * _overlaps(faces, faces).diagonal()
        self.taken = np.empty((0, 4), np.int64)

    def fill(self, labels: Sequence[Label], urgent: Set[int], shortened: Set[int]) -> list[Placed]:
        """Return the labels with their places, those of low rank, urgent ones, and those with few places first."""
        freedom = [self._freedom(label) for label in labels]
        placed: list[Placed] = []
        for i in sorted(range(len(labels)), key=lambda i: (labels[i].rank, i not in urgent, freedom[i], i)):
            label = labels[i]
            found = self._place(label, label.texts[-1:] if i in shortened else label.texts)
            if found is not None:
                text, corners = found
                placed.append(Placed(i, text.lines, corners, _tie(label.box, text, corners)))
                self._take(corners, _space(text))
        return placed

    def _take(self, corners: Rectangle, space: int) -> None:
        self.budget = self.budget - _overlaps(np.array([corners]), self.faces)[0]
        self.taken = np.append(self.taken, [np.add(corners, (-space, -space, space, space))], axis=0)

    def _freedom(self, label: Label) -> int:
        """Return the number of places that are aligned with the box of a label, free of faces."""
        text = label.texts[0]
        return len(self._free(*_aligned(label.box, text), text, self.faces))

    def _place(self, label: Label, texts: Sequence[Text]) -> tuple[Text, Rectangle] | None:
        """Return the text and the place of the lowest cost, or None if there is no place."""
        # A long text apart from its box covers more than it explains.
        searches = [(self._adjoining, texts)]
        searches += [(self._corners, texts[-1:])] if label.reach else []
        searches += [(self._on_faces, texts)] if label.on_faces else []
        for search, choice in searches:
            found: list[tuple[float, Text, Rectangle]] = []
            for i, text in enumerate(choice):
                places = search(label, text)
                if len(places):
                    costs = self._costs(label, text, places) + SHORTER * i
                    left, top, right, bottom = places[costs.argmin()].tolist()
                    found.append((costs.min(), text, (left, top, right, bottom)))
            if found:
                _, text, corners = min(found, key=lambda each: each[0])
                return text, corners
        return None

    def _adjoining(self, label: Label, text: Text) -> Rectangles:
        """Return the legal places that adjoin a side of the box; without a reach, none is as near to another face."""
        places = self._free(*_aligned(label.box, text), text, self._obstacles())
        distances = _distances(places, label.box)
        places = places[(distances.max(axis=1) <= _space(text)) & (distances.min(axis=1) == 0)]
        return places if label.reach else _where(~self._ambiguous(label, places), places)

    def _corners(self, label: Label, text: Text) -> Rectangles:
        """Return the legal places at the corners of the free space within reach; none only if there is none at all."""
        left, top, right, bottom = label.box
        window = (left - label.reach, top - label.reach, right + label.reach, bottom + label.reach)
        margins = (-text.width, -text.height, text.width, text.height)
        obstacles = self._obstacles()
        obstacles = obstacles[_overlaps(np.add([window], margins), obstacles)[0] > 0]
        across, down = _aligned(label.box, text)
        across += [0, self.size[0] - text.width, window[0] - text.width]
        down += [0, self.size[1] - text.height, window[1] - text.height]
        across += [*obstacles[:, 2].tolist(), *(obstacles[:, 0] - text.width).tolist()]
        down += [*obstacles[:, 3].tolist(), *(obstacles[:, 1] - text.height).tolist()]
        places = self._free(across, down, text, obstacles)
        return _where(_distances(places, label.box).max(axis=1) <= label.reach, places)

    def _on_faces(self, label: Label, text: Text) -> Rectangles:
        """Return places at the edges of the box and of the picture that cover little of each face."""
        across, down = _aligned(label.box, text)
        across += [0, self.size[0] - text.width]
        down += [0, self.size[1] - text.height]
        places = self._free(across, down, text, self.taken)
        places = places[_distances(places, label.box).max(axis=1) <= label.reach]
        cover = _overlaps(places, self.faces)
        return _where((cover <= np.maximum(self.budget, 0)).all(axis=1), places)

    def _obstacles(self) -> Rectangles:
        return np.concatenate([self.faces, self.taken])

    def _free(self, across: Sequence[int], down: Sequence[int], text: Text, obstacles: Rectangles) -> Rectangles:
        """Return the places of a text at all of these left and top edges that are in the picture and off obstacles."""
        x, y = np.unique(across), np.unique(down)
        x = x[(x >= 0) & (x <= self.size[0] - text.width)]
        y = y[(y >= 0) & (y <= self.size[1] - text.height)]
        # Which edges are in the range of which obstacle. A place meets an obstacle that has both of its edges.
        meets_x = (x[:, None] < obstacles[:, 2]) & (x[:, None] + text.width > obstacles[:, 0])
        meets_y = (y[:, None] < obstacles[:, 3]) & (y[:, None] + text.height > obstacles[:, 1])
        met = meets_y.astype(np.float32) @ meets_x.astype(np.float32).T
        rows, columns = np.nonzero(met == 0)
        x, y = x[columns], y[rows]
        return np.stack([x, y, x + text.width, y + text.height], axis=1)

    def _ambiguous(self, label: Label, places: Rectangles) -> NDArray[np.bool_]:
        """Return which places are not nearer to the box of the label than to another face."""
        others = self.faces[(self.faces != label.box).any(axis=1)]
        nearest = _gaps(places, others).min(axis=1, initial=np.inf)
        return np.asarray(nearest <= np.hypot(*_distances(places, label.box).T), np.bool_)

    def _costs(self, label: Label, text: Text, places: Rectangles) -> NDArray[np.float64]:
        """Return the cost of each place, in heights of a line."""
        left, top, _, bottom = label.box
        line = text.height / len(text.lines)
        above, below, beside = SIDES_IF_BESIDE if label.beside else SIDES
        inset = np.rint(BORDER * np.diff(self.faces[:, [0, 2, 1, 3]])[:, ::2]).astype(int)
        middles = self.faces + np.concatenate([inset, -inset], axis=1)
        apart = np.hypot(*_distances(places, label.box).T)
        side = np.where(places[:, 3] <= top, above, np.where(places[:, 1] >= bottom, below, beside))
        return np.asarray(
            apart / line
            + side
            + SHIFTED * np.minimum(1, np.abs(places[:, 0] - left) / text.width)
            + INSIDE * (_overlaps(places, np.array([label.box]))[:, 0] > 0)
            + AMBIGUOUS * self._ambiguous(label, places)
            + IN_MIDDLE * (_overlaps(places, middles).sum(axis=1) / (text.width * text.height)),
            np.float64,
        )


def _space(text: Text) -> int:
    return max(1, round(SPACE * text.height / len(text.lines)))


def _aligned(box: Rectangle, text: Text) -> tuple[list[int], list[int]]:
    """Return the left and the top edges of labels that are aligned with a box or adjoin it."""
    left, top, right, bottom = box
    _, width, height = text
    space = _space(text)
    across = [left, right - width, (left + right - width) // 2, left - width - space, right + space]
    return across, [top - height - space, bottom + space, top, bottom - height, (top + bottom - height) // 2]


def _where(condition: NDArray[np.bool_], places: Rectangles) -> Rectangles:
    return np.asarray(places[condition], np.int64)


def _overlaps(some: Rectangles, others: Rectangles) -> NDArray[np.int64]:
    """Return the area that each of some rectangles shares with each of others, int64 [n, m]."""
    low = np.maximum(some[:, None, :2], others[None, :, :2])
    high = np.minimum(some[:, None, 2:], others[None, :, 2:])
    return np.asarray(np.maximum(high - low, 0).prod(axis=2), np.int64)


def _distances(places: Rectangles, box: Rectangle) -> Rectangles:
    """Return the distance of each place from a box along x and along y, int64 [n, 2]."""
    low, high = np.array(box[:2]), np.array(box[2:])
    return np.asarray(np.maximum(0, np.maximum(low - places[:, 2:], places[:, :2] - high)), np.int64)


def _gaps(places: Rectangles, boxes: Rectangles) -> NDArray[np.float64]:
    """Return the distance of each place from each box, float64 [n, m]."""
    along = np.maximum(boxes[None, :, :2] - places[:, None, 2:], places[:, None, :2] - boxes[None, :, 2:])
    return np.asarray(np.hypot(*np.moveaxis(np.maximum(0, along), 2, 0)), np.float64)


def _count(placed: Iterable[Placed], wanted: Set[int]) -> int:
    return sum(each.number in wanted for each in placed)


def _within_reach(some: Sequence[Label], labels: Sequence[Label]) -> set[int]:
    """Return the indices of the labels whose boxes are within reach of some."""
    windows = np.array([np.add(label.box, [-label.reach] * 2 + [label.reach] * 2) for label in some])
    touched = _overlaps(np.array([label.box for label in labels]), windows).any(axis=1)
    return set(np.flatnonzero(touched).tolist())


def _tie(box: Rectangle, text: Text, corners: Rectangle) -> tuple[tuple[int, int], tuple[int, int]] | None:
    x, near_x = _nearest(corners[0], corners[2], box[0], box[2])
    y, near_y = _nearest(corners[1], corners[3], box[1], box[3])
    apart = max(abs(x - near_x), abs(y - near_y)) > TIED * text.height / len(text.lines)
    return ((x, y), (near_x, near_y)) if apart else None


def _nearest(low: int, high: int, other_low: int, other_high: int) -> tuple[int, int]:
    """Return the nearest points of two ranges; the middle of what they share, if they share anything."""
    if high < other_low:
        return high, other_low
    if other_high < low:
        return low, other_high
    middle = (max(low, other_low) + min(high, other_high)) // 2
    return middle, middle
