"""A pool of workers answers as a Human does, and leaves nothing behind."""

import asyncio
import base64
import io
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import psutil
import pytest
from PIL import Image
from png_files import unreadable
from switches import FACES_ALONE, OFF

from humanrt import Human
from humanrt.errors import (
    ConfigError,
    EngineClosedError,
    EngineError,
    InputError,
    OverloadedError,
    SessionError,
    UnknownModelError,
    WorkerError,
)
from humanrt.workers import Recycling, WorkerPool
from humanrt.workers import pool as pool_module
from parity.pictures import PICTURES, read_picture

FACE = {**FACES_ALONE, "face": {"detector": {"return": True}, "iris": OFF, "emotion": OFF, "description": OFF}}
NOTHING = dict.fromkeys(("face", "body", "hand", "gesture"), OFF)
TIMES = ["performance", "timestamp"]
PICTURE = PICTURES / "human_face.png"

pytestmark = pytest.mark.slow(3)


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the processes have no event
            await asyncio.sleep(0.01)


async def test_all_kinds_of_sources_are_detected_as_by_a_human(tmp_path, monkeypatch):
    encoded, pixels = PICTURE.read_bytes(), read_picture("human_face")
    async with Human(FACE) as human, WorkerPool(FACE) as pool:
        with await human.detect(PICTURE) as expected:
            crop = await expected.face[0].tensor.data()
            monkeypatch.chdir(PICTURES)
            address = f"data:image/png;base64,{base64.b64encode(encoded).decode()}"
            sources = [PICTURE, PICTURE.name, address, encoded, io.BytesIO(encoded), pixels, Image.fromarray(pixels)]
            for source in [*sources, np.ascontiguousarray(pixels[..., ::-1])]:
                bgr = source is not pixels and isinstance(source, np.ndarray)
                with await pool.detect(source, bgr=bgr) as result:
                    assert result.to_dict(without=TIMES) == expected.to_dict(without=TIMES)
                    np.testing.assert_array_equal(result.face[0].mesh, expected.face[0].mesh)
                    assert not result.face[0].mesh.flags.writeable
                    assert result.persons[0].face is result.face[0]
                    np.testing.assert_array_equal(await result.face[0].tensor.data(), crop)
                    assert pool.engine.memory().num_tensors == 1
                assert pool.engine.memory().baseline == (0, 0, 0, 0)
        assert pool.workers()[0].tensors == 0


async def test_the_decoders_of_a_worker_write_nothing(capfd):
    async with WorkerPool(NOTHING) as pool:
        with pytest.raises(InputError, match="cannot be decoded"):
            await pool.detect(unreadable())
    assert not capfd.readouterr().err


async def test_a_result_is_unpacked_off_the_thread_of_the_loop(monkeypatch):
    threads = []
    unpack = pool_module.unpack
    monkeypatch.setattr(pool_module, "unpack", lambda *given: threads.append(threading.get_ident()) or unpack(*given))
    async with WorkerPool(FACE) as pool:
        async with pool.engine.scope():
            result = await pool.detect(PICTURE)
            assert result.face[0].tensor is not None
            assert pool.engine.memory().num_tensors == 1
        assert pool.engine.memory().baseline == (0, 0, 0, 0)
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_errors_are_those_of_a_human_and_cost_no_worker():
    async with WorkerPool(NOTHING, max_queue=0) as pool:
        with pytest.raises(InputError, match="unknown picture format"):
            await pool.detect(b"no picture")
        with pytest.raises(InputError, match=r"within 0\.\.255"):
            await pool.detect(np.full((2, 2), 700.0))
        with pytest.raises(InputError, match="100 bytes"):
            await pool.detect(io.BytesIO(PICTURE.read_bytes()), {"image": {"max_bytes": 100}})
        with pytest.raises(ConfigError, match="unknown"):
            await pool.detect(PICTURE, {"fase": {}})
        with pytest.raises(ConfigError, match="device cannot change"):
            await pool.detect(PICTURE, {"device": "cuda"})
        (await pool.detect(PICTURE)).dispose()
        statistics = pool.statistics()
    assert (statistics.done, statistics.failed, statistics.died) == (1, 5, 0)
    with pytest.raises(EngineClosedError):
        await pool.detect(PICTURE)
    with pytest.raises(EngineError, match="async with"):
        await WorkerPool(NOTHING).detect(PICTURE)


def children():
    """Return the child processes of this one, of which tests beside peers have some."""
    return set(psutil.Process().children())


async def test_a_worker_that_cannot_load_its_models_raises_their_error():
    before = children()
    with pytest.raises(UnknownModelError):
        async with WorkerPool({"body": {"model_path": "nosuchmodel.json"}}, workers=2):
            pass
    assert children() == before


async def test_full_queues_refuse_and_long_waits_end():
    async with WorkerPool(NOTHING, max_queue=1, max_wait=0.05, stop_timeout=0) as pool:
        (worker,) = pool.workers()
        os.kill(worker.pid, signal.SIGSTOP)
        running = asyncio.create_task(pool.detect(PICTURE))
        await until(lambda: pool.statistics().busy)
        assert not pool.full
        waiting = asyncio.create_task(pool.detect(PICTURE))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert pool.full
        with pytest.raises(OverloadedError, match="1 calls wait already"):
            await pool.detect(PICTURE)
        with pytest.raises(OverloadedError, match=r"waited for 0.05 s"):
            await waiting
        os.kill(worker.pid, signal.SIGCONT)
        (await running).dispose()
        (await pool.detect(PICTURE)).dispose()


