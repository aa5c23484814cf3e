from math import pi

import numpy as np
import pytest
from hand_outputs import CONFIDENCE, UPRIGHT, handdetect_outputs, palm, skeleton
from hypothesis import given
from hypothesis import strategies as st

from humanrt.config import HandConfig, HandDetectorConfig
from humanrt.vision.hand.detector import HandTask
from humanrt.vision.hand.handdetect import HANDDETECT, anchors
from humanrt.vision.hand.record import HandRecorder
from humanrt.vision.hand.skeleton import turned
from humanrt.vision.stage import InputForm

FORM = InputForm(256, 256, 3)


def decode(outputs, limit=1, *, size=(256, 256), **settings):
    task = HandTask(HandConfig(**settings), limit)
    prepared = HANDDETECT.prepare(np.zeros((size[1], size[0], 3), np.uint8), FORM, task)
    return HANDDETECT.decode(outputs, prepared, task)


def test_anchors_are_the_centres_of_three_grids():
    """MediaPipe's palm detector: strides of 8, 16 and three times 32, two anchors in each cell of each layer."""
    centers = anchors(256)
    assert centers.shape == (2944, 2)
    assert centers[[0, 1, 2, 64]].tolist() == [[4, 4], [4, 4], [12, 4], [4, 12]]
    assert centers[[2048, 2050, 2560, 2565, 2566]].tolist() == [[8, 8], [24, 8], [16, 16], [16, 16], [48, 16]]


def test_the_input_is_scaled_to_minus_one_to_one():
    picture = np.zeros((60, 100, 3), np.uint8)
    picture[:, 50:] = 255
    pixels = HANDDETECT.prepare(picture, FORM, HandTask(HandConfig(), 1)).pixels
    assert pixels.shape == (1, 256, 256, 3)
    assert pixels.dtype == np.float32
    assert (pixels.min(), pixels.max()) == pytest.approx((-1, 1), abs=1e-6)


@given(
    st.integers(0, 2943), st.tuples(st.floats(40, 216), st.floats(40, 216)), st.integers(20, 500), st.integers(20, 500)
)
def test_palms_are_transformed_to_the_image(anchor, center, width, height):
    (hand,) = decode(handdetect_outputs(palm(center, 30, anchor=anchor)), size=(width, height))
    scale = np.array([width, height]) / 256
    assert (hand.start + hand.end) / 2 == pytest.approx(np.array(center) * scale, rel=1e-5)
    assert hand.end - hand.start == pytest.approx(30 * scale, rel=1e-4)
    assert hand.score == pytest.approx(CONFIDENCE)
    assert hand.label == "hand"


def test_the_detector_may_have_a_lower_threshold_than_the_hand():
    """The palm's score is 0.88."""
    for least, detector, count in ((0.8, None, 1), (0.9, None, 0), (0.95, 0.8, 1), (0.1, 0.9, 0)):
        settings = {"min_confidence": least, "detector": HandDetectorConfig(min_confidence=detector)}
        assert len(decode(handdetect_outputs(palm()), **settings)) == count


def test_the_region_of_an_upright_hand():
    """The landmarks span 24 x 40 pixels, whose middle is the palm's: 0.4 of the height up, and 3 times the square."""
    (hand,) = decode(handdetect_outputs(palm()))
    assert hand.region.angle == 0
    assert [*hand.region.start, *hand.region.end] == pytest.approx([68, 52, 188, 172])


@given(st.floats(-pi, pi))
def test_rotated_hands_are_rotated_upright(angle):
    """The region of a hand that is rotated about its palm's middle is that of the upright one."""
    landmarks = turned(UPRIGHT, angle, np.zeros(2))
    (hand,), (upright,) = (decode(handdetect_outputs(palm(landmarks=points))) for points in (landmarks, UPRIGHT))
    assert np.exp(1j * hand.region.angle) == pytest.approx(np.exp(1j * angle), abs=1e-5)
    assert hand.region.pivot.tolist() == [128, 128]
    assert [*hand.region.start, *hand.region.end] == pytest.approx(
        [*upright.region.start, *upright.region.end], abs=1e-3
    )


def test_without_rotation_the_region_is_not_rotated():
    landmarks = turned(UPRIGHT, pi / 2, np.zeros(2))
    (hand,) = decode(handdetect_outputs(palm(landmarks=landmarks)), rotation=False)
    assert hand.region.angle == 0
    assert [*hand.region.start, *hand.region.end] == pytest.approx([68, 128 - 0.4 * 24 - 60, 188, 128 - 0.4 * 24 + 60])


def test_there_are_three_candidates_for_each_hand_wanted():
    """Human: "box detection is flaky"."""
    many = handdetect_outputs(*(palm((30 + 40 * i, 128), 20, anchor=100 + i, logit=1 + i / 10) for i in range(5)))
    found = decode(many, 1)
    assert [hand.start[0] + 10 for hand in found] == pytest.approx([190, 150, 110])
    assert len(decode(many, 2)) == 5
    assert decode(many, 0) == []


def test_thresholds():
    outputs = handdetect_outputs(palm(), palm((148, 128), anchor=800))  # they overlap by a third
    assert len(decode(outputs, iou_threshold=0.3)) == 1
    assert len(decode(outputs, iou_threshold=0.4)) == 2
    assert len(decode(outputs, min_confidence=0.89)) == 0


class TestRecording:
    @staticmethod
    def record(flag, **settings):
        (hand,) = decode(handdetect_outputs(palm((10, 128), (40, 60))), size=(200, 100))
        points = skeleton(flag, [-10.6, 20, -3.5], [90.5, 80.6, 3.5])
        return HANDDETECT.record(hand, points, HandRecorder(200, 100, HandConfig(**settings)))

    def test_the_score_is_the_skeletons(self):
        hand = self.record(0.876)
        assert (hand.score, hand.finger_score) == (0.876, 0.876)
        assert hand.box_score == pytest.approx(CONFIDENCE)
        assert hand.keypoints[0] == pytest.approx([-10.6, 20, -3.5])
        assert hand.box == pytest.approx((-10.6, 20, 101.1, 60.6))
        assert "base" in hand.annotations

    def test_a_flag_below_min_confidence_is_not_a_hand(self):
        assert self.record(0.49) is None
        assert self.record(0.5) is not None
        assert self.record(0.31, min_confidence=0.3) is not None

    def test_without_a_skeleton_the_box_is_the_palms_square_enlarged(self):
        """31.25 x 23.4375 pixels around (7.8125, 50): 1.65 times the larger side is 51.5625, up to 33.59375."""
        hand = self.record(None)
        assert (hand.score, hand.box_score, hand.finger_score) == (pytest.approx(CONFIDENCE),) * 2 + (0,)
        assert hand.box == pytest.approx((0, 24.21875, 33.59375, 51.5625))
        assert hand.box_raw == pytest.approx((0, 0.2421875, 33.59375 / 200, 0.515625))
        assert (hand.keypoints.shape, hand.annotations, hand.landmarks) == ((0, 3), {}, {})
