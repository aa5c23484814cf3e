"""How long a result is reused."""

from types import SimpleNamespace

import pytest

from humanrt.streams.caching import Cached, load_cached
from humanrt.streams.session import Saved, SessionFrame

LIMITS = SimpleNamespace(skip_frames=3, skip_time=100)


def frame(milliseconds, *, allowed=True):
    frame = SessionFrame(Saved(), milliseconds)
    frame.skip_allowed = allowed
    return frame


@pytest.mark.parametrize(
    ("skipped", "time", "options", "fresh"),
    [
        (2, 1099, {}, True),
        (3, 1099, {}, False),
        (2, 1100, {}, False),
        (2, 1099, {"ahead": 1}, False),
        (8, 1299, {"factor": 3}, True),
        (9, 1299, {"factor": 3}, False),
        (8, 1300, {"factor": 3}, False),
    ],
)
def test_both_limits_are_exclusive(skipped, time, options, fresh):
    cached = Cached("kind", (), skipped, 1000.0)
    assert cached.is_fresh(LIMITS, frame(time), **options) is fresh
    assert not cached.is_fresh(LIMITS, frame(time, allowed=False), **options)


@pytest.mark.parametrize(
    "limits", [SimpleNamespace(skip_frames=0, skip_time=9), SimpleNamespace(skip_frames=9, skip_time=0)]
)
def test_a_limit_of_0_reuses_nothing(limits):
    assert not Cached("kind", (), 0, 1000.0).is_fresh(limits, frame(1000))


def test_a_frame_that_reuses_an_entry_is_counted():
    again = Cached("kind", 1, 0, 5.0).reused(2)
    assert (again.kind, again.value, again.skipped, again.time) == ("kind", 2, 1, 5.0)


def test_an_entry_of_another_kind_is_not_loaded():
    entry = Cached("kind", 1, 0, 5.0)
    frame = SessionFrame(Saved({}, {"name": entry, "other": 3}))
    assert load_cached(frame, "name", "kind") is entry
    for name, kind in (("name", "another"), ("other", "kind"), ("absent", "kind")):
        assert load_cached(frame, name, kind) is None
