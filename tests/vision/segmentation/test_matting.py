import numpy as np
import pytest
from segmentation_cards import card

from humanrt.config import SegmentationConfig
from humanrt.vision.segmentation import matting

PICTURE = np.zeros((1, 3, 3), np.uint8)
ALPHA = np.float32([0.999, 0.5, 0.0]).reshape(1, 1, 3, 1)
FOREGROUND = np.repeat(np.float32([0.5, 1.0, 0.0]).reshape(1, 1, 3, 1), 3, axis=3)
STATE = np.arange(2 * 3 * 16, dtype=np.float32).reshape(1, 2, 3, 16) / 48 - 1
OUTPUTS = [FOREGROUND, ALPHA, STATE, *(np.zeros((1, 1, 1, 1), np.float32),) * 3]


def decode(*, quirks=False, **settings):
    return matting.decode(OUTPUTS, PICTURE, card(), SegmentationConfig(**settings), quirks=quirks)


def test_alpha_colours_and_labels():
    layers = decode()
    np.testing.assert_array_equal(layers.alpha, ALPHA[0, ..., 0])
    assert not np.shares_memory(layers.alpha, ALPHA)
    assert layers.foreground[0, :, 0].tolist() == [128, 255, 0]
    assert layers.labels.tolist() == [[1, 1, 0]]
    assert [(each.name, each.area) for each in layers.legend] == [("person", 2)]


def test_human_cuts_off():
    layers = decode(quirks=True)
    np.testing.assert_allclose(layers.alpha * 255, [[254, 127, 0]], atol=1e-4)
    assert layers.foreground[0, :, 0].tolist() == [127, 255, 0]


@pytest.mark.parametrize(
    ("mode", "made"),
    [("default", {"alpha", "foreground"}), ("alpha", {"alpha"}), ("foreground", {"foreground"}), ("state", {"state"})],
)
def test_the_mode_says_which_pictures_are_made(mode, made):
    layers = decode(mode=mode)
    assert {name for name in ("alpha", "foreground", "state") if getattr(layers, name) is not None} == made


def test_the_planes_of_a_state_lie_in_four_columns():
    """As TF.js's unstack, concat and split lay them, one plane after the other."""
    planes = [STATE[0, ..., i] for i in range(16)]
    columns = [np.concatenate(planes[4 * i : 4 * i + 4], axis=0) for i in range(4)]
    expected = np.concatenate(columns, axis=1)
    np.testing.assert_array_equal(matting.tiled(STATE[0]), expected)
    np.testing.assert_array_equal(decode(mode="state").state, np.rint((expected + 1) * 127.5))
    np.testing.assert_array_equal(decode(mode="state", quirks=True).state, np.trunc((expected + 1) * np.float32(127.5)))


@pytest.mark.parametrize(
    ("size", "ratio", "used"),
    [
        ((640, 480), 0.5, 0.5),
        ((6, 600), 0.5, 0.5),  # three pixels are enough
        ((600, 5), 0.5, 0.8),
        ((400, 300), 0.01, 0.01),
        ((400, 299), 0.01, 4 / 299),
        ((4, 4), 0.7, 1.0),
        ((3, 3), 1.0, 1.0),
        ((1, 1), 0.5, 1.0),
    ],
)
def test_the_ratio_is_raised_as_far_as_the_picture_needs(size, ratio, used):
    assert matting.ratio_for(size, ratio) == pytest.approx(used)


def test_levels_stay_in_a_byte():
    assert matting.levels(np.float32([-3, 0.6, 254.6, 300]), quirks=False).tolist() == [0, 1, 255, 255]
