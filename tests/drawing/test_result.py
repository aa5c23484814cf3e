from dataclasses import replace
from math import inf

import numpy as np
import pytest
from records import BODY, FACE, HAND, OBJECT

from humanrt import Gesture, Result, Segment, Segmentation
from humanrt.drawing.records import (
    BODY_COLOR,
    HAND_COLOR,
    OBJECT_COLOR,
    draw_bodies,
    draw_faces,
    draw_gestures,
    draw_hands,
    draw_objects,
)
from humanrt.drawing.result import draw_result
from humanrt.vision.modules import MODULES

PICTURE = np.full((120, 160, 3), 90, np.uint8)
EMPTY = Result(160, 120)
EVERYTHING = replace(
    EMPTY, face=(FACE,), body=(BODY,), hand=(HAND,), object=(OBJECT,), gesture=(Gesture("face", 0, "blink left eye"),)
)


def changed(result):
    drawn = draw_result(PICTURE, result)
    return (drawn != PICTURE).any(axis=2)


def test_an_empty_result_draws_nothing_on_a_copy():
    drawn = draw_result(PICTURE, EMPTY)
    assert drawn is not PICTURE
    assert not changed(EMPTY).any()


@pytest.mark.parametrize(
    ("draw", "points"),
    [
        (draw_faces, [(10, 40), (40, 40), (25, 60)]),  # three sides of the box
        (draw_bodies, [(20, 25), (5, 6), (12, 16), (30, 50)]),  # nose, wrist, between them, the box
        (draw_hands, [(15, 16), (27, 28), (60, 61)]),  # joints of the first, the second and the last finger
        (draw_objects, [(65, 32), (70, 26)]),
        (draw_gestures, [(20, 6)]),
    ],
)
def test_each_module_is_drawn_alone_at_its_coordinates(draw, points):
    canvas = PICTURE.copy()
    draw(canvas, EVERYTHING)
    mask = (canvas != PICTURE).any(axis=2)
    for x, y in points:
        assert mask[y - 1 : y + 2, x - 1 : x + 2].any()
    assert not mask[100:, 100:].any()


def test_a_result_is_drawn_module_by_module():
    canvas = PICTURE.copy()
    for module in sorted(MODULES, key=lambda module: module.layer):
        module.draw(canvas, EVERYTHING)
    np.testing.assert_array_equal(draw_result(PICTURE, EVERYTHING), canvas)


def test_each_module_has_its_color():
    drawn = draw_result(PICTURE, replace(EMPTY, body=(BODY,), hand=(HAND,), object=(OBJECT,)))
    for color in (BODY_COLOR, HAND_COLOR, OBJECT_COLOR):
        assert np.abs(drawn.astype(int) - color).max(axis=2).min() < 12


def test_a_hand_without_keypoints_is_drawn_as_a_box():
    mask = changed(replace(EMPTY, hand=(replace(HAND, keypoints=HAND.keypoints[:0], annotations={}, landmarks={}),)))
    assert mask[11, 5]
    assert not mask[56:64, 56:64].any()  # where a joint was


def test_infinite_boxes_are_not_drawn():
    """A record of Human without keypoints has one."""
    nowhere = (inf, inf, -inf, -inf)
    body = replace(BODY, box=nowhere, keypoints=(), annotations={})
    hand = replace(HAND, box=nowhere, keypoints=HAND.keypoints[:0], annotations={}, landmarks={})
    assert not changed(replace(EMPTY, body=(body,), hand=(hand,))).any()


def test_gestures_are_lines_of_text_in_the_corner():
    one = changed(replace(EMPTY, gesture=(Gesture("face", 0, "blink left eye"),)))
    two = changed(replace(EMPTY, gesture=(Gesture("face", 0, "blink left eye"), Gesture("iris", 0, "looking up"))))
    assert one[:12, :60].any()
    assert np.nonzero(two)[0].max() > np.nonzero(one)[0].max() + 5


def test_the_description_of_a_face_is_a_line_above_it():
    face = replace(FACE, box=(60.0, 60.0, 30.0, 40.0), mesh=FACE.mesh + 60)
    plain = changed(replace(EMPTY, face=(face,)))
    described = changed(replace(EMPTY, face=(replace(face, age=29.0, gender="female"),)))
    assert np.nonzero(described)[0].min() < np.nonzero(plain)[0].min()


def test_segments_tint_the_picture(humanrt_engine):
    labels = np.zeros((120, 160), np.uint8)
    labels[10:20, 10:20] = 1
    with humanrt_engine.tensor(labels) as label_map, humanrt_engine.tensor(labels[None]) as masks:
        legend = (Segment(1, "person", (255, 0, 0), 100, 1.0),)
        drawn = draw_result(PICTURE, replace(EMPTY, segmentation=Segmentation(legend, label_map, masks)))
    assert (drawn[10:20, 10:20] == (156, 54, 54)).all()
    assert (drawn != PICTURE).any(axis=2).sum() == 100
