import numpy as np
import pytest
from segmentation_cards import card

from humanrt.config import SegmentationConfig
from humanrt.errors import ModelFormatError
from humanrt.vision.segmentation.class_map import IN_LOGITS, IN_PROBABILITIES
from humanrt.vision.segmentation.segmenter import Prepared, SegmentationTask


def decode(planes, labels, form=IN_PROBABILITIES, size=None, **values):
    planes = np.array(planes, np.float32)
    picture = np.zeros((*(size or planes.shape[-2:]), 3), np.uint8)
    mine = card(**{form.outputs[0]: {"labels": labels, **values}})
    return form.decode([planes], Prepared(None, picture), SegmentationTask(SegmentationConfig(), mine))


PLANES = [[[0.7, 0.2, 0.1, 0.4]], [[0.2, 0.5, 0.1, 0.4]], [[0.1, 0.3, 0.8, 0.2]]]


def test_a_pixel_has_the_class_with_the_highest_probability_the_first_among_equals():
    layers = decode(PLANES, ("background", "hair", "face"), colors=((0, 0, 0), (1, 2, 3), (4, 5, 6)))
    assert layers.labels.tolist() == [[0, 1, 2, 0]]
    assert layers.masks.tolist() == [[[0, 1, 0, 0]], [[0, 0, 1, 0]]]
    hair, face = layers.legend
    assert (hair.label, hair.name, hair.color, hair.area) == (1, "hair", (1, 2, 3), 1)
    assert (face.label, face.name, face.color, face.area) == (2, "face", (4, 5, 6), 1)
    assert (hair.score, face.score) == pytest.approx((0.5, 0.8))


def test_without_a_background_every_pixel_has_a_label():
    layers = decode([PLANES], ("hat", "hair", "face"))
    assert layers.labels.tolist() == [[1, 2, 3, 1]]
    assert [each.area for each in layers.legend] == [2, 1, 1]
    assert layers.legend[0].score == pytest.approx((0.7 + 0.4) / 2)


def test_logits_become_probabilities():
    logits = np.log(PLANES) + 5
    layers = decode(logits, ("background", "hair", "face"), IN_LOGITS)
    assert layers.labels.tolist() == [[0, 1, 2, 0]]
    assert [each.score for each in layers.legend] == pytest.approx([0.5, 0.8])


def test_large_logits_do_not_overflow():
    layers = decode([[[1000.0, -1000.0]], [[-1000.0, 1000.0]]], ("background", "hair"), IN_LOGITS)
    assert layers.labels.tolist() == [[0, 1]]
    assert layers.legend[0].score == 1.0


def test_planes_are_resized_before_they_are_compared():
    layers = decode([[[1.0, 0.0]], [[0.0, 0.8]]], ("background", "hair"), size=(1, 8))
    # On the way from 1 to 0 and from 0 to 0.8 they meet at x = 4 / 1.8; half way is the second pixel.
    assert layers.labels.tolist() == [[0, 0, 0, 1, 1, 1, 1, 1]]


def test_another_number_of_planes_than_labels_is_refused():
    with pytest.raises(ModelFormatError, match="mine returned 3 classes; its model card has 2 labels"):
        decode(PLANES, ("background", "hair"))
