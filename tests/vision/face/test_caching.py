"""A description is reused for the face whose box it was computed in."""

import pytest

from humanrt.result import Emotion
from humanrt.vision.face.caching import same_boxes
from humanrt.vision.face.describer import Description, GenderScore

LEFT, RIGHT = (0.0, 0.0, 10.0, 10.0), (50.0, 0.0, 10.0, 10.0)
MOVED = (5.0, 0.0, 10.0, 10.0)  # overlaps LEFT by 50 of 150
FAR = (6.0, 0.0, 10.0, 10.0)  # by 40 of 160


@pytest.mark.parametrize(
    ("boxes", "before", "places"),
    [
        ([LEFT, RIGHT], [RIGHT, LEFT], [1, 0]),
        ([MOVED], [LEFT], [0]),
        ([FAR], [LEFT], None),
        ([LEFT], [LEFT, RIGHT], None),
        ([LEFT, MOVED], [LEFT, RIGHT], None),
        ([LEFT, MOVED], [LEFT, LEFT], None),
    ],
)
def test_each_box_has_its_own_before(boxes, before, places):
    assert same_boxes(boxes, before) == places


@pytest.mark.parametrize(
    ("description", "complete"),
    [
        (Description(), True),
        (Description(age=30.0, gender=GenderScore("male", 0.5)), True),
        (Description(age=0.0), False),
        (Description(age=30.0, gender=GenderScore("male", 0)), False),
        (Description(gender=GenderScore("male", None)), True),
        (Description(emotion=()), False),
        (Description(emotion=(Emotion(0.5, "sad"),)), True),
        (Description(real=0.0), False),
        (Description(live=0.5), True),
    ],
)
def test_what_is_0_or_empty_is_computed_again(description, complete):
    assert description.is_complete is complete
