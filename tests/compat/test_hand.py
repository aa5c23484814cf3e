"""Hands as Human detects and records them."""

from math import inf, pi
from typing import ClassVar

import numpy as np
import pytest
from hand_outputs import (
    CONFIDENCE,
    THREE,
    UPRIGHT,
    check_way_back,
    handdetect_outputs,
    handtrack_outputs,
    palm,
    region,
    skeleton,
    slope,
)
from hypothesis import given
from hypothesis import strategies as st
from posed_fingers import (
    BENT,
    CURLS,
    DIRECTIONS,
    NAMES,
    STRAIGHT,
    bent,
    check_mirroring,
    check_scaling,
    finger,
    keypoints,
    pointing,
)
from switches import OFF

from humanrt import Human
from humanrt.compat.hand import HAND, curl_at, longest_of
from humanrt.config import HandConfig
from humanrt.result import Finger
from humanrt.vision.hand.detector import HandTask
from humanrt.vision.hand.fingers import fingers_of
from humanrt.vision.hand.pipeline import HandFamilies
from humanrt.vision.hand.skeleton import SKELETON, turned
from humanrt.vision.stage import InputForm
from parity.pictures import read_picture

HANDTRACK, HANDDETECT = HAND.detectors
FINGERS = ("thumb", "index", "middle", "ring", "pinky")


def test_each_family_stands_in_the_place_of_ours():
    ours = HandFamilies()
    assert [family.outputs for family in HAND.detectors] == [family.outputs for family in ours.detectors]
    assert HAND.skeleton.outputs == ours.skeleton.outputs


class TestFingers:
    RULES = curl_at, longest_of

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("deep", [False, True])
    @pytest.mark.parametrize(("angle", "curl"), CURLS)
    def test_the_angle_at_the_joint_gives_the_curl(self, name, deep, angle, curl):
        assert bent(name, angle, deep=deep, rules=self.RULES).curl == curl

    def test_a_straight_finger_is_wholly_bent(self):
        """Its cosine is -1: Human's 57.2958 * pi is a little more than 180, and `% 180` of that is nearly 0."""
        assert finger(**STRAIGHT, rules=self.RULES).curl == "full"

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize(("angle", "direction"), DIRECTIONS)
    def test_the_direction_of_a_straight_finger(self, name, angle, direction):
        assert pointing(name, angle, self.RULES).direction == direction

    def test_the_line_from_start_to_joint_is_never_the_longest(self):
        """The one from start to tip is taken in its place, which is diagonal."""
        assert finger(**BENT, rules=self.RULES).direction == "diagonalUpRight"

    def test_coinciding_points_do_not_divide_by_zero(self):
        assert fingers_of(np.zeros((21, 3)), *self.RULES) == dict.fromkeys(NAMES, Finger("full", "horizontalRight"))

    @given(keypoints, st.sampled_from([0.25, 2.0, 64.0]))
    def test_the_size_of_a_hand_does_not_matter(self, points, scale):
        check_scaling(points, scale, self.RULES)

    @given(keypoints)
    def test_mirrored_hands_have_mirrored_directions(self, points):
        check_mirroring(points, self.RULES)


