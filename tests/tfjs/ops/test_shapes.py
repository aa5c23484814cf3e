"""Ops on shapes against NumPy, also with sizes that are known only at run time."""

import numpy as np
import pytest

from humanrt.errors import ModelFormatError, UnsupportedOpError


@pytest.fixture
def x(rng):
    return rng.normal(size=(2, 3, 4, 5)).astype(np.float32)


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("target", [(6, 20), (-1, 5), (2, 3, -1), (120,), (2, 3, 4, 5)])
def test_reshape(evaluate, known, x, target, planar):
    np.testing.assert_array_equal(evaluate("Reshape", x, known(target), planar=planar), x.reshape(target))


def test_reshape_of_one_pixel_needs_no_transpose(evaluate, known, rng):
    x = rng.normal(size=(2, 1, 1, 6)).astype(np.float32)
    np.testing.assert_array_equal(evaluate("Reshape", x, known([2, 6]), planar=True), x.reshape(2, 6))


def test_reshape_of_an_empty_tensor(evaluate, known):
    assert evaluate("Reshape", np.zeros((0, 4), np.float32), known([2, 0, 3])).shape == (2, 0, 3)


@pytest.mark.parametrize("target", [(7, 2), (-1, 7), (-1, -1)])
def test_reshape_that_does_not_fit(evaluate, known, x, target):
    with pytest.raises(ModelFormatError, match=r"'node' \(Reshape\)"):
        evaluate("Reshape", x, known(target))


@pytest.mark.parametrize("attributes", [{"squeeze_dims": [1]}, {"squeeze_dims": [-2]}, {"axis": [1, 2]}, {}])
def test_squeeze(evaluate, rng, attributes):
    x = rng.normal(size=(3, 1, 1, 2)).astype(np.float32)
    axes = tuple(next(iter(attributes.values()), [1, 2]))
    np.testing.assert_array_equal(evaluate("Squeeze", x, **attributes), x.squeeze(axes))


def test_squeeze_without_axes_of_size_one(evaluate, x):
    np.testing.assert_array_equal(evaluate("Squeeze", x), x)


def test_squeeze_of_an_axis_that_is_larger(evaluate, x):
    with pytest.raises(ModelFormatError, match=r"\(Squeeze\)"):
        evaluate("Squeeze", x, squeeze_dims=[1])


@pytest.mark.parametrize("axis", [0, 2, -1, -3])
def test_expand_dims(evaluate, known, x, axis):
    np.testing.assert_array_equal(evaluate("ExpandDims", x[0, 0], known(axis)), np.expand_dims(x[0, 0], axis))


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (0, 3, 1, 2), (0, 2, 3, 1), (0, 2, 1, -1)])
def test_transpose(evaluate, known, x, order, planar):
    np.testing.assert_array_equal(evaluate("Transpose", x, known(order), planar=planar), x.transpose(order))


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 1, 2, 2), (0, 1, 2, 4)])
def test_invalid_permutations(evaluate, known, x, order):
    with pytest.raises(ModelFormatError, match=r"\(Transpose\)"):
        evaluate("Transpose", x, known(order))


def test_shape_and_size(evaluate, x):
    np.testing.assert_array_equal(evaluate("Shape", x), x.shape)
    assert evaluate("Size", x) == x.size


def test_shape_with_an_unknown_size(writer, run):
    """The known part is folded, the rest is computed at run time."""
    x = writer.placeholder("x", [2, None, 3])
    shape = writer.node("Shape", [x])
    writer.node("Identity", [shape], "shape")
    writer.node("Size", [x], "size")
    last = writer.node("StridedSlice", [shape, *map(writer.const, np.int32([[2], [3], [1]]))], shrink_axis_mask=1)
    writer.node("Fill", [writer.node("Pack", [last, last]), writer.const(np.float32(7))], "square")
    results = run(writer.write(), {"x": np.zeros((2, 5, 3), np.float32)})
    np.testing.assert_array_equal(results["shape"], [2, 5, 3])
    assert results["size"] == 30
    np.testing.assert_array_equal(results["square"], np.full((3, 3), 7))


