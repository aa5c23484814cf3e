"""The memory that a pool shares with a worker grows with a picture, and shrinks when many later ones were smaller."""

import os
import sys

import numpy as np
import pytest
from switches import OFF

from humanrt.workers import WorkerPool, worker
from humanrt.workers.memory import STEP, WINDOW, SharedMemory

LARGE, SMALL = np.full(64 * STEP, 7, np.uint8), np.full(STEP, 9, np.uint8)


def allocated(memory):
    """Return the bytes that the system holds for the file."""
    return os.fstat(memory.descriptor).st_blocks * 512


@pytest.fixture
def both():
    """The two ends of a shared memory, as of two processes."""
    ours = SharedMemory()
    theirs = SharedMemory(os.dup(ours.descriptor))
    yield ours, theirs
    theirs.close()
    ours.close()


def call(memory, array):
    memory.begin_call()
    memory.write(0, array)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep the pages of a file")
def test_memory_that_no_recent_call_used_is_released(both):
    ours, theirs = both
    call(ours, LARGE)
    view = theirs.array(0, LARGE.shape, LARGE.dtype)
    for _ in range(WINDOW):
        call(ours, SMALL)
    assert allocated(ours) == LARGE.nbytes  # the large one is still among the latest
    call(ours, SMALL)
    assert allocated(ours) == SMALL.nbytes
    assert (view[:STEP] == 9).all()
    assert not view[STEP:].any()  # still mapped, and empty
    assert theirs.write(STEP, LARGE[:STEP]) == 2 * STEP
    assert (ours.array(STEP, (STEP,), LARGE.dtype) == 7).all()
    call(ours, LARGE)
    assert (theirs.array(0, LARGE.shape, LARGE.dtype) == 7).all()


def test_memory_that_a_recent_call_used_is_kept(both):
    ours, _ = both
    for _ in range(2 * WINDOW):
        call(ours, LARGE)
        call(ours, SMALL)
    assert allocated(ours) == LARGE.nbytes


@pytest.mark.slow(2)
@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep the pages of a file")
async def test_a_pool_releases_what_its_pictures_no_longer_use(monkeypatch):
    memory = SharedMemory()
    monkeypatch.setattr(worker, "SharedMemory", lambda: memory)
    async with WorkerPool(dict.fromkeys(("face", "body", "hand", "gesture"), OFF)) as pool:
        for height in (2400, *[24] * WINDOW):
            (await pool.detect(np.zeros((height, 3200, 3), np.uint8))).dispose()
        assert allocated(memory) >= 2400 * 3200 * 3
        (await pool.detect(np.zeros((24, 3200, 3), np.uint8))).dispose()
        assert allocated(memory) == STEP
