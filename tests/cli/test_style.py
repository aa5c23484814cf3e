"""``humanrt style``."""

import pytest

from humanrt import cli, read_picture
from humanrt.config import StyleConfig
from humanrt.imaging.styles import STYLES, apply_style
from parity.pictures import PICTURES

FACE = str(PICTURES / "human_face.png")


def test_a_style_of_a_picture(tmp_path, capsys):
    output = tmp_path / "out.png"
    assert cli.main(["style", "oil", FACE, "-o", str(output), "--fast", "--set", "style.oil.brush=2"]) == cli.DONE
    assert capsys.readouterr().out == f"{output}\n"
    config = StyleConfig().merge({"name": "oil", "fast": True, "oil": {"brush": 2}})
    assert (read_picture(output) == apply_style(read_picture(FACE), config)).all()


def test_the_gallery_has_the_original_and_all_styles(tmp_path, capsys):
    assert cli.main(["style", "--all", FACE, "-o", str(tmp_path / "gallery"), "--fast"]) == cli.DONE
    written = {path.name for path in (tmp_path / "gallery").iterdir()}
    assert written == {"index.html", *(f"{name}.jpg" for name in ("original", *STYLES))}
    page = (tmp_path / "gallery" / "index.html").read_text()
    assert all(page.count(f'src="{name}"') == 1 for name in written - {"index.html"})
    assert "color-scheme: light dark" in page
    assert 'name="viewport"' in page


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["oil", FACE, "-o", "{folder}/out.xyz"], cli.USAGE, "its ending must be .png"),
        (["oil", FACE, "-o", "{folder}/none/out.png"], cli.USAGE, "name a file in a folder that exists"),
        (["oil", FACE, "-o", FACE], cli.USAGE, "would be replaced"),
        (["oil", "nothere.png", "-o", "{folder}/out.png"], cli.FAILED, "humanrt: nothere.png: does not exist\n"),
        (["oil", FACE, "-o", "{folder}/o.png", "--set", "style.oil.brush=9"], cli.USAGE, "it must be 0.25 to 3"),
    ],
)
def test_an_error_writes_no_file(tmp_path, capsys, arguments, code, message):
    assert cli.main(["style", *(each.format(folder=tmp_path) for each in arguments)]) == code
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_all_takes_no_style(capsys):
    with pytest.raises(SystemExit):
        cli.main(["style", "--all", "oil", FACE, "-o", "gallery"])
    assert "--all takes a picture and no style" in capsys.readouterr().err
