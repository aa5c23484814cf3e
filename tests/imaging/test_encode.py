import stat

import numpy as np
import pytest
from PIL import Image

from humanrt.errors import InputError
from humanrt.imaging import write_png


def test_the_file_contains_the_picture(photo, tmp_path) -> None:
    for path in (tmp_path / "out.png", str(tmp_path / "other.png")):
        write_png(path, photo)
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert np.array_equal(np.asarray(image), photo)
    assert {path.name for path in tmp_path.iterdir()} == {"other.png", "out.png"}
    (tmp_path / "plain").touch()
    assert stat.S_IMODE((tmp_path / "out.png").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(photo, tmp_path, monkeypatch) -> None:
    path = tmp_path / "out.png"
    path.write_bytes(b"old")

    def fail(self, target):
        raise OSError("disk on fire")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="disk on fire"):
        write_png(path, photo)
    assert path.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [path]


def test_other_arrays_are_not_written(photo, tmp_path) -> None:
    with pytest.raises(InputError, match="float64"):
        write_png(tmp_path / "out.png", photo / 2)
    with pytest.raises(FileNotFoundError):
        write_png(tmp_path / "no folder" / "out.png", photo)
    assert not any(tmp_path.iterdir())
