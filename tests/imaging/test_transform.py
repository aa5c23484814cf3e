"""The geometry against plain float64 transcriptions of TF.js 4.22's CPU kernels."""

from math import ceil, cos, floor, pi, sin

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from humanrt.imaging.transform import (
    composite,
    crop,
    crop_rotated,
    crop_turned,
    fit,
    map_points,
    normalize,
    planar,
    resize,
    resize_into,
    resize_square,
    rotate,
    scaled,
)

# In grey levels: uint8 is rounded, and OpenCV computes its coordinates in float32.
TOLERANCE = {np.uint8: 0.51, np.float32: 0.02}


def tfjs_resize_bilinear(image, height, width):
    old_height, old_width = image.shape[:2]
    out = np.empty((height, width, 3))
    for row in range(height):
        y = old_height / height * row
        top, bottom = max(0, floor(y)), min(old_height - 1, ceil(y))
        for column in range(width):
            x = old_width / width * column
            left, right = max(0, floor(x)), min(old_width - 1, ceil(x))
            out[row, column] = lerp(image, left, top, right, bottom, x - left, y - top)
    return out


def tfjs_crop_and_resize(image, y1, x1, y2, x2, height, width):
    image_height, image_width = image.shape[:2]
    y_scale = (y2 - y1) * (image_height - 1) / (height - 1) if height > 1 else 0
    x_scale = (x2 - x1) * (image_width - 1) / (width - 1) if width > 1 else 0
    out = np.zeros((height, width, 3))
    for row in range(height):
        y = y1 * (image_height - 1) + row * y_scale if height > 1 else 0.5 * (y1 + y2) * (image_height - 1)
        for column in range(width):
            x = x1 * (image_width - 1) + column * x_scale if width > 1 else 0.5 * (x1 + x2) * (image_width - 1)
            if 0 <= y <= image_height - 1 and 0 <= x <= image_width - 1:
                left, top = floor(x), floor(y)
                out[row, column] = lerp(image, left, top, ceil(x), ceil(y), x - left, y - top)
    return out


def tfjs_rotate_with_offset(image, radians, center):
    height, width = image.shape[:2]
    center_x, center_y = width * center[0], height * center[1]
    out = np.zeros_like(image)
    for row in range(height):
        for column in range(width):
            x = (column - center_x) * cos(radians) - (row - center_y) * sin(radians)
            y = (column - center_x) * sin(radians) + (row - center_y) * cos(radians)
            x, y = floor(x + center_x + 0.5), floor(y + center_y + 0.5)  # JavaScript's Math.round
            if 0 <= x < width and 0 <= y < height:
                out[row, column] = image[y, x]
    return out


def lerp(image, left, top, right, bottom, x, y):
    rows = image[[top, bottom]].astype(np.float64)
    above, below = rows[:, left] + (rows[:, right] - rows[:, left]) * x
    return above + (below - above) * y


def sample(image, x, y):
    """Sample bilinearly at one point, with black around the picture."""
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    x, y = np.clip([x + 1, y + 1], 0, [image.shape[1] + 0.999999, image.shape[0] + 0.999999])
    left, top = floor(x), floor(y)
    return lerp(padded, left, top, left + 1, top + 1, x - left, y - top)


def tolerance(image):
    return TOLERANCE[image.dtype.type]


def random_picture(seed, height, width, dtype=np.uint8):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(dtype)


def normalised(box, height, width):
    left, top, right, bottom = box
    return top / height, left / width, bottom / height, right / width


def edge_distance(box, height, width, out_height, out_width):
    """How near a sample of a crop comes to the picture's edge, where rounding alone decides between it and black."""
    y1, x1, y2, x2 = normalised(box, height, width)
    ys = np.linspace(y1, y2, out_height) if out_height > 1 else np.array([(y1 + y2) / 2])
    xs = np.linspace(x1, x2, out_width) if out_width > 1 else np.array([(x1 + x2) / 2])
    return min(
        np.abs(samples * last - edge).min()
        for samples, last in ((ys, height - 1), (xs, width - 1))
        for edge in (0, last)
    )


sizes = st.integers(1, 40)
pictures = st.builds(random_picture, st.integers(0, 99), sizes, sizes, st.sampled_from([np.uint8, np.float32]))
outputs = st.integers(1, 17)
fractions = st.floats(-1.5, 2.5).map(lambda value: round(value, 3))
boxes = st.tuples(fractions, fractions, fractions, fractions)


@given(pictures, outputs, outputs)
def test_resize_is_tfjs_resize_bilinear(image, height, width) -> None:
    resized, affine = resize(image, height, width)
    assert resized.dtype == image.dtype
    np.testing.assert_allclose(resized, tfjs_resize_bilinear(image, height, width), atol=tolerance(image))
    corner = map_points(affine, np.array([[width, height]]))
    np.testing.assert_allclose(corner, [[image.shape[1], image.shape[0]]])


