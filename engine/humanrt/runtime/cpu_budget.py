"""How many processors this process may use: what the container grants, not what the machine has."""

import math
import os
from collections.abc import Iterator
from pathlib import Path


def cpu_budget(root: Path = Path("/")) -> int:
    """Return the number of processors this process may keep busy, at least 1.

    The smaller of the processors it may run on and its control group's quota; part of a processor counts as a whole
    one, as in the JVM and in Go.

    ``root``: where ``proc`` and ``sys`` are found.
    """
    budgets = [_affinity(), *(math.ceil(quota) for quota in _quotas(root))]
    return max(1, min(budgets))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(root: Path) -> Iterator[float]:
    """Yield the processor quota of every control group around this process, versions 1 and 2."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            mount = root / "sys/fs/cgroup"
        elif "cpu" in controllers.split(","):
            mount = root / "sys/fs/cgroup/cpu"
        else:
            continue
        # Inside a container the path is often the host's and its folder missing; then the mount's root is the group.
        group = mount / path.lstrip("/")
        for folder in (group, *group.parents):
            yield from _quota(folder)
            if folder == mount:
                break


def _quota(folder: Path) -> Iterator[float]:
    """Yield the quota that one control group's folder states, if it states one."""
    version_2 = _read(folder / "cpu.max").split()
    version_1 = [_read(folder / name).strip() for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us")]
    for quota, period in (version_2 or ("max", ""), version_1):
        if quota not in ("max", "-1", ""):
            yield int(quota) / int(period)


def _read(path: Path) -> str:
    """Return a small file's text, or nothing where there is no such file (any system but Linux)."""
    try:
        return path.read_text()
    except OSError:
        return ""
