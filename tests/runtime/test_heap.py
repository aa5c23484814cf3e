"""The number of arenas of the C library's heap."""

import os
import platform
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from switches import OFF

from humanrt.workers import WorkerPool

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of the GNU C library")

THREADS = """
import ctypes, threading
from humanrt.runtime import heap
if BOUND:
    heap.bound()
meeting = threading.Barrier(12)
def allocate():
    meeting.wait()
    held = [ctypes.create_string_buffer(2000) for _ in range(10)]
    meeting.wait()
threads = [threading.Thread(target=allocate) for _ in range(12)]
for each in threads: each.start()
for each in threads: each.join()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fdopen(1, b"w")))
libc.fflush(None)
"""
ARENA = 64 * 2**20


def heaps(bound, **variables):
    """Return the number of arenas of a process in which 12 threads have allocated."""
    code = THREADS.replace("BOUND", str(bound))
    environment = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"} | variables
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return len(re.findall("<heap nr=", done.stdout))


def arenas(pid):
    """Return the number of arenas besides the main one: each is 64 MiB of addresses, used from the start."""
    lines = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
    mappings = [(*(int(each, 16) for each in line.split()[0].split("-")), line.split()[1]) for line in lines]
    return sum(
        (mode, reserved) == ("rw-p", "---p") and end == start and last - first == ARENA and first % ARENA == 0
        for (first, end, mode), (start, last, reserved) in pairwise(mappings)
    )


def test_threads_share_two_arenas_unless_a_variable_says_otherwise():
    assert heaps(bound=True) == 2
    assert heaps(bound=False) > 2
    assert heaps(bound=True, MALLOC_ARENA_MAX="4") == 4


@pytest.mark.slow(2)
async def test_a_worker_has_two_arenas():
    async with WorkerPool(dict.fromkeys(("face", "body", "hand", "gesture"), OFF)) as pool:
        assert arenas(pool.workers()[0].pid) == 1
