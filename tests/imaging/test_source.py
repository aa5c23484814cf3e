import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as np_st
from PIL import Image, ImageOps

from humanrt.errors import InputError, TensorDisposedError
from humanrt.imaging import source as source_module
from humanrt.imaging.source import read_picture
from humanrt.tensors import Registry

MAX_PIXELS = 1_000_000


def read(source, **options):
    return read_picture(source, max_pixels=MAX_PIXELS, **options)


@pytest.fixture
def png(encode, photo) -> bytes:
    return encode(photo, "PNG")


class Trickle:
    """A file that, like a socket, gives a few bytes a call."""

    def __init__(self, data: bytes) -> None:
        self.file = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self.file.read(min(size, 7))


def test_every_way_to_hand_over_an_encoded_picture(png, photo, tmp_path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(png)
    every_other = memoryview(bytes(byte for byte in png for _ in range(2)))[::2]
    for source in (path, str(path), png, bytearray(png), memoryview(png), every_other, io.BytesIO(png), Trickle(png)):
        assert np.array_equal(read(source), photo)
    with path.open("rb") as file:
        assert np.array_equal(read(file), photo)
        assert not file.closed


def test_bgr_says_nothing_about_encoded_pictures(png, photo) -> None:
    assert np.array_equal(read(png, bgr=True), photo)
    assert np.array_equal(read(Image.fromarray(photo), bgr=True), photo)


@pytest.mark.parametrize(
    ("make_source", "message"),
    [
        (lambda folder: None, "NoneType is no picture"),
        (lambda folder: 42, "int is no picture"),
        (lambda folder: [[1, 2, 3]], "list is no picture"),
        (lambda folder: folder, "is a folder"),
        (lambda folder: folder / "missing.png", "does not exist"),
        (lambda folder: "data:image/png;base64,iVBORw0KGgo", "does not exist"),
        (lambda folder: "x" * 10_000, "cannot be read|does not exist"),
        (lambda folder: "nul\0byte", "does not exist"),
        (lambda folder: "", "is a folder"),
        (lambda folder: "https://example.com/me.jpg", "is an address"),
        (lambda folder: os.devnull, "is no regular file"),
    ],
)
def test_what_is_no_picture_is_told_what_is(make_source, message, tmp_path) -> None:
    with pytest.raises(InputError, match=message) as raised:
        read(make_source(tmp_path))
    assert "accepted are the path, the bytes or an open binary file" in str(raised.value)
    assert len(str(raised.value)) < 700


def test_a_path_that_may_not_be_read_says_why(tmp_path, monkeypatch) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(b"x")

    def refuse(*args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        read(path)


def test_paths_of_the_file_systems_own_bytes(png, photo, tmp_path) -> None:
    (tmp_path / "photo.png").write_bytes(png)
    with os.scandir(os.fsencode(tmp_path)) as entries:
        assert np.array_equal(read(next(entries)), photo)


@pytest.mark.parametrize("make_source", [lambda path: path, lambda path: b"", lambda path: io.BytesIO()])
def test_nothing_at_all_is_refused(make_source, tmp_path) -> None:
    path = tmp_path / "empty"
    path.touch()
    with pytest.raises(InputError, match="empty: 0 bytes"):
        read(make_source(path))


def test_files_open_as_text_and_closed_files(png, tmp_path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(png)
    with path.open(encoding="utf-8") as file, pytest.raises(InputError, match="mode 'rb'"):
        read(file)
    with pytest.raises(InputError, match="gives str, not bytes"):
        read(io.StringIO("text"))
    closed = io.BytesIO(png)
    closed.close()
    with pytest.raises(InputError, match="cannot be read"):
        read(closed)


def test_files_beyond_the_limit_are_refused_before_they_are_read(tmp_path, monkeypatch) -> None:
    path = tmp_path / "film.png"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)  # sparse: it takes no room
    monkeypatch.setattr(source_module, "_read_file", lambda file: pytest.fail("the file was read"))
    with pytest.raises(InputError, match="larger than 256 MiB"):
        read(path)


def test_an_endless_file_is_read_to_the_limit_only(monkeypatch) -> None:
    monkeypatch.setattr(source_module, "MAX_ENCODED_BYTES", 3 * 2**20)
    with pytest.raises(InputError, match="larger than 3 MiB"), Path("/dev/zero").open("rb") as file:
        read(file)
    with pytest.raises(InputError, match="larger than 3 MiB"):
        read(bytes(3 * 2**20 + 1))


def test_a_right_array_is_shared_and_never_written(photo) -> None:
    frozen = photo.copy()
    frozen.flags.writeable = False
    assert np.shares_memory(read(frozen), frozen)
    assert np.shares_memory(read(frozen[np.newaxis]), frozen)
    swapped = read(frozen, bgr=True)
    assert not np.shares_memory(swapped, frozen)
    assert np.array_equal(swapped, photo[..., ::-1])


@pytest.mark.parametrize(
    "dtype", [np.uint8, np.int8, np.uint16, np.int32, np.int64, np.float16, np.float32, np.float64]
)
@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("bgr", [False, True])
def test_layouts_and_dtypes(photo, dtype, batch, bgr) -> None:
    photo = photo // 2  # fits int8
    rgba = np.dstack([photo, np.full((24, 36), 77, np.uint8)])
    colour = photo[..., ::-1] if bgr else photo
    grey = photo[..., :1].repeat(3, axis=2)
    cases = [(photo, colour), (rgba, colour), (photo[..., :1], grey)]
    if not batch:
        cases.append((photo[..., 0], grey))
    for array, expected in cases:
        array = array.astype(dtype)
        picture = read(array[np.newaxis] if batch else array, bgr=bgr)
        assert picture.dtype == np.uint8
        assert picture.flags.c_contiguous
        assert np.array_equal(picture, expected)


@pytest.mark.parametrize("view", [np.s_[::2, ::3], np.s_[::-1], np.s_[:, ::-1], np.s_[:, :, ::-1]])
def test_views_become_contiguous(photo, view) -> None:
    picture = read(photo[view])
    assert picture.flags.c_contiguous
    assert np.array_equal(picture, photo[view])


def test_floats_are_rounded_and_black_is_black() -> None:
    assert read(np.full((2, 2, 3), 254.6, np.float32)).max() == 255
    assert read(np.zeros((2, 2, 3), np.float32)).max() == 0
    assert read(np.ones((2, 2, 3), np.int32)).max() == 1
    assert read(np.full((2, 2, 3), 99.0, ">f4")).max() == 99


def test_alpha_may_hold_anything() -> None:
    image = np.full((2, 2, 4), 99.0, np.float32)
    image[..., 3] = np.nan
    assert read(image).max() == 99


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 2, 3), bool), "dtype bool"),
        (np.zeros((2, 2, 3), complex), "dtype complex128"),
        (np.zeros((2, 2, 3), object), "dtype object"),
        (np.zeros((2, 2, 3), str), "dtype <U1"),
        (np.zeros((2, 2, 3), "M8[s]"), "dtype datetime64"),
        (np.full((2, 2, 3), np.nan), "run from nan to nan"),
        (np.array([[[1, 2, np.nan]]]), "run from nan"),
        (np.full((2, 2, 3), np.inf), "inf"),
        (np.full((2, 2, 3), -1), "run from -1 to -1"),
        (np.full((2, 2, 3), 256), "run from 256 to 256"),
        (np.full((2, 2, 3), 255.5), "255.5"),
        (np.full((2, 2, 3), 0.7), "multiply by 255"),
        (np.ones((2, 2, 3), np.float16), "multiply by 255"),
        (np.zeros(3, np.uint8), r"shape \[3\]"),
        (np.zeros((), np.uint8), r"shape \[\]"),
        (np.zeros((5, 5, 2), np.uint8), r"shape \[5, 5, 2\]"),
        (np.zeros((3, 50, 60), np.uint8), r"channels come last"),
        (np.zeros((2, 5, 5, 3), np.uint8), r"shape \[2, 5, 5, 3\]"),
        (np.zeros((1, 1, 5, 5, 3), np.uint8), "shape"),
        (np.zeros((0, 5, 3), np.uint8), "5 x 0: it holds no pixel"),
        (np.zeros((5, 0, 3), np.float32), "0 x 5: it holds no pixel"),
        (np.zeros((1001, 1000), np.uint8), "1000 x 1001 = 1,001,000 pixels, the limit is 1,000,000"),
    ],
)
def test_arrays_that_are_no_pictures(array, message) -> None:
    with pytest.raises(InputError, match=message):
        read(array)


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry with a scope open: what a test makes is freed with it."""
    registry = Registry()
    with registry.scope():
        yield registry
    registry.close()


def test_tensors_are_read_like_arrays_and_stay_the_callers(photo, registry) -> None:
    for values in (photo, photo[np.newaxis], photo.astype(np.float32), np.dstack([photo, photo[..., :1]])):
        tensor = registry.tensor(values)
        baseline = registry.memory()
        picture = read(tensor)
        assert registry.memory() == baseline
        tensor.dispose()
        assert np.array_equal(picture, photo)
    assert np.array_equal(read(registry.tensor(photo), bgr=True), photo[..., ::-1])


def test_tensors_that_cannot_be_read_leave_the_counts_alone(photo, registry) -> None:
    disposed = registry.tensor(photo)
    disposed.dispose()
    wrong_shape, wrong_batch = registry.tensor(np.zeros(5)), registry.tensor(np.zeros((2, 5, 5, 3)))
    wrong_range, wrong_dtype = registry.tensor(np.full((5, 5, 3), 0.5)), registry.tensor(np.ones((5, 5, 3), bool))
    baseline = registry.memory()
    with pytest.raises(TensorDisposedError):
        read(disposed)
    for tensor in (wrong_shape, wrong_batch, wrong_range, wrong_dtype):
        with pytest.raises(InputError):
            read(tensor)
    assert registry.memory() == baseline


@given(
    np_st.arrays(
        st.sampled_from([np.uint8, np.int16, np.float32, np.bool_, np.complex64]),
        np_st.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=5),
    )
)
def test_any_array_is_read_or_refused(array) -> None:
    try:
        picture = read(array)
    except InputError:
        return
    assert picture.dtype == np.uint8
    assert picture.shape[2:] == (3,)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pil_images_come_upright(encode, photo, orientation) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    with Image.open(io.BytesIO(encode(photo, "PNG", exif=exif))) as image:
        assert np.array_equal(read(image), np.asarray(ImageOps.exif_transpose(image)))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV"])
def test_pil_layouts(photo, mode) -> None:
    image = Image.fromarray(photo).convert("L" if mode == "LA" else "RGB").convert(mode)
    assert np.array_equal(read(image), np.asarray(image.convert("RGB")))


def test_pil_layouts_beyond_8_bits() -> None:
    deep = (np.arange(24 * 36, dtype=np.uint16) * 75).reshape(24, 36)
    expected = (deep >> 8).astype(np.uint8)[..., np.newaxis].repeat(3, axis=2)
    assert np.array_equal(read(Image.fromarray(deep)), expected)
    assert np.array_equal(read(Image.fromarray((deep >> 8).astype(np.int32))), expected)
    assert np.array_equal(read(Image.fromarray((deep >> 8).astype(np.float32))), expected)
    with pytest.raises(InputError, match="multiply by 255"):
        read(Image.fromarray(np.full((2, 2), 0.5, np.float32)))


def test_pil_images_are_bounded_before_they_are_loaded(encode, photo) -> None:
    with Image.open(io.BytesIO(encode(photo, "PNG"))) as image:
        with pytest.raises(InputError, match="too large"):
            read_picture(image, max_pixels=100)
        assert image.fp is not None, "the pixels were loaded"
    with pytest.raises(InputError, match="no pixel"):
        read(Image.new("RGB", (0, 3)))


def test_a_damaged_pil_image_is_an_input_error(encode, noise) -> None:
    data = encode(noise, "JPEG")
    with Image.open(io.BytesIO(data[: len(data) // 2])) as image, pytest.raises(InputError, match="PIL cannot decode"):
        read(image)


def test_pil_is_not_imported_for_those_who_do_not_use_it() -> None:
    script = (
        "import sys, numpy; from humanrt.imaging import read_picture\n"
        "read_picture(numpy.zeros((2, 2, 3), 'uint8'), max_pixels=4)\n"
        "sys.exit('PIL' in sys.modules or 'cv2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