def test_scaled_keeps_the_edges_of_a_picture_and_the_means_of_a_much_larger_one() -> None:
    stripes = np.tile(np.array([[[0] * 3, [200] * 3]], np.uint8), (64, 32, 1))
    small, affine = scaled(stripes, 8, 8)
    # Every sample of a quarter lies between two stripes; one in eight would see one colour of them only.
    assert small.tolist() == [[[100] * 3] * 8] * 8
    np.testing.assert_allclose(map_points(affine, np.array([[0, 0], [8, 8]])), [[0, 0], [64, 64]])
    twice, _ = scaled(stripes[:2, :2], 2, 4)
    assert twice[0, :, 0].tolist() == [0, 50, 150, 200]  # OpenCV's grid: a quarter and three quarters between centres


def test_planar_is_bgr_and_padded() -> None:
    picture = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    pixels = planar(picture, 1, 2)
    assert (pixels.dtype, pixels.shape) == (np.float32, (1, 3, 3, 5))
    np.testing.assert_array_equal(pixels[0, :, :2, :3], picture[..., ::-1].transpose(2, 0, 1))
    assert pixels.sum() == picture.sum()


@given(pictures, outputs)
def test_resize_square_is_humans_padding_followed_by_tfjs(image, size) -> None:
    height, width = image.shape[:2]
    pad_x, pad_y = (max(height, width) - width) // 2, (max(height, width) - height) // 2
    padded = np.pad(image, ((pad_y, pad_y), (pad_x, pad_x), (0, 0)))
    square, affine = resize_square(image, size)
    np.testing.assert_allclose(square, tfjs_resize_bilinear(padded, size, size), atol=tolerance(image))
    corners = map_points(affine, np.array([[0, 0], [size, size]]))
    np.testing.assert_allclose(corners, [[-pad_x, -pad_y], [width + pad_x, height + pad_y]], atol=1e-9)


@given(pictures, boxes, outputs, outputs)
def test_crop_is_tfjs_crop_and_resize(image, fractions, out_height, out_width) -> None:
    """Inside, outside and beyond the edges, and with edges exchanged."""
    height, width = image.shape[:2]
    box = (fractions[0] * width, fractions[1] * height, fractions[2] * width, fractions[3] * height)
    assume(edge_distance(box, height, width, out_height, out_width) > 2e-3)
    cut, affine = crop(image, box, out_height, out_width)
    assert cut.dtype == image.dtype
    expected = tfjs_crop_and_resize(image, *normalised(box, height, width), out_height, out_width)
    np.testing.assert_allclose(cut, expected, atol=tolerance(image))
    for row, column in ((0, 0), (out_height - 1, out_width - 1)):
        ((x, y),) = map_points(affine, np.array([[column, row]]))
        if 0 <= x <= width - 1 and 0 <= y <= height - 1:
            np.testing.assert_allclose(cut[row, column], sample(image, x, y), atol=tolerance(image))


def test_the_crop_of_the_whole_picture_is_the_picture() -> None:
    image = random_picture(1, 33, 21)
    assert np.array_equal(crop(image, (0, 0, 21, 33), 33, 21)[0], image)
    assert np.array_equal(crop(image, (21, 33, 0, 0), 33, 21)[0], image[::-1, ::-1])
    assert crop(image, (30, 40, 60, 80), 8, 8)[0].max() == 0


def test_rounding_does_not_blacken_a_crop_that_ends_at_the_edge() -> None:
    image = np.full((1080, 1920, 3), 255, np.uint8)
    for out in range(2, 300, 7):
        assert crop(image, (0, 0, 1920, 1080), out, out)[0].min() >= 254


@settings(max_examples=60)
@given(pictures, boxes, st.floats(-4, 4), st.tuples(fractions, fractions), st.integers(1, 9))
def test_crop_rotated_samples_where_tfjs_rotates_and_crops_from(image, fractions, angle, center, out) -> None:
    height, width = image.shape[:2]
    box = (fractions[0] * width, fractions[1] * height, fractions[2] * width, fractions[3] * height)
    assume(edge_distance(box, height, width, out, out) > 2e-3)
    center = (center[0] * width, center[1] * height)
    cut, affine = crop_rotated(image, box, angle, center, out, out)
    y1, x1, y2, x2 = normalised(box, height, width)
    for row in range(out):
        for column in range(out):
            # Where the crop samples the turned picture, and where that pixel comes from.
            turned_x = (x1 + (x2 - x1) * (column / (out - 1) if out > 1 else 0.5)) * (width - 1)
            turned_y = (y1 + (y2 - y1) * (row / (out - 1) if out > 1 else 0.5)) * (height - 1)
            x = (turned_x - center[0]) * cos(angle) - (turned_y - center[1]) * sin(angle) + center[0]
            y = (turned_x - center[0]) * sin(angle) + (turned_y - center[1]) * cos(angle) + center[1]
            np.testing.assert_allclose(map_points(affine, np.array([[column, row]])), [[x, y]], atol=1e-6)
            inside = 0 <= turned_x <= width - 1 and 0 <= turned_y <= height - 1
            expected = sample(image, x, y) if angle or inside else np.zeros(3)
            np.testing.assert_allclose(cut[row, column], expected, atol=tolerance(image))


