"""Parts by begin, end and strides: what TF.js computes is in tests/peer; here is where it fails."""

import numpy as np
import pytest

from humanrt.errors import InputError

GRID = np.arange(12).reshape(3, 4)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (([2], [0]), GRID[2:0]),  # nothing; TF.js refuses it
        (([-1, 1], [0, 9], [1, 2], 0, 0, 0, 0, 0b01), GRID[-1, 1:9:2]),  # TF.js refuses strides beside it
        (([0, 0, 3], [0, 0, 0], [1, 1, -2], 0, 0b100, 0b001, 0b010), GRID[..., None, 3::-2]),
        (([], []), GRID),
    ],
)
def test_numpy_writes_the_same_part(values, arguments, expected):
    np.testing.assert_array_equal(values("strided_slice", GRID, *arguments), expected, strict=True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([0], [1, 2]), "1, 2 and 1 entries"),
        (([0], [1], [1, 1]), "1, 1 and 2 entries"),
        (([0, 0], [1, 1], [1, 0]), r"strides\[1\] is 0"),
        (([0], [1], [-1], 0, 0, 0, 0, 1), r"strides\[0\] is -1; .* where shrink_axis_mask is set"),
        (([3], [4], None, 0, 0, 0, 0, 1), "out of bounds"),
        (([0, 0], [1, 1], None, 0, 0, 0b11), "ellipsis_mask is 0b11; accepted: at most one bit"),
        (([0, 0, 0], [1, 1, 1]), "too many indices"),
        (([0.5], [1]), "float"),
    ],
)
def test_what_does_not_fit(values, arguments, words):
    with pytest.raises(InputError, match=words):
        values("strided_slice", GRID, *arguments)
