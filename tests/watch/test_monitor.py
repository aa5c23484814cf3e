"""A monitor measures what the process really uses, and calls back once for each time that a threshold is passed."""

import asyncio
import builtins
import gc
import os
import time
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from humanrt.engine import Engine
from humanrt.errors import ConfigError, EngineError, MissingDependencyError
from humanrt.watch import Monitor, readings
from humanrt.watch import monitor as monitor_module
from humanrt.watch.readings import usage


@pytest.fixture
def without(monkeypatch):
    """A function that hides a library."""
    real = builtins.__import__

    def hide(library):
        def find(name, *arguments, **options):
            if name.split(".")[0] == library:
                raise ImportError(name)
            return real(name, *arguments, **options)

        monkeypatch.setattr(builtins, "__import__", find)

    return hide


def test_proc_and_psutil_agree(without):
    with Path(os.devnull).open() as _:
        by_psutil = usage()
        assert by_psutil.rss == pytest.approx(psutil.Process().memory_info().rss, rel=0.05)
        if not Path("/proc/self/statm").exists():
            pytest.skip("no /proc")
        without("psutil")
        by_proc = usage()
    assert by_proc.rss == pytest.approx(by_psutil.rss, rel=0.05)
    assert by_proc.handles - by_psutil.handles in (0, 1)  # the folder that is read
    assert by_proc.threads == by_psutil.threads


def test_another_process_and_none(without):
    assert usage(os.getppid()).rss > 0
    with pytest.raises(ProcessLookupError):
        usage(2**22 + 1)
    without("psutil")
    with pytest.raises(ProcessLookupError):
        usage(2**22 + 1)


def test_without_a_gpu_library_device_memory_is_0(without):
    without("pynvml")
    assert readings.device_memory() == 0


async def test_samples_count_tensors_and_workers():
    pool = SimpleNamespace(workers=lambda: [SimpleNamespace(rss=3, tensors=1), SimpleNamespace(rss=4, tensors=2)])
    with Engine("cpu") as engine, Engine("cpu") as other:
        monitor = Monitor(engine, other, pool=pool)
        before = await monitor.sample()
        tensor = engine.tensor(np.zeros(8, np.float32))
        clone = tensor.clone()
        sample = await monitor.sample()
        tensor.dispose()
        clone.dispose()
    assert (before.tensors, before.tensor_bytes) == (0, 0)
    assert (sample.tensors, sample.buffers, sample.tensor_bytes) == (2, 1, 32)
    assert (sample.workers, sample.workers_rss, sample.worker_tensors) == (2, 7, 3)
    assert monitor.slope("tensors") is None
    assert monitor.snapshot()["tensors"] == 2
    assert Monitor().snapshot() == {}


async def test_a_threshold_calls_back_once_and_is_held_weakly(caplog):
    calls = []

    def alarm(sample):
        calls.append(sample.tensors)
        raise RuntimeError("of the callback")

    with Engine("cpu") as engine:
        monitor = Monitor(engine)
        monitor.on("tensors", alarm, above=0)
        for tensors in (0, 1, 1, 0, 1):
            made = [engine.tensor([1.0]) for _ in range(tensors)]
            await monitor.sample()
            engine.dispose(made)
        assert calls == [1, 1]
        assert "threshold of tensors" in caplog.text
        caplog.clear()
        del alarm
        gc.collect()
        made = engine.tensor([1.0])
        await monitor.sample()
        await monitor.sample()
        made.dispose()
    assert calls == [1, 1]


async def test_a_growth_calls_back(monkeypatch):
    """Samples at equal times: with others, four of them need not prove that it grows."""
    calls, seconds = [], count()
    monkeypatch.setattr(monitor_module, "time", SimpleNamespace(monotonic=lambda: float(next(seconds))))
    alarm = calls.append
    with Engine("cpu") as engine:
        monitor = Monitor(engine)

        def note(sample):
            alarm(sample.tensors)

        monitor.on("tensors", note, slope_above=0)
        made = []
        for _ in range(5):
            made.append(engine.tensor([1.0]))
            await monitor.sample()
        engine.dispose(made)
    assert len(calls) == 1


async def test_the_delay_of_the_loop_is_measured():
    async with Monitor(every=1000) as monitor:
        await asyncio.sleep(0)
        time.sleep(0.3)  # noqa: ASYNC251 - what is measured
        for _ in range(5):  # the timer, the future, the task
            await asyncio.sleep(0)
        sample = await monitor.sample()
    assert sample.lag >= 0.1


async def test_lines_that_grow_are_named():
    async with Monitor(trace=True) as monitor:
        kept = [bytes(1000) for _ in range(1000)]
        grown = await asyncio.to_thread(monitor.growers, 3)
        assert len(grown) <= 3
        assert "test_monitor.py" in grown[0].site
        assert grown[0].bytes >= len(kept) * 1000
    with pytest.raises(EngineError, match="trace=True"):
        monitor.growers()


async def test_metrics_of_prometheus(without):
    import prometheus_client

    monitor = Monitor()
    registry = prometheus_client.CollectorRegistry()
    registry.register(monitor.collector())
    assert prometheus_client.generate_latest(registry) == b""
    sample = await monitor.sample()
    assert registry.get_sample_value("humanrt_resident_memory_bytes") == sample.rss
    assert registry.get_sample_value("humanrt_tensors") == 0
    without("prometheus_client")
    with pytest.raises(MissingDependencyError, match=r"humanrt\[serve\]"):
        monitor.collector()


def test_wrong_arguments_are_refused():
    with pytest.raises(ConfigError, match="every is 0"):
        Monitor(every=0)
    with pytest.raises(ConfigError, match="not measured"):
        Monitor().on("memory", print, above=1)
    with pytest.raises(ConfigError, match="threshold"):
        Monitor().on("rss", print)