@pytest.mark.parametrize("angle", [0.3, -0.9, pi / 2, pi, 2.5])
@pytest.mark.parametrize("box", [(20, 10, 50, 40), (-10, -5, 30, 35), (50, 40, 20, 10)])
def test_one_warp_equals_the_two_steps_of_tfjs(angle, box) -> None:
    """On a slope of one level a pixel, nearest neighbours are at most one level from what lies between them."""
    y, x = np.mgrid[0:50, 0:70]
    image = np.stack([x + y, x + 60, y + 90], axis=-1).astype(np.uint8)
    center = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)

    cut, _ = crop_rotated(image, box, angle, center, 24, 24)

    def in_two_steps(picture):
        turned = tfjs_rotate_with_offset(picture, angle, (center[0] / 70, center[1] / 50))
        return tfjs_crop_and_resize(turned, *normalised(box, 50, 70), 24, 24)

    covered = in_two_steps(np.ones_like(image)) == 1
    # A sample whose neighbours are all covered, in the original as in the turned picture.
    certain = covered & (crop_rotated(np.full_like(image, 255), box, angle, center, 24, 24)[0] == 255)
    assert certain.sum() > 300
    difference = np.abs(cut - in_two_steps(image))
    assert difference[certain].max() <= 1.51
    assert difference[certain].mean() < 0.5


def test_pixels_that_turning_moves_off_the_picture_are_kept() -> None:
    """A quarter turn about a point near the right edge: the crop reaches past it, where the original's top is."""
    image = np.full((60, 40, 3), 200, np.uint8)
    cut, _ = crop_rotated(image, (30, 25, 50, 35), -pi / 2, (30, 30), 10, 10)
    assert (cut == 200).all()
    assert (crop(image, (30, 25, 50, 35), 10, 10)[0][:, -4:] == 0).all()


@given(pictures, st.floats(-pi, pi), st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_rotate_is_tfjs_rotate_with_offset(image, angle, center) -> None:
    height, width = image.shape[:2]
    turned = rotate(image, angle, (center[0] * width, center[1] * height))
    different = (turned != tfjs_rotate_with_offset(image, angle, center)).any(axis=2)
    # Where a sample falls between two pixels, rounding decides which is nearer.
    assert different.mean() <= 0.05 or different.sum() <= 2


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_normalize(dtype) -> None:
    image = np.arange(256).reshape(16, 16)[..., np.newaxis].repeat(3, axis=2).astype(dtype)
    before = image.copy()
    values = normalize(image, 1 / 127.5, -1.0)
    assert values.dtype == np.float32
    assert values.shape == (1, 16, 16, 3)
    np.testing.assert_allclose(values[0], image.astype(np.float64) / 127.5 - 1, atol=2e-7)
    assert np.array_equal(image, before)


def test_read_only_pictures_are_accepted_and_not_written() -> None:
    image = random_picture(3, 20, 30)
    image.flags.writeable = False
    for picture, _ in (resize(image, 8, 8), resize_square(image, 8), crop(image, (0, 0, 9, 9), 8, 8)):
        assert picture.flags.writeable
        assert not np.shares_memory(picture, image)


def test_very_wide_pictures_and_corners_without_extent() -> None:
    wide = np.full((2, 40_000, 3), 9, np.uint8)
    assert resize(wide, 8, 8)[0].min() == 9
    image = np.full((10, 10, 3), 9, np.uint8)
    assert crop(image, (5, 5, 5, 5), 4, 4)[0].min() == 9


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 20), st.integers(1, 20))
def test_one_channel_is_resized_in_place_on_the_same_grid(height, width, new_height, new_width):
    plane = np.random.default_rng(height).random((height, width), np.float32)
    out = np.full((new_height, new_width), np.nan, np.float32)
    address = out.ctypes.data
    resize_into(plane, out)
    expected = tfjs_resize_bilinear(np.repeat(plane[..., None], 3, axis=2), new_height, new_width)[..., 0]
    assert out.ctypes.data == address
    np.testing.assert_allclose(out, expected, atol=1e-4)


