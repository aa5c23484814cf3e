"""The small form of ``python -m fuzz.hostile``: pictures of a sixth of a megapixel, in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from fuzz import hostile

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.mark.slow(6)
def test_hostile_pictures_stay_within_the_limits():
    command = [sys.executable, "-m", "fuzz.hostile", "500", "400"]
    ended = subprocess.run(command, cwd=TOOLS, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
    assert "of 500 pictures" in ended.stdout
    assert "FAILED" not in ended.stdout


def test_the_pictures_are_the_same_for_the_same_seed_and_of_every_kind():
    first, second = (list(hostile.hostile_pictures(1_500, side=16)) for _ in range(2))
    assert first == second
    names = [name for name, _ in first]
    assert len(set(names)) == len(names) == 1_500
    for kind in ("bytes", "damage", "flips", "0 x 30", "frames", "EXIF"):
        assert any(kind in name for name in names)


def test_an_undocumented_error_and_a_limit_that_is_exceeded_are_findings(monkeypatch, capsys):
    def fail(data, *, max_pixels):
        raise KeyError("x")

    monkeypatch.setattr(hostile, "hostile_pictures", lambda *_: iter([hostile.Hostile("PNG", b"")]))
    monkeypatch.setattr(hostile, "valid_cost", lambda side: 0.0)
    monkeypatch.setattr(hostile, "decode_frames", fail)
    monkeypatch.setattr(sys, "argv", ["hostile", "1", "500"])
    assert hostile.main() == 1
    assert "FAILED PNG, its frames: 0 MB, 0.00 s, KeyError: 'x'" in capsys.readouterr().out
