from math import pi

import numpy as np
import pytest
from humanrt.vision.model import InputForm
from hypothesis import given
from hypothesis import strategies as st

from humanrt.config import HandConfig
from humanrt.vision.hand import handdetect
from humanrt.vision.hand.record import HandRecorder
from humanrt.vision.hand.skeleton import Seen, turned

FORM = InputForm(256, 256, 3)
LOGIT = 2.0
CONFIDENCE = 1 / (1 + np.exp(-LOGIT))
# Around the middle of a palm, in pixels of the input: the wrist, the roots of four fingers, and two of the thumb.
UPRIGHT = np.array([[0, 20], [-10, -20], [0, -20], [7, -18], [12, -15], [-10, 10], [-12, 0]], float)


def outputs(*palms):
    """The model's output with palms in pixels of the input: (anchor, center, size, landmarks, logit)."""
    rows = np.zeros((1, 2944, 19), np.float32)
    rows[..., 0] = -500
    for anchor, center, size, landmarks, logit in palms:
        cell = handdetect.anchors(256)[anchor]
        rows[0, anchor, 0] = logit
        rows[0, anchor, 1:3] = center - cell
        rows[0, anchor, 3:5] = size
        rows[0, anchor, 5:] = (landmarks + center - cell).ravel()
    return [rows]


def palm(center=(128, 128), size=40, landmarks=UPRIGHT, anchor=700, logit=LOGIT):
    return anchor, np.array(center, float), size, landmarks, logit


def decode(found, limit=1, *, size=(256, 256), quirks=False, **settings):
    prepared = handdetect.prepare(np.zeros((size[1], size[0], 3), np.uint8), FORM, quirks=quirks)
    return handdetect.decode(found, prepared, HandConfig(**settings), limit, quirks=quirks)


def test_anchors_are_the_centres_of_three_grids():
    """MediaPipe's palm detector: strides of 8, 16 and three times 32, two anchors in each cell of each layer."""
    anchors = handdetect.anchors(256)
    assert anchors.shape == (2944, 2)
    assert anchors[[0, 1, 2, 64]].tolist() == [[4, 4], [4, 4], [12, 4], [4, 12]]
    assert anchors[[2048, 2050, 2560, 2565, 2566]].tolist() == [[8, 8], [24, 8], [16, 16], [16, 16], [48, 16]]


@pytest.mark.parametrize("quirks", [False, True])
def test_the_input_is_scaled_to_minus_one_to_one(quirks):
    picture = np.zeros((60, 100, 3), np.uint8)
    picture[:, 50:] = 255
    pixels = handdetect.prepare(picture, FORM, quirks=quirks).pixels
    assert pixels.shape == (1, 256, 256, 3)
    assert pixels.dtype == np.float32
    assert (pixels.min(), pixels.max()) == pytest.approx((-1, 1), abs=1e-6)


@given(
    st.integers(0, 2943),
    st.tuples(st.floats(40, 216), st.floats(40, 216)),
    st.integers(20, 500),
    st.integers(20, 500),
    st.booleans(),
)
def test_a_palm_comes_back_to_the_picture(anchor, center, width, height, quirks):
    (hand,) = decode(outputs(palm(center, 30, anchor=anchor)), size=(width, height), quirks=quirks)
    scale = np.array([width, height]) / 256
    assert (hand.start + hand.end) / 2 == pytest.approx(np.array(center) * scale, rel=1e-5)
    assert hand.end - hand.start == pytest.approx(30 * scale, rel=1e-4)
    assert hand.score == pytest.approx(CONFIDENCE)
    assert hand.label == "hand"


def test_the_region_of_an_upright_hand():
    """The landmarks span 24 x 40 pixels, whose middle is the palm's: 0.4 of the height up, and 3 times the square."""
    (hand,) = decode(outputs(palm()))
    assert hand.region.angle == 0
    assert [*hand.region.start, *hand.region.end] == pytest.approx([68, 52, 188, 172])
    (hand,) = decode(outputs(palm()), quirks=True)  # 5 times, and not moved
    assert [*hand.region.start, *hand.region.end] == pytest.approx([28, 28, 228, 228])


@given(st.floats(-pi, pi), st.booleans())
def test_turned_hands_are_turned_back(angle, quirks):
    """The region of a hand that is turned about its palm's middle is that of the upright one."""
    landmarks = turned(UPRIGHT, angle, np.zeros(2))
    (hand,), (upright,) = (decode(outputs(palm(landmarks=points)), quirks=quirks) for points in (landmarks, UPRIGHT))
    assert np.exp(1j * hand.region.angle) == pytest.approx(np.exp(1j * angle), abs=1e-5)
    assert hand.region.pivot.tolist() == [128, 128]
    assert [*hand.region.start, *hand.region.end] == pytest.approx(
        [*upright.region.start, *upright.region.end], abs=1e-3
    )


