"""Ops on images, for dtypes that TF.js lacks and where it is wrong."""

import numpy as np
import pytest

from humanrt.errors import InputError

PICTURES = np.random.default_rng(3).integers(0, 256, (2, 5, 4, 3), np.uint8)
BOX = np.float32([[0, 0, 1, 1]])


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("resize_bilinear", (PICTURES[0, 0], (2, 2)), r"accepted: \[h, w, c\] and \[b, h, w, c\]"),
        ("resize_bilinear", (PICTURES[:, :0], (2, 2)), "h and w at least 1"),
        ("resize_bilinear", (PICTURES, (2, 2), True, True), "exclude each other"),
        ("resize_bilinear", (PICTURES, (0, 2)), "0 x 2; accepted: 1 x 1 and more"),
        ("resize_bilinear", (PICTURES, (2, 2, 3)), "too many values"),
        ("resize_nearest", (PICTURES, (2.5, 2)), "cannot be interpreted as an integer"),
        ("crop_and_resize", (PICTURES[0], BOX, [0], (2, 2)), r"accepted: images \[b, h, w, c\], boxes \[n, 4\]"),
        ("crop_and_resize", (PICTURES, BOX[:, :3], [0], (2, 2)), "accepted: images"),
        ("crop_and_resize", (PICTURES, BOX, [0, 1], (2, 2)), "accepted: images"),
        ("crop_and_resize", (PICTURES, BOX, [2], (2, 2)), "box_indices are 2 to 2; accepted: 0 to 1"),
        ("crop_and_resize", (PICTURES, BOX, [-1], (2, 2)), "box_indices are -1 to -1; accepted: 0 to 1"),
        ("crop_and_resize", (PICTURES, BOX, [0], (2, 2), "cubic"), "'cubic'; accepted: 'bilinear', 'nearest'"),
        ("crop_and_resize", (PICTURES, BOX, [0], (2, 0)), "2 x 0; accepted: 1 x 1 and more"),
        ("flip_left_right", (PICTURES[0],), r"accepted: \[b, h, w, c\]"),
        ("rotate_with_offset", (PICTURES[0], 1), r"accepted: \[b, h, w, c\]"),
        ("rotate_with_offset", (PICTURES, 1, (1, 2)), "fill_value has 2 numbers for 3 channels"),
        ("rotate_with_offset", (PICTURES, 1, 256), "do not fit uint8"),
        ("rgb_to_grayscale", (PICTURES[..., :2],), r"accepted: \[..., 3\], two axes or more"),
        ("non_max_suppression", (BOX, [0.5, 0.5], 1), r"accepted: boxes \[n, 4\] and scores \[n\]"),
        ("non_max_suppression", (BOX, [0.5], 1, 1.5), "iou_threshold is 1.5; accepted: 0 to 1"),
    ],
)
def test_invalid_arguments_raise(values, name, arguments, words):
    with pytest.raises(InputError, match=words):
        values(f"image.{name}", *arguments)


@pytest.mark.parametrize("dtype", ["uint8", "float16", "int64", "bool"])
def test_dtypes_that_tfjs_lacks_give_the_values_of_float32(values, dtype):
    pictures = (PICTURES % 2 if dtype == "bool" else PICTURES).astype(dtype)
    wide = pictures.astype(np.float32)
    tolerance = {"rtol": 1e-3} if dtype == "float16" else {"rtol": 0}
    for name, arguments in (
        ("resize_bilinear", [(7, 3), False, True]),
        ("resize_nearest", [(7, 3), True]),
        ("crop_and_resize", [BOX, [1], (3, 6)]),
        ("flip_left_right", []),
        ("rotate_with_offset", [0.4, 1.0]),
    ):
        found, expected = (values(f"image.{name}", images, *arguments) for images in (pictures, wide))
        np.testing.assert_allclose(found.astype(np.float32), expected, **tolerance)


def test_gray_is_truncated_to_the_dtype(values):
    white = values("image.rgb_to_grayscale", np.full((1, 1, 3), 255, np.uint8))
    np.testing.assert_array_equal(white, np.uint8([[[254]]]), strict=True)  # the weights sum to 0.9999


def test_one_channel_and_empty_batches(values):
    assert values("image.resize_bilinear", PICTURES[:0], (2, 2)).shape == (0, 2, 2, 3)
    assert values("image.resize_nearest", PICTURES[..., :1], (2, 2)).shape == (2, 2, 2, 1)
    assert values("image.crop_and_resize", PICTURES, BOX[:0], [], (2, 2)).shape == (0, 2, 2, 3)
    assert values("image.flip_left_right", PICTURES[:0]).shape == (0, 5, 4, 3)


def test_a_box_outside_the_image_has_the_extrapolation_value(values):
    nowhere = np.float32([[np.nan, 0, 1, 1], [np.inf, 0, np.inf, 1], [2, 2, 3, 3]])
    crops = values("image.crop_and_resize", PICTURES, nowhere, [0, 0, 0], (2, 2), "bilinear", 7)
    assert (crops == 7).all()


def test_a_fill_colour_is_opaque(values):
    pictures = np.zeros((1, 3, 3, 4), np.uint8)
    turned = values("image.rotate_with_offset", pictures, np.pi / 4, (1, 2, 3), (0.5, 0.5))
    assert turned[0, 0, 0].tolist() == [1, 2, 3, 255]


def test_a_box_with_exchanged_sides_mirrors_the_crop(values):
    straight, mirrored = values(
        "image.crop_and_resize", PICTURES, [[0, 0, 1, 1], [0, 1, 1, 0]], [0, 0], PICTURES.shape[1:3]
    )
    np.testing.assert_array_equal(straight, PICTURES[0].astype(np.float32), strict=True)
    np.testing.assert_array_equal(mirrored, straight[:, ::-1])
