"""The memory that reading counts, which is that of the arrays it allocates: see ``room.py``."""

import io
from typing import Any

import numpy as np
import pytest

from humanrt.imaging.source import read_into
from humanrt.tensors import Registry

WIDTH, HEIGHT = 5, 4
PIXELS = WIDTH * HEIGHT


class Counted:
    """A room for any picture, with the calls of its methods."""

    def __init__(self) -> None:
        self.held: list[int] = []
        self.pictures: list[tuple[int, int, int]] = []

    def hold(self, count: int) -> None:
        self.held.append(count)

    def hold_picture(self, pixels: int, memory: int, after: int) -> None:
        self.pictures.append((pixels, memory, after))

    def kept_file(self) -> io.BytesIO:
        return io.BytesIO()


def counted(source: Any, **options: Any) -> Counted:
    room = Counted()
    read_into(room, source, **{"bgr": False, "max_pixels": PIXELS, **options})
    return room


def test_an_array_that_is_shared_takes_nothing() -> None:
    assert counted(np.zeros((HEIGHT, WIDTH, 3), np.uint8)).pictures == [(PIXELS, 0, 0)]


def test_a_copy_takes_its_bytes() -> None:
    assert counted(np.zeros((HEIGHT, WIDTH, 3), np.uint8), copy=True).pictures == [(PIXELS, 3 * PIXELS, 3 * PIXELS)]


def test_a_tensor_is_copied_before() -> None:
    with Registry().tensor(np.zeros((HEIGHT, WIDTH, 3), np.uint8)) as tensor:
        room = counted(tensor)
    assert (room.held, room.pictures) == ([tensor.nbytes], [(PIXELS, 0, 3 * PIXELS)])


@pytest.mark.parametrize(
    ("shape", "dtype", "bytes_a_pixel"),
    [
        ((HEIGHT, WIDTH, 3), np.int64, 3 * (8 + 2)),  # rounded to float64, to bytes, and contiguous
        ((HEIGHT, WIDTH, 3), np.uint16, 3 * (8 + 2)),
        ((HEIGHT, WIDTH, 3), np.float32, 3 * (4 + 2)),
        ((HEIGHT, WIDTH, 4), np.float64, 3 * (8 + 2)),  # alpha is cut off first
        ((HEIGHT, WIDTH), np.float16, 1 * (2 + 2) + 3),  # and converted to RGB
        ((HEIGHT, WIDTH), np.uint8, 3),
        ((HEIGHT, WIDTH, 4), np.uint8, 3),
    ],
)
def test_a_conversion_takes_its_copies(shape, dtype, bytes_a_pixel) -> None:
    expected = [(PIXELS, bytes_a_pixel * PIXELS, 3 * PIXELS)]
    assert counted(np.zeros(shape, dtype)).pictures == expected


def test_a_view_becomes_contiguous_and_bgr_is_converted() -> None:
    view = np.zeros((HEIGHT, 2 * WIDTH, 3), np.uint8)[:, ::2]
    assert counted(view).pictures == [(PIXELS, 3 * PIXELS, 3 * PIXELS)]
    assert counted(view, bgr=True).pictures == [(PIXELS, 6 * PIXELS, 3 * PIXELS)]


def test_the_bytes_of_a_file_are_counted(encode, photo, tmp_path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(encode(photo, "PNG"))
    for source in (path, io.BytesIO(path.read_bytes()), bytearray(path.read_bytes())):
        assert counted(source, max_pixels=36 * 24).held == [path.stat().st_size]
