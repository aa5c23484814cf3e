"""The models that the tests compare: Human's default ones always, and a handful of the others, which changes daily."""

import math
from collections.abc import Sequence
from datetime import date

from humanrt.zoo import Card, cards
from parity.inputs import PICTURES, RANDOM, SOURCES, USUAL_SIZES, shape_of

DEFAULT_PACKAGE = "@vladmandic/human"
HANDFUL = 5
LARGE_INPUT = 50_000
"""Pixels from which TF.js's CPU backend takes a second or more for one run."""


def packages(card: Card) -> list[str]:
    """Return the names of the npm packages that hold the model."""
    return [source.npm.package for source in card.sources if source.npm]


def human_cards() -> list[Card]:
    """Return the models of Human's packages, which TF.js runs as well: without one that is repaired here."""
    return [card for card in cards().values() if packages(card) and not card.repair]


def default_cards() -> list[Card]:
    """Return the models that Human uses by default: those in its own package."""
    return [card for card in human_cards() if DEFAULT_PACKAGE in packages(card)]


def handful(day: date) -> list[Card]:
    """Return ``HANDFUL`` of the other models. Consecutive days cover all; similar models come on different days."""
    others = [card for card in human_cards() if DEFAULT_PACKAGE not in packages(card)]
    stride = len(others) // HANDFUL
    return [others[(day.toordinal() + i * stride) % len(others)] for i in range(HANDFUL)]


def few_sources(card: Card) -> Sequence[str]:
    """Return the sources for the daily run: all of them, or one of each kind if the model's input is large."""
    pixels = max(math.prod(shape_of(spec, USUAL_SIZES)) for spec in card.inputs.values()) / 3
    return SOURCES if pixels < LARGE_INPUT else (RANDOM[0], PICTURES[0])
