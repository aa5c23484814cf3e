"""Places for labels, as rectangles: none on another, on a face or outside, and none dropped that has a legal place."""

from dataclasses import replace

import numpy as np
import pytest
from crowds import crowd
from hypothesis import given
from hypothesis import strategies as st

from humanrt import Result
from humanrt.drawing.canvas import Canvas
from humanrt.drawing.faces import draw_faces
from humanrt.drawing.labels import Label, Text, place_labels
from humanrt.drawing.options import DrawOptions
from humanrt.drawing.records import draw_gestures
from humanrt.drawing.style import style_of

SIZES = [(256, 192), (256, 256), (640, 480), (1000, 750), (1500, 500), (4000, 3000)]
NOBODY = np.empty((0, 4), np.int64)


def label(box, *texts, reach=0, rank=0, beside=False, on_faces=False):
    texts = tuple(Text(("text",), width, height) for width, height in texts or [(40, 10)])
    return Label(texts, box, reach, rank, beside, on_faces)


def shared(some, others):
    """Return the area that each rectangle shares with each other one, counted on pixels of a grid."""
    some, others = np.array(some, float).reshape(-1, 4), np.array(others, float).reshape(-1, 4)
    width = np.minimum(some[:, None, 2], others[:, 2]) - np.maximum(some[:, None, 0], others[:, 0])
    height = np.minimum(some[:, None, 3], others[:, 3]) - np.maximum(some[:, None, 1], others[:, 1])
    return np.maximum(width, 0) * np.maximum(height, 0)


def areas(rectangles):
    rectangles = np.array(rectangles, float).reshape(-1, 4)
    return (rectangles[:, 2] - rectangles[:, 0]) * (rectangles[:, 3] - rectangles[:, 1])


def planned(result):
    """Return the labels of the faces and gestures of a result, and those that have a place, by their index."""
    canvas = Canvas(np.zeros((8, 8, 3), np.uint8), result, DrawOptions(draw_boxes=False, draw_polygons=False))
    draw_gestures(canvas, result)
    draw_faces(canvas, result)
    faces = np.array(canvas._faces)
    placed = place_labels(canvas._labels, faces, canvas.size)
    return canvas._labels, {each.number: each for each in placed}, faces


def legal_places(wanted, text, faces, taken, size):
    """Return how many places at whole pixels are in the picture, within reach, and off faces and labels."""
    left, top, right, bottom = wanted.box
    x = np.arange(max(0, left - wanted.reach - text.width), min(size[0] - text.width, right + wanted.reach) + 1)
    y = np.arange(max(0, top - wanted.reach - text.height), min(size[1] - text.height, bottom + wanted.reach) + 1)
    free = np.ones((len(y), len(x)), bool)
    for obstacle in [*faces.tolist(), *taken]:
        columns = (x < obstacle[2]) & (x + text.width > obstacle[0])
        rows = (y < obstacle[3]) & (y + text.height > obstacle[1])
        free &= ~(rows[:, None] & columns)
    return int(free.sum())


@pytest.mark.slow(seconds=3)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_groups_of_1_to_30_people(size):
    """The rules that every drawing keeps, at every size of a group."""
    for count in range(1, 31):
        result = crowd(count, *size, seed=7, fill=0.45 if count % 2 else 0.9)
        labels, placed, faces = planned(result)
        corners = np.array([each.corners for each in placed.values()])

        assert (corners[:, :2] >= 0).all(), count
        assert (corners[:, 2:] <= size).all(), count
        boxes = [(x, y, x + width, y + height) for x, y, width, height in (face.box for face in result.face)]
        assert (shared(boxes, corners).sum(axis=1) <= 0.1 * areas(boxes)).all(), count
        among = shared(corners, corners) - np.diag(areas(corners))
        assert (among <= 0.05 * areas(corners)).all(), count

        people = [i for i, each in enumerate(labels) if each.rank == 0]
        dropped = [i for i in people if i not in placed]
        assert len(people) == count
        if size[0] >= 1000 and count <= 12:
            assert not dropped, count
        assert len(dropped) <= count / 3, count
        for i in dropped:
            taken = [each.corners for each in placed.values()]
            assert legal_places(labels[i], labels[i].texts[-1], faces, taken, size) == 0, count


@given(st.data())
def test_a_label_is_dropped_only_if_it_has_no_legal_place(data):
    """Compared with every whole pixel, in small crowded pictures."""
    size = (60, 40)

    def rectangle():
        left, top = data.draw(st.integers(-3, 50)), data.draw(st.integers(-3, 32))
        return left, top, left + data.draw(st.integers(2, 30)), top + data.draw(st.integers(2, 20))

    faces = np.array([rectangle() for _ in range(data.draw(st.integers(1, 6)))])
    count = data.draw(st.integers(1, 6))
    labels = [
        label(rectangle(), (20, 8), (data.draw(st.integers(4, 12)), 6), reach=data.draw(st.integers(2, 12)))
        for _ in range(count)
    ]
    placed = {each.number: each for each in place_labels(labels, faces, size)}
    corners = [each.corners for each in placed.values()]
    assert shared(corners, faces).sum() == 0
    assert (shared(corners, corners) - np.diag(areas(corners))).sum() == 0
    for i in set(range(count)) - set(placed):
        assert legal_places(labels[i], labels[i].texts[-1], faces, corners, size) == 0


