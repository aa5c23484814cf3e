"""Resizing against a NumPy transcription of the definitions in TF.js's CPU kernels."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from humanrt.errors import ModelFormatError

SETTINGS = settings(
    deadline=None, max_examples=40, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def positions(old, new, corners, centers):
    """Return the position of each new pixel on the old axis."""
    scale = (old - 1) / (new - 1) if corners and new > 1 else old / new
    return (np.arange(new) + 0.5) * scale - 0.5 if centers else np.arange(new) * scale


def bilinear(x, size, corners, centers):
    for axis in (1, 2):
        at = positions(x.shape[axis], size[axis - 1], corners, centers)
        low = np.maximum(np.floor(at), 0).astype(int)
        high = np.minimum(np.ceil(at), x.shape[axis] - 1).astype(int)
        weight = (at - low).reshape(-1, *[1] * (3 - axis))
        lower, upper = np.take(x, low, axis), np.take(x, high, axis)
        x = lower + (upper - lower) * weight
    return x


def nearest(x, size, corners, centers):
    for axis in (1, 2):
        at = positions(x.shape[axis], size[axis - 1], corners, centers) + (0.5 if centers else 0)
        index = np.floor(at + 0.5) if corners else np.floor(at + 1e-9)
        x = np.take(x, np.clip(index, 0, x.shape[axis] - 1).astype(int), axis)
    return x


@SETTINGS
@given(
    old=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    new=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    flags=st.sampled_from([(False, False), (True, False), (False, True)]),
    planar=st.booleans(),
    is_known=st.booleans(),
)
def test_bilinear(evaluate, known, rng, old, new, flags, planar, is_known):
    x = rng.uniform(0, 255, (1, *old, 2)).astype(np.float32)
    corners, centers = flags
    size = known(new) if is_known else np.array(new, np.int32)
    result = evaluate("ResizeBilinear", x, size, planar=planar, align_corners=corners, half_pixel_centers=centers)
    np.testing.assert_allclose(result, bilinear(x.astype(np.float64), new, corners, centers), atol=2e-3)


@pytest.mark.parametrize("flags", [(False, False), (False, True)])
@pytest.mark.parametrize("new", [(142, 178), (1, 1), (600, 31)])
@pytest.mark.parametrize("planar", [False, True])
def test_the_grid_for_a_computed_size_is_float64(evaluate, rng, new, flags, planar):
    x = rng.uniform(0, 1, (1, 256, 320, 2)).astype(np.float32)
    corners, centers = flags
    size = np.array(new, np.int32)
    result = evaluate("ResizeBilinear", x, size, planar=planar, align_corners=corners, half_pixel_centers=centers)
    # A float32 grid is off by about 3e-5 of a pixel.
    np.testing.assert_allclose(result, bilinear(x.astype(np.float64), new, corners, centers), atol=3e-7)


@pytest.mark.parametrize("flags", [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("new", [(2, 8), (8, 4), (1, 1), (7, 7)])
def test_nearest(evaluate, known, rng, new, flags):
    x = rng.uniform(0, 255, (2, 4, 4, 3)).astype(np.float32)
    corners, centers = flags
    result = evaluate("ResizeNearestNeighbor", x, known(new), align_corners=corners, half_pixel_centers=centers)
    np.testing.assert_array_equal(result, nearest(x, new, corners, centers))


def test_integers_become_floats(evaluate, known):
    x = np.arange(4, dtype=np.int32).reshape(1, 2, 2, 1)
    result = evaluate("ResizeBilinear", x, known([2, 2]))
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, x)


@pytest.mark.parametrize("size", [(0, 3), (3,), (-1, 2)])
def test_invalid_sizes(evaluate, known, size):
    with pytest.raises(ModelFormatError, match=r"\(ResizeBilinear\): its "):
        evaluate("ResizeBilinear", np.zeros((1, 2, 2, 1), np.float32), known(size))
