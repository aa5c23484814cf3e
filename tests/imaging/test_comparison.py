"""The difference of two pictures, against its formula in NumPy; ``tests/peer`` compares it with Human."""

import numpy as np
import pytest

from humanrt.imaging.comparison import ROWS, difference


def test_black_and_white_differ_by_255() -> None:
    black, white = np.zeros((3, 4, 3), np.uint8), np.full((3, 4, 3), 255, np.uint8)
    assert difference(black, white) == difference(white, black) == 255
    assert difference(white, white) == 0


@pytest.mark.parametrize("height", [1, ROWS, ROWS + 1, 3 * ROWS - 1])
def test_every_row_counts_once(height) -> None:
    first, second = np.random.default_rng(3).integers(0, 256, (2, height, 5, 3), np.uint8)
    expected = np.mean((first.astype(float) - second) ** 2) / 255
    assert difference(first, second) == pytest.approx(expected, rel=1e-12)


def test_a_picture_of_another_size_is_resized() -> None:
    first, second = np.full((20, 30, 3), 200, np.uint8), np.full((7, 9, 3), 149, np.uint8)
    assert difference(first, second) == pytest.approx(51**2 / 255)