def test_a_label_is_above_its_box_then_below_then_beside():
    """A face on each side in turn leaves the next one."""
    box = (80, 80, 120, 120)
    above, below, left = (0, 0, 300, 75), (0, 125, 300, 300), (0, 80, 75, 120)
    for blocks, expected in (
        ([], (80, 69, 120, 79)),
        ([above], (80, 121, 120, 131)),
        ([above, below], (39, 80, 79, 90)),
        ([above, below, left], (121, 80, 161, 90)),
    ):
        (placed,) = place_labels([label(box)], np.array([box, *blocks]), (300, 300))
        assert placed.corners == expected
        assert placed.tie is None


def test_a_label_that_belongs_beside_its_box_is_there_if_there_is_room():
    box = (80, 80, 120, 120)
    for blocks, expected in (([], (39, 80, 79, 90)), ([(0, 50, 79, 200)], (121, 80, 161, 90))):
        (placed,) = place_labels([label(box, beside=True)], np.array([box, *blocks]), (300, 300))
        assert placed.corners == expected
    (placed,) = place_labels([label(box, beside=True)], np.array([box]), (125, 300))
    assert placed.corners == (39, 80, 79, 90)
    (placed,) = place_labels([label((30, 80, 120, 120), beside=True)], NOBODY, (125, 300))
    assert placed.corners[3] <= 80


def test_without_reach_a_label_adjoins_its_box_or_is_left_out():
    box = (10, 10, 20, 20)
    walls = np.array([box, (0, 0, 100, 9), (0, 21, 100, 30), (0, 10, 9, 20), (21, 10, 100, 20)])
    assert place_labels([label(box)], walls, (100, 100)) == []
    (placed,) = place_labels([label(box, reach=30)], walls, (100, 100))
    assert placed.corners[1] == 30
    assert placed.tie == ((15, 30), (15, 20)), "a line leads from the label to its box"


def test_without_reach_a_label_is_not_as_near_to_another_face():
    """It would seem to belong to that one: here the only free side is shared by two faces."""
    box, other = (40, 40, 60, 60), (40, 72, 60, 92)
    walls = [(0, 0, 100, 39), (0, 39, 39, 100), (61, 39, 100, 100)]
    faces = np.array([box, other, *walls])
    assert place_labels([label(box, (20, 10))], faces, (100, 100)) == []
    assert len(place_labels([label(box, (20, 10), reach=5)], faces, (100, 100))) == 1


def test_a_shorter_text_is_used_where_the_longer_one_has_no_room():
    box = (10, 20, 30, 40)
    (placed,) = place_labels([label(box, (90, 10), (20, 10))], np.array([box]), (60, 60))
    assert placed.corners[2] - placed.corners[0] == 20


def test_at_most_8_percent_of_a_face_are_covered_and_only_where_it_is_allowed():
    face = np.array([(0, 0, 100, 100)])
    box = (0, 0, 100, 100)
    assert place_labels([label(box, (80, 10))], face, (100, 100)) == []
    (placed,) = place_labels([label(box, (80, 10), on_faces=True)], face, (100, 100))
    assert placed.corners[1] in (0, 90), "at an edge"
    assert place_labels([label(box, (81, 10), on_faces=True)], face, (100, 100)) == []
    two = [label(box, (50, 10), on_faces=True)] * 2
    assert len(place_labels(two, face, (100, 100))) == 1


def test_labels_of_a_low_rank_have_the_first_choice():
    box = (40, 40, 80, 80)
    late, early = label(box, rank=2), label(box, rank=1)
    placed = {each.number: each.corners for each in place_labels([late, early], np.array([box]), (200, 200))}
    assert placed[1][3] <= 40
    assert placed[0] != placed[1]


def test_what_is_partly_outside_of_the_picture_has_its_label_at_the_visible_part():
    face = crowd(1, 100, 100).face[0]
    for box, expected in (((-500.0, 50.0, 540.0, 30.0), True), ((-500.0, 50.0, 400.0, 30.0), False)):
        canvas = Canvas(np.zeros((8, 8, 3), np.uint8), Result(100, 100, face=(replace(face, box=box),)), DrawOptions())
        canvas.label([["abc"]], box, (1, 2, 3), rank=0)
        placed = place_labels(canvas._labels, np.empty((0, 4), int), canvas.size)
        assert [each.corners[0] for each in placed] == [0] * expected


def test_the_same_labels_have_the_same_places():
    result = crowd(15, 640, 480)
    assert planned(result)[1] == planned(result)[1]
    assert place_labels([], NOBODY, (100, 100)) == []


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_type_is_at_least_9_pixels_high_and_follows_the_picture(size):
    for count in (1, 12, 30):
        style = style_of(crowd(count, *size), DrawOptions())
        assert style.type.size >= style.small.size >= 9
    sizes = [style_of(crowd(1, side, side), DrawOptions()).type.size for side in (256, 1000, 2000, 4000)]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == pytest.approx(4 * sizes[1], abs=4)
