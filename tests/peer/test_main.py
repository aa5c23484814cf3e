"""The command ``python tools/parity``."""

import subprocess
import sys

import pytest

from parity.install import ROOM


def run(*arguments, **environment):
    command = [sys.executable, str(ROOM), *arguments]
    return subprocess.run(command, env=environment or None, capture_output=True, text=True, timeout=60)


@pytest.mark.slow
def test_it_says_which_commands_there_are():
    done = run("--help")
    assert done.returncode == 0
    assert "models" in done.stdout


@pytest.mark.slow
def test_without_node_it_ends_with_the_reason(tmp_path):
    done = run("models", PATH=str(tmp_path))
    assert done.returncode == 1
    assert "the peers need Node 20.9" in done.stderr
    assert "Traceback" not in done.stderr
