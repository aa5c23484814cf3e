import os
from pathlib import Path

import pytest

import humanrt.runtime.memory_budget as module
from humanrt.runtime.memory_budget import memory_budget

GIB = 2**30


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Creates a root folder with the given files, on a machine with 8 GiB of memory."""
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 2**21, "SC_PAGE_SIZE": 2**12}.__getitem__)
    monkeypatch.setattr(os, "sysconf_names", {"SC_PHYS_PAGES": 0, "SC_PAGE_SIZE": 1})

    def create(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return create


@pytest.mark.parametrize(
    ("files", "budget"),
    [
        ({}, 8 * GIB),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 8 * GIB),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": f"{GIB}\n"}, GIB),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.high": f"{GIB}\n"}, GIB),
        ({"proc/self/cgroup": "0::/pod\n", "sys/fs/cgroup/memory.max": f"{GIB}\n"}, GIB),
        (
            {
                "proc/self/cgroup": "0::/user/job\n",
                "sys/fs/cgroup/user/memory.max": f"{2 * GIB}\n",
                "sys/fs/cgroup/user/job/memory.max": f"{4 * GIB}\n",
            },
            2 * GIB,
        ),
        (
            {
                "proc/self/cgroup": "4:memory:/job\n3:cpu,cpuacct:/job\n",
                "sys/fs/cgroup/memory/job/memory.limit_in_bytes": f"{GIB}\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            },
            GIB,
        ),
    ],
)
def test_the_smallest_limit_counts(system, files, budget):
    assert memory_budget(system(files)) == budget


def test_a_system_that_reports_nothing(system, monkeypatch):
    monkeypatch.delattr(os, "sysconf")
    assert memory_budget(system({})) is None


def test_the_limits_are_those_of_this_system(system, monkeypatch):
    monkeypatch.setattr(module, "control_groups", lambda root, _: [root / "group"] if root == Path("/") else [])
    monkeypatch.setattr(module, "read_text", lambda path: f"{GIB}" if path == Path("/group/memory.max") else "")
    system({})
    assert memory_budget() == GIB
