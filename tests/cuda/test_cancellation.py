"""Detections that are cancelled while a model runs on the GPU free everything. CONFORMANCE 26 and 47."""

import asyncio
import itertools
import random
from contextvars import ContextVar

import pytest

from humanrt.errors import ModelRunError
from humanrt.runtime import scheduler
from humanrt.runtime.graph_model import GraphModel
from parity.pictures import read_picture

CANCELLATIONS = 200
AT_ONCE = 4
RUNS = 5  # of models in a detection with one face: detector, mesh, iris, description, emotion

begin = ContextVar("begin", default=lambda: None)  # called when a model of the detection begins to run


@pytest.fixture
def stopped(monkeypatch):
    """The models whose runs were stopped by a cancellation; it also makes runs call ``begin``."""
    run, stopped = GraphModel._run, []

    def begin_and_run(model, *arguments):
        begin.get()()
        try:
            return run(model, *arguments)
        except ModelRunError:
            stopped.append(model.name)
            raise

    monkeypatch.setattr(GraphModel, "_run", begin_and_run)
    return stopped


async def detect(human, picture):
    with await human.detect(picture) as result:
        return [face.box for face in result.face]


async def cancel_in_run(human, picture, number):
    """Cancel a detection during its run of that number; return whether it was cancelled before its end."""
    loop, numbers = asyncio.get_running_loop(), itertools.count(1)
    begin.set(lambda: next(numbers) == number and loop.call_soon_threadsafe(task.cancel))
    task = asyncio.create_task(detect(human, picture))
    await asyncio.wait([task])
    return task.cancelled()


@pytest.mark.slow
async def test_two_hundred_detections_cancelled_in_a_run(human, stopped, capsys):
    chance = random.Random(2026)  # noqa: S311  # not a secret
    picture = read_picture("astronaut")
    expected = await detect(human, picture)
    before, cancelled = human.engine.memory().baseline, 0
    while cancelled < CANCELLATIONS:
        tries = (cancel_in_run(human, picture, chance.randint(1, RUNS)) for _ in range(AT_ONCE))
        cancelled += sum(await asyncio.gather(*map(asyncio.create_task, tries)))
        assert human.engine.memory().baseline == before
        assert (scheduler.statistics().queued, scheduler.statistics().running) == (0, 0)
    assert await detect(human, picture) == expected
    with capsys.disabled():
        print(f"\n{cancelled} detections cancelled, {len(stopped)} of them before the run had ended")
    assert stopped
