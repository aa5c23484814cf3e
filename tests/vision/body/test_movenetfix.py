"""What Human's ``bodyParts`` (src/body/movenetfix.ts) does, followed by hand."""

import pytest
from humanrt.vision.body.movenetfix import arranged

from humanrt.result import Keypoint


def names(**positions):
    """Arrange keypoints, given as part=(x, y); returns their parts."""
    keypoints = [Keypoint(part, 0.9, position, position) for part, position in positions.items()]
    by_part = {keypoint.part: keypoint for keypoint in keypoints}
    found = arranged(keypoints)
    assert all(keypoint is by_part[keypoint.part] for keypoint in found)  # nobody is renamed or moved
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
def test_beside_the_wrong_shoulder_a_part_is_lost_if_its_twin_is_not_there(part):
    left, right = f"left{part}", f"right{part}"
    assert names(**SHOULDERS, **{left: (55, 50)}) == [*SHOULDERS, left]
    assert names(**SHOULDERS, **{left: (45, 50)}) == [*SHOULDERS]
    assert names(**SHOULDERS, **{right: (45, 50)}) == [*SHOULDERS, right]
    assert names(**SHOULDERS, **{right: (55, 50)}) == [*SHOULDERS]
    assert names(leftShoulder=(60, 10), **{right: (70, 50)}) == ["leftShoulder", right]
    # With its twin it exchanges places; the first pass had put the two in the other order.
    assert names(**SHOULDERS, **{left: (45, 50), right: (42, 50)}) == [*SHOULDERS, right, left]


def test_what_was_lost_may_come_back_in_the_place_of_another():
    """The hip goes to the list's place -1, where Human then looks for the elbow that is not there."""
    lost = {"leftHip": (41, 50)}
    # It is beside the wrong shoulder as an elbow too, and exchanged with the right one.
    assert names(**SHOULDERS, **lost, rightElbow=(44, 30)) == [*SHOULDERS, "leftHip"]
    assert names(**SHOULDERS, **lost, leftElbow=(56, 30)) == [*SHOULDERS, "leftElbow"]
    lost = {"rightHip": (59, 50)}
    assert names(**SHOULDERS, **lost, rightElbow=(44, 30)) == [*SHOULDERS, "rightElbow"]
    assert names(**SHOULDERS, **lost, leftElbow=(44, 30)) == [*SHOULDERS, "rightHip"]