class TestHandDetect:
    FORM = InputForm(256, 256, 3)

    def decode(self, outputs, limit=1, *, size=(256, 256), **settings):
        task = HandTask(HandConfig(**settings), limit)
        prepared = HANDDETECT.prepare(np.zeros((size[1], size[0], 3), np.uint8), self.FORM, task)
        return HANDDETECT.decode(outputs, prepared, task)

    def record(self, flag):
        (hand,) = self.decode(handdetect_outputs(palm((10, 128), (40, 60))), size=(200, 100))
        points = skeleton(flag, [-10.6, 20, -3.5], [90.5, 80.6, 3.5])
        return HANDDETECT.record(hand, points, HAND.recorder(200, 100, HandConfig()))

    def test_the_input_is_scaled_to_minus_one_to_one(self):
        picture = np.zeros((60, 100, 3), np.uint8)
        picture[:, 50:] = 255
        pixels = HANDDETECT.prepare(picture, self.FORM, HandTask(HandConfig(), 1)).pixels
        assert pixels.shape == (1, 256, 256, 3)
        assert pixels.dtype == np.float32
        assert (pixels.min(), pixels.max()) == pytest.approx((-1, 1), abs=1e-6)

    @given(
        st.integers(0, 2943),
        st.tuples(st.floats(40, 216), st.floats(40, 216)),
        st.integers(20, 500),
        st.integers(20, 500),
    )
    def test_palms_are_transformed_to_the_image(self, anchor, center, width, height):
        (hand,) = self.decode(handdetect_outputs(palm(center, 30, anchor=anchor)), size=(width, height))
        scale = np.array([width, height]) / 256
        assert (hand.start + hand.end) / 2 == pytest.approx(np.array(center) * scale, rel=1e-5)
        assert hand.end - hand.start == pytest.approx(30 * scale, rel=1e-4)
        assert hand.score == pytest.approx(CONFIDENCE)
        assert hand.label == "hand"

    def test_the_region_is_five_times_as_large_and_not_shifted(self):
        (hand,) = self.decode(handdetect_outputs(palm()))
        assert [*hand.region.start, *hand.region.end] == pytest.approx([28, 28, 228, 228])

    @given(st.floats(-pi, pi))
    def test_rotated_hands_are_rotated_upright(self, angle):
        landmarks = turned(UPRIGHT, angle, np.zeros(2))
        (hand,), (upright,) = (
            self.decode(handdetect_outputs(palm(landmarks=points))) for points in (landmarks, UPRIGHT)
        )
        assert np.exp(1j * hand.region.angle) == pytest.approx(np.exp(1j * angle), abs=1e-5)
        assert hand.region.pivot.tolist() == [128, 128]
        assert [*hand.region.start, *hand.region.end] == pytest.approx(
            [*upright.region.start, *upright.region.end], abs=1e-3
        )

    def test_a_limit_of_zero_is_zero(self):
        many = handdetect_outputs(*(palm((30 + 40 * i, 128), 20, anchor=100 + i, logit=1 + i / 10) for i in range(5)))
        assert self.decode(many, 0) == []

    def test_records_are_in_whole_pixels(self):
        hand = self.record(0.876)
        assert (hand.score, hand.box_score, hand.finger_score) == (0.88, 0.88, 0.88)
        assert hand.keypoints[[0, 20]].tolist() == [[-10, 20, -3], [90, 80, 3]]
        assert hand.box == (-10, 20, 100, 60)
        assert {name: len(points) for name, points in hand.annotations.items()} == {
            **dict.fromkeys(FINGERS, 4),
            "palm": 1,
        }

    def test_a_flag_of_a_quarter_of_min_confidence_is_enough(self):
        assert self.record(0.126) is not None
        assert self.record(0.124) is None

    def test_without_a_skeleton_points_that_are_not_there_are_annotated(self):
        hand = self.record(None)
        assert hand.box == (0, 24, 33, 51)
        assert hand.box_raw == pytest.approx((-17.96875 / 200, 0.2421875, 51.5625 / 200, 0.515625))
        json = hand.to_human()
        assert json["annotations"] == {**dict.fromkeys(FINGERS, [None] * 4), "palm": [None]}
        assert (json["keypoints"], json["landmarks"]) == ([], None)


class TestHandTrack:
    FORM = InputForm(0, 0, 3)

    def prepare(self, picture):
        return HANDTRACK.prepare(picture, self.FORM, HandTask(HandConfig(), 1))

    def decode(self, outputs, limit=10, **settings):
        prepared = self.prepare(np.zeros((200, 400, 3), np.uint8))
        return HANDTRACK.decode(outputs, prepared, HandTask(HandConfig(**settings), limit))

    def record(self, flag, **settings):
        (hand,) = self.decode(handtrack_outputs((-0.1, 0.1, 0.5, 0.6, {"point": 0.876})))
        points = skeleton(flag, [10.6, 20, -3], [90, 80.6, 3])
        return HANDTRACK.record(hand, points, HAND.recorder(400, 200, HandConfig(**settings)))

    @pytest.mark.parametrize(
        ("size", "expected"),
        [((1200, 1200), (512, 512)), ((640, 480), (640, 480)), ((1920, 1080), (912, 512)), ((30, 100), (32, 104)),
         ((3, 3), (8, 8))],
    )  # fmt: skip
    def test_the_input_keeps_the_images_proportions(self, size, expected):
        """Sides in steps of 8, at most 512 high, as in handtrack.ts; but for sides under 4, where Human fails."""
        pixels = self.prepare(np.zeros((size[1], size[0], 3), np.uint8)).pixels
        assert pixels.shape == (1, expected[1], expected[0], 3)

    def test_the_input_is_truncated_to_whole_gray_levels(self):
        picture = np.zeros((4, 8, 3), np.uint8)
        picture[:, 4:] = 99
        # Every second of the 8 columns lies between two of the image's.
        assert self.prepare(picture[:, 2:6]).pixels[0, 0, :, 0].tolist() == [0, 0, 0, 49, 99, 99, 99, 99]

    def test_boxes_are_transformed_to_the_image(self):
        (hand,) = self.decode(handtrack_outputs((0.25, 0.1, 0.5, 0.6, {"fist": 0.9})))
        assert (hand.label, hand.score) == ("fist", pytest.approx(0.9))
        assert [*hand.start, *hand.end] == pytest.approx([100, 20, 200, 120])
        assert [*hand.region.start, *hand.region.end] == pytest.approx([80, 0, 220, 140], abs=1e-4)
        assert hand.region.angle == 0

    @pytest.mark.parametrize(
        ("label", "human"),
        [
            ("hand", "hand"),
            ("fist", "fist"),
            ("pinch", "pinch"),
            ("point", "point"),
            ("tip", "face"),
            ("pinchtip", "tip"),
        ],
    )
    def test_labels_are_those_of_a_list_with_the_face_in_it(self, label, human):
        outputs = handtrack_outputs((0, 0, 1, 1, {label: 0.8, "hand": 0.6 if label != "hand" else 0.8}))
        assert [hand.label for hand in self.decode(outputs)] == [human]

    @pytest.mark.parametrize(("limit", "scores"), [(2, [0.9, 0.7]), (0, [0.9])])
    def test_a_limit_of_zero_is_one(self, limit, scores):
        assert [round(hand.score, 3) for hand in self.decode(THREE, limit)] == scores

    def test_a_min_confidence_of_zero_is_one(self):
        assert self.decode(THREE, min_confidence=0) == []

    def test_the_score_is_a_sigmoid_too_much_and_depths_are_not_scaled(self):
        """100 / (1 + e ** 0.75) is 32.08."""
        hand = self.record(0.75)
        assert (hand.score, hand.box_score, hand.finger_score) == (0.88, 0.88, 0.68)
        assert hand.keypoints[0] == pytest.approx([10.6, 20, -6])
        assert {each.curl for each in hand.landmarks.values()} == {"full"}  # all are exactly straight

    def test_a_hand_without_points_has_an_infinite_box(self):
        """The least x of no points is Infinity."""
        hand = self.record(0.0, min_confidence=0.6)
        assert hand.box == hand.box_raw == (inf, inf, -inf, -inf)
        assert (hand.score, hand.finger_score) == (0.88, 0)

    def test_a_hand_without_a_skeleton_has_an_infinite_box(self):
        hand = self.record(None)
        assert hand.box == hand.box_raw == (inf, inf, -inf, -inf)
        assert (hand.label, hand.score, hand.box_score, hand.finger_score) == ("point", 0.88, 0.88, 0)

    def test_every_flag_is_enough_for_the_points(self):
        assert len(self.record(0.0).keypoints) == 21


