"""Joining, splitting, gathering and padding against NumPy."""

import numpy as np
import pytest

from humanrt.errors import ModelFormatError, UnsupportedOpError


@pytest.fixture
def x(rng):
    return rng.normal(size=(2, 3, 4, 6)).astype(np.float32)


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("axis", [0, 1, 3, -1, -2])
def test_concat(evaluate, known, x, axis, planar):
    result = evaluate("ConcatV2", x, -x, known(axis), planar=planar)
    np.testing.assert_array_equal(result, np.concatenate([x, -x], axis))


def test_concat_leaves_out_empty_tensors(evaluate, known, x):
    np.testing.assert_array_equal(evaluate("ConcatV2", x[:0], x, known(0)), x)


@pytest.mark.parametrize("axis", [0, 2, -1])
def test_pack_and_unpack(evaluate, x, axis):
    np.testing.assert_array_equal(evaluate("Pack", x, -x, axis=axis), np.stack([x, -x], axis))
    size = x.shape[axis]
    parts = evaluate("Unpack", x, outputs=size, num=size, axis=axis)
    np.testing.assert_array_equal(np.stack(parts, axis), x)


def test_pack_and_unpack_of_one(evaluate, x):
    np.testing.assert_array_equal(evaluate("Pack", x), x[None])
    np.testing.assert_array_equal(evaluate("Unpack", x[:1], num=1), x[0])


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize(("axis", "count"), [(3, 3), (-1, 2), (0, 2), (1, 1)])
def test_split(evaluate, known, x, axis, count, planar):
    results = evaluate("Split", known(axis), x, outputs=count, num_split=count, planar=planar)
    for result, expected in zip([results] if count == 1 else results, np.split(x, count, axis), strict=True):
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("sizes", [(1, 2, 3), (2, -1), (6,)])
def test_split_by_sizes(evaluate, known, x, sizes):
    results = evaluate("SplitV", x, known(sizes), known(3), outputs=len(sizes))
    expected = np.split(x, np.cumsum(sizes)[:-1], 3) if sizes != (2, -1) else np.split(x, [2], 3)
    for result, part in zip([results] if len(sizes) == 1 else results, expected, strict=True):
        np.testing.assert_array_equal(result, part)


@pytest.mark.parametrize("planar", [False, True])
def test_pad(evaluate, known, x, planar):
    margins = [[0, 0], [1, 2], [0, 3], [2, 0]]
    np.testing.assert_array_equal(evaluate("Pad", x, known(margins), planar=planar), np.pad(x, margins))
    padded = evaluate("PadV2", x, known(margins), known(np.float32(-7)), planar=planar)
    np.testing.assert_array_equal(padded, np.pad(x, margins, constant_values=-7))
    np.testing.assert_array_equal(evaluate("Pad", x, np.int32(margins)), np.pad(x, margins))


@pytest.mark.parametrize(
    ("op", "operands", "attributes", "error"),
    [
        ("ConcatV2", [np.int32(0)], {}, ModelFormatError),
        ("ConcatV2", [np.zeros((2, 2), np.float32), np.zeros(2, np.float32), np.int32(0)], {}, ModelFormatError),
        ("ConcatV2", [np.zeros((2, 2), np.float32)] * 2 + [np.int32(2)], {}, ModelFormatError),
        ("ConcatV2", [np.zeros((2, 2), np.float32)] * 2 + [np.int32([0, 1])], {}, ModelFormatError),
        ("Pack", [], {}, ModelFormatError),
        ("Unpack", [np.zeros((2, 2), np.float32)], {"num": 3}, ModelFormatError),
        ("Split", [np.int32(0), np.zeros((3, 2), np.float32)], {"num_split": 2}, ModelFormatError),
        ("Split", [np.int32(0), np.zeros((0, 2), np.float32)], {"num_split": 2**20}, ModelFormatError),
        ("SplitV", [np.zeros((3, 2), np.float32), np.int32([1, 1]), np.int32(0)], {}, ModelFormatError),
        ("SplitV", [np.zeros((3, 2), np.float32), np.int32([-1, 5]), np.int32(0)], {}, ModelFormatError),
        ("Pad", [np.zeros((3, 2), np.float32), np.int32([[0, -1], [0, 0]])], {}, ModelFormatError),
        ("Pad", [np.zeros((3, 2), np.float32), np.int32([[0, 1]])], {}, ModelFormatError),
        ("GatherV2", [np.zeros((3, 2), np.float32), np.int32([0]), np.int32(0)], {"batch_dims": 1}, UnsupportedOpError),
    ],
)
def test_invalid_operands(evaluate, known, op, operands, attributes, error):
    with pytest.raises(error, match=rf"'node' \({op}\)"):
        evaluate(op, *map(known, operands), **attributes)


def test_axes_of_unknown_size(writer, run):
    x = writer.placeholder("x", [2, None])
    writer.node("SplitV", [x, writer.const(np.int32([1, -1])), writer.const(np.int32(1))], "parts")
    model = writer.write()
    with pytest.raises(UnsupportedOpError, match=r"'parts' \(SplitV\).*known only at run time"):
        run(model, {}, outputs=["parts"])


def test_concat_with_the_axis_first(evaluate, known, x):
    np.testing.assert_array_equal(evaluate("Concat", known(1), x, x), np.concatenate([x, x], 1))


def test_mirror_pad(evaluate, known, x):
    margins = np.int32([[0, 0], [1, 2], [0, 1], [3, 0]])
    result = evaluate("MirrorPad", x, known(margins), mode="REFLECT")
    np.testing.assert_array_equal(result, np.pad(x, margins, mode="reflect"))


@pytest.mark.parametrize(
    ("margins", "mode", "error"),
    [
        ([[0, 0], [1, 2], [0, 1], [3, 0]], "SYMMETRIC", UnsupportedOpError),
        ([[0, 0]], "REFLECT", ModelFormatError),
        ([[0, 0], [0, 9], [0, 0], [0, 0]], "REFLECT", ModelFormatError),
        ([[0, 0], [0, -1], [0, 0], [0, 0]], "REFLECT", ModelFormatError),
    ],
)
def test_invalid_mirror_paddings(evaluate, known, x, margins, mode, error):
    with pytest.raises(error, match=r"'node' \(MirrorPad\)"):
        evaluate("MirrorPad", x, known(margins), mode=mode)
