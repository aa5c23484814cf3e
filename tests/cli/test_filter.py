from pathlib import Path

import numpy as np
import pytest

from humanrt import cli, read_picture
from humanrt.cli.arguments import FILTER_SWITCHES, FILTERS
from humanrt.config import FilterConfig
from humanrt.imaging.filters import filter_picture
from parity.pictures import PICTURES

FACE = str(PICTURES / "human_face.png")


def test_every_filter_has_an_option():
    assert {*FILTERS, *FILTER_SWITCHES, "width", "height"} == vars(FilterConfig()).keys() - {"enabled", "return_"}


def test_the_picture_is_written_with_the_filters(tmp_path, capsys):
    path = tmp_path / "out.png"
    options = ["--brightness", "0.2", "--sepia", "--width", "100", "--auto-brightness"]
    assert cli.main(["filter", FACE, "-o", str(path), *options]) == cli.DONE
    assert capsys.readouterr().out == f"wrote {path}\n"
    expected = FilterConfig(brightness=0.2, sepia=True, width=100)
    assert np.array_equal(read_picture(path), filter_picture(read_picture(FACE), expected))


def test_errors(tmp_path, capsys):
    out = ["-o", str(tmp_path / "out.png")]
    assert cli.main(["filter", FACE, *out, "--brightness", "3"]) == cli.USAGE
    assert "filter.brightness is 3.0; it must be -1 to 1" in capsys.readouterr().err
    assert cli.main(["filter", str(tmp_path / "none.jpg"), *out]) == cli.FAILED
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent/out.png", "name a file in a folder that exists"),
        ("out.gif", "its ending must be .png"),
        ("in.png", "in.png would be replaced; name another"),
        ("./in.png", "in.png would be replaced; name another"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_computed(
    tmp_path, monkeypatch, capsys, name, message
):
    monkeypatch.setattr("humanrt.cli.filter.Human", lambda *_: pytest.fail("it was made"))
    picture = tmp_path / "in.png"
    picture.write_bytes(Path(FACE).read_bytes())
    assert cli.main(["filter", str(picture), "-o", f"{tmp_path}/{name}"]) == cli.USAGE
    assert message in capsys.readouterr().err
    assert picture.read_bytes() == Path(FACE).read_bytes()
