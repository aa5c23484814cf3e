from math import inf

import numpy as np
import pytest
from humanrt.vision.model import InputForm

from humanrt.config import HandConfig
from humanrt.vision.hand import handtrack
from humanrt.vision.hand.record import HandRecorder
from humanrt.vision.hand.skeleton import Seen
from humanrt.zoo import find_card

CARD_LABELS = find_card("handtrack").outputs["raw_scores"].labels
FORM = InputForm(0, 0, 3)


def outputs(*boxes):
    """The model's outputs with boxes over the picture's size: (x, y, right, bottom, {label: score})."""
    corners, scores = np.zeros((1, len(boxes), 4), np.float32), np.zeros((1, len(boxes), 8), np.float32)
    for i, (x, y, right, bottom, said) in enumerate(boxes):
        corners[0, i] = y, x, bottom, right
        for label, score in said.items():
            scores[0, i, CARD_LABELS.index(label)] = score
    return [corners, scores]


def decode(found, limit=10, *, size=(400, 200), quirks=False, **settings):
    prepared = handtrack.prepare(np.zeros((size[1], size[0], 3), np.uint8), FORM, quirks=quirks)
    return handtrack.decode(found, prepared, HandConfig(**settings), limit, quirks=quirks)


def test_the_labels_are_the_cards():
    assert [CARD_LABELS[i] for i in handtrack.COLUMNS] == list(handtrack.LABELS)
    assert {*CARD_LABELS} - {*handtrack.LABELS} == {"background", "face"}


def test_the_input_has_the_size_that_the_graph_looks_at():
    picture = np.full((30, 50, 3), 7, np.uint8)
    pixels = handtrack.prepare(picture, FORM, quirks=False).pixels
    assert pixels.shape == (1, 320, 320, 3)
    assert pixels.dtype == np.uint8
    assert (pixels == 7).all()


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1200, 1200), (512, 512)), ((640, 480), (640, 480)), ((1920, 1080), (912, 512)), ((30, 100), (32, 104)),
     ((3, 3), (8, 8))],
)  # fmt: skip
def test_humans_input_keeps_the_pictures_shape(size, expected):
    """Sides in steps of 8, at most 512 high, as in handtrack.ts; but for sides under 4, where Human fails."""
    pixels = handtrack.prepare(np.zeros((size[1], size[0], 3), np.uint8), FORM, quirks=True).pixels
    assert pixels.shape == (1, expected[1], expected[0], 3)


def test_humans_input_is_cut_to_whole_grey_levels():
    picture = np.zeros((4, 8, 3), np.uint8)
    picture[:, 4:] = 99
    # Every second of the 8 columns lies between two of the picture's.
    pixels = handtrack.prepare(picture[:, 2:6], FORM, quirks=True).pixels
    assert pixels[0, 0, :, 0].tolist() == [0, 0, 0, 49, 99, 99, 99, 99]


@pytest.mark.parametrize("quirks", [False, True])
def test_a_box_comes_back_to_the_picture(quirks):
    (hand,) = decode(outputs((0.25, 0.1, 0.5, 0.6, {"fist": 0.9})), quirks=quirks)
    assert (hand.label, hand.score) == ("fist", pytest.approx(0.9))
    assert [*hand.start, *hand.end] == pytest.approx([100, 20, 200, 120])
    # 1.4 times as large, about the same centre, not turned.
    assert [*hand.region.start, *hand.region.end] == pytest.approx([80, 0, 220, 140], abs=1e-4)
    assert hand.region.angle == 0


@pytest.mark.parametrize(
    ("label", "human"),
    [("hand", "hand"), ("fist", "fist"), ("pinch", "pinch"), ("point", "point"), ("tip", "face"), ("pinchtip", "tip")],
)
def test_labels(label, human):
    """Human leaves the face out of the scores, and not out of the names."""
    found = outputs((0, 0, 1, 1, {label: 0.8, "hand": 0.6 if label != "hand" else 0.8}))
    assert [hand.label for hand in decode(found)] == [label]
    assert [hand.label for hand in decode(found, quirks=True)] == [human]


def test_faces_and_the_background_are_no_hands():
    assert decode(outputs((0, 0, 1, 1, {"background": 0.9, "face": 0.99, "hand": 0.4}))) == []
    (hand,) = decode(outputs((0, 0, 1, 1, {"background": 0.9, "face": 0.99, "hand": 0.6})))
    assert hand.score == pytest.approx(0.6)


THREE = outputs(
    (0, 0, 0.2, 0.2, {"hand": 0.6}), (0.5, 0.5, 0.7, 0.7, {"hand": 0.9}), (0.5, 0, 0.7, 0.2, {"point": 0.7})
)


