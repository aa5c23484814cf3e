from dataclasses import replace

import numpy as np
import pytest
from humanrt.vision.segmentation.picture import prepare
from segmentation_cards import card

from humanrt.errors import ConfigError
from humanrt.zoo import find_card

PICTURE = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3) * 10


def test_normalised_and_planar():
    mine = card({"mean": (0.5, 0.25, 0.0), "std": (0.5, 0.25, 2.0), "value_range": (0.0, 1.0)})
    batch = prepare(PICTURE, mine, quirks=False)
    expected = (PICTURE / 255 - [0.5, 0.25, 0.0]) / [0.5, 0.25, 2.0]
    assert (batch.dtype, batch.shape, batch.flags.c_contiguous) == (np.float32, (1, 3, 2, 4), True)
    np.testing.assert_allclose(batch[0], expected.transpose(2, 0, 1), atol=1e-6)


def test_channels_last_in_a_range():
    batch = prepare(PICTURE, card({"shape": (1, 2, 4, 3), "value_range": (-1.0, 1.0)}), quirks=False)
    np.testing.assert_allclose(batch[0], PICTURE / 127.5 - 1, atol=1e-6)


def test_levels_as_they_are():
    batch = prepare(PICTURE, card({"shape": (1, 2, 4, 3), "value_range": (0.0, 255.0), "dtype": "uint8"}), quirks=False)
    assert batch.dtype == np.uint8
    np.testing.assert_array_equal(batch[0], PICTURE)


def test_scaled_to_the_sizes_that_are_numbers():
    mine = card({"shape": (1, 3, "height", 2), "value_range": (0.0, 255.0)})
    np.testing.assert_allclose(prepare(PICTURE, mine, quirks=False)[0], PICTURE[:, ::2].transpose(2, 0, 1))


def test_rvm_takes_any_picture():
    np.testing.assert_allclose(prepare(PICTURE, find_card("rvm"), quirks=True)[0], PICTURE / np.float32(255), atol=1e-7)


def test_quirks_keep_fractions():
    mine = card({"shape": (1, 2, 3, 3), "value_range": (0.0, 255.0)})
    pixels = np.random.default_rng(3).integers(0, 256, (2, 4, 3), np.uint8)
    third = pixels[:, 1] + (pixels[:, 2].astype(float) - pixels[:, 1]) / 3
    np.testing.assert_allclose(prepare(pixels, mine, quirks=True)[0, :, 1], third, atol=2e-3)
    np.testing.assert_allclose(prepare(pixels, mine, quirks=False)[0, :, 1], third, atol=0.51)


@pytest.mark.parametrize(
    "image",
    [{"shape": (1, 2, 4)}, {"shape": (1, 1, 2, 4)}, {"mean": (0.5,), "std": (0.5,)}],
)
def test_what_is_no_picture(image):
    with pytest.raises(ConfigError, match=r"the card mine must have an input 'image' of \[1, h, w, 3\]"):
        prepare(PICTURE, card(image), quirks=False)


def test_an_input_of_another_name():
    mine = card()
    with pytest.raises(ConfigError, match="must have an input 'image'"):
        prepare(PICTURE, replace(mine, inputs={"other": mine.inputs["image"]}), quirks=False)
