"""The bounds by which a worker is replaced, on reports that the tests write."""

import time
from types import SimpleNamespace

import pytest

from humanrt.workers import Recycling
from humanrt.workers.messages import Report


def worker(*, requests=0, age=0.0, rss=0, device_memory=0, tensors=()):
    report = Report(rss, device_memory, 0, 0, 0)
    return SimpleNamespace(requests=requests, started=time.monotonic() - age, report=report, tensors=list(tensors))


@pytest.mark.parametrize(
    ("bounds", "below", "passed"),
    [
        ({"requests": 5}, {"requests": 4}, {"requests": 5}),
        ({"seconds": 60}, {"age": 1}, {"age": 61}),
        ({"rss": 100}, {"rss": 99}, {"rss": 100}),
        ({"device_memory": 100}, {"device_memory": 99}, {"device_memory": 101}),
        ({"tensors": 3, "window": 2}, {"tensors": [0, 9, 9, 11]}, {"tensors": [0, 9, 9, 12]}),
        ({"tensors": 1, "window": 2}, {"tensors": [0, 9]}, {"tensors": [0, 9, 9]}),
    ],
)
def test_a_worker_is_due_when_it_has_passed_a_bound(bounds, below, passed):
    recycling = Recycling(**bounds)
    assert not recycling.is_due(worker(**below))
    assert recycling.is_due(worker(**passed))
    assert not Recycling().is_due(worker(**passed))


def test_only_the_counts_of_the_window_are_kept():
    counted = worker(tensors=range(50))
    Recycling(window=10).is_due(counted)
    assert counted.tensors == list(range(39, 50))