class TestSkeleton:
    FORM = InputForm(64, 64, 3)

    def test_the_whole_image_is_rotated_and_loses_its_corners(self):
        """A quarter turn about a point near the right edge, and a crop that extends past it."""
        at_the_edge = [region((200, 80), (300, 120), -pi / 2, (225, 100))]
        (human,), (ours,) = (
            family.prepare(slope(), self.FORM, at_the_edge).pixels for family in (HAND.skeleton, SKELETON)
        )
        assert (human[:, 33:] == 0).all()
        assert human[:, :31] == pytest.approx(ours[:, :31], abs=1.01 / 255)  # the nearest pixel

    @given(
        st.tuples(st.floats(60, 140), st.floats(60, 140)),
        st.tuples(st.floats(20, 60), st.floats(20, 60)),
        st.floats(-pi, pi),
    )
    def test_a_point_lies_where_its_pixel_was_sampled(self, center, size, angle):
        check_way_back(HAND.skeleton, self.FORM, center, size, angle)


def test_hands_are_kept_in_the_detectors_order_and_one_where_none_is_wanted():
    hands = ["first", "second", "third"]
    assert [HAND.choose(hands, limit, HandConfig()) for limit in (0, 1, 2)] == [["first"], ["first"], hands[:2]]
    assert HAND.runs_for(0)


class TestDetect:
    """With the real models."""

    HANDTRACK: ClassVar = {"detector": {"model_path": "handtrack.json"}}
    HANDDETECT: ClassVar = {"detector": {"model_path": "handdetect.json"}}

    @pytest.fixture
    async def count(self):
        others = dict.fromkeys(("face", "body", "gesture"), OFF)
        async with Human({**others, "compat": "human", "raise_errors": True}) as human:

            async def count(picture, limit, **hand):
                with await human.detect(picture, {"hand": {**hand, "max_detected": limit}}) as result:
                    return len(result.hand)

            yield count
            assert human.engine.memory().baseline == (0, 0, 0, 0)

    @pytest.fixture
    def close_up(self):
        """A left hand, upside down."""
        return read_picture("human_body")[380:740, 700:1060][::-1, ::-1].copy()

    async def test_a_limit_of_zero_is_one_with_handtrack(self, count, close_up):
        assert await count(close_up, 0, **self.HANDTRACK) == 1
        assert await count(close_up, 0, **self.HANDDETECT) == 0

    async def test_a_hand_with_two_palms_is_two(self, count):
        picture = read_picture("human_body")[430:650, 150:420].copy()
        assert await count(picture, 4, **self.HANDDETECT) == 2
        assert await count(picture, 1, **self.HANDDETECT) == 1

    async def test_handtrack_has_hands_without_landmarks(self, count, close_up):
        assert await count(close_up, 4, landmarks=False) == 1