@pytest.mark.parametrize(
    ("limit", "quirks", "scores"),
    [(3, False, [0.9, 0.7, 0.6]), (2, False, [0.9, 0.7]), (0, False, []), (2, True, [0.9, 0.7]), (0, True, [0.9])],
)
def test_the_best_and_no_more_than_asked_for(limit, quirks, scores):
    """Human takes a limit of 0 for 1."""
    assert [round(hand.score, 3) for hand in decode(THREE, limit, quirks=quirks)] == scores


def test_thresholds():
    assert len(decode(THREE, min_confidence=0.65)) == 2
    assert len(decode(THREE, min_confidence=0)) == 3
    assert decode(THREE, min_confidence=0, quirks=True) == []  # Human takes 0 for 1
    half = outputs((0, 0, 0.4, 1, {"hand": 0.9}), (0.2, 0, 0.6, 1, {"hand": 0.8}))  # they overlap by a third
    assert len(decode(half, iou_threshold=0.3)) == 1
    assert len(decode(half, iou_threshold=0.4)) == 2


class TestRecording:
    @staticmethod
    def record(flag, *, quirks=False, box=(-0.1, 0.1, 0.5, 0.6), **settings):
        (hand,) = decode(outputs((*box, {"point": 0.876})), quirks=quirks)
        points = np.linspace([10.6, 20, -3], [90, 80.6, 3], 21)
        seen = None if flag is None else Seen(flag, points, points[:, 2] * 2)
        return handtrack.record(hand, seen, HandRecorder(400, 200, HandConfig(**settings), quirks=quirks))

    def test_a_hand_with_its_points(self):
        hand = self.record(0.75)
        assert (hand.score, hand.box_score, hand.finger_score) == (pytest.approx(0.876), pytest.approx(0.876), 0.75)
        assert hand.box == pytest.approx((10.6, 20, 79.4, 60.6))
        assert hand.box_raw == pytest.approx((10.6 / 400, 20 / 200, 79.4 / 400, 60.6 / 200))
        assert hand.keypoints[0] == pytest.approx([10.6, 20, -3])
        assert not hand.keypoints.flags.writeable
        assert hand.annotations["thumb"].tolist() == hand.keypoints[1:5].tolist()
        assert hand.annotations["palm"].tolist() == hand.keypoints[[0, 17, 13, 9, 5, 1, 0]].tolist()
        assert [*hand.landmarks] == ["thumb", "index", "middle", "ring", "pinky"]
        assert {finger.curl for finger in hand.landmarks.values()} == {"none"}

    def test_humans_score_is_a_sigmoid_too_much_and_its_depths_are_not_scaled(self):
        """100 / (1 + e ** 0.75) is 32.08."""
        hand = self.record(0.75, quirks=True)
        assert (hand.score, hand.box_score, hand.finger_score) == (0.88, 0.88, 0.68)
        assert hand.keypoints[0] == pytest.approx([10.6, 20, -6])
        assert {finger.curl for finger in hand.landmarks.values()} == {"full"}  # all are exactly straight

    @pytest.mark.parametrize("flag", [0.4, None])
    def test_a_hand_without_points_has_the_detectors_box(self, flag):
        hand = self.record(flag)
        assert hand.finger_score == (flag or 0)
        assert hand.box == pytest.approx((0, 20, 200, 100))  # cut to the picture
        assert hand.box_raw == pytest.approx((0, 0.1, 0.5, 0.5))
        assert (hand.keypoints.shape, hand.annotations, hand.landmarks) == ((0, 3), {}, {})

    @pytest.mark.parametrize(
        "box", [(-0.4, 0.1, -0.1, 0.6), (1.1, 0.1, 1.4, 0.6), (0.1, -0.4, 0.6, 0), (0.1, 1, 0.6, 2)]
    )
    def test_a_hand_outside_of_the_picture_is_none(self, box):
        assert self.record(None, box=box) is None
        # The points may be inside.
        assert self.record(0.75, box=box) is not None

    def test_humans_hand_without_points_has_no_box(self):
        """The least x of no points is Infinity."""
        hand = self.record(0.0, quirks=True, min_confidence=0.6)
        assert hand.box == hand.box_raw == (inf, inf, -inf, -inf)
        assert (hand.score, hand.finger_score) == (0.88, 0)
        assert self.record(None, quirks=True) is None

    def test_human_is_always_sure(self):
        assert len(self.record(0.0, quirks=True).keypoints) == 21
        assert len(self.record(0.5).keypoints) == 21
        assert len(self.record(0.49).keypoints) == 0