def test_without_rotation():
    landmarks = turned(UPRIGHT, pi / 2, np.zeros(2))
    (hand,) = decode(outputs(palm(landmarks=landmarks)), rotation=False)
    assert hand.region.angle == 0
    assert [*hand.region.start, *hand.region.end] == pytest.approx([68, 128 - 0.4 * 24 - 60, 188, 128 - 0.4 * 24 + 60])


def test_three_candidates_for_each_hand():
    """Human: "box detection is flaky"."""
    many = outputs(*(palm((30 + 40 * i, 128), 20, anchor=100 + i, logit=1 + i / 10) for i in range(5)))
    found = decode(many, 1)
    assert [hand.start[0] + 10 for hand in found] == pytest.approx([190, 150, 110])
    assert len(decode(many, 2)) == 5
    assert decode(many, 0, quirks=True) == []


def test_thresholds():
    found = outputs(palm(), palm((148, 128), anchor=800))  # they overlap by a third
    assert len(decode(found, iou_threshold=0.3)) == 1
    assert len(decode(found, iou_threshold=0.4)) == 2
    assert len(decode(found, min_confidence=0.89)) == 0


class TestRecording:
    @staticmethod
    def record(flag, *, quirks=False, size=(200, 100), **settings):
        (hand,) = decode(outputs(palm((10, 128), (40, 60))), size=size, quirks=quirks)
        points = np.linspace([-10.6, 20, -3.5], [90.5, 80.6, 3.5], 21)
        seen = None if flag is None else Seen(flag, points, points[:, 2] * 2)
        return handdetect.record(hand, seen, HandRecorder(*size, HandConfig(**settings), quirks=quirks))

    def test_the_score_is_the_skeletons(self):
        hand = self.record(0.876)
        assert (hand.score, hand.finger_score) == (0.876, 0.876)
        assert hand.box_score == pytest.approx(CONFIDENCE)
        assert hand.keypoints[0] == pytest.approx([-10.6, 20, -3.5])
        assert hand.box == pytest.approx((-10.6, 20, 101.1, 60.6))
        assert "base" in hand.annotations

    def test_humans_are_whole_pixels(self):
        hand = self.record(0.876, quirks=True)
        assert (hand.score, hand.box_score, hand.finger_score) == (0.88, 0.88, 0.88)
        assert hand.keypoints[[0, 20]].tolist() == [[-10, 20, -3], [90, 80, 3]]
        assert hand.box == (-10, 20, 100, 60)
        assert {name: len(points) for name, points in hand.annotations.items()} == {
            **dict.fromkeys(("thumb", "index", "middle", "ring", "pinky"), 4),
            "palm": 1,
        }

    def test_the_skeleton_must_be_sure(self):
        """Human is content with a quarter of the confidence that is asked for."""
        assert self.record(0.49) is None
        assert self.record(0.5) is not None
        assert self.record(0.126, quirks=True) is not None
        assert self.record(0.124, quirks=True) is None
        assert self.record(0.31, min_confidence=0.3) is not None

    def test_without_the_skeleton_it_is_the_palms_square_grown(self):
        """31.25 x 23.4375 pixels around (7.8125, 50): 1.65 times the larger side is 51.5625, up to 33.59375."""
        hand = self.record(None)
        assert (hand.score, hand.box_score, hand.finger_score) == (pytest.approx(CONFIDENCE),) * 2 + (0,)
        assert hand.box == pytest.approx((0, 24.21875, 33.59375, 51.5625))
        assert hand.box_raw == pytest.approx((0, 0.2421875, 33.59375 / 200, 0.515625))
        assert (hand.keypoints.shape, hand.annotations, hand.landmarks) == ((0, 3), {}, {})
        human = self.record(None, quirks=True)
        assert human.box == (0, 24, 33, 51)
        assert human.box_raw == pytest.approx((-17.96875 / 200, 0.2421875, 51.5625 / 200, 0.515625))
        json = human.to_human()
        assert json["annotations"] == {
            **dict.fromkeys(("thumb", "index", "middle", "ring", "pinky"), [None] * 4),
            "palm": [None],
        }
        assert (json["keypoints"], json["landmarks"]) == ([], None)
