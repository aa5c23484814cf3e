"""MoveNet as Human runs and records it: src/body/movenet.ts and movenetfix.ts, followed by hand."""

from math import floor, inf

import pytest
from body_outputs import image, movenet_bodies, movenet_body

from humanrt.compat.movenet import HumanMoveNet, arranged
from humanrt.config import BodyConfig
from humanrt.result import Keypoint
from humanrt.vision.body import movenet
from humanrt.vision.body.detector import BodyTask
from humanrt.vision.stage import InputForm

LIGHTNING, ANY_SIZE = InputForm(192, 192, 3), InputForm(0, 0, 3)
SINGLE = HumanMoveNet(movenet.SINGLE.outputs)
SEVERAL = HumanMoveNet(movenet.SEVERAL.outputs, several=True)


def prepare(family, form, picture):
    return family.prepare(picture, form, BodyTask(BodyConfig(), 1))


def decode(family, outputs, prepared, *, limit=10):
    return family.decode(outputs, prepared, BodyTask(BodyConfig(), limit))


def test_fractions_of_gray_levels_are_truncated():
    """src/body/movenetfix.ts, padInput(), casts to int32: the 1.5 between gray levels of 0 and 3 is 1."""
    source = image(96, 96)
    source[:, 48:] = 3
    row = prepare(SINGLE, LIGHTNING, source).pixels[0, 0, :, 0]
    assert row[94:97].tolist() == [0, 1, 3]


@pytest.mark.parametrize(
    ("width", "height"),
    [(500, 500), (1920, 1080), (1080, 1920), (640, 480), (640, 320), (640, 321), (640, 330)],
)
def test_the_form_for_several_bodies_has_a_square_frame(width, height):
    assert prepare(SEVERAL, ANY_SIZE, image(width, height)).pixels.shape[1:3] == (256, 256)


def test_the_ids_of_several_bodies_are_the_indices_of_their_rows():
    prepared = prepare(SEVERAL, ANY_SIZE, image(256, 256))
    outputs = movenet_bodies(
        ((0.25, 0.5), 0.9, 0.5), ((0.5, 0.5), 0.9, 0.9), ((0.75, 0.5), 0.2, 0.304), ((0.1, 0.5), 0.2, 0.8)
    )
    bodies = decode(SEVERAL, outputs, prepared)
    # The third's score is rounded to 0.3, which is not over 0.3; the fourth has no keypoints and yet a box.
    assert [(body.id, body.score) for body in bodies] == [(1, 0.9), (3, 0.8), (0, 0.5)]
    assert bodies[1].box == (inf, inf, -inf, -inf)
    assert bodies[1].to_human()["box"] == [None] * 4
    assert [body.id for body in decode(SEVERAL, outputs, prepared, limit=1)] == [1]


def test_lines_need_a_rounded_score_over_min_confidence():
    prepared = prepare(SINGLE, LIGHTNING, image(100, 100))
    (body,) = decode(SINGLE, movenet_body([(0.5, 0.5)] * 17, [0.304] * 17), prepared)
    assert len(body.keypoints) == 17
    assert not any(body.annotations.values())


def test_positions_are_rounded_in_the_squeezed_square():
    """src/body/movenet.ts, parseSinglePose(), and movenetfix.ts, rescaleBody(), written out for 101 x 300."""
    prepared = prepare(SINGLE, LIGHTNING, image(101, 300))
    (body,) = decode(SINGLE, movenet_body([(0.6, 0.41)] * 17, [0.876] * 17), prepared)
    x, y, padding = floor(101 * 0.6 + 0.5), floor(300 * 0.41 + 0.5), 99
    expected = x * (101 + 2 * padding) / 101 - padding, y
    assert body.keypoints[0].position == pytest.approx(expected)
    assert body.keypoints[0].position_raw == pytest.approx((expected[0] / 101, expected[1] / 300))
    assert body.keypoints[0].score == 0.88
    assert body.score == 0.88
    # The lines are computed before the padding is subtracted.
    assert body.annotations["leftArm"][0][0] == (x, y)


@pytest.mark.parametrize("limit", [0, 1])
def test_there_is_always_one_body(limit):
    prepared = prepare(SINGLE, LIGHTNING, image(100, 100))
    (body,) = decode(SINGLE, movenet_body([(0.5, 0.5)] * 17, [0.2] * 17), prepared, limit=limit)
    assert (body.score, body.keypoints, body.box) == (0, (), (inf, inf, -inf, -inf))


def names(**positions):
    """Arrange keypoints, given as part=(x, y); returns their parts."""
    keypoints = [Keypoint(part, 0.9, position, position) for part, position in positions.items()]
    by_part = {keypoint.part: keypoint for keypoint in keypoints}
    found = arranged(keypoints)
    assert all(keypoint is by_part[keypoint.part] for keypoint in found)  # none is renamed or moved
    return [keypoint.part for keypoint in found]


def test_left_and_right_exchange_places_and_keep_their_names():
    assert names(leftEye=(50, 0), rightEye=(40, 0)) == ["leftEye", "rightEye"]
    assert names(leftEye=(40, 0), rightEye=(50, 0)) == ["rightEye", "leftEye"]
    assert names(leftEye=(40, 0), rightEye=(40, 0)) == ["leftEye", "rightEye"]


def test_bent_knees_are_dropped():
    standing = {"leftShoulder": (50, 10), "leftKnee": (50, 80), "leftAnkle": (50, 90)}
    assert names(**standing) == [*standing]
    assert names(**{**standing, "leftAnkle": (50, 70)}) == ["leftShoulder", "leftKnee"]
    assert names(**{**standing, "leftKnee": (50, 5)}) == ["leftShoulder", "leftAnkle"]
    assert names(rightKnee=(50, 80), rightAnkle=(50, 79)) == ["rightKnee"]


SHOULDERS = {"leftShoulder": (60, 10), "rightShoulder": (40, 10)}


@pytest.mark.parametrize("part", ["Hip", "Elbow"])
def test_a_part_beside_the_wrong_shoulder_is_dropped_if_its_twin_is_not_detected(part):
    left, right = f"left{part}", f"right{part}"
    assert names(**SHOULDERS, **{left: (55, 50)}) == [*SHOULDERS, left]
    assert names(**SHOULDERS, **{left: (45, 50)}) == [*SHOULDERS]
    assert names(**SHOULDERS, **{right: (45, 50)}) == [*SHOULDERS, right]
    assert names(**SHOULDERS, **{right: (55, 50)}) == [*SHOULDERS]
    assert names(leftShoulder=(60, 10), **{right: (70, 50)}) == ["leftShoulder", right]
    # With its twin it exchanges places; the first pass had put the two in the other order.
    assert names(**SHOULDERS, **{left: (45, 50), right: (42, 50)}) == [*SHOULDERS, right, left]


def test_a_dropped_part_may_return_in_the_place_of_another():
    """The hip goes to the list's place -1, from which Human then takes the elbow that is not detected."""
    lost = {"leftHip": (41, 50)}
    # It is beside the wrong shoulder as an elbow too, and exchanged with the right one.
    assert names(**SHOULDERS, **lost, rightElbow=(44, 30)) == [*SHOULDERS, "leftHip"]
    assert names(**SHOULDERS, **lost, leftElbow=(56, 30)) == [*SHOULDERS, "leftElbow"]
    lost = {"rightHip": (59, 50)}
    assert names(**SHOULDERS, **lost, rightElbow=(44, 30)) == [*SHOULDERS, "rightElbow"]
    assert names(**SHOULDERS, **lost, leftElbow=(44, 30)) == [*SHOULDERS, "rightHip"]
