"""Overlapping masks: which of them keeps a pixel, and the memory that this takes."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from segmentation_cards import card

from humanrt.config import SegmentationConfig
from humanrt.errors import ConfigError, ModelFormatError
from humanrt.vision.segmentation.instances import IN_LOGITS, IN_PROBABILITIES, precedence
from humanrt.vision.segmentation.segmenter import Prepared, SegmentationTask

LABELS = ("hair", "face", "coat")


def decoded(*instances, labels=LABELS, colors=(), size=None, form=IN_PROBABILITIES, **settings):
    """Decode instances, each a (score, class, mask), in an image of their own size or of another."""
    scores, classes, masks = (np.array(column) for column in zip(*instances, strict=True))
    outputs = [scores.astype(np.float32), classes.astype(np.int64), masks.astype(np.float32)]
    picture = np.zeros((*(size or masks.shape[1:]), 3), np.uint8)
    mine = card(classes={"labels": labels, "colors": colors})
    return form.decode(outputs, Prepared(None, picture), SegmentationTask(SegmentationConfig(**settings), mine))


def square(*rows):
    return [[int(cell == "#") for cell in row] for row in rows]


ALL = square("####", "####")
LEFT = square("##..", "##..")
MIDDLE = square(".##.", ".##.")
DOT = square("....", ".#..")


def drawn(layers):
    return ["".join(".123"[label] for label in row) for row in layers.labels]


class TestPrecedence:
    def test_the_mask_with_the_higher_score_keeps_a_pixel(self):
        assert drawn(decoded((0.9, 0, LEFT), (0.8, 1, MIDDLE))) == ["112.", "112."]
        assert drawn(decoded((0.8, 0, LEFT), (0.9, 1, MIDDLE))) == ["122.", "122."]

    def test_the_score_counts_before_the_area(self):
        assert drawn(decoded((0.9, 0, ALL), (0.8, 1, DOT))) == ["1111", "1111"]

    def test_among_equal_scores_the_smaller_mask_keeps_a_pixel(self):
        one, two, three = (0.9, 0, ALL), (0.9, 1, LEFT), (0.9, 2, DOT)
        for order in ((one, two, three), (three, two, one), (two, three, one)):
            assert drawn(decoded(*order)) == ["2211", "2311"]

    def test_among_equal_masks_the_first_keeps_a_pixel(self):
        assert drawn(decoded((0.9, 0, LEFT), (0.9, 1, LEFT))) == ["11..", "11.."]
        assert precedence(np.float32([0.5, 0.5, 0.9]), np.array([7, 7, 9])).tolist() == [2, 0, 1]

    @given(st.data())
    def test_masks_equal_those_of_a_loop_over_pixels(self, data):
        """Of the masks on a pixel, the best by score, then area, then order."""
        count, size = data.draw(st.integers(1, 6)), (3, 5)
        scores = data.draw(st.lists(st.sampled_from([0.25, 0.5, 0.75, 1.0]), min_size=count, max_size=count))
        classes = data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
        bits = data.draw(st.lists(st.integers(0, 2**15 - 1), min_size=count, max_size=count))
        masks = np.array([[(each >> i) & 1 for i in range(15)] for each in bits]).reshape(count, *size)
        layers = decoded(*zip(scores, classes, masks, strict=True))
        for (y, x), label in np.ndenumerate(layers.labels):
            claims = [i for i in range(count) if masks[i, y, x] and scores[i] >= 0.5]
            winner = min(claims, key=lambda i: (-scores[i], masks[i].sum(), i), default=None)
            assert label == (0 if winner is None else classes[winner] + 1)
        for segment, mask in zip(layers.legend, layers.masks, strict=True):
            mine = [i for i in range(count) if classes[i] + 1 == segment.label and scores[i] >= 0.5 and masks[i].any()]
            np.testing.assert_array_equal(mask, masks[mine].max(axis=0))
            assert segment.score == max(scores[i] for i in mine)
            assert segment.area == (layers.labels == segment.label).sum()


class TestLegend:
    def test_a_class_has_its_best_score_its_whole_mask_and_the_area_that_is_not_covered(self):
        layers = decoded((0.6, 0, LEFT), (0.7, 0, MIDDLE), (0.9, 2, DOT), colors=((1, 2, 3), (4, 5, 6), (7, 8, 9)))
        hair, coat = layers.legend
        assert (hair.label, hair.name, hair.color, hair.area) == (1, "hair", (1, 2, 3), 5)
        assert (coat.label, coat.name, coat.color, coat.area) == (3, "coat", (7, 8, 9), 1)
        assert (hair.score, coat.score) == pytest.approx((0.7, 0.9))
        assert layers.masks.tolist() == [square("###.", "###."), DOT]

    def test_a_class_that_is_wholly_covered_is_in_the_legend_without_an_area(self):
        layers = decoded((0.6, 0, DOT), (0.9, 1, ALL))
        assert [(each.name, each.area) for each in layers.legend] == [("hair", 0), ("face", 8)]
        assert layers.masks.tolist() == [DOT, ALL]

    def test_default_colours_are_those_of_pascal_voc(self):
        """Its first three, from the paper's development kit."""
        layers = decoded((0.9, 0, DOT), (0.9, 1, LEFT), (0.9, 2, ALL))
        assert [each.color for each in layers.legend] == [(128, 0, 0), (0, 128, 0), (128, 128, 0)]

    def test_a_first_label_background_is_0_and_never_painted(self):
        layers = decoded((0.9, 0, ALL), (0.8, 1, LEFT), labels=("background", "hair"))
        assert drawn(layers) == ["11..", "11.."]
        assert [each.name for each in layers.legend] == ["hair"]

    @pytest.mark.parametrize("labels", [(), ("a",) * 256, ("background", *("a",) * 256)])
    def test_other_than_1_to_255_labels_are_refused(self, labels):
        with pytest.raises(ConfigError, match="names 1 to 255 labels"):
            decoded((0.9, 0, ALL), labels=labels)

    def test_255_labels_are_accepted(self):
        assert decoded((0.9, 254, ALL), labels=("a",) * 255).labels.tolist() == [[255] * 4] * 2


