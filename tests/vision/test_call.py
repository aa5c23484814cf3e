import numpy as np

from humanrt.config import Config
from humanrt.vision import call as module
from humanrt.vision.call import Call, Clock


def test_a_clock_returns_its_parts_and_the_total_in_milliseconds(monkeypatch):
    now = iter([1.0, 2.0, 2.25, 3.0])
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(now))
    clock = Clock()
    clock.record("first", 1.5)
    clock.record("second", 2.0)
    assert clock.finish() == {"first": 500, "second": 250, "total": 2000}


def test_the_size_of_a_call_is_the_width_and_height_of_its_image(humanrt_engine):
    with humanrt_engine.from_numpy(np.zeros((2, 3, 3), np.uint8)) as picture:
        assert Call(humanrt_engine, {}, picture, Config()).size == (3, 2)
