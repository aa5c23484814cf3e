"""Human's comparison of embeddings. The expected numbers are arithmetic; ``tests/peer/test_match.py`` asks Human."""

import math
from dataclasses import replace

import numpy as np
import pytest

import humanrt
from humanrt import match
from humanrt.errors import InputError
from humanrt.matching import OPERATING_POINTS, Match, OperatingPoint, point_of

ZEROS = [0.0] * 4


def test_the_functions_are_those_of_human():
    assert humanrt.match is humanrt.Human.match is humanrt.matching.match


def test_a_distance_is_the_sum_of_squares_times_the_multiplier():
    assert match.distance([1, 2, 3], [1, 0, 0]) == 25 * 13
    assert match.distance([1, 2, 3], [1, 0, 0], multiplier=2) == 26
    assert match.distance([1, 2, 3], [1, 0, 0], order=2) == 20 * 13  # another default beside another option


def test_other_orders_are_minkowskis():
    assert match.distance([1, -2], [0, 0], order=3) == 20 * 9
    assert match.distance([1, -2], [0, 0], order=1, multiplier=1) == 3


def test_distances_are_rounded_half_up_to_two_decimals():
    assert match.distance([0.25], [0], multiplier=0.08) == 0.01  # 0.005
    assert match.distance([0.25], [0], multiplier=0.0799) == 0


def test_a_similarity_spreads_the_range_from_min_to_max():
    assert match.similarity([10, 0], [0, 0]) == 0.5  # a root of 50 is 1 - 0.5, in the middle of 0.2..0.8
    assert match.similarity([10, 0], [0, 0], multiplier=25) == 0.5
    assert match.similarity([10, 0], [0, 0], multiplier=25, min=0.4, max=0.8) == 0.25
    assert match.similarity([1], [0], order=3, multiplier=8000) == 0.8  # the cube root is 20


def test_similarities_are_0_to_1():
    assert match.similarity([5, 5], [5, 5]) == 1
    assert match.similarity([5, 5], [5, 5.1], min=0.2, max=0.9) == 1
    assert match.similarity([500, 5], [5, 5]) == 0


def test_find_returns_the_nearest():
    assert match.find([0, 0], [[3, 0], [1, 0], [2, 0]]) == Match(1, 25, 1.0)
    assert match.find(np.zeros(2), np.array([[3.0, 0], [1, 0]])).index == 1
    assert match.find([0, 0], [[1, 0], [1, 0]]).index == 0


def test_find_stops_at_the_first_below_the_threshold():
    found = match.find([0, 0], [[3, 0], [2, 0], [1, 0]], threshold=81, multiplier=20, min=0.2, max=0.8)
    assert (found.index, found.distance) == (1, 80)
    assert match.find([0, 0], [[3, 0], [2, 0], [1, 0]], threshold=80, multiplier=20, min=0.2, max=0.8).index == 2


def test_find_leaves_out_other_lengths():
    assert match.find([0, 0], [[0, 0, 0], [5, 0]]).index == 1
    assert match.find([0, 0], [[0, 0, 0]]) == match.find([0, 0], []) == Match(-1, math.inf, 0.0)


def test_normalize_returns_a_copy_of_length_1():
    embedding = np.array([3, 4], np.float32)
    unit = match.normalize(embedding)
    assert unit.dtype == np.float32
    assert unit.tolist() == [np.float32(0.6), np.float32(0.8)]
    assert embedding.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("embedding", "message"),
    [
        (None, "None; accepted is an array .* with face.description enabled"),
        ("text", "not an array of numbers"),
        ([], r"an array \[0\]"),
        ([[1, 2], [3, 4]], r"an array \[2, 2\]"),
        ([1, math.nan, 0, 0], "NaN or infinite"),
        ([1, 2], "2 and 4 numbers; compare those of one model"),
    ],
)
@pytest.mark.parametrize("function", [match.distance, match.similarity])
def test_what_is_not_an_embedding_is_refused(function, embedding, message):
    with pytest.raises(InputError, match=message):
        function(embedding, ZEROS)


