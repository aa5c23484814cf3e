import numpy as np
import pytest
from segmentation_cards import card
from segmentation_outputs import ALPHA, MATTING_OUTPUTS, STATE, state_columns

from humanrt.config import SegmentationConfig
from humanrt.vision.segmentation.matting import MATTING, ratio_for, tiled
from humanrt.vision.segmentation.segmenter import Prepared, SegmentationTask

PICTURE = np.zeros((1, 3, 3), np.uint8)


def decode(**settings):
    task = SegmentationTask(SegmentationConfig(**settings), card())
    return MATTING.decode(MATTING_OUTPUTS, Prepared(None, PICTURE), task)


def test_alpha_foreground_and_labels():
    layers = decode()
    np.testing.assert_array_equal(layers.alpha, ALPHA[0, ..., 0])
    assert not np.shares_memory(layers.alpha, ALPHA)
    assert layers.foreground[0, :, 0].tolist() == [128, 255, 0]
    assert layers.labels.tolist() == [[1, 1, 0]]
    assert [(each.name, each.area) for each in layers.legend] == [("person", 2)]


@pytest.mark.parametrize(
    ("mode", "made"),
    [("default", {"alpha", "foreground"}), ("alpha", {"alpha"}), ("foreground", {"foreground"}), ("state", {"state"})],
)
def test_the_mode_selects_the_layers(mode, made):
    layers = decode(mode=mode)
    assert {name for name in ("alpha", "foreground", "state") if getattr(layers, name) is not None} == made


def test_the_planes_of_a_state_are_laid_out_in_four_columns():
    np.testing.assert_array_equal(tiled(STATE[0]), state_columns())
    np.testing.assert_array_equal(decode(mode="state").state, np.rint((state_columns() + 1) * 127.5))


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
def test_the_ratio_is_raised_for_small_images(size, ratio, used):
    assert ratio_for(size, ratio) == pytest.approx(used)
