"""Where images are sampled: TF.js's grids, by their definition, beside interpolation of NumPy along each axis."""

import cv2
import numpy as np
import pytest

from humanrt.errors import InputError
from humanrt.tensors.kernels.image import crop_and_resize, resize_bilinear, resize_nearest, rotate_with_offset

PICTURE = np.random.default_rng(7).random((5, 8, 3), np.float32) * 255
SIZES = [(5, 8), (2, 3), (9, 4), (11, 17), (1, 1), (10, 1)]


def positions(old, new, align_corners, half_pixel_centers):
    """Return where the samples of an axis are, before they are limited to it."""
    if align_corners and new > 1:
        return np.linspace(0, old - 1, new)
    samples = np.arange(new)
    return (samples + 0.5) * old / new - 0.5 if half_pixel_centers else samples * old / new


def interpolated(picture, rows, columns):
    along = np.apply_along_axis(lambda line: np.interp(columns, np.arange(len(line)), line), 1, picture)
    return np.apply_along_axis(lambda line: np.interp(rows, np.arange(len(line)), line), 0, along)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("grid", [(False, False), (True, False), (False, True)])
def test_bilinear_samples_lie_on_their_grid(size, grid):
    rows, columns = (positions(old, new, *grid) for old, new in zip(PICTURE.shape[:2], size, strict=True))
    found = resize_bilinear(PICTURE, size, *grid)
    np.testing.assert_allclose(found, interpolated(PICTURE, rows, columns), atol=1e-4)


def test_half_pixel_centers_are_those_of_opencv():
    found = resize_bilinear(PICTURE, (10, 24), False, True)
    np.testing.assert_allclose(found, cv2.resize(PICTURE, (24, 10), interpolation=cv2.INTER_LINEAR), atol=1e-3)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("grid", [(False, False), (True, False), (False, True)])
def test_the_nearest_pixel_is_below_its_sample_or_rounded_with_aligned_corners(size, grid):
    def nearest(old, new):
        if grid[1]:  # the sample is in the middle of a pixel of the new image
            return np.floor((np.arange(new) + 0.5) * old / new)
        samples = positions(old, new, *grid)
        return np.floor(samples + 0.5) if grid[0] else np.floor(samples)

    rows, columns = (nearest(old, new).astype(int) for old, new in zip(PICTURE.shape[:2], size, strict=True))
    np.testing.assert_array_equal(resize_nearest(PICTURE, size, *grid), PICTURE[np.ix_(rows, columns)])


@pytest.mark.parametrize("size", [(3, 4), (1, 1), (6, 9)])
def test_a_crop_runs_from_one_side_of_its_box_to_the_other(size):
    box = np.float32([[0.125, 0.25, 0.75, 1.0]])
    ends = [(0.125 * 4, 0.75 * 4), (0.25 * 7, 7)]  # in pixels, of which the last has the number 4 or 7
    rows, columns = (np.linspace(*end, new) if new > 1 else [sum(end) / 2] for end, new in zip(ends, size, strict=True))
    (found,) = crop_and_resize(PICTURE[None], box, np.array([0], np.int32), size, "bilinear", 0)
    np.testing.assert_allclose(found, interpolated(PICTURE, rows, columns), atol=1e-3)
    (near,) = crop_and_resize(PICTURE[None], box, np.array([0], np.int32), size, "nearest", 0)
    nearest = [np.floor(np.asarray(samples) + 0.5).astype(int) for samples in (rows, columns)]
    np.testing.assert_array_equal(near, PICTURE[np.ix_(*nearest)])


def test_samples_of_a_crop_beyond_the_image_have_the_value_outside():
    box = np.float32([[-0.5, 0, 1.5, 1]])  # rows at -2, 0, 2, 4, 6 of 0 to 4
    (found,) = crop_and_resize(PICTURE[None], box, np.array([0], np.int32), (5, 8), "bilinear", -1)
    np.testing.assert_array_equal(found[[0, 4]], np.full((2, 8, 3), -1, np.float32))
    np.testing.assert_allclose(found[1:4], PICTURE[[0, 2, 4]], rtol=1e-6)


def test_a_quarter_turn_is_counterclockwise_about_the_center():
    square = PICTURE[None, :, :5]
    (turned,) = rotate_with_offset(square, np.pi / 2, 0.0, (0.4, 0.4))  # 0.4 of 5 pixels is the middle of the third
    np.testing.assert_array_equal(turned, np.rot90(square[0]))


def test_the_index_of_an_image_is_an_integer():
    with pytest.raises(InputError, match="box_indices is float32"):
        crop_and_resize(PICTURE[None], np.float32([[0, 0, 1, 1]]), np.float32([0.5]), (2, 2), "bilinear", 0)
