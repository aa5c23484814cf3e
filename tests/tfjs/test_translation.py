"""The shapes of inputs: a symbolic batch, unknown sizes, or the sizes of the graph."""

import numpy as np
import onnx
import pytest

from humanrt.errors import ModelFormatError
from humanrt.tfjs.graph import BATCH
from humanrt.tfjs.reader import read_graph
from humanrt.tfjs.translation import translate_graph


@pytest.fixture
def input_shape(writer):
    """Translate the written model; return the shape of the first input."""

    def input_shape():
        model = translate_graph(read_graph(writer.write()), "1")
        onnx.checker.check_model(model, full_check=True)
        dims = model.graph.input[0].type.tensor_type.shape.dim
        return [dim.dim_param or (dim.dim_value if dim.HasField("dim_value") else None) for dim in dims]

    return input_shape


def const(writer, numbers):
    return writer.const(np.int32(numbers))


def test_a_batch_of_one_in_a_reshape_becomes_symbolic(writer, run, rng):
    writer.placeholder("x", [1, 2, 3, 4])
    writer.node("Reshape", ["x", const(writer, [1, -1, 4])], "rows")
    writer.node("Reshape", ["rows", const(writer, [1, 24])], "y")
    x = rng.normal(size=(5, 2, 3, 4)).astype(np.float32)
    np.testing.assert_array_equal(run(writer.write(), {"x": x})["y"], x.reshape(5, 24))


def test_a_batch_that_is_read_from_the_shape_stays_symbolic(writer, run, rng):
    """Keras writes Reshape(x, Pack(StridedSlice(Shape(x), 0), 6, -1))."""
    shape = writer.node("Shape", [writer.placeholder("x", [None, 2, 3, 4])])
    first = writer.node("StridedSlice", [shape, *(const(writer, [i]) for i in (0, 1, 1))], shrink_axis_mask=1)
    target = writer.node("Pack", [first, const(writer, 6), const(writer, -1)])
    writer.node("Reshape", ["x", target], "y")
    x = rng.normal(size=(5, 2, 3, 4)).astype(np.float32)
    np.testing.assert_array_equal(run(writer.write(), {"x": x})["y"], x.reshape(5, 6, 4))


def test_sizes_that_are_gathered_and_joined_stay_symbolic(writer, run, rng):
    shape = writer.node("Shape", [writer.placeholder("x", [None, 2, 3])], out_type="DT_INT64")
    batch = writer.node("GatherV2", [shape, const(writer, [0]), const(writer, 0)])
    one = writer.node("Squeeze", [writer.node("ExpandDims", [batch, const(writer, 0)])], squeeze_dims=[0])
    writer.node("Reshape", ["x", writer.node("ConcatV2", [one, const(writer, [6]), const(writer, 0)])], "y")
    x = rng.normal(size=(5, 2, 3)).astype(np.float32)
    np.testing.assert_array_equal(run(writer.write(), {"x": x})["y"], x.reshape(5, 6))


def test_resizing_keeps_the_batch_symbolic(writer, run, rng):
    writer.placeholder("x", [None, 2, 3, 4])
    writer.node("ResizeNearestNeighbor", ["x", const(writer, [4, 6])], "y")
    x = rng.normal(size=(5, 2, 3, 4)).astype(np.float32)
    np.testing.assert_array_equal(run(writer.write(), {"x": x})["y"], x.repeat(2, 1).repeat(2, 2))


def test_slicing_the_other_axes_keeps_the_batch_symbolic(writer, run, rng):
    writer.placeholder("x", [1, 5, 4])
    bounds = [const(writer, numbers) for numbers in ([0, 1], [0, 3], [1, 1])]
    writer.node("StridedSlice", ["x", *bounds], "rows", begin_mask=1, end_mask=1)
    writer.node("Slice", ["rows", const(writer, [0, 0, 2]), const(writer, [-1, -1, 1])], "y")
    x = rng.normal(size=(3, 5, 4)).astype(np.float32)
    np.testing.assert_array_equal(run(writer.write(), {"x": x})["y"], x[:, 1:3, 2:3])


