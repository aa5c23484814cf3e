"""How the benches measure and judge; the commands themselves run in ``tests/peer/test_bench.py``."""

import time

import pytest

from bench.rounds import Effort, Times, here, take_turns
from bench.table import Goal, Row, render
from bench.without_sites import registry_without_sites


class Side:
    """Takes so many seconds for each go, and notes who was asked in which order."""

    def __init__(self, name, seconds, order):
        self.name = name
        self.seconds = seconds
        self.order = order

    def __call__(self, count):
        self.order.append(self.name)
        return self.seconds * count


def test_two_sides_take_turns():
    order = []
    times = take_turns(Side("ours", 3e-6, order), Side("theirs", 2e-6, order), Effort(rounds=3, seconds=0.001))
    assert times.ours == pytest.approx(3)
    assert times.theirs == pytest.approx(2)
    assert times.ratio == pytest.approx(1.5)
    assert order[-6:] == ["ours", "theirs"] * 3


def test_one_side_alone():
    times = take_turns(Side("ours", 1e-6, []), None, Effort(rounds=1, seconds=0.001))
    assert (times.ours, times.theirs, times.ratio) == (pytest.approx(1), None, None)


def test_what_is_measured_is_cpu_time():
    goes = []

    def work():
        goes.append(1)
        start = time.process_time()
        while time.process_time() - start < 0.001:
            pass

    assert here(work)(5) >= 0.005
    assert len(goes) == 5


@pytest.mark.parametrize(
    ("goal", "verdict"),
    [
        (Goal(ratio=2), "met"),
        (Goal(ratio=1.9), "missed"),
        (Goal(microseconds=4), "met"),
        (Goal(microseconds=3.9), "missed"),
        (Goal(ratio=2, microseconds=3.9), "missed"),
        (None, ""),
    ],
)
def test_verdicts(goal, verdict):
    row = Row("a thing", goal, Times(4.0, 2.0, 2.0), "TF.js")
    assert row.missed == (verdict == "missed")
    assert str(row) == f"| a thing | {goal or ''} | 4.00 us | 2.00 us TF.js | 2.00 | {verdict} |"


def test_a_table_is_markdown():
    rows = [Row("one", Goal(1.5, 2), Times(1.0, 1.0, 1.0), "TF.js"), Row("two", None, Times(1.0, None, None), None)]
    lines = render(rows).splitlines()
    assert [line.count("|") for line in lines] == [7] * 4
    assert "at most 1.5 times, at most 2 us" in lines[2]


def test_a_registry_without_sites_counts_as_the_other_does():
    registry = registry_without_sites()
    with registry.tensor([1.0, 2.0]) as tensor, tensor.clone() as clone:
        assert clone.array() == [1, 2]
        assert not hasattr(tensor, "sites")
        assert registry.memory().baseline == (2, 1, 8, 0)
    assert registry.memory().baseline == (0, 0, 0, 0)