def test_a_direction_of_zeros_is_refused():
    with pytest.raises(InputError, match="all zeros"):
        match.normalize(ZEROS)


@pytest.mark.parametrize("options", [{"order": 0}, {"multiplier": -1}, {"min": 1}, {"min": 0.5, "max": 0.5}])
def test_options_without_a_meaning_are_refused(options):
    with pytest.raises(InputError, match="order and multiplier must be positive, and max above min"):
        match.find(ZEROS, [ZEROS], **options)


@pytest.mark.parametrize("name", ["order", "multiplier", "min", "max", "threshold"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "2", 1j, 10**400])
def test_an_option_that_is_no_finite_number_is_refused(name, value):
    with pytest.raises(InputError, match=f"{name} is .* accepted are finite numbers"):
        match.find(ZEROS, [ZEROS], **{name: value})


@pytest.mark.parametrize("options", [{"multiplier": 1e308}, {"min": -1e308, "max": 1e308}])
def test_options_whose_products_are_infinite_are_refused(options):
    with pytest.raises(InputError, match="too large"):
        match.similarity(ZEROS, ZEROS, **options)


@pytest.mark.parametrize("order", [5e-324, 1e-3])
def test_a_power_too_large_is_infinite_as_in_javascript(order):
    assert match.similarity([3, 4, 0, 0], ZEROS, order=order) == 0.0


@pytest.mark.parametrize("embedding", [np.array([1j, 0, 0, 0]), [1j, 0, 0, 0], [10**400, 0, 0, 0]])
def test_numbers_that_are_not_real_or_too_large_are_refused(embedding):
    with pytest.raises(InputError, match="not an array of numbers"):
        match.distance(embedding, ZEROS)


@pytest.mark.parametrize("scale", [1e200, 1e-200, 1e308, 5e-324])
def test_huge_and_tiny_embeddings_have_a_direction(scale):
    np.testing.assert_allclose(match.normalize([scale, -scale]), [0.5**0.5, -(0.5**0.5)], rtol=1e-7)


def test_every_operating_point_names_a_model_card_with_its_size():
    cards = humanrt.zoo.cards()
    for name, point in OPERATING_POINTS.items():
        assert point.embedder == name
        assert [output.shape for output in cards[name].outputs.values() if output.shape[-1] == point.size]
        assert point.source


def test_a_custom_card_has_an_operating_point_if_it_has_a_threshold():
    threshold = humanrt.zoo.Threshold(similarity=0.7, source="mine", multiplier=3, normalize=True)
    card = replace(humanrt.zoo.find_card("mobileface"), threshold=threshold)
    expected = OperatingPoint("mobileface", 256, similarity=0.7, multiplier=3, normalize=True, source="mine")
    assert point_of(card) == expected
    assert point_of(replace(card, threshold=None)) is None
    assert sorted(OPERATING_POINTS) == ["faceres", "faceres-deep", "mobileface", "mobilefacenet-repaired", "sface"]


@pytest.mark.parametrize(("cosine", "alike"), [(0.362, False), (0.363, True)])
def test_the_point_of_sface_is_its_authors_cosine(cosine, alike):
    point = OPERATING_POINTS["sface"]
    one, other = np.eye(2, point.size) * 7
    turned = cosine * one + math.sqrt(1 - cosine**2) * other
    similarity = match.similarity(match.normalize(one), match.normalize(turned), **point.options)
    assert point.normalize
    assert (similarity >= point.similarity) is alike


def test_the_options_of_an_operating_point_are_keywords():
    point = OperatingPoint("toy", 2, similarity=0.5, multiplier=4, min=0.0, max=1.0)
    assert point.options == {"order": 2, "multiplier": 4, "min": 0.0, "max": 1.0}
    assert match.similarity([25, 0], [0, 0], **point.options) == point.similarity
