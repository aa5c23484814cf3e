"""What this process uses, sample by sample: ``Monitor``."""

import asyncio
import inspect
import logging
import time
import tracemalloc
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from humanrt.engine import Engine
from humanrt.errors import ConfigError, EngineError
from humanrt.runtime import scheduler
from humanrt.runtime.futures import running_loop
from humanrt.watch.readings import device_memory, usage
from humanrt.watch.slope import Slope, slope

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

_logger = logging.getLogger(__name__)


class WorkerUsage(Protocol):
    """The part of a worker that a monitor reads."""

    @property
    def rss(self) -> int:
        """Resident memory in bytes."""

    @property
    def tensors(self) -> int:
        """Live tensors."""


class Pool(Protocol):
    """The part of a ``WorkerPool`` that a monitor reads."""

    def workers(self) -> Sequence[WorkerUsage]:
        """Return the workers that are ready."""


class Sample(NamedTuple):
    """What the process used at one moment."""

    time: float
    """Seconds since the monitor began."""
    rss: int
    """Resident memory in bytes; 0 where it is not reported."""
    device_memory: int
    """GPU memory in bytes; 0 without nvidia-ml-py or a GPU."""
    tensors: int
    """Live tensors of the engines."""
    buffers: int
    """Their buffers."""
    tensor_bytes: int
    """The bytes of these."""
    pooled_bytes: int
    """Bytes of freed buffers that are kept for reuse."""
    handles: int
    """Open file descriptors or handles."""
    threads: int
    """Threads."""
    lag: float
    """The longest delay of the event loop since the last sample, in seconds."""
    workers: int
    """Worker processes that are ready."""
    workers_rss: int
    """The sum of their resident memory after their last calls, in bytes."""
    worker_tensors: int
    """The sum of their live tensors after their last calls."""


MEASURED = Sample._fields[1:]
LAG_SECONDS = 0.1
"""How often the delay of the event loop is measured."""

Alarm = Callable[["Sample"], object]


@dataclass
class _Threshold:
    name: str
    above: float | None
    slope_above: float | None
    callback: weakref.ref[Alarm]
    exceeded: bool = False


class Growth(NamedTuple):
    """A line of code that holds more memory than before."""

    site: str
    """File and line."""
    bytes: int
    """How much its memory has grown, in bytes."""
    blocks: int
    """By how many blocks."""


