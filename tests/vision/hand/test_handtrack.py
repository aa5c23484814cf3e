import numpy as np
import pytest
from hand_outputs import CARD_LABELS, THREE, handtrack_outputs, skeleton

from humanrt.config import HandConfig
from humanrt.vision.hand import handtrack
from humanrt.vision.hand.detector import HandTask
from humanrt.vision.hand.handtrack import HANDTRACK
from humanrt.vision.hand.record import HandRecorder
from humanrt.vision.stage import InputForm

FORM = InputForm(0, 0, 3)


def decode(outputs, limit=10, *, size=(400, 200), **settings):
    task = HandTask(HandConfig(**settings), limit)
    prepared = HANDTRACK.prepare(np.zeros((size[1], size[0], 3), np.uint8), FORM, task)
    return HANDTRACK.decode(outputs, prepared, task)


def test_the_labels_are_the_model_cards():
    assert [CARD_LABELS[i] for i in handtrack.COLUMNS] == list(HANDTRACK.labels)
    assert {*CARD_LABELS} - {*HANDTRACK.labels} == {"background", "face"}


def test_the_input_has_the_size_that_the_graph_resizes_to():
    picture = np.full((30, 50, 3), 7, np.uint8)
    pixels = HANDTRACK.prepare(picture, FORM, HandTask(HandConfig(), 1)).pixels
    assert pixels.shape == (1, 320, 320, 3)
    assert pixels.dtype == np.uint8
    assert (pixels == 7).all()


def test_boxes_are_transformed_to_the_image():
    (hand,) = decode(handtrack_outputs((0.25, 0.1, 0.5, 0.6, {"fist": 0.9})))
    assert (hand.label, hand.score) == ("fist", pytest.approx(0.9))
    assert [*hand.start, *hand.end] == pytest.approx([100, 20, 200, 120])
    # 1.4 times as large, about the same centre, not rotated.
    assert [*hand.region.start, *hand.region.end] == pytest.approx([80, 0, 220, 140], abs=1e-4)
    assert hand.region.angle == 0


@pytest.mark.parametrize("label", ["hand", "fist", "pinch", "point", "tip", "pinchtip"])
def test_a_hand_has_the_label_with_the_highest_score(label):
    outputs = handtrack_outputs((0, 0, 1, 1, {label: 0.8, "hand": 0.6 if label != "hand" else 0.8}))
    assert [hand.label for hand in decode(outputs)] == [label]


def test_faces_and_the_background_are_not_hands():
    assert decode(handtrack_outputs((0, 0, 1, 1, {"background": 0.9, "face": 0.99, "hand": 0.4}))) == []
    (hand,) = decode(handtrack_outputs((0, 0, 1, 1, {"background": 0.9, "face": 0.99, "hand": 0.6})))
    assert hand.score == pytest.approx(0.6)


@pytest.mark.parametrize(("limit", "scores"), [(3, [0.9, 0.7, 0.6]), (2, [0.9, 0.7]), (0, [])])
def test_the_best_hands_come_first_up_to_the_limit(limit, scores):
    assert [round(hand.score, 3) for hand in decode(THREE, limit)] == scores


def test_thresholds():
    assert len(decode(THREE, min_confidence=0.65)) == 2
    assert len(decode(THREE, min_confidence=0)) == 3
    half = handtrack_outputs((0, 0, 0.4, 1, {"hand": 0.9}), (0.2, 0, 0.6, 1, {"hand": 0.8}))  # they overlap by a third
    assert len(decode(half, iou_threshold=0.3)) == 1
    assert len(decode(half, iou_threshold=0.4)) == 2


class TestRecording:
    @staticmethod
    def record(flag, *, box=(-0.1, 0.1, 0.5, 0.6), **settings):
        (hand,) = decode(handtrack_outputs((*box, {"point": 0.876})))
        points = skeleton(flag, [10.6, 20, -3], [90, 80.6, 3])
        return HANDTRACK.record(hand, points, HandRecorder(400, 200, HandConfig(**settings)))

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

    @pytest.mark.parametrize("flag", [0.4, None])
    def test_a_hand_without_points_has_the_detectors_box(self, flag):
        hand = self.record(flag)
        assert hand.finger_score == (flag or 0)
        assert hand.box == pytest.approx((0, 20, 200, 100))  # clipped to the image
        assert hand.box_raw == pytest.approx((0, 0.1, 0.5, 0.5))
        assert (hand.keypoints.shape, hand.annotations, hand.landmarks) == ((0, 3), {}, {})

    @pytest.mark.parametrize(
        "box", [(-0.4, 0.1, -0.1, 0.6), (1.1, 0.1, 1.4, 0.6), (0.1, -0.4, 0.6, 0), (0.1, 1, 0.6, 2)]
    )
    def test_a_hand_outside_of_the_image_is_not_recorded_unless_it_has_points(self, box):
        assert self.record(None, box=box) is None
        # The points may be inside.
        assert self.record(0.75, box=box) is not None

    def test_a_flag_below_min_confidence_drops_the_points(self):
        assert len(self.record(0.5).keypoints) == 21
        assert len(self.record(0.49).keypoints) == 0