@pytest.mark.parametrize("retries", [0, 1])
async def test_a_call_of_a_worker_that_hangs_or_dies_is_repeated(retries):
    before = children()
    async with WorkerPool(NOTHING, retries=retries, timeout=5.0) as pool:
        for sign in (signal.SIGKILL, signal.SIGSTOP):
            (worker,) = pool.workers()
            if sign == signal.SIGKILL:
                os.kill(worker.pid, signal.SIGSTOP)  # it cannot end before it is killed
            else:
                os.kill(worker.pid, sign)
            call = asyncio.create_task(pool.detect(PICTURE))
            await until(lambda: pool.statistics().busy)
            os.kill(worker.pid, sign)
            if retries:
                (await call).dispose()
            else:
                with pytest.raises(WorkerError, match=f"process {worker.pid} (ended|took longer than 5.0 s)"):
                    await call
            await until(lambda: pool.ready and not psutil.pid_exists(worker.pid))  # noqa: B023 - awaited here
        statistics = pool.statistics()
    assert (statistics.died, statistics.hung, statistics.retried) == (1, 1, 2 * retries)
    assert children() == before


async def test_a_cancelled_call_frees_its_worker():
    async with WorkerPool(FACE) as pool:
        for _ in range(3):
            call = asyncio.create_task(pool.detect(PICTURE))
            await until(lambda: pool.statistics().busy)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        (await pool.detect(PICTURE)).dispose()
        assert pool.workers()[0].tensors == 0
        assert pool.statistics().died == 0


async def test_a_worker_is_replaced_by_one_that_is_ready():
    async with WorkerPool(NOTHING, recycling=Recycling(requests=2)) as pool:
        (first,) = pool.workers()
        for _ in range(2):
            (await pool.detect(PICTURE)).dispose()
        while pool.statistics().recycled == 0:  # calls go on meanwhile
            (await pool.detect(PICTURE)).dispose()
        await until(lambda: not psutil.pid_exists(first.pid))
        (second,) = pool.workers()
        assert second.pid != first.pid
        pool.recycle()
        await until(lambda: not psutil.pid_exists(second.pid))
        (await pool.detect(PICTURE)).dispose()
        statistics = pool.statistics()
    assert statistics.recycled >= 2
    assert (statistics.failed, statistics.retried, statistics.died) == (0, 0, 0)


async def test_a_pool_without_workers_replaces_none():
    pool = WorkerPool(NOTHING)
    pool.recycle()
    assert (pool.workers(), pool.ready) == ((), False)
    await pool.aclose()


def test_workers_end_with_a_program_that_is_killed():
    code = f"""
import asyncio, sys
from humanrt.workers import WorkerPool
async def main():
    async with WorkerPool({NOTHING!r}, workers=2) as pool:
        print(*(worker.pid for worker in pool.workers()), flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as program:
        workers = [psutil.Process(int(pid)) for pid in program.stdout.readline().split()]
        program.kill()
    assert len(workers) == 2
    gone, alive = psutil.wait_procs(workers, timeout=10)
    assert (len(gone), alive) == (2, [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"workers": 0}, "workers is 0"),
        ({"workers": 1.5}, "workers is 1.5"),
        ({"retries": -1}, "retries"),
        ({"max_queue": "1"}, "max_queue is '1'"),
        ({"timeout": float("nan")}, "timeout is nan"),
        ({"max_wait": "1"}, "max_wait is '1'"),
        ({"recycling": Recycling(rss=0)}, "rss is 0"),
        ({"recycling": Recycling(seconds="1")}, "seconds is '1'"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        WorkerPool(NOTHING, **arguments)


async def test_a_session_keeps_its_worker_and_frees_its_tensors():
    """The tensor is the last frame, which is in the worker."""
    async with WorkerPool(FACE, workers=2) as pool:
        with pool.session() as session:
            (await pool.detect(PICTURE, session=session)).dispose()
            for _ in range(3):
                other = asyncio.create_task(pool.detect(PICTURE))  # takes the same worker, and the session waits for it
                await until(lambda: pool.statistics().busy)
                (await pool.detect(PICTURE, session=session)).dispose()
                (await other).dispose()
            busy = asyncio.create_task(pool.detect(PICTURE, session=session))
            await asyncio.sleep(0)
            with pytest.raises(SessionError, match="in use"):
                await pool.detect(PICTURE, session=session)
            (await busy).dispose()
            assert sorted(worker.requests for worker in pool.workers()) == [0, 8]
            assert sorted(worker.tensors for worker in pool.workers()) == [0, 1]
        await until(lambda: not any(worker.tensors for worker in pool.workers()))
        with pytest.raises(SessionError, match="closed"):
            await pool.detect(PICTURE, session=session)
        session = pool.session()
        last = asyncio.create_task(pool.detect(PICTURE, session=session))
        await until(lambda: pool.statistics().busy)
        session.close()  # after its call
        (await last).dispose()
        await until(lambda: not any(worker.tensors for worker in pool.workers()))


async def test_a_session_goes_on_in_another_worker_and_survives_cancellations():
    async with WorkerPool(NOTHING, workers=2) as pool:
        with pool.session() as session:
            (await pool.detect(PICTURE, session=session)).dispose()
            (first,) = (worker for worker in pool.workers() if worker.requests)
            os.kill(first.pid, signal.SIGKILL)
            (await pool.detect(PICTURE, session=session)).dispose()
            for turns in range(12):
                task = asyncio.create_task(pool.detect(PICTURE, session=session))
                for _ in range(turns):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        await until(lambda: not pool.statistics().busy and len(pool.workers()) == 2)
        for _ in range(4):  # of both workers
            for result in await asyncio.gather(*(pool.detect(PICTURE) for _ in range(2))):
                result.dispose()
        assert [worker.tensors for worker in pool.workers()] == [0, 0]
