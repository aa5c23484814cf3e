import stat

import numpy as np
import pytest
from PIL import Image

from humanrt.errors import InputError
from humanrt.imaging import write_picture, write_png


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
    with pytest.raises(FileNotFoundError) as caught:
        write_png(tmp_path / "no folder" / "out.png", photo)
    assert caught.value.filename == str(tmp_path / "no folder" / "out.png")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("ending", "kind", "error"),
    [(".png", "PNG", 0), (".PNG", "PNG", 0), (".jpg", "JPEG", 3), (".jpeg", "JPEG", 3), (".webp", "WEBP", 3)],
)
def test_the_ending_decides_the_format(ending, kind, error, photo, tmp_path) -> None:
    write_picture(tmp_path / f"out{ending}", photo)
    with Image.open(tmp_path / f"out{ending}") as image:
        assert image.format == kind
        assert np.abs(np.asarray(image.convert("RGB")).astype(int) - photo).mean() <= error
    assert [path.name for path in tmp_path.iterdir()] == [f"out{ending}"]


@pytest.mark.parametrize("ending", ["jpg", "webp"])
def test_a_lower_quality_is_a_smaller_file(ending, tmp_path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (40, 40, 3), np.uint8)
    sizes = []
    for quality in (10, None, 100):
        write_picture(tmp_path / f"out.{ending}", noise, quality=quality)
        sizes.append((tmp_path / f"out.{ending}").stat().st_size)
    assert sizes == sorted(set(sizes))


def test_other_endings_and_qualities_are_refused(photo, tmp_path) -> None:
    for name, quality, message in (
        ("out.bmp", None, "'.bmp'; pictures are written to .png, .jpg"),
        ("out", None, "''; pictures"),
        ("out.png", 80, "PNG has none"),
        ("out.jpg", 0, "an integer of 1..100"),
        ("out.jpg", 101, "an integer of 1..100"),
        ("out.webp", 80.5, "an integer of 1..100"),
        ("out.webp", True, "an integer of 1..100"),
    ):
        with pytest.raises(InputError, match=message):
            write_picture(tmp_path / name, photo, quality=quality)
    with pytest.raises(InputError, match="float64"):
        write_picture(tmp_path / "out.jpg", photo / 2)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(("ending", "width"), [("webp", 16384), ("jpg", 65501)])
def test_a_picture_too_large_for_its_format_is_refused(ending, width, tmp_path) -> None:
    with pytest.raises(InputError, match=f"{width} x 1 pixels is too large for .{ending}; write it as .png"):
        write_picture(tmp_path / f"out.{ending}", np.zeros((1, width, 3), np.uint8))
    assert not any(tmp_path.iterdir())


def test_a_list_is_not_a_picture_and_a_path_may_be_bytes(photo, tmp_path) -> None:
    with pytest.raises(InputError, match="this is list"):
        write_picture(tmp_path / "out.png", [[1]])
    for write in (write_picture, write_png):
        write(bytes(tmp_path / f"{write.__name__}.png"), photo)
    assert {path.name for path in tmp_path.iterdir()} == {"write_picture.png", "write_png.png"}
