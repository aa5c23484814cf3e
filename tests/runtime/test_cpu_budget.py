import os

import pytest

from humanrt.runtime.cpu_budget import cpu_budget


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Creates a root folder with the given files, on a machine with eight CPU cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)

    def create(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return create


def test_without_a_quota_all_cores_count(system):
    assert cpu_budget(system({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"})) == 8


def test_without_control_groups_all_cores_count(system):
    assert cpu_budget(system({})) == 8


@pytest.mark.parametrize(("quota", "budget"), [("200000", 2), ("150000", 2), ("50000", 1), ("1600000", 8)])
def test_a_quota_of_version_2_is_rounded_up(system, quota, budget):
    files = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": f"{quota} 100000\n"}
    assert cpu_budget(system(files)) == budget


def test_the_smallest_quota_of_the_groups_of_the_process_counts(system):
    files = {
        "proc/self/cgroup": "0::/user/job/step\n",
        "sys/fs/cgroup/user/cpu.max": "300000 100000\n",
        "sys/fs/cgroup/user/job/step/cpu.max": "500000 100000\n",
    }
    assert cpu_budget(system(files)) == 3


def test_a_path_of_the_host_falls_back_to_the_mount(system):
    files = {"proc/self/cgroup": "0::/kubepods/pod1\n", "sys/fs/cgroup/cpu.max": "400000 100000\n"}
    assert cpu_budget(system(files)) == 4


def test_a_quota_of_version_1_is_rounded_up(system):
    files = {
        "proc/self/cgroup": "4:memory:/job\n3:cpu,cpuacct:/job\n",
        "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "250000\n",
        "sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    }
    assert cpu_budget(system(files)) == 3


def test_a_system_without_affinity_and_cpu_count_has_one_core(system, monkeypatch):
    root = system({})
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cpu_budget(root) == 1
