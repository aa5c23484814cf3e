import numpy as np
import pytest
from segmentation_cards import card

from humanrt.config import SegmentationConfig
from humanrt.vision.segmentation.person import PERSON_MASK
from humanrt.vision.segmentation.segmenter import Prepared, SegmentationTask

PICTURE = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)


def decode(planes, *, picture=PICTURE, **settings):
    task = SegmentationTask(SegmentationConfig(**settings), card())
    return PERSON_MASK.decode([np.float32([planes])], Prepared(None, picture), task)


def test_one_plane_is_the_alpha():
    planes = [[[0.0], [0.25], [0.5], [1.0]]] * 2
    layers = decode(planes)
    assert layers.alpha.tolist() == [[0, 0.25, 0.5, 1]] * 2
    assert layers.labels.tolist() == [[0, 0, 1, 1]] * 2
    assert layers.masks.tolist() == [layers.labels.tolist()]
    (segment,) = layers.legend
    assert (segment.label, segment.name, segment.area, segment.score) == (1, "person", 4, 0.75)
    np.testing.assert_array_equal(layers.foreground, PICTURE)
    assert layers.foreground is not PICTURE


def test_two_planes_are_logits_of_background_and_person():
    layers = decode([[[1.0, 1.0], [0.0, np.log(3)], [np.log(3), 0.0], [-800, 800]]] * 2)
    np.testing.assert_allclose(layers.alpha, [[0.5, 0.75, 0.25, 1.0]] * 2, atol=1e-6)


def test_alpha_is_not_truncated():
    np.testing.assert_allclose(decode([[[0.999], [0.5], [0.0], [1.0]]] * 2).alpha[0], [0.999, 0.5, 0, 1])


@pytest.mark.parametrize(
    ("mode", "alpha", "foreground"), [("default", True, True), ("alpha", True, False), ("foreground", False, True)]
)
def test_the_mode_selects_the_layers(mode, alpha, foreground):
    layers = decode([[[1.0]] * 4] * 2, mode=mode)
    assert (layers.alpha is not None, layers.foreground is not None, layers.state) == (alpha, foreground, None)
    assert layers.labels.all()


def test_an_image_without_a_person_has_no_legend():
    layers = decode([[[0.4]] * 4] * 2)
    assert (layers.legend, layers.masks.shape, layers.labels.any()) == ((), (0, 2, 4), False)


def test_min_confidence_is_the_least_alpha_of_the_label():
    assert decode([[[0.4]] * 4] * 2, min_confidence=0.4).labels.all()
    assert not decode([[[0.8]] * 4] * 2, min_confidence=0.9).labels.any()


def test_alpha_is_resized_to_the_image():
    layers = decode([[[0.0], [1.0]]], picture=np.zeros((1, 4, 3), np.uint8))
    np.testing.assert_allclose(layers.alpha, [[0, 0.5, 1, 1]], atol=1e-6)
