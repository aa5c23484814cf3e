import asyncio
import gc
import gzip
import io
import os
import socket
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as np_st
from PIL import Image, ImageOps

from humanrt.errors import InputError, TensorDisposedError
from humanrt.imaging import encoded
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


class Endless:
    def read(self, size: int) -> bytes:
        return bytes(size)


def test_every_kind_of_encoded_source(png, photo, tmp_path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(png)
    every_other = memoryview(bytes(byte for byte in png for _ in range(2)))[::2]
    for source in (path, str(path), png, bytearray(png), memoryview(png), every_other, io.BytesIO(png), Trickle(png)):
        assert np.array_equal(read(source), photo)
    with path.open("rb") as file:
        assert np.array_equal(read(file), photo)
        assert not file.closed


def test_bgr_has_no_effect_on_encoded_pictures(png, photo) -> None:
    assert np.array_equal(read(png, bgr=True), photo)
    assert np.array_equal(read(Image.fromarray(photo), bgr=True), photo)


@pytest.mark.parametrize(
    ("make_source", "message"),
    [
        (lambda folder: None, "NoneType is not a picture"),
        (lambda folder: 42, "int is not a picture"),
        (lambda folder: [[1, 2, 3]], r"list is not a picture: detect_many\(\) accepts several"),
    ],
)
def test_the_error_for_another_source_names_the_accepted_ones(make_source, message, tmp_path) -> None:
    with pytest.raises(InputError, match=message) as raised:
        read(make_source(tmp_path))
    assert "accepted are the path, the bytes or an open binary file" in str(raised.value)


@pytest.mark.parametrize(
    ("make_source", "message"),
    [
        (lambda folder: folder, "is a folder"),
        (lambda folder: folder / "missing.png", "does not exist"),
        (lambda folder: "x" * 10_000, "cannot be read|does not exist"),
        (lambda folder: "nul\0byte", "does not exist"),
        (lambda folder: "", "is a folder"),
        (lambda folder: "https://example.com/me.jpg", "'https://example.com/me.jpg' is an address"),
        (lambda folder: "~/me.jpg", r"does not exist: ~ is not expanded; use Path\(...\).expanduser\(\)"),
        (lambda folder: os.devnull, "is not a regular file"),
    ],
)
def test_the_error_for_a_path_is_short(make_source, message, tmp_path) -> None:
    with pytest.raises(InputError, match=message) as raised:
        read(make_source(tmp_path))
    assert len(str(raised.value)) < 270


def test_the_error_for_an_unreadable_path_contains_the_reason(tmp_path, monkeypatch) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(b"x")

    def refuse(*args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        read(path)


def test_paths_of_bytes(png, photo, tmp_path) -> None:
    (tmp_path / "photo.png").write_bytes(png)
    with os.scandir(os.fsencode(tmp_path)) as entries:
        assert np.array_equal(read(next(entries)), photo)


@pytest.mark.parametrize("make_source", [lambda path: path, lambda path: b"", lambda path: io.BytesIO()])
def test_empty_sources_are_refused(make_source, tmp_path) -> None:
    path = tmp_path / "empty"
    path.touch()
    with pytest.raises(InputError, match="empty: 0 bytes"):
        read(make_source(path))


def test_text_files_and_closed_files_are_refused(png, tmp_path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(png)
    with path.open(encoding="utf-8") as file, pytest.raises(InputError, match="mode 'rb'"):
        read(file)
    with pytest.raises(InputError, match="returned str, not bytes"):
        read(io.StringIO("text"))
    closed = io.BytesIO(png)
    closed.close()
    with pytest.raises(InputError, match="cannot be read"):
        read(closed)


def test_files_beyond_the_limit_are_refused_before_they_are_read(tmp_path, monkeypatch) -> None:
    path = tmp_path / "film.png"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)  # sparse: it takes no room
    monkeypatch.setattr(encoded, "_read_file", lambda *_, **__: pytest.fail("the file was read"))
    with pytest.raises(InputError, match="larger than 256 MiB"):
        read(path)


def test_an_endless_file_is_read_to_the_limit_only() -> None:
    for source in (Endless(), bytes(3 * 2**20 + 1), f"data:,{'x' * (5 * 2**20)}"):
        with pytest.raises(InputError, match=r"larger than 3 MiB \(the setting image\.max_bytes\)"):
            read(source, max_bytes=3 * 2**20)


def test_an_rgb_array_is_shared_and_never_written(photo) -> None:
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


@pytest.mark.parametrize("dtype", [np.int16, np.int64, np.uint16, np.float16, np.float32, np.float64])
def test_black_and_white_of_every_dtype(dtype) -> None:
    array = np.array([[0, 255]], dtype)
    assert read(array).tolist() == [[[0] * 3, [255] * 3]]


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
        (np.full((2, 2, 3), np.nan), "within 0..255; one of these is NaN"),
        (np.array([[[1, 2, np.nan]]]), "one of these is NaN"),
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
        (np.zeros((0, 5, 3), np.uint8), "5 x 0: it has no pixels"),
        (np.zeros((5, 0, 3), np.float32), "0 x 5: it has no pixels"),
        (np.zeros((1001, 1000), np.uint8), "1000 x 1001 = 1,001,000 pixels, the limit is 1,000,000"),
    ],
)
def test_other_arrays_are_refused(array, message) -> None:
    with pytest.raises(InputError, match=message):
        read(array)


@pytest.fixture
def registry(registry: Registry) -> Iterator[Registry]:
    """The registry with a scope open: what a test makes is freed with it."""
    with registry.scope():
        yield registry


