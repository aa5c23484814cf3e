import io
from types import SimpleNamespace

import pytest

from humanrt.cli import output
from humanrt.cli.output import ProgressLine
from humanrt.zoo import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def lines(self):
        """What the one line showed, one after the other."""
        return [line.strip() for line in self.getvalue().removeprefix("\r").split("\r")]


@pytest.fixture
def terminal(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(output, "sys", SimpleNamespace(stderr=terminal))  # pytest itself exchanges sys.stderr
    return terminal


def test_a_terminal_sees_one_line(terminal):
    line = ProgressLine()
    line(Progress("iris.bin", 1_300_000, 2_600_000))
    line(Progress("iris.bin", 2_600_000, 2_600_000))
    assert terminal.lines() == ["fetching iris.bin:  50% of 2.6 MB", "fetching iris.bin: 100% of 2.6 MB"]
    assert terminal.getvalue().count("\n") == 1


def test_several_fetches_share_the_line(terminal):
    line = ProgressLine(expected=8_000_000)
    for progress in (
        Progress("iris.bin", 0, 2_000_000),
        Progress("gear.bin", 1_000_000, 2_000_000),
        Progress("iris.bin", 2_000_000, 2_000_000),
        Progress("gear.bin", 2_000_000, 2_000_000),
        Progress("@maker/models@1.2.3", 4_000_000, 4_000_000),
    ):
        line(progress)
    assert terminal.lines() == [
        "fetching iris.bin:   0% of 8.0 MB",
        "fetching 2 files:  12% of 8.0 MB",
        "fetching gear.bin:  38% of 8.0 MB",
        "fetching gear.bin:  50% of 8.0 MB",
        "fetching @maker/models@1.2.3: 100% of 8.0 MB",
    ]
    assert terminal.getvalue().count("\n") == 1


def test_a_file_sees_nothing(capsys):
    ProgressLine()(Progress("iris.bin", 1, 2))
    assert capsys.readouterr().err == ""
