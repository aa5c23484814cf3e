import numpy as np

from humanrt import cli, read_picture
from humanrt.cli.parser import FILTER_SWITCHES, FILTERS
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
    assert cli.main(["filter", FACE, "-o", str(tmp_path / "absent" / "out.png")]) == cli.FAILED
    assert cli.main(["filter", FACE, "-o", str(tmp_path / "out.gif")]) == cli.FAILED
    assert not list(tmp_path.iterdir())
