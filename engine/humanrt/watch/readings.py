"""What one process uses: memory, handles, threads; by psutil, else by ``/proc`` on Linux."""

import os
import threading
from pathlib import Path
from typing import NamedTuple


class Usage(NamedTuple):
    """What a process uses."""

    rss: int
    """Resident memory in bytes; 0 where neither psutil nor ``/proc`` reports it."""
    handles: int
    """Open file descriptors, on Windows handles; 0 where they are not reported."""
    threads: int
    """Threads."""


def usage(pid: int | None = None) -> Usage:
    """Return what a process uses, by default this one.

    Raises ``ProcessLookupError`` if there is no such process.
    """
    try:
        return _by_psutil(pid)
    except ImportError:
        pass
    if Path("/proc/self/statm").exists():
        return _by_proc(pid)
    return Usage(0, 0, threading.active_count() if pid is None else 0)


def device_memory(pid: int | None = None) -> int:
    """Return the bytes of GPU memory that a process uses, by default this one; 0 without nvidia-ml-py or a GPU."""
    try:
        import pynvml
    except ImportError:
        return 0
    pid = os.getpid() if pid is None else pid
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return 0
    try:
        devices = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        running = [each for device in devices for each in pynvml.nvmlDeviceGetComputeRunningProcesses(device)]
        return sum(each.usedGpuMemory or 0 for each in running if each.pid == pid)
    except pynvml.NVMLError:
        return 0
    finally:
        pynvml.nvmlShutdown()


def _by_psutil(pid: int | None) -> Usage:
    import psutil

    try:
        process = psutil.Process(pid)
        with process.oneshot():
            handles = process.num_handles() if hasattr(process, "num_handles") else process.num_fds()
            return Usage(process.memory_info().rss, handles, process.num_threads())
    except psutil.NoSuchProcess:
        raise ProcessLookupError(f"there is no process {pid}") from None


def _by_proc(pid: int | None) -> Usage:
    folder = Path("/proc", "self" if pid is None else str(pid))
    try:
        pages = int((folder / "statm").read_text().split()[1])
        handles = sum(1 for _ in (folder / "fd").iterdir())
        threads = sum(1 for _ in (folder / "task").iterdir())
    except FileNotFoundError:
        raise ProcessLookupError(f"there is no process {pid}") from None
    return Usage(pages * os.sysconf("SC_PAGE_SIZE"), handles, threads)
