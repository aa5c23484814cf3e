"""``humanrt soak``: mixed work for a long time, with what it uses in a table and a chart, and a verdict.

The work: calls, streams and batches, cancelled calls, bad input, reloaded models; and calls of a pool whose workers are
killed now and then. The exit code is 1 if resident memory grows, or if tensors, handles or threads are left over.
"""

import argparse
import asyncio
import csv
import gc
import os
import random
import signal
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np

from humanrt.cli import DONE, FAILED
from humanrt.cli.chart import Panel, draw_chart
from humanrt.cli.settings import read_settings
from humanrt.cli.stdio import OutputError, ProgressLine, write_line
from humanrt.config import Config
from humanrt.errors import ConfigError, InputError, WorkerError
from humanrt.human import Human
from humanrt.imaging import write_png
from humanrt.imaging.listing import list_pictures
from humanrt.runtime import heap
from humanrt.watch import Monitor, Sample, Slope, slope
from humanrt.workers import WorkerPool

WARM_UP = 0.2
"""The share of the time at the beginning that is no part of the verdict."""

ALLOWED = 1024.0
"""Bytes of resident memory for each 1,000 frames that are no growth. More are one if the interval is above 0."""

KILL_SECONDS = 60.0
BAD = b"\xff\xd8\xff not a picture"


class Row(NamedTuple):
    """A line of the table."""

    sample: Sample
    frames: int
    latency: float
    """The median time of a call since the row before, in seconds; 0 without a call."""


def run(options: argparse.Namespace) -> int:
    """Run the command, and return the exit code."""
    config = read_settings(options)
    if not (options.minutes > 0 and options.every > 0 and options.workers >= 0):
        raise ConfigError("--minutes and --every must be greater than 0, and --workers at least 0")
    heap.bound()
    try:
        options.output.mkdir(parents=True, exist_ok=True)
        return asyncio.run(_soak(options, config))
    except OSError as error:
        raise OutputError(error, str(options.output)) from error


async def _soak(options: argparse.Namespace, config: Config) -> int:
    async with AsyncExitStack() as stack:
        human = await stack.enter_async_context(Human(config))
        await human.load(on_progress=ProgressLine())
        pictures = await _pictures(human, options.source)
        pool = None
        if options.workers:
            pool = await stack.enter_async_context(WorkerPool(config, workers=options.workers))
        work = Work(human, pool, pictures)
        await work.once()  # what is imported and allocated by the first of each kind is no growth
        monitor = Monitor(human.engine, *([pool.engine] if pool else []), pool=pool, every=options.every)
        file = stack.enter_context((options.output / "soak.csv").open("w", newline=""))
        before = await _settled(monitor)
        rows = await _record(work, monitor, 60 * options.minutes, options.every, file)
        after = await _settled(monitor)
    return _report(options.output, rows, before, after, work)


class Work:
    """The mixed work, and what came of it."""

    def __init__(self, human: Human, pool: WorkerPool | None, pictures: Sequence[Path]) -> None:
        self.frames: int = 0
        self.counts: Counter[str] = Counter()
        self.times: list[float] = []
        self._human = human
        self._pool = pool
        self._pictures = pictures
        self._chance = random.Random(1)  # noqa: S311 - of no secret
        self._killed = time.monotonic()
        self._kinds: list[tuple[Callable[[], Awaitable[None]], float]] = [
            (self._detect, 10),
            (self._stream, 3),
            (self._batch, 3),
            (self._cancel, 3),
            (self._refuse, 3),
            (self._reload, 0.2),
        ]
        if pool is not None:
            self._kinds.append((self._detect_in_worker, 10))

    async def once(self) -> None:
        """Do each kind of work once."""
        for kind, _ in self._kinds:
            await kind()

    async def some(self) -> None:
        """Do one kind of work."""
        kinds, weights = zip(*self._kinds, strict=True)
        (kind,) = self._chance.choices(kinds, weights)
        await kind()

    def _picture(self) -> Path:
        return self._chance.choice(self._pictures)

    async def _timed(self, name: str, call: Awaitable[object]) -> None:
        start = time.perf_counter()
        await call
        self.times.append(time.perf_counter() - start)
        self.frames += 1
        self.counts[name] += 1

    async def _detect(self) -> None:
        async def call() -> None:
            (await self._human.detect(self._picture())).dispose()

        await self._timed("calls", call())

    async def _stream(self) -> None:
        frames = [self._picture() for _ in range(4)]
        async with self._human.stream(frames) as stream:
            async for _, result in stream:
                result.dispose()
                self.frames += 1
        self.counts["streams"] += 1

    async def _batch(self) -> None:
        async with self._human.detect_many([self._picture() for _ in range(3)] + [BAD]) as batch:
            async for _, outcome in batch:
                if not isinstance(outcome, Exception):
                    outcome.dispose()
                    self.frames += 1
        self.counts["batches"] += 1

    async def _cancel(self) -> None:
        task = asyncio.create_task(self._human.detect(self._picture()))
        await asyncio.sleep(self._chance.uniform(0, 0.3))
        task.cancel()
        with suppress(asyncio.CancelledError):
            (await task).dispose()
        self.counts["cancelled"] += 1

    async def _refuse(self) -> None:
        for source in (BAD, np.full((4, 4), 1e9), b""):
            with suppress(InputError):
                (await self._human.detect(source)).dispose()
        self.counts["bad inputs"] += 3

    async def _reload(self) -> None:
        config = self._human.config
        await self._human.reset()
        self._human.config = config
        self.counts["reloads"] += 1

    async def _detect_in_worker(self) -> None:
        assert self._pool is not None  # noqa: S101 - else this kind is not listed
        workers = self._pool.workers()
        if workers and time.monotonic() - self._killed > KILL_SECONDS:
            self._killed = time.monotonic()
            with suppress(ProcessLookupError):
                os.kill(self._chance.choice(workers).pid, signal.SIGKILL)
            self.counts["killed workers"] += 1
        try:
            await self._timed("calls of workers", self._dispose(self._pool, self._picture()))
        except WorkerError:
            self.counts["errors of workers"] += 1

    @staticmethod
    async def _dispose(pool: WorkerPool, picture: Path) -> None:
        (await pool.detect(picture)).dispose()


