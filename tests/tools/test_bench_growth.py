"""What ``tools/bench/images --growth`` measures, with readings of the memory that the test gives."""

import sys
from itertools import count

import pytest

from bench import growth, images

PICTURES = 5


@pytest.fixture
def readings(monkeypatch):
    """The resident memory in KB after each picture; every run takes the first ones."""
    taken = []
    values = []

    def read():
        taken.append(None)
        return values[(len(taken) - 1) % PICTURES]

    monkeypatch.setattr(growth, "resident_kb", read)
    monkeypatch.setattr(growth, "WARM_UP", 2)
    monkeypatch.setattr(growth, "SIDES", (16, 24))
    return values


def command(monkeypatch):
    """Run the command, and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["images", "--growth", str(PICTURES)])
    return images.main()


def test_the_slope_begins_after_the_warm_up(readings, monkeypatch, capsys):
    readings += [1000, 5000, 7000, 7003, 7006]
    returned = count()
    monkeypatch.setattr(growth, "return_memory", lambda: next(returned))
    assert command(monkeypatch) == 0
    one, random, last = capsys.readouterr().out.splitlines()
    assert one == "5 pictures of one size: 3.0 KB a picture, 0 tensors left"
    assert random == "5 pictures of random sizes, freed memory returned: 3.0 KB a picture, 0 tensors left"
    assert last == "Limits: 10 KB a picture, no tensor: kept."
    assert next(returned) == PICTURES  # of random sizes alone


def test_growth_is_a_failure(readings, monkeypatch, capsys):
    readings += [0, 0, 7000, 7010, 7020]
    monkeypatch.setattr(growth, "FILTERS", ())
    monkeypatch.setattr(growth, "STYLES", ("sketch",))
    assert command(monkeypatch) == 1
    assert capsys.readouterr().out.endswith("no tensor: exceeded.\n")


def test_a_tensor_that_is_left_is_a_failure(readings, monkeypatch, capsys):
    readings += [0] * PICTURES
    monkeypatch.setattr(growth, "FILTERS", ())
    monkeypatch.setattr(growth, "STYLES", ("sketch",))
    style, held = growth.Engine.style, []

    async def leaking(engine, picture, **options):
        held.append(engine.tensor([1.0]))
        return await style(engine, picture, **options)

    monkeypatch.setattr(growth.Engine, "style", leaking)
    assert command(monkeypatch) == 1
    left = PICTURES * len(growth.STYLES)
    assert f"5 pictures of one size: 0.0 KB a picture, {left} tensors left" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform != "linux", reason="it is read from /proc")
def test_the_memory_is_that_of_the_process():
    psutil = pytest.importorskip("psutil")
    assert growth.resident_kb() == pytest.approx(psutil.Process().memory_info().rss / 1024, rel=0.05)
