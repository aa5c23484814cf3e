from dataclasses import replace

import pytest
from records import BODY, FACE, HAND, OBJECT

from humanrt import Gesture, Result, Segment, Segmentation
from humanrt.cli.table import headline, table
from humanrt.errors import ModelError

EMPTY = Result(100, 50)


def test_the_headline():
    nothing = replace(EMPTY, performance={"total": 5.0})
    assert headline(nothing) == "100 x 50, nothing found, 5.0 ms"
    assert headline(replace(nothing, errors={"body": ModelError("broken")})) == "100 x 50, failed, 5.0 ms"
    assert headline(replace(nothing, face=(FACE,), hand=(HAND, HAND))) == "100 x 50, faces: 1, hands: 2, 5.0 ms"


def test_nothing_found():
    assert list(table(EMPTY)) == []


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ({"face": (FACE,)}, "face     0   1.00      10     20     30     40  2 points"),
        ({"body": (BODY,)}, "body     0   0.75       5      6     50     44  2 points"),
        ({"hand": (HAND,)}, "hand     0   0.50       1      2      8      9  fist, 21 points"),
        ({"object": (OBJECT,)}, "object   0   0.25      60     20     10     12  cup"),
    ],
)
def test_a_line_for_each_detection(found, line):
    heading, row = table(replace(EMPTY, **found))
    assert row == line
    assert heading.index("height") + len("height") == line.index("  ", 45)


def test_the_line_of_a_face():
    face = replace(FACE, gender="female", age=29.4, emotion=())
    assert list(table(replace(EMPTY, face=(face,))))[1].endswith("  2 points, female, 29 years")


def test_gestures_and_errors():
    gestures = (Gesture("face", 0, "facing center"), Gesture("hand", 1, "victory"))
    result = replace(EMPTY, gesture=gestures, errors={"body": ModelError("broken")})
    assert list(table(result)) == ["gestures: face 0 facing center, hand 1 victory", "body failed: broken"]


def test_segments(humanrt_engine):
    with humanrt_engine.zeros((50, 100), "uint8") as labels, humanrt_engine.zeros((1, 50, 100), "uint8") as masks:
        legend = (Segment(1, "person", (255, 0, 0), 120, 0.9),)
        result = replace(EMPTY, segmentation=Segmentation(legend, labels, masks))
        assert list(table(result)) == ["segments: person 120 pixels"]
        assert list(table(replace(result, segmentation=Segmentation((), labels, masks)))) == ["segments: none"]