@given(st.integers(0, 2**31), st.integers(1, 9), st.integers(1, 9))
def test_each_pixel_of_a_composite_is_a_mean(seed, height, width):
    numbers = np.random.default_rng(seed)
    foreground, background = numbers.integers(0, 256, (2, height, width, 3), np.uint8)
    alpha = numbers.random((height, width), np.float32)
    weights = alpha[..., None].astype(np.float64)
    expected = foreground * weights + background * (1 - weights)
    # Half a level is rounded, and OpenCV divides by the sum of the weights and a hundred thousandth.
    np.testing.assert_allclose(composite(foreground, background, alpha), expected, atol=0.51)


def test_a_composite_with_alpha_of_0_or_1_is_exact():
    foreground, background = np.arange(2 * 256 * 3, dtype=np.uint8).reshape(2, 1, 256, 3)
    np.testing.assert_array_equal(composite(foreground, background, np.ones((1, 256), np.float32)), foreground)
    np.testing.assert_array_equal(composite(foreground, background, np.zeros((1, 256), np.float32)), background)


LENGTHS = st.integers(1, 200)


def coordinates(height, width):
    """A picture with the x of a pixel in red, its y in green, and 1 in blue: a sample contains its place."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([x, y, np.ones_like(x)], axis=-1)


def taken_back(affine, height, width):
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y], axis=-1) @ affine[:, :2].T + affine[:, 2]


class TestFit:
    @given(LENGTHS, LENGTHS, st.integers(8, 64), st.integers(8, 64))
    def test_the_affine_maps_each_sample_to_its_place(self, height, width, frame_height, frame_width):
        framed, affine = fit(coordinates(height, width), frame_height, frame_width)
        inside = framed[..., 2] == 1
        where = taken_back(affine, frame_height, frame_width)[inside]
        # Beyond the last pixel's centre it is that pixel.
        assert framed[inside][:, :2] == pytest.approx(np.clip(where, 0, (width - 1, height - 1)), abs=0.05)
        assert not framed[~inside].any()

    @given(LENGTHS, LENGTHS, st.integers(8, 64), st.integers(8, 64))
    def test_the_picture_fills_the_frame_along_one_axis_and_lies_in_its_middle(
        self, height, width, frame_height, frame_width
    ):
        framed, _ = fit(np.full((height, width, 3), 255, np.uint8), frame_height, frame_width)
        rows, columns = framed.any(axis=(1, 2)).nonzero()[0], framed.any(axis=(0, 2)).nonzero()[0]
        assert len(rows) == frame_height or len(columns) == frame_width
        assert abs(rows[0] - (frame_height - 1 - rows[-1])) <= 1
        assert abs(columns[0] - (frame_width - 1 - columns[-1])) <= 1
        # Proportions are kept to the nearest pixel of the frame.
        scale = min(frame_height / height, frame_width / width)
        assert (len(rows), len(columns)) == pytest.approx((height * scale, width * scale), abs=0.501 + (scale < 1))

    def test_a_picture_of_the_frames_shape_is_resized(self):
        picture = np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)
        for frame in ((20, 30), (120, 180)):
            framed, affine = fit(picture, *frame)
            resized, expected = resize(picture, *frame)
            assert (framed == resized).all()
            assert affine == pytest.approx(expected)


class TestCropTurned:
    CORNERS = (30.0, 20.0, 90.0, 60.0)

    @given(st.floats(-7, 7), st.floats(-20, 80), st.floats(-20, 80), st.floats(5, 150), st.floats(5, 150))
    def test_the_affine_maps_each_sample_to_its_place(self, angle, left, top, width, height):
        turned, affine = crop_turned(coordinates(100, 120), (left, top, left + width, top + height), angle, 32)
        where = taken_back(affine, 32, 32)
        inside = ((where > 0) & (where < (119, 99))).all(axis=-1)
        outside = ((where < -1) | (where > (120, 100))).any(axis=-1)
        # OpenCV counts 32nds of a pixel.
        assert turned[inside][:, :2] == pytest.approx(where[inside], abs=0.04)
        assert not turned[outside].any()

    @given(st.floats(-7, 7))
    def test_the_rectangle_turns_clockwise_about_its_centre(self, angle):
        _, affine = crop_turned(np.zeros((100, 120, 3), np.uint8), self.CORNERS, angle, 32)
        assert affine @ (16, 16, 1) == pytest.approx((60, 40))
        # The middle of the right side, 30 to the right of the middle, and the middle of the lower, 20 below it.
        assert affine @ (32, 16, 1) == pytest.approx((60 + 30 * cos(angle), 40 + 30 * sin(angle)))
        assert affine @ (16, 32, 1) == pytest.approx((60 - 20 * sin(angle), 40 + 20 * cos(angle)))

    def test_the_whole_picture_is_resized(self):
        picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
        turned, affine = crop_turned(picture, (0, 0, 64, 64), 0.0, 16)
        resized, expected = resize(picture, 16, 16)
        assert (turned == resized).all()
        assert affine == pytest.approx(expected)
