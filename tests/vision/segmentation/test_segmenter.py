from dataclasses import replace

import numpy as np
import pytest
from segmentation_cards import card

from humanrt.config import SegmentationConfig
from humanrt.errors import ConfigError, ModelFormatError
from humanrt.vision.segmentation.person import PERSON_MASK
from humanrt.vision.segmentation.segmenter import SegmentationTask, image_input, planes_of
from humanrt.vision.stage import InputForm
from humanrt.zoo import find_card

PICTURE = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3) * 10


class TestInput:
    def test_it_is_normalised_and_planar(self):
        mine = card({"mean": (0.5, 0.25, 0.0), "std": (0.5, 0.25, 2.0), "value_range": (0.0, 1.0)})
        batch = image_input(PICTURE, mine)
        expected = (PICTURE / 255 - [0.5, 0.25, 0.0]) / [0.5, 0.25, 2.0]
        assert (batch.dtype, batch.shape, batch.flags.c_contiguous) == (np.float32, (1, 3, 2, 4), True)
        np.testing.assert_allclose(batch[0], expected.transpose(2, 0, 1), atol=1e-6)

    def test_channels_may_be_last_and_levels_in_a_range(self):
        batch = image_input(PICTURE, card({"shape": (1, 2, 4, 3), "value_range": (-1.0, 1.0)}))
        np.testing.assert_allclose(batch[0], PICTURE / 127.5 - 1, atol=1e-6)

    def test_gray_levels_may_stay_bytes(self):
        batch = image_input(PICTURE, card({"shape": (1, 2, 4, 3), "value_range": (0.0, 255.0), "dtype": "uint8"}))
        assert batch.dtype == np.uint8
        np.testing.assert_array_equal(batch[0], PICTURE)

    def test_it_is_resized_to_the_sizes_that_are_numbers(self):
        mine = card({"shape": (1, 3, "height", 2), "value_range": (0.0, 255.0)})
        np.testing.assert_allclose(image_input(PICTURE, mine)[0], PICTURE[:, ::2].transpose(2, 0, 1))

    def test_rvm_takes_images_of_any_size(self):
        np.testing.assert_allclose(image_input(PICTURE, find_card("rvm"))[0], PICTURE / np.float32(255), atol=1e-7)

    def test_images_are_resized_in_bytes(self):
        """Fractions of gray levels are rounded; Human keeps them."""
        mine = card({"shape": (1, 2, 3, 3), "value_range": (0.0, 255.0)})
        pixels = np.random.default_rng(3).integers(0, 256, (2, 4, 3), np.uint8)
        third = pixels[:, 1] + (pixels[:, 2].astype(float) - pixels[:, 1]) / 3
        batch = _prepared(pixels, mine).pixels
        np.testing.assert_allclose(batch[0, :, 1], third, atol=0.51)
        np.testing.assert_array_equal(batch, np.rint(batch))

    @pytest.mark.parametrize(
        "image",
        [{"shape": (1, 2, 4)}, {"shape": (1, 1, 2, 4)}, {"mean": (0.5,), "std": (0.5,)}],
    )
    def test_an_input_that_does_not_take_images_is_refused(self, image):
        with pytest.raises(ConfigError, match=r"the model card mine must have an input 'image' of \[1, h, w, 3\]"):
            image_input(PICTURE, card(image))

    def test_an_input_of_another_name_is_refused(self):
        mine = card()
        with pytest.raises(ConfigError, match="must have an input 'image'"):
            image_input(PICTURE, replace(mine, inputs={"other": mine.inputs["image"]}))


def test_a_segmenter_prepares_the_input_of_the_model_card_and_keeps_the_image():
    mine = card({"shape": (1, 2, 4, 3)})
    prepared = _prepared(PICTURE, mine)
    np.testing.assert_array_equal(prepared.pixels, image_input(PICTURE, mine))
    assert prepared.picture is PICTURE


class TestPlanes:
    @pytest.mark.parametrize("shape", [(3, 2, 4), (1, 3, 2, 4)])
    @pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8, np.bool_])
    def test_outputs_of_any_dtype_are_planes(self, shape, dtype):
        planes = planes_of(np.ones(shape, dtype), "mine")
        assert (planes.shape, planes.dtype) == ((3, 2, 4), np.float32)
        assert (planes == 1).all()

    @pytest.mark.parametrize("shape", [(2, 4), (3, 0, 4)])
    def test_outputs_of_another_shape_are_refused(self, shape):
        with pytest.raises(ModelFormatError, match=r"mine returned an output of .*; planes are \[n, h, w\]"):
            planes_of(np.ones(shape, np.float32), "mine")


def _prepared(picture, mine):
    return PERSON_MASK.prepare(picture, InputForm(0, 0, 0), SegmentationTask(SegmentationConfig(), mine))
