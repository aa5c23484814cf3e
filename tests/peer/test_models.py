"""Outputs of the zoo's models in ONNX Runtime are those of TF.js's CPU backend."""

from datetime import date, timedelta
from functools import partial

import pytest

from humanrt.zoo import find_card
from parity.choice import HANDFUL, default_cards, few_sources, handful, human_cards
from parity.comparison import compare
from parity.inputs import PICTURES, RANDOM, USUAL_SIZES, make_inputs
from parity.misses import MISSES


def assert_alike(card, comparisons):
    """Every output is within the limit, or accepted and of a model that is known to miss it."""
    beyond = {
        name: found
        for name, found in comparisons.items()
        if not (found.within or (found.accepted and card.name in MISSES))
    }
    assert not beyond


@pytest.mark.slow(30)
def test_every_output_is_tfjs(side_by_side, compared_card, sources):
    assert_alike(compared_card, side_by_side.worst(compared_card, sources))


@pytest.mark.slow(30)
def test_outputs_have_the_dtypes_and_shapes_of_the_card(side_by_side, compared_card):
    outputs = side_by_side.ours(compared_card, make_inputs(compared_card, RANDOM[0]))
    for name, spec in compared_card.outputs.items():
        described = tuple(USUAL_SIZES.get(size, size) for size in spec.shape)
        assert outputs[name].dtype == spec.dtype
        assert len(outputs[name].shape) == len(described)
        for size, wanted in zip(outputs[name].shape, described, strict=True):
            assert size == wanted or isinstance(wanted, str)


@pytest.mark.slow(30)
@pytest.mark.parametrize(
    "card",
    [card for card in default_cards() if "batch" in next(iter(card.inputs.values())).shape],
    ids=lambda card: card.name,
)
def test_a_batch_equals_its_pictures_one_by_one(side_by_side, card):
    assert_alike(card, side_by_side.batch(card, few_sources(card)))


@pytest.mark.slow(30)
@pytest.mark.parametrize(
    "card",
    [card for card in human_cards() if "height" in next(iter(card.inputs.values())).shape],
    ids=lambda card: card.name,
)
def test_a_picture_of_another_size(side_by_side, card):
    assert_alike(card, side_by_side.at_sizes(card, {"height": 192, "width": 128}))


@pytest.mark.slow(30)
def test_a_recurrent_model_continues_from_its_states(side_by_side):
    card = find_card("rvm")
    inputs = make_inputs(card, RANDOM[0], {**USUAL_SIZES, "height": 128, "width": 160})
    before = side_by_side.theirs(card, inputs)
    states = [name for name in card.inputs if name.startswith("state_")]
    inputs |= {card.inputs[name].node: before[name] for name in states}
    assert len(states) == 4
    reference = partial(side_by_side.theirs, card, inputs)
    assert_alike(card, compare(side_by_side.ours(card, inputs), reference))


@pytest.mark.slow(30)
@pytest.mark.xfail(strict=True, raises=AssertionError, reason="float32 does not reach the limit: see parity.misses")
@pytest.mark.parametrize("model", MISSES)
def test_a_known_miss_is_within_the_limit(side_by_side, model):
    assert all(found.within for found in side_by_side.worst(find_card(model), PICTURES[:1]).values())


@pytest.mark.slow(30)
@pytest.mark.parametrize("model", MISSES)
def test_a_known_miss_is_as_close_to_the_exact_output_as_tfjs(side_by_side, model):
    assert_alike(find_card(model), side_by_side.worst(find_card(model), PICTURES[:1]))


def test_no_default_model_is_a_miss():
    assert not {card.name for card in default_cards()} & MISSES.keys()


def test_the_handfuls_cover_every_model():
    first = date(2030, 2, 27)
    days = [first + timedelta(days=i) for i in range(len(human_cards()))]
    assert {len({card.name for card in handful(day)}) for day in days} == {HANDFUL}
    reached = {card.name for day in days for card in handful(day)} | {card.name for card in default_cards()}
    assert reached == {card.name for card in human_cards()}
    assert len(default_cards()) == 11
