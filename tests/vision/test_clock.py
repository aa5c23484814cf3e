import pytest
from humanrt.vision.clock import Clock

from humanrt.vision import clock as module


def test_parts_and_total_in_milliseconds(monkeypatch):
    now = iter([1.0, 1.5, 2.0, 2.0, 2.25, 3.0])
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(now))
    clock = Clock()
    with clock.measure("first"):
        pass
    with pytest.raises(KeyError), clock.measure("second"):
        raise KeyError
    assert clock.finish() == {"first": 500, "second": 250, "total": 2000}
