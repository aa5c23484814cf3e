"""The number of arenas of the C library's heap."""

import os
import platform
import re
import subprocess
import sys
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
    """Return the number of mappings at a multiple of the size of an arena."""
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    starts = [int(each, 16) for each in re.findall(r"^([0-9a-f]+)-[0-9a-f]+ rw-p 0+ 00:00 0 *$", maps, re.MULTILINE)]
    return sum(start % ARENA == 0 for start in starts)


def test_threads_share_two_arenas_unless_a_variable_says_otherwise():
    assert heaps(bound=True) == 2
    assert heaps(bound=False) > 2
    assert heaps(bound=True, MALLOC_ARENA_MAX="4") == 4


@pytest.mark.slow(2)
async def test_a_worker_has_two_arenas():
    """Besides the main one, each is a mapping at a multiple of its size."""
    async with WorkerPool(dict.fromkeys(("face", "body", "hand", "gesture"), OFF)) as pool:
        assert arenas(pool.workers()[0].pid) <= 1
