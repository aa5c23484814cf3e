"""CONFORMANCE 8 and 14: finding tensors in nested containers."""

from collections import UserDict, deque, namedtuple
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from humanrt.tensors import tensors_in

Pair = namedtuple("Pair", "first second")


@dataclass(frozen=True, slots=True)
class Slotted:
    first: object
    second: object


@dataclass
class Unfilled:
    value: object = field(init=False)


class Plain:
    def __init__(self, value):
        self.value = value


@pytest.fixture
def pair(registry):
    with registry.scope():
        yield registry.tensor(1.0), registry.tensor(2.0)


@pytest.mark.parametrize(
    "container",
    [
        lambda a, b: [a, b],
        lambda a, b: (a, (b,)),
        lambda a, b: {a, b},
        lambda a, b: frozenset({a, b}),
        lambda a, b: deque([a, b]),
        lambda a, b: {"a": a, 2: {"b": b}},
        lambda a, b: UserDict(a=a, b=b),
        Pair,
        Slotted,
        lambda a, b: Plain([a, {"b": Plain(b)}]),
        lambda a, b: SimpleNamespace(a=a, b=b),
        lambda a, b: [a, b, a, [a, b], {"a": a}, None, 5, "text", b"bytes", 1.5, np.zeros(2)],
    ],
)
def test_every_kind_of_container_is_searched(pair, container):
    """CONFORMANCE 8: each tensor once."""
    found = tensors_in(container(*pair))
    assert len(found) == 2
    assert set(found) == set(pair)


def test_cycles_are_followed_once(pair):
    """CONFORMANCE 8."""
    cycle = [pair[0], {}]
    cycle[1]["back"] = cycle
    cycle.append(Plain(cycle))
    assert tensors_in(cycle) == [pair[0]]


def test_deep_nesting_does_not_exhaust_the_stack(pair):
    nested = pair[0]
    for _ in range(100_000):
        nested = [nested]
    assert tensors_in(nested) == [pair[0]]


@pytest.mark.parametrize("container", [None, 5, 1.5, "text", b"bytes", [], {}, np.zeros(3), object(), np, Plain, len])
def test_objects_without_tensors_return_nothing(container):
    """CONFORMANCE 7: dispose(5) and dispose(None) find nothing to do."""
    assert tensors_in(container) == []


def test_modules_and_classes_are_not_searched(pair):
    class Holder:
        tensor = pair[0]

    assert tensors_in([Holder]) == []
    assert tensors_in(Unfilled()) == []


def test_containers_created_during_the_search_are_not_mistaken_for_others(registry):
    class Fresh(UserDict):
        """Makes a new object when it is looked into, whose id is soon used again."""

        def values(self):
            return [[self["tensor"]]]

    with registry.scope():
        tensors = {registry.tensor(i) for i in range(20)}
        assert set(tensors_in([Fresh(tensor=tensor) for tensor in tensors])) == tensors
