import pytest
from gesturing import ASIDE, BEST, FIST, LEFT, ONE, PALM, RIGHT, THUMB, UP, best_fingers, hand

from humanrt.people.gestures import hand_gestures
from humanrt.people.poses import POSES


@pytest.mark.parametrize(
    ("curls", "directions", "expected"),
    [
        (PALM, [UP] * 5, ["open palm"]),
        ("hnnnn", [UP] * 5, ["open palm"]),
        (FIST, [ASIDE] * 5, []),
        (THUMB, [UP, *[ASIDE] * 4], ["thumbs up"]),
        (THUMB, [UP, *["horizontalRight"] * 4], ["thumbs up"]),
        (THUMB, ["verticalDown", *[UP] * 4], []),
        ("hnnff", [UP, LEFT, UP, LEFT, LEFT], ["victory"]),
        ("hnnff", [UP, RIGHT, UP, RIGHT, RIGHT], ["victory"]),
        (ONE, [UP] * 5, ["point"]),
        ("fnffh", [UP] * 5, ["point"]),
        ("nfnff", [UP] * 5, ["middle finger"]),
    ],
)
def test_each_pose(curls, directions, expected):
    _, _, *found = hand_gestures(hand(curls, directions))
    assert found == expected


@pytest.mark.parametrize("pose", POSES, ids=lambda pose: pose.name)
def test_the_best_fingers_have_the_pose_with_its_full_confidence(pose):
    fingers = best_fingers(pose)
    assert pose.confidence(fingers) == pytest.approx(BEST[pose.name] / 10)
    assert pose.is_defined_by(fingers)
