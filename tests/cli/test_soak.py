"""``humanrt soak`` in its shortest form: it does each kind of work, and its verdict is that of the numbers."""

import csv

import pytest

from humanrt import cli, read_picture
from humanrt.cli.chart import Panel, draw_chart
from humanrt.cli.soak import _is_growth, _verdict
from humanrt.runtime import heap
from humanrt.watch import Slope
from parity.pictures import PICTURES

QUICK = ["body.enabled=false", "hand.enabled=false", "face.iris.enabled=false", "face.description.enabled=false"]


@pytest.mark.slow(6)
def test_a_short_run(tmp_path, capsys, monkeypatch):
    bounded = []
    monkeypatch.setattr(heap, "bound", lambda: bounded.append(True))  # it would be that of all tests
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "face.png").write_bytes((PICTURES / "human_face.png").read_bytes())
    settings = [part for setting in QUICK for part in ("--set", setting)]
    arguments = ["--minutes", "0.03", "--every", "0.1", "--workers", "0", "--output", str(tmp_path / "out"), *settings]
    assert cli.main(["soak", str(tmp_path / "in"), *arguments]) in (cli.DONE, cli.FAILED)
    printed = capsys.readouterr().out
    for kind in ("calls", "1 reloads", "streams", "batches", "cancelled", "bad inputs"):
        assert kind in printed
    assert bounded
    assert "tensors: 0 before, 0 after" in printed
    rows = list(csv.DictReader((tmp_path / "out" / "soak.csv").read_text().splitlines()))
    assert rows
    assert {row["tensors"] for row in rows} == {"0"}
    assert read_picture(tmp_path / "out" / "soak.png").shape[1] == 1200


def test_wrong_usage(capsys):
    assert cli.main(["soak", "--minutes", "0"]) == cli.USAGE
    assert "--minutes" in capsys.readouterr().err


def test_an_output_that_is_no_folder(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert cli.main(["soak", "--output", str(tmp_path / "file")]) == cli.FAILED
    assert capsys.readouterr().err == f"humanrt: {tmp_path / 'file'} cannot be written: File exists\n"


@pytest.mark.parametrize(
    ("slope", "grows"),
    [((2000, 10, 3990), True), ((2000, -10, 4010), False), ((900, 800, 1000), False), ((-5, -9, -1), False)],
)
def test_growth_is_above_0_with_confidence_and_above_a_kilobyte(slope, grows):
    slope = Slope(*slope)
    assert _is_growth(slope) is grows
    assert ("it grows" in _verdict(slope, [])) is grows
    assert "left over: handles" in _verdict(Slope(0, -1, 1), ["handles"])
    assert "too short" in _verdict(None, [])


def test_a_curve_is_drawn_where_its_values_are():
    image = draw_chart([0, 1, 2], [Panel("flat", [1, 1, 1])], 1)
    blue = (image[..., 2].astype(int) - image[..., 0] > 100).nonzero()
    assert abs(blue[0].mean() - (46 + (230 - 14)) / 2) < 2  # in the middle between the top and the bottom of the panel
    assert (blue[1].min(), blue[1].max()) == pytest.approx((110, 1180), abs=3)