async def _pictures(human: Human, source: str | None) -> list[Path]:
    if source is None:
        from humanrt.runtime.futures import background, completion

        samples = background(partial(human.engine.store.samples, cancelled=lambda: False), name="humanrt-samples")
        await completion(samples).wait()
        return list(samples.result().values())
    pictures = [Path(os.fsdecode(each)) for each in list_pictures(source, recursive=True)]
    if not pictures:
        raise ConfigError(f"there is no picture in {source!r}")
    return pictures


async def _settled(monitor: Monitor) -> Sample:
    gc.collect()
    return await monitor.sample()


async def _record(work: Work, monitor: Monitor, seconds: float, every: float, file: TextIO) -> list[Row]:
    """Work for so many seconds; return the rows, which are written as they come."""
    table = csv.writer(file)
    table.writerow([*Sample._fields, "frames", "latency"])
    rows: list[Row] = []
    start = due = time.monotonic()
    while time.monotonic() - start < seconds:
        await work.some()
        if time.monotonic() >= due:
            due = time.monotonic() + every
            sample = await _settled(monitor)
            latency = statistics.median(work.times) if work.times else 0.0
            work.times.clear()
            rows.append(Row(sample, work.frames, latency))
            table.writerow([*sample, work.frames, round(latency, 6)])
            file.flush()
    return rows


def _report(output: Path, rows: Sequence[Row], before: Sample, after: Sample, work: Work) -> int:
    """Draw the chart, print the verdict, and return the exit code."""
    end = rows[-1].sample.time
    warm = rows[0].sample.time + WARM_UP * (end - rows[0].sample.time)
    steady = [row for row in rows if row.sample.time >= warm]
    growth = slope([row.frames / 1000 for row in steady], [float(row.sample.rss) for row in steady])
    _draw(output / "soak.png", rows, warm)
    write_line(f"{(end - rows[0].sample.time) / 60:.1f} minutes, {work.frames} frames")
    write_line(", ".join(f"{count} {name}" for name, count in work.counts.items()))
    left = [
        f"{name}: {getattr(before, name)} before, {getattr(after, name)} after"
        for name in ("tensors", "handles", "threads")
    ]
    write_line("; ".join(left))
    grown = [name for name in ("tensors", "handles", "threads") if getattr(after, name) > getattr(before, name)]
    write_line(_verdict(growth, grown))
    write_line(f"{output / 'soak.csv'}, {output / 'soak.png'}")
    return FAILED if grown or growth is None or _is_growth(growth) else DONE


def _verdict(growth: Slope | None, grown: Sequence[str]) -> str:
    if growth is None:
        return "no verdict: the time was too short for a slope"
    text = (
        f"resident memory: {growth.value / 1024:+.1f} KiB for 1,000 frames after the warm-up, "
        f"{growth.low / 1024:+.1f} to {growth.high / 1024:+.1f} with 95 % confidence"
    )
    if _is_growth(growth):
        return f"{text}: it grows"
    return f"{text}; left over: {', '.join(grown)}" if grown else f"{text}: no growth"


def _is_growth(growth: Slope) -> bool:
    return growth.low > 0 and growth.value > ALLOWED


def _draw(path: Path, rows: Sequence[Row], warm: float) -> None:
    minutes = [(row.sample.time - rows[0].sample.time) / 60 for row in rows]
    samples = [row.sample for row in rows]
    panels = [
        Panel("resident memory of the process, MB", [each.rss / 1e6 for each in samples]),
        Panel("resident memory of the workers, MB", [each.workers_rss / 1e6 for each in samples]),
        Panel("live tensors", [each.tensors for each in samples]),
        Panel("open handles", [each.handles for each in samples]),
        Panel("threads", [each.threads for each in samples]),
        Panel("median time of a call, ms", [1000 * row.latency for row in rows]),
    ]
    write_png(path, draw_chart(minutes, panels, (warm - rows[0].sample.time) / 60))