def test_fill_and_broadcast(evaluate, known):
    np.testing.assert_array_equal(evaluate("Fill", known([2, 3]), np.float32(1.5)), np.full((2, 3), 1.5))
    row = np.float32([[1, 2, 3]])
    np.testing.assert_array_equal(evaluate("BroadcastTo", row, known([4, 3])), np.broadcast_to(row, (4, 3)))


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.bool_])
def test_zeros_and_ones_like(evaluate, dtype):
    x = np.full((2, 3), 1, dtype)
    for op, expected in (("ZerosLike", np.zeros_like(x)), ("OnesLike", np.ones_like(x))):
        result = evaluate(op, x)
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, expected)


def test_tile(evaluate, known, x):
    np.testing.assert_array_equal(evaluate("Tile", x, known([1, 2, 1, 3])), np.tile(x, (1, 2, 1, 3)))
    with pytest.raises(ModelFormatError, match="negative"):
        evaluate("Tile", x, known([1, -2, 1, 3]))


@pytest.mark.parametrize(("start", "stop", "step"), [(0, 5, 1), (5, 0, -2), (3, 3, 1)])
def test_range(evaluate, known, start, stop, step):
    expected = np.arange(start, stop, step)
    np.testing.assert_array_equal(evaluate("Range", known(start), known(stop), known(step)), expected)
    np.testing.assert_array_equal(evaluate("Range", known(start), np.int32(stop), known(step)), expected)


@pytest.mark.parametrize("step", [0.0, 1e-30, np.nan])
def test_an_infinite_range(evaluate, known, step):
    with pytest.raises(ModelFormatError, match=r"\(Range\).*is not finite"):
        evaluate("Range", known(0.0), known(5.0), known(step))


def test_rank(evaluate, x):
    assert evaluate("Rank", x) == x.ndim


@pytest.mark.parametrize(("op", "number"), [("Ones", 1), ("Zeros", 0)])
def test_ones_and_zeros(evaluate, known, op, number):
    result = evaluate(op, known([2, 3]), T="DT_INT32")
    assert result.dtype == np.int32
    np.testing.assert_array_equal(result, np.full((2, 3), number))


@pytest.mark.parametrize("shape", [(), (3,), (1, 2, 1, 3)])
def test_an_input_of_unknown_rank_is_broadcast(writer, run, rng, shape):
    writer.placeholder("x", None)
    writer.node("BroadcastTo", [writer.node("Identity", ["x"]), writer.const(np.int32([1, 2, 2, 3]))], "y")
    x = rng.normal(size=shape).astype(np.float32)
    np.testing.assert_array_equal(run(writer.write(), {"x": x})["y"], np.broadcast_to(x, (1, 2, 2, 3)))


def test_an_input_of_unknown_rank_is_broadcast_to_a_partly_known_shape(writer, run):
    """A recurrent state whose initial value is a scalar: a convolution needs its number of channels."""
    writer.placeholder("state", None)
    writer.placeholder("x", [1, None, None, 2])
    broadcast = writer.node("BroadcastTo", ["state", writer.node("Shape", ["x"])])
    weights = writer.const(np.ones((1, 1, 2, 1), np.float32))
    writer.node("Conv2D", [broadcast, weights], "y", strides=[1, 1, 1, 1], padding="SAME")
    feeds = {"state": np.array(2, np.float32), "x": np.zeros((1, 3, 4, 2), np.float32)}
    np.testing.assert_array_equal(run(writer.write(), feeds)["y"], np.full((1, 3, 4, 1), 4))


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_an_input_of_unknown_rank_is_a_scalar_in_other_ops(writer, run, shape):
    writer.placeholder("x", None, "DT_UINT8")
    writer.node("AddV2", ["x", writer.const(np.int32([100, 200]))], "y")
    np.testing.assert_array_equal(run(writer.write(), {"x": np.full(shape, 200, np.uint8)})["y"], [300, 400])


def test_an_input_of_unknown_rank_as_an_output_or_with_an_unknown_target(writer, run):
    writer.placeholder("x", None)
    writer.node("Identity", ["x"], "same")
    target = writer.node("Squeeze", [writer.placeholder("shape", [1, None], "DT_INT32")], squeeze_dims=[0])
    writer.node("BroadcastTo", ["x", target], "y")
    model = writer.write()
    with pytest.raises(UnsupportedOpError, match="an input of unknown rank"):
        run(model, {}, outputs=["same"])
    with pytest.raises(UnsupportedOpError, match="a shape of unknown rank"):
        run(model, {}, outputs=["y"])