class TestMasks:
    def test_unlikely_and_empty_masks_are_left_out(self):
        for instance in ((0.49, 0, ALL), (0.9, 0, square("....", "....")), (float("nan"), 0, ALL)):
            layers = decoded(instance)
            assert layers.legend == ()
            assert not layers.labels.any()
            assert layers.masks.shape == (0, 2, 4)

    def test_min_confidence(self):
        assert len(decoded((0.2, 0, ALL), min_confidence=0.1).legend) == 1

    def test_logits_belong_to_a_mask_over_zero(self):
        logits = [[-3, 0.1, 3, -0.1]] * 2
        assert drawn(decoded((0.9, 0, logits), form=IN_LOGITS)) == [".11.", ".11."]
        assert drawn(decoded((0.9, 0, logits))) == ["..1.", "..1."]

    def test_masks_are_resized_to_the_image(self):
        layers = decoded((0.9, 0, [[0.9, 0.2], [0.2, 0.2]]), size=(4, 4))
        # Between 0.9 and 0.2 lies 0.55, which is over a half, and between that and 0.2 lies 0.375.
        assert drawn(layers) == ["11..", "1...", "....", "...."]


class TestOutputsThatDoNotFitTheModelCard:
    def test_different_numbers_of_scores_classes_and_masks_are_refused(self):
        outputs = [np.ones(2, np.float32), np.zeros(3, np.int64), np.ones((1, 3, 2, 2), np.float32)]
        with pytest.raises(ModelFormatError, match="mine returned 2 scores, 3 classes and 3 masks"):
            decode_raw(outputs)

    @pytest.mark.parametrize("index", [-1, 3])
    def test_classes_without_a_label_are_refused(self, index):
        with pytest.raises(
            ModelFormatError, match=rf"mine returned classes {index} to {index}; its model card has 3 labels"
        ):
            decoded((0.9, index, ALL))

    @pytest.mark.parametrize("shape", [(4,), (2, 2), (1, 0, 4)])
    def test_masks_of_another_shape_are_refused(self, shape):
        outputs = [np.ones(1, np.float32), np.zeros(1, np.int64), np.ones(shape, np.float32)]
        with pytest.raises(ModelFormatError, match=r"planes are \[n, h, w\]"):
            decode_raw(outputs)

    @pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.float16])
    def test_masks_may_have_any_dtype(self, dtype):
        outputs = [np.ones(1, np.float32), np.zeros(1, np.int32), np.array([[[1, 0], [0, 0]]], dtype)]
        assert decode_raw(outputs).labels.tolist() == [[1, 0], [0, 0]]

    def test_no_instances_are_accepted(self):
        outputs = [np.ones((1, 0), np.float32), np.zeros((1, 0), np.int64), np.ones((1, 0, 2, 2), np.float32)]
        assert decode_raw(outputs).legend == ()


def decode_raw(outputs):
    mine = card(classes={"labels": LABELS})
    prepared = Prepared(None, np.zeros((2, 2, 3), np.uint8))
    return IN_PROBABILITIES.decode(outputs, prepared, SegmentationTask(SegmentationConfig(), mine))


def test_a_mask_takes_no_memory_of_its_own():
    """The canvas is reused: the peak is the same for one mask and for sixty."""

    def peak(count):
        outputs = [np.linspace(0.6, 0.9, count, dtype=np.float32), np.zeros(count, np.int64)]
        outputs.append(np.ones((count, 4, 4), np.float32))
        picture, mine = np.zeros((400, 500, 3), np.uint8), card(classes={"labels": LABELS})
        tracemalloc.start()
        try:
            IN_PROBABILITIES.decode(outputs, Prepared(None, picture), SegmentationTask(SegmentationConfig(), mine))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1)
    one, sixty = peak(1), peak(60)
    assert one > 400 * 500 * 6
    assert sixty - one < 20_000
