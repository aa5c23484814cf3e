"""Segmentation as Human does it."""

import numpy as np
from segmentation_cards import card
from segmentation_outputs import MATTING_OUTPUTS, state_columns

from humanrt.compat.precision import HUMAN
from humanrt.compat.segmentation import SEGMENTATION
from humanrt.config import SegmentationConfig
from humanrt.vision.segmentation.pipeline import SegmentationFamilies
from humanrt.vision.segmentation.segmenter import Prepared, SegmentationTask
from humanrt.vision.stage import InputForm
from humanrt.zoo import find_card

MATTING, PERSON_MASK = SEGMENTATION.segmenters[:2]


def prepare(family, picture, model_card):
    task = SegmentationTask(SegmentationConfig(), model_card)
    return family.prepare(picture, InputForm(0, 0, 0), task).pixels


def decode(family, outputs, picture, **settings):
    task = SegmentationTask(SegmentationConfig(**settings), card())
    return family.decode(outputs, Prepared(None, picture), task)


def test_each_family_stands_in_the_place_of_ours():
    ours = SegmentationFamilies().segmenters
    assert [family.outputs for family in SEGMENTATION.segmenters] == [family.outputs for family in ours]
    for human, our in zip(SEGMENTATION.segmenters, ours, strict=True):
        assert isinstance(human, type(our))
        assert human.precision is HUMAN


def test_images_are_resized_in_float32():
    mine = card({"shape": (1, 2, 3, 3), "value_range": (0.0, 255.0)})
    pixels = np.random.default_rng(3).integers(0, 256, (2, 4, 3), np.uint8)
    third = pixels[:, 1] + (pixels[:, 2].astype(float) - pixels[:, 1]) / 3
    for family in SEGMENTATION.segmenters:
        np.testing.assert_allclose(prepare(family, pixels, mine)[0, :, 1], third, atol=2e-3)


def test_rvm_takes_images_of_any_size():
    picture = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3) * 10
    np.testing.assert_allclose(prepare(MATTING, picture, find_card("rvm"))[0], picture / np.float32(255), atol=1e-7)


class TestMatting:
    PICTURE = np.zeros((1, 3, 3), np.uint8)

    def test_alpha_and_foreground_are_truncated(self):
        layers = decode(MATTING, MATTING_OUTPUTS, self.PICTURE)
        np.testing.assert_allclose(layers.alpha * 255, [[254, 127, 0]], atol=1e-4)
        assert layers.foreground[0, :, 0].tolist() == [127, 255, 0]

    def test_the_state_is_truncated(self):
        layers = decode(MATTING, MATTING_OUTPUTS, self.PICTURE, mode="state")
        np.testing.assert_array_equal(layers.state, np.trunc((state_columns() + 1) * np.float32(127.5)))


class TestPersonMask:
    PICTURE = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)

    def test_the_softmax_is_taken_along_a_row(self):
        row = np.log([1.0, 2.0, 3.0, 4.0])
        planes = [np.stack([np.zeros(4), row], axis=-1)] * 2
        layers = decode(PERSON_MASK, [np.float32([planes])], self.PICTURE)
        np.testing.assert_allclose(layers.alpha, np.trunc([[25.5, 51, 76.5, 102]] * 2) / 255, atol=1.01 / 255)
        assert layers.legend == ()

    def test_alpha_is_truncated_to_whole_levels(self):
        planes = [[[0.999], [0.5], [0.0], [1.0]]] * 2
        layers = decode(PERSON_MASK, [np.float32([planes])], self.PICTURE)
        np.testing.assert_allclose(layers.alpha * 255, [[254, 127, 0, 255]] * 2, atol=1e-4)
