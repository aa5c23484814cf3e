import numpy as np
import pytest
from humanrt.people.gestures.hand import hand_gestures
from humanrt.people.gestures.poses import FINGERS, HUMANS_POSES, POSES

from humanrt.result import Finger, Hand

UP, ASIDE, LEFT, RIGHT = "verticalUp", "horizontalLeft", "diagonalUpLeft", "diagonalUpRight"
# Curls from the thumb on: none, half, full.
FIST, PALM, ONE, THUMB = "fffff", "nnnnn", "fnfff", "nffff"
CURLS = {"n": "none", "h": "half", "f": "full"}


def hand(curls=PALM, directions=(UP,) * 5, keypoints=None):
    fingers = {
        name: Finger(CURLS[curl], direction) for name, curl, direction in zip(FINGERS, curls, directions, strict=True)
    }
    points = np.zeros((21, 3), np.float32) if keypoints is None else keypoints
    annotations = {name: points[4 * i + 1 : 4 * i + 5] for i, name in enumerate(FINGERS)} if len(points) else {}
    annotations |= {"palm": points[[0]]} if len(points) else {}
    return Hand(4, 0.9, 0.9, 0.9, (0, 0, 9, 9), (0, 0, 1, 1), "hand", points, annotations, fingers)


def poses(*arguments, quirks=False):
    _, _, *found = hand_gestures(hand(*arguments), quirks=quirks)
    return found


class TestFingers:
    @pytest.fixture
    def keypoints(self):
        """The middle finger's tip is the highest, the index's the nearest; the pinky's root is both for Human."""
        points = np.full((21, 3), 50, np.float32)
        points[12, 1], points[8, 2] = 10, -20
        points[17] = (50, 40, -1)
        return points

    def test_the_tips_are_compared(self, keypoints):
        assert list(hand_gestures(hand(keypoints=keypoints, curls=FIST), quirks=False)) == [
            "index forward",
            "middle up",
        ]

    def test_human_compares_the_roots(self, keypoints):
        found = list(hand_gestures(hand(keypoints=keypoints), quirks=True))
        assert found[:2] == ["pinky forward", "pinky up"]

    def test_for_human_the_palm_is_a_finger_and_the_last_of_equals_wins(self):
        assert list(hand_gestures(hand(), quirks=True))[:2] == ["palm forward", "palm up"]
        assert list(hand_gestures(hand(), quirks=False))[:2] == ["thumb forward", "thumb up"]

    @pytest.mark.parametrize("quirks", [False, True])
    def test_without_keypoints_there_are_none(self, quirks):
        assert list(hand_gestures(hand(keypoints=np.zeros((0, 3), np.float32)), quirks=quirks)) == []


class TestPoses:
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
    def test_each_pose(self, curls, directions, expected):
        assert poses(curls, directions) == expected

    def test_what_human_sees(self):
        """A fist is much, a thumb is a middle finger, three fingers are a palm, and no victory leans to the right."""
        assert poses(FIST, [ASIDE] * 5, quirks=True) == ["thumbs up", "point", "middle finger"]
        assert "middle finger" in poses(THUMB, [UP, *[ASIDE] * 4], quirks=True)
        assert poses("hnnff", [UP, LEFT, UP, LEFT, LEFT], quirks=True) == ["victory"]
        assert poses("nnnff", [UP, LEFT, UP, LEFT, LEFT], quirks=True) == ["victory", "open palm"]
        assert poses("hnnff", [RIGHT] * 5, quirks=True) == []
        assert poses("nfnff", [UP] * 5, quirks=True) == ["middle finger"]

    def test_a_perfect_hand_makes_each_pose(self):
        """By hand: the share of ten points that the best fingers get."""
        best = {"thumbs up": 10, "victory": 67.5 / 7, "point": 55 / 7, "middle finger": 55 / 7, "open palm": 8.75}
        for pose in (*POSES, *HUMANS_POSES):
            fingers = {
                name: Finger(
                    max(pose.curls[name], key=pose.curls[name].get),
                    max(pose.directions[name], key=pose.directions[name].get) if pose.directions else UP,
                )
                for name in FINGERS
            }
            assert pose.confidence(fingers) == pytest.approx(best[pose.name] / 10)
            assert pose.is_told(fingers)