def test_tensors_are_read_like_arrays_and_are_not_disposed(photo, registry) -> None:
    for values in (photo, photo[np.newaxis], photo.astype(np.float32), np.dstack([photo, photo[..., :1]])):
        tensor = registry.tensor(values)
        baseline = registry.memory()
        picture = read(tensor)
        assert registry.memory() == baseline
        tensor.dispose()
        assert np.array_equal(picture, photo)
    assert np.array_equal(read(registry.tensor(photo), bgr=True), photo[..., ::-1])


def test_tensors_that_are_refused_leave_the_counts_unchanged(photo, registry) -> None:
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
def test_pil_images_become_upright(encode, photo, orientation) -> None:
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


def test_pil_images_are_checked_before_they_are_decoded(encode, photo) -> None:
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


def test_neither_pil_nor_opencv_is_imported_for_an_array() -> None:
    script = (
        "import sys, numpy; from humanrt.imaging import read_picture\n"
        "read_picture(numpy.zeros((2, 2, 3), 'uint8'), max_pixels=4)\n"
        "sys.exit('PIL' in sys.modules or 'cv2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


class AsyncFile:
    """Like FastAPI's UploadFile and the files of aiofiles."""

    async def read(self, size: int = -1) -> bytes:
        return b""


class FileOfAwaitables:
    """Like an AsyncFile that is wrapped in a plain function."""

    def read(self, size: int) -> object:
        return AsyncFile().read(size)


async def coroutine() -> bytes:
    return b""


# Warnings are errors in these tests, and so is a coroutine that was never awaited.
@pytest.mark.parametrize("make_source", [AsyncFile, FileOfAwaitables, asyncio.StreamReader])
async def test_an_asynchronous_file_must_be_awaited(make_source) -> None:
    with pytest.raises(InputError, match=r"asynchronous: pass `await file\.read\(\)` instead"):
        read(make_source())
    gc.collect()


def test_a_coroutine_must_be_awaited() -> None:
    with pytest.raises(InputError, match="coroutine is not a picture: await it, and pass the result"):
        read(coroutine())
    gc.collect()


async def test_a_future_must_be_awaited_and_is_not_cancelled() -> None:
    future = asyncio.get_running_loop().create_future()
    with pytest.raises(InputError, match="Future is not a picture: await it"):
        read(future)
    assert not future.cancelled()


class TestFilesThatMayBlock:
    """None of these tests would end if the file were read or opened in the usual way."""

    def test_a_path_of_a_pipe(self, tmp_path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(InputError, match="is not a regular file"):
            read(tmp_path / "pipe")

    def test_a_file_that_is_replaced_by_a_pipe(self, tmp_path, monkeypatch) -> None:
        os.mkfifo(tmp_path / "pipe")
        monkeypatch.setattr("pathlib.Path.is_file", lambda path: True)
        with pytest.raises(InputError, match="is not a regular file"):
            read(tmp_path / "pipe")

    def test_an_open_pipe(self) -> None:
        reader, writer = os.pipe()
        with os.fdopen(reader, "rb") as file, os.fdopen(writer, "wb"):
            with pytest.raises(InputError, match=r"is a pipe.*`await asyncio\.to_thread\(file\.read\)`"):
                read(file)
            with pytest.raises(InputError, match="is a pipe"):
                read(file.raw)

    def test_a_socket(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs, ours.makefile("rb") as file, pytest.raises(InputError, match="a socket"):
            read(file)

    def test_an_open_device(self) -> None:
        with Path("/dev/zero").open("rb") as file, pytest.raises(InputError, match="a device"):
            read(file)

    def test_a_file_that_fails(self) -> None:
        class Failing:
            def read(self, size: int) -> bytes:
                raise OSError(5, "Input/output error")

        with pytest.raises(InputError, match=r"the file cannot be read: \[Errno 5\] Input/output error$"):
            read(Failing())

    def test_a_file_without_data_yet(self) -> None:
        class Nonblocking:
            def read(self, size: int) -> None:
                return None

        with pytest.raises(InputError, match="non-blocking mode"):
            read(Nonblocking())


def test_a_file_in_memory_stays_there(png, photo) -> None:
    with tempfile.SpooledTemporaryFile(max_size=2**20) as file:
        file.write(png)
        file.seek(0)
        assert np.array_equal(read(file), photo)
        assert not file._rolled
    with tempfile.NamedTemporaryFile() as file:
        file.write(png)
        file.seek(0)
        assert np.array_equal(read(file), photo)


def test_compressed_files_and_members_of_archives(png, photo) -> None:
    assert np.array_equal(read(gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(png)))), photo)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("photo.png", png)
    with zipfile.ZipFile(archive) as file, file.open("photo.png") as member:
        assert np.array_equal(read(member), photo)


class WithArray:
    """An array of a library that NumPy knows to convert."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
        return self.array


class WithDLPack:
    """An array of a library that exports by DLPack only."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __dlpack__(self, **options: object) -> object:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()


class OnGpu:
    """An array that cannot be converted, as those of GPUs."""

    def __array__(self) -> np.ndarray:
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


@pytest.mark.parametrize("wrap", [WithArray, WithDLPack])
def test_arrays_of_other_libraries_are_pictures(wrap, photo) -> None:
    assert np.shares_memory(read(wrap(photo)), photo)
    assert np.array_equal(read(wrap(photo.astype(np.float32))), photo)
    assert np.array_equal(read(wrap(photo), bgr=True), photo[..., ::-1])
    with pytest.raises(InputError, match=r"shape \[3\] is not a picture"):
        read(wrap(np.zeros(3)))


def test_an_array_that_cannot_be_converted_is_refused() -> None:
    with pytest.raises(InputError, match="OnGpu cannot be converted to a NumPy array: can't convert cuda:0"):
        read(OnGpu())
