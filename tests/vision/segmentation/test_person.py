import numpy as np
import pytest
from segmentation_cards import card

from humanrt.config import SegmentationConfig
from humanrt.vision.segmentation import person

PICTURE = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)


def decode(planes, *, quirks=False, picture=PICTURE, **settings):
    return person.decode([np.float32([planes])], picture, card(), SegmentationConfig(**settings), quirks=quirks)


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


def test_human_takes_the_softmax_along_a_line():
    row = np.log([1.0, 2.0, 3.0, 4.0])
    layers = decode([np.stack([np.zeros(4), row], axis=-1)] * 2, quirks=True)
    np.testing.assert_allclose(layers.alpha, np.trunc([[25.5, 51, 76.5, 102]] * 2) / 255, atol=1.01 / 255)
    assert layers.legend == ()


def test_human_cuts_alpha_off_to_whole_levels():
    planes = [[[0.999], [0.5], [0.0], [1.0]]] * 2
    np.testing.assert_allclose(decode(planes, quirks=True).alpha * 255, [[254, 127, 0, 255]] * 2, atol=1e-4)
    np.testing.assert_allclose(decode(planes).alpha[0], [0.999, 0.5, 0, 1])


@pytest.mark.parametrize(
    ("mode", "alpha", "foreground"), [("default", True, True), ("alpha", True, False), ("foreground", False, True)]
)
def test_the_mode_says_which_pictures_are_made(mode, alpha, foreground):
    layers = decode([[[1.0]] * 4] * 2, mode=mode)
    assert (layers.alpha is not None, layers.foreground is not None, layers.state) == (alpha, foreground, None)
    assert layers.labels.all()


def test_nobody():
    layers = decode([[[0.4]] * 4] * 2)
    assert (layers.legend, layers.masks.shape, layers.labels.any()) == ((), (0, 2, 4), False)


def test_how_much_of_a_pixel_must_be_person():
    assert decode([[[0.4]] * 4] * 2, min_confidence=0.4).labels.all()
    assert not decode([[[0.8]] * 4] * 2, min_confidence=0.9).labels.any()


def test_alpha_is_scaled_to_the_picture():
    layers = decode([[[0.0], [1.0]]], picture=np.zeros((1, 4, 3), np.uint8))
    np.testing.assert_allclose(layers.alpha, [[0, 0.5, 1, 1]], atol=1e-6)
