import pytest

from humanrt.cli import progress
from humanrt.cli.progress import CLEAR, CountLine, duration


@pytest.fixture
def shown(monkeypatch):
    """The texts on a terminal."""
    shown = []
    monkeypatch.setattr(progress, "warn", shown.append)
    monkeypatch.setattr(progress, "error_is_terminal", lambda: True)
    return shown


def test_the_time_left_follows_from_the_rate(shown):
    times = iter([0.0, 10.0, 10.05, 20.0])
    line = CountLine(100, lambda: next(times))
    line.show(20, 0)
    line.show(21, 0)  # too soon to show another one
    line.show(40, 3)
    line.clear()
    line.clear()
    assert shown == [f"{CLEAR}20 of 100, 2.0/s, 40 s left", f"{CLEAR}40 of 100, 3 failed, 2.0/s, 30 s left", CLEAR]


def test_frames_have_no_total(shown):
    times = iter([0.0, 2.0])
    CountLine(None, lambda: next(times)).show(5, 0)
    assert shown == [f"{CLEAR}5, 2.5/s"]


def test_nothing_is_written_to_a_file(capsys):
    line = CountLine(1, iter([0.0, 1.0]).__next__)
    line.show(1, 0)
    line.clear()
    assert capsys.readouterr().err == ""


def test_durations():
    assert [duration(seconds) for seconds in (0.2, 59, 60, 3599, 3661)] == [
        "1 s",
        "59 s",
        "1 min 0 s",
        "59 min 59 s",
        "1 h 1 min",
    ]
