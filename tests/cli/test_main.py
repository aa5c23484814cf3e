import subprocess
import sys

import pytest

import humanrt
from humanrt import cli


@pytest.mark.parametrize(
    "arguments", [[], ["detect"], ["detect", "--nonsense", "x"], ["models"], ["models", "eat"], ["models", "pull"]]
)
def test_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == cli.USAGE
    assert "usage:" in capsys.readouterr().err


@pytest.mark.slow
def test_as_a_module():
    command = [sys.executable, "-m", "humanrt", "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == humanrt.__version__