@pytest.mark.parametrize(
    ("op", "operands", "attributes"),
    [
        ("Mean", [[0]], {}),
        ("Squeeze", [], {}),
        ("Squeeze", [], {"squeeze_dims": [0]}),
        ("Reshape", [[24]], {}),
        ("Reshape", [[4, 6]], {}),
        ("Reshape", [[-1, 3]], {}),
        ("GatherV2", [[0], 0], {}),
        ("StridedSlice", [[0], [1], [1]], {}),
        ("StridedSlice", [[0], [1], [1]], {"shrink_axis_mask": 1}),
        ("Unpack", [], {"num": 1}),
        ("Shape", [], {}),
    ],
)
def test_ops_that_mix_or_lose_the_batch_make_it_one(writer, input_shape, op, operands, attributes):
    writer.placeholder("x", [1, 1, 24])
    writer.node(op, ["x", *(const(writer, operand) for operand in operands)], "y", **attributes)
    writer.sign("outputs", "y", "y:0")
    assert input_shape() == [1, 1, 24]


@pytest.mark.parametrize(("op", "operands"), [("Mean", [[0]]), ("Slice", [[0, 0], [1, 3]])])
def test_ops_that_mix_the_batch_but_keep_its_axis_make_it_one(writer, input_shape, op, operands):
    """x - mean(x) and x - x[:1] have a batch axis, but mix its samples."""
    writer.placeholder("x", [1, 3])
    writer.node(op, ["x", *(const(writer, operand) for operand in operands)], "one", keep_dims=True)
    writer.node("Sub", ["x", "one"], "y")
    assert input_shape() == [1, 3]


def test_a_constant_concatenated_to_the_batch_makes_it_one(writer, input_shape):
    """ONNX accepts the concatenation, but fails for a batch of two."""
    writer.placeholder("x", [1, 3])
    writer.node("ConcatV2", ["x", writer.const(np.float32([[1, 2]])), const(writer, 1)], "y")
    assert input_shape() == [1, 3]


def test_an_output_without_a_batch_makes_it_one(writer, input_shape):
    writer.node("Neg", [writer.placeholder("x", [1, 3])], "y")
    writer.node("Transpose", ["y", const(writer, [1, 0])], "turned")
    writer.sign("outputs", "turned", "turned:0")
    assert input_shape() == [1, 3]


def test_a_batch_that_is_not_one_stays(writer, input_shape):
    writer.node("Neg", [writer.placeholder("x", [2, 3])], "y")
    assert input_shape() == [2, 3]


def test_several_inputs_share_the_batch(writer, run, rng):
    writer.node("Mul", [writer.placeholder("x", [None, 3]), writer.placeholder("y", [1, 3])], "product")
    writer.node("AddV2", ["product", writer.placeholder("bias", [3])], "z")
    x, y = rng.normal(size=(2, 4, 3)).astype(np.float32)
    feeds = {"x": x, "y": y, "bias": np.ones(3, np.float32)}
    np.testing.assert_allclose(run(writer.write(), feeds)["z"], x * y + 1, rtol=1e-6)


def test_unknown_sizes_stay_unknown_if_all_ops_support_them(writer, input_shape):
    writer.placeholder("x", [1, None, None, 3])
    writer.sign("inputs", "x", "x:0", [1, 32, 32, 3])
    writer.node("ResizeBilinear", ["x", const(writer, [8, 8])], "y")
    assert input_shape() == [BATCH, None, None, 3]


def test_unknown_sizes_become_those_of_the_signature_otherwise(writer, input_shape):
    writer.placeholder("x", [1, None, 3])
    writer.sign("inputs", "x", "x:0", [1, 8, 3])
    writer.node("Unpack", ["x"], "y", num=8, axis=1)
    assert input_shape() == [BATCH, 8, 3]


def test_uint8_inputs_are_computed_as_int32(writer, run):
    """TF.js has no uint8: 200 + 100 is 300."""
    x = writer.placeholder("x", [2], "DT_UINT8")
    writer.node("AddV2", [x, const(writer, [100, 100])], "y")
    result = run(writer.write(), {"x": np.uint8([200, 1])})["y"]
    assert result.dtype == np.int32
    np.testing.assert_array_equal(result, [300, 101])


def test_the_error_is_that_of_the_last_attempt(writer):
    writer.placeholder("x", [1, 3])
    writer.node("Squeeze", ["x"], "s")
    writer.node("NoSuchOp", ["s"], "y")
    with pytest.raises(ModelFormatError, match=r"'y' \(NoSuchOp\)"):
        translate_graph(read_graph(writer.write()), "1")
