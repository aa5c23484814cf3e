"""Workers that are killed at random moments under load: every call ends once, right or with a documented error."""

import asyncio
import os
import random
import signal
import time
from pathlib import Path

import psutil
import pytest
from repetitions import KILLED_WORKERS
from switches import FACES_ALONE, OFF

from humanrt import Human
from humanrt.errors import WorkerError
from humanrt.workers import WorkerPool
from parity.pictures import PICTURES

DETECTOR = {**FACES_ALONE, "face": dict.fromkeys(("mesh", "iris", "emotion", "description"), OFF)}
PICTURE = PICTURES / "human_face.png"
CLIENTS, WORKERS = 4, 2


SHARED = Path("/dev/shm")  # noqa: S108 - listed only


async def until(condition):
    while not condition():  # noqa: ASYNC110 - the processes have no event
        await asyncio.sleep(0.01)


def segments():
    return sorted(SHARED.iterdir()) if SHARED.is_dir() else []


@pytest.mark.slow(20)
@pytest.mark.soak
async def test_killed_workers_lose_and_repeat_no_call():
    chance = random.Random(13)  # noqa: S311 - repeatable
    async with Human(DETECTOR) as human:
        with await human.detect(PICTURE) as result:
            expected = [face.box for face in result.face]
    encoded = PICTURE.read_bytes()
    shared = segments()
    process = psutil.Process()
    right, documented, asked = 0, 0, 0
    done = False

    async def client():
        nonlocal right, documented, asked
        while not done:
            asked += 1
            try:
                with await pool.detect(encoded) as result:
                    assert [face.box for face in result.face] == expected
                right += 1
            except WorkerError:
                documented += 1

    handles, children = process.num_fds(), set(process.children())  # tests beside peers have some
    async with WorkerPool(DETECTOR, workers=WORKERS) as pool:
        clients = [asyncio.create_task(client()) for _ in range(CLIENTS)]
        start, killed = time.perf_counter(), 0
        while killed < KILLED_WORKERS:
            # A random moment, and as often between its models and its first call as in the middle of one.
            await asyncio.sleep(chance.uniform(0.0, 0.4))
            ready = pool.workers()
            if ready:
                os.kill(chance.choice(ready).pid, signal.SIGKILL)
                killed += 1
                if killed % 25 == 0:
                    print(killed, right, documented, flush=True)
                await until(lambda: pool.statistics().died == killed)  # noqa: B023 - awaited here
        done = True
        await asyncio.gather(*clients)
        statistics = pool.statistics()
        await until(lambda: pool.statistics().ready == WORKERS)
        assert len(set(process.children()) - children) == WORKERS
    print(
        f"\n{killed} kills in {time.perf_counter() - start:.0f} s: {asked} calls, "
        f"{right} right, {documented} WorkerError"
    )
    assert statistics.done == right
    assert statistics.failed == documented
    assert right + documented == asked
    assert right > 0
    assert statistics.died == killed
    assert set(process.children()) == children
    assert process.num_fds() == handles
    assert segments() == shared
    assert pool.engine.memory().baseline == (0, 0, 0, 0)
