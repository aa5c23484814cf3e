"""Inputs of models follow their model cards."""

import numpy as np
import pytest

from humanrt.zoo import find_card
from parity.choice import human_cards
from parity.inputs import SOURCES, USUAL_SIZES, make_inputs
from parity.pictures import read_picture


@pytest.mark.parametrize("source", SOURCES)
def test_inputs_have_the_names_dtypes_shapes_and_ranges_of_the_cards(source):
    for card in human_cards():
        inputs = make_inputs(card, source)
        assert inputs.keys() == {spec.node for spec in card.inputs.values()}, card.name
        for spec in card.inputs.values():
            array, (low, high) = inputs[spec.node], spec.value_range
            assert array.dtype == spec.dtype, card.name
            assert array.shape == tuple(USUAL_SIZES.get(size, size) for size in spec.shape), card.name
            assert low <= array.min() <= array.max() <= high, card.name
            assert array.size < 100 or array.max() - array.min() > 0.8 * (high - low), card.name


def test_inputs_are_reproducible_and_different_for_each_source():
    card = find_card("emotion")
    arrays = [make_inputs(card, source)["input_1"] for source in SOURCES]
    for source, array in zip(SOURCES, arrays, strict=True):
        np.testing.assert_array_equal(make_inputs(card, source)["input_1"], array)
    assert len({array.tobytes() for array in arrays}) == len(SOURCES)


def test_a_picture_keeps_its_orientation_and_its_channels():
    picture = read_picture("human_face").astype(np.float32)  # 256 x 256, the input size of blazeface
    channels_last = make_inputs(find_card("blazeface"), "human_face")["input"]
    np.testing.assert_allclose(channels_last[0], picture / 127.5 - 1, atol=1e-6)

    red_first = make_inputs(find_card("nanodet"), "astronaut")["input_1"]
    assert red_first.shape == (1, 3, 416, 416)
    low, high = find_card("nanodet").inputs["image"].value_range
    means = (red_first.mean(axis=(0, 2, 3)) - low) / (high - low) * 255
    np.testing.assert_allclose(means, read_picture("astronaut").mean(axis=(0, 1)), rtol=0.02)
