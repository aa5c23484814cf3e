"""The number of CPU cores of this process: those of its container, not those of the machine."""

import math
import os
from collections.abc import Iterator
from pathlib import Path


def cpu_budget(root: Path = Path("/")) -> int:
    """Return the number of CPU cores that this process may keep busy, at least 1.

    That is the smaller of its CPU affinity and the quota of its control group. A fraction of a core counts as a whole
    one, as in the JVM and in Go. ``root`` is the folder of ``proc`` and ``sys``.
    """
    budgets = [_affinity(), *(math.ceil(quota) for quota in _quotas(root))]
    return max(1, min(budgets))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def control_groups(root: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of all control groups, version 1 and 2, that contain this process and limit ``controller``."""
    for line in read_text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            mount = root / "sys/fs/cgroup"
        elif controller in controllers.split(","):
            mount = root / "sys/fs/cgroup" / controller
        else:
            continue
        # In a container the path is often that of the host, and its folder is missing: the group is then the mount.
        group = mount / path.lstrip("/")
        for folder in (group, *group.parents):
            yield folder
            if folder == mount:
                break


def read_text(path: Path) -> str:
    """Return the text of a small file; "" if there is none, as on all systems but Linux."""
    try:
        return path.read_text()
    except OSError:
        return ""


def _quotas(root: Path) -> Iterator[float]:
    for folder in control_groups(root, "cpu"):
        yield from _quota(folder)


def _quota(folder: Path) -> Iterator[float]:
    """Yield the quota in the folder of a control group, if there is one."""
    version_2 = read_text(folder / "cpu.max").split()
    version_1 = [read_text(folder / name).strip() for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us")]
    for quota, period in (version_2 or ("max", ""), version_1):
        if quota not in ("max", "-1", ""):
            yield int(quota) / int(period)
