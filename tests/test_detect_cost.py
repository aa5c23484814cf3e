"""The cost of one warm ``detect()``, in counts that are the same on every machine.

The workload is that of Human's defaults, spelled out in ``bench.workloads`` so that a change of the library's defaults
does not change it. ``python -m bench.cost --top 60``, in ``tools``, lists what the calls are.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[1] / "tools"


@pytest.fixture(scope="module")
def figures():
    # In a process of its own: the plugin of the tests records creation sites, which is work in each tensor.
    command = [sys.executable, "-m", "bench.cost", "--json"]
    return json.loads(subprocess.run(command, cwd=TOOLS, stdout=subprocess.PIPE, check=True).stdout)


@pytest.mark.slow
@pytest.mark.parametrize(("what", "most"), [("hops", 16), ("calls", 800), ("files", 46)])
def test_a_warm_detect_costs_at_most(figures, what, most):
    assert 0 < figures[what] <= most


@pytest.mark.slow
def test_each_output_of_a_model_is_copied_once(figures):
    assert figures["outputs"] == 16
    assert figures["copies"] == figures["outputs"]