class Monitor:
    """Samples of memory, tensors, handles, threads and the delay of the event loop, with slopes and thresholds.

    ::

        async with Monitor(human.engine, every=10) as monitor:
            monitor.on("rss", alarm, above=2 * 2**30)
            ...
            print(monitor.snapshot())

    ``engines`` and ``pool`` are watched besides this process. A sample is taken every ``every`` seconds, and the last
    ``window`` ones are kept. With ``trace`` memory is traced by ``tracemalloc``, which slows Python down. Without
    psutil (extra ``serve``), memory and handles are measured on Linux only.

    Raises ``ConfigError`` if ``every`` or ``window`` is not positive.
    """

    def __init__(
        self, *engines: Engine, pool: Pool | None = None, every: float = 1.0, window: int = 600, trace: bool = False
    ) -> None:
        if not (every > 0 and window > 0):
            raise ConfigError(f"every is {every} and window {window}; both must be greater than 0")
        self._engines = engines
        self._pool = pool
        self._every = every
        self._samples: deque[Sample] = deque(maxlen=window)
        self._thresholds: list[_Threshold] = []
        self._trace = trace
        self._traced: tracemalloc.Snapshot | None = None
        self._began = time.monotonic()
        self._lag = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    # -- reading

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The last samples, oldest first."""
        return tuple(self._samples)

    async def sample(self) -> Sample:
        """Take a sample now, check the thresholds, and return it."""
        lag, self._lag = self._lag, 0.0
        sample = await scheduler.run(self._read, lag)
        self._samples.append(sample)
        for threshold in tuple(self._thresholds):
            self._check(threshold, sample)
        return sample

    def slope(self, name: str) -> Slope | None:
        """Return how fast a measured value grows, a second, over the window; None for fewer than three samples.

        Raises ``ConfigError`` if no value has this name.
        """
        _check_name(name)
        samples = self.samples
        return slope([each.time for each in samples], [getattr(each, name) for each in samples])

    def snapshot(self) -> dict[str, Any]:
        """Return the last sample and the slopes, a second, ready for JSON; empty before the first sample."""
        if not self._samples:
            return {}
        slopes = {name: self.slope(name) for name in MEASURED}
        return {
            **self._samples[-1]._asdict(),
            "slopes": {name: None if each is None else each._asdict() for name, each in slopes.items()},
        }

    def growers(self, count: int = 10) -> list[Growth]:
        """Return the lines of code whose memory has grown most since the last call, or since the monitor began.

        This blocks for up to seconds: call it with ``asyncio.to_thread()``.

        Raises ``EngineError`` without ``trace=True``, or outside of the monitor's block.
        """
        if self._traced is None:
            raise EngineError("memory is not traced: use `async with Monitor(trace=True)`")
        before, self._traced = self._traced, tracemalloc.take_snapshot()
        lines = self._traced.compare_to(before, "lineno")
        grown = sorted((line for line in lines if line.size_diff > 0), key=lambda line: -line.size_diff)
        return [Growth(str(line.traceback[0]), line.size_diff, line.count_diff) for line in grown[:count]]

    def collector(self) -> "Collector":
        """Return a collector of the last sample for a registry of ``prometheus_client``.

        Raises ``MissingDependencyError`` without prometheus-client, which the extra ``serve`` installs.
        """
        from humanrt.watch.prometheus import collector

        return collector(self)

    # -- thresholds

    def on(self, name: str, callback: Alarm, *, above: float | None = None, slope_above: float | None = None) -> None:
        """Call ``callback`` with the sample that passes a threshold, and again after the value was below it.

        ``above`` is a value, ``slope_above`` a growth a second, whose whole confidence interval is then above it. The
        callback is called on the event loop and held weakly: keep a reference to it. Its errors go to the log. With
        ``pool.recycle`` as the callback, the workers are replaced.

        Raises ``ConfigError`` if no value has this name, or there is no threshold.
        """
        _check_name(name)
        if above is None and slope_above is None:
            raise ConfigError("a threshold is a value (above) or a growth a second (slope_above)")
        reference: weakref.ref[Alarm]
        reference = weakref.WeakMethod(callback) if inspect.ismethod(callback) else weakref.ref(callback)
        self._thresholds.append(_Threshold(name, above, slope_above, reference))

    def _check(self, threshold: _Threshold, sample: Sample) -> None:
        callback = threshold.callback()
        if callback is None:
            self._thresholds.remove(threshold)
            return
        exceeded = threshold.above is not None and getattr(sample, threshold.name) > threshold.above
        if threshold.slope_above is not None and not exceeded:
            grown = self.slope(threshold.name)
            exceeded = grown is not None and grown.low > threshold.slope_above
        before, threshold.exceeded = threshold.exceeded, exceeded
        if exceeded and not before:
            try:
                callback(sample)
            except Exception:
                _logger.exception("the callback of the threshold of %s failed", threshold.name)

    # -- measuring

    def _read(self, lag: float) -> Sample:
        used = usage()
        memories = [engine.memory() for engine in self._engines]
        workers = () if self._pool is None else self._pool.workers()
        return Sample(
            time=time.monotonic() - self._began,
            rss=used.rss,
            device_memory=device_memory(),
            tensors=sum(memory.num_tensors for memory in memories),
            buffers=sum(memory.num_data_buffers for memory in memories),
            tensor_bytes=sum(memory.num_bytes for memory in memories),
            pooled_bytes=sum(memory.pooled_bytes for memory in memories),
            handles=used.handles,
            threads=used.threads,
            lag=lag,
            workers=len(workers),
            workers_rss=sum(worker.rss for worker in workers),
            worker_tensors=sum(worker.tensors for worker in workers),
        )

    async def _take_samples(self) -> None:
        while True:
            await self.sample()
            await asyncio.sleep(self._every)

    async def _measure_lag(self) -> None:
        loop = running_loop()
        while True:
            due = loop.time() + LAG_SECONDS
            await asyncio.sleep(LAG_SECONDS)
            self._lag = max(self._lag, loop.time() - due)

    async def __aenter__(self) -> Self:
        if self._tasks:
            raise EngineError("this monitor runs already")
        if self._trace:
            tracemalloc.start()
            self._traced = await scheduler.run(tracemalloc.take_snapshot)
        self._tasks = [asyncio.create_task(each) for each in (self._take_samples(), self._measure_lag())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._trace:
            tracemalloc.stop()
            self._traced = None


def _check_name(name: str) -> None:
    if name not in MEASURED:
        raise ConfigError(f"{name!r} is not measured; these are: {', '.join(MEASURED)}")
