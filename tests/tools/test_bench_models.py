"""The benches run, and print what they have measured."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"

pytestmark = pytest.mark.slow


def run(name, *arguments):
    command = [sys.executable, "-m", f"bench.{name}", *arguments]
    return subprocess.run(command, cwd=TOOLS, capture_output=True, text=True, check=False).stdout


def test_loading():
    lines = run("load", "emotion", "liveness").splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["emotion", "liveness"]
    times = [[float(cell) for cell in line.split()[2:4]] for line in lines[1:3]]
    assert all(0 < each < 10_000 for pair in times for each in pair)
    average = re.match(r"average of a model +([\d.]+) +[\d.]+   limit 60", lines[3])
    assert float(average[1]) == pytest.approx((times[0][0] + times[1][0]) / 2, abs=0.11)


def test_cleanups():
    head, columns, *lines = run("cleanups", "iris").splitlines()
    assert head.split() == ["with", "without"]
    assert columns.split() == ["clean-up", "model", *("nodes", "transposes", "ms") * 2]
    written_out = next(line for line in lines if line.startswith("PRelu written out"))
    with_it, without = (float(written_out.split()[cell]) for cell in (-4, -1))
    assert 0 < with_it < without


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory():
    *steps, peak, given_back = run("memory").splitlines()
    assert [re.split(r"[:,]|  ", step)[0] for step in steps] == [
        "libraries imported",
        "models loaded",
        "detected",
        "closed",
    ]
    ready, loaded, _, closed = (float(step.split()[-2]) for step in steps)
    assert ready < closed < loaded < float(re.search(r"([\d.]+) MB, within 700 MB", peak)[1])
    assert re.search(r"(8\d|9\d|100)% of what", given_back)
