from math import cos, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from humanrt.imaging import crop_turned, fit, resize

LENGTHS = st.integers(1, 200)


def coordinates(height, width):
    """A picture whose red is a pixel's x, green its y, and blue 1: what is sampled tells where."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([x, y, np.ones_like(x)], axis=-1)


def taken_back(affine, height, width):
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y], axis=-1) @ affine[:, :2].T + affine[:, 2]


class TestFit:
    @given(LENGTHS, LENGTHS, st.integers(8, 64), st.integers(8, 64))
    def test_the_affine_says_where_each_sample_was(self, height, width, frame_height, frame_width):
        framed, affine = fit(coordinates(height, width), frame_height, frame_width)
        inside = framed[..., 2] == 1
        where = taken_back(affine, frame_height, frame_width)[inside]
        # Beyond the last pixel's centre it is that pixel.
        assert framed[inside][:, :2] == pytest.approx(np.clip(where, 0, (width - 1, height - 1)), abs=0.05)
        assert not framed[~inside].any()

    @given(LENGTHS, LENGTHS, st.integers(8, 64), st.integers(8, 64))
    def test_the_picture_fills_the_frame_one_way_and_lies_in_its_middle(self, height, width, frame_height, frame_width):
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
    BOX = (30.0, 20.0, 90.0, 60.0)

    @given(st.floats(-7, 7), st.floats(-20, 80), st.floats(-20, 80), st.floats(5, 150), st.floats(5, 150))
    def test_the_affine_says_where_each_sample_was(self, angle, left, top, width, height):
        turned, affine = crop_turned(coordinates(100, 120), (left, top, left + width, top + height), angle, 32)
        where = taken_back(affine, 32, 32)
        inside = ((where > 0) & (where < (119, 99))).all(axis=-1)
        outside = ((where < -1) | (where > (120, 100))).any(axis=-1)
        # OpenCV counts 32nds of a pixel.
        assert turned[inside][:, :2] == pytest.approx(where[inside], abs=0.04)
        assert not turned[outside].any()

    @given(st.floats(-7, 7))
    def test_the_box_turns_clockwise_about_its_middle(self, angle):
        _, affine = crop_turned(np.zeros((100, 120, 3), np.uint8), self.BOX, angle, 32)
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
