"""Convolutions, pooling, normalization and products against NumPy loops that follow TensorFlow's definitions."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from humanrt.errors import ModelFormatError, UnsupportedOpError

SETTINGS = settings(
    deadline=None, max_examples=25, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def windows(x, kernel, strides, dilations, padding, fill=0.0):
    """Return all windows of an image: [batch, out height, out width, kernel height, kernel width, channels]."""
    pads = []
    for axis in range(2):
        size, extent = x.shape[1 + axis], (kernel[axis] - 1) * dilations[axis] + 1
        if padding == "SAME":
            total = max((math.ceil(size / strides[axis]) - 1) * strides[axis] + extent - size, 0)
            pads.append((total // 2, total - total // 2))
        else:
            pads.append(padding[axis] if isinstance(padding, list) else (0, 0))
    x = np.pad(x.astype(np.float64), [(0, 0), *pads, (0, 0)], constant_values=fill)
    rows, columns = (
        range(0, x.shape[1 + axis] - (kernel[axis] - 1) * dilations[axis], strides[axis]) for axis in range(2)
    )
    ky, kx = (np.arange(kernel[axis]) * dilations[axis] for axis in range(2))
    return np.stack([np.stack([x[:, row + ky][:, :, column + kx] for column in columns], 1) for row in rows], 1)


def convolve(x, weights, strides, dilations, padding):
    return np.einsum("nyxabi,abio->nyxo", windows(x, weights.shape[:2], strides, dilations, padding), weights)


def attributes(strides=(1, 1), dilations=(1, 1), padding="SAME"):
    return {"strides": [1, *strides, 1], "dilations": [1, *dilations, 1], "padding": padding}


geometry = {
    "size": st.tuples(st.integers(3, 7), st.integers(3, 7)),
    "kernel": st.tuples(st.integers(1, 3), st.integers(1, 3)),
    "strides": st.tuples(st.integers(1, 3), st.integers(1, 3)),
    "padding": st.sampled_from(["SAME", "VALID"]),
}


@SETTINGS
@given(**geometry, dilations=st.sampled_from([(1, 1), (1, 2), (2, 1)]), planar=st.booleans())
def test_convolution(evaluate, known, rng, size, kernel, strides, padding, dilations, planar):
    if padding == "VALID" and any((k - 1) * d >= n for k, d, n in zip(kernel, dilations, size, strict=True)):
        return
    x, weights = rng.normal(size=(2, *size, 3)).astype(np.float32), rng.normal(size=(*kernel, 3, 4)).astype(np.float32)
    result = evaluate("Conv2D", x, known(weights), planar=planar, **attributes(strides, dilations, padding))
    np.testing.assert_allclose(result, convolve(x, weights, strides, dilations, padding), rtol=1e-4, atol=1e-5)


@SETTINGS
@given(**geometry, multiplier=st.integers(1, 3))
def test_depthwise_convolution(evaluate, known, rng, size, kernel, strides, padding, multiplier):
    x = rng.normal(size=(2, *size, 3)).astype(np.float32)
    weights = rng.normal(size=(*kernel, 3, multiplier)).astype(np.float32)
    result = evaluate("DepthwiseConv2dNative", x, known(weights), **attributes(strides, padding=padding))
    expected = np.einsum("nyxabi,abim->nyxim", windows(x, kernel, strides, (1, 1), padding), weights)
    np.testing.assert_allclose(result, expected.reshape(*expected.shape[:3], -1), rtol=1e-4, atol=1e-5)


def test_grouped_convolution(evaluate, known, rng):
    x, weights = rng.normal(size=(1, 4, 4, 4)).astype(np.float32), rng.normal(size=(1, 1, 2, 6)).astype(np.float32)
    halves = [
        convolve(x[..., g * 2 : g * 2 + 2], weights[..., g * 3 : g * 3 + 3], (1, 1), (1, 1), "VALID") for g in (0, 1)
    ]
    result = evaluate("Conv2D", x, known(weights), **attributes(padding="VALID"))
    np.testing.assert_allclose(result, np.concatenate(halves, -1), rtol=1e-4, atol=1e-5)


def test_explicit_padding(evaluate, known, rng):
    x, weights = rng.normal(size=(1, 5, 5, 2)).astype(np.float32), rng.normal(size=(3, 3, 2, 2)).astype(np.float32)
    given_attributes = attributes((2, 2), padding="EXPLICIT") | {"explicit_paddings": [0, 0, 1, 2, 0, 1, 0, 0]}
    result = evaluate("Conv2D", x, known(weights), **given_attributes)
    np.testing.assert_allclose(result, convolve(x, weights, (2, 2), (1, 1), [(1, 2), (0, 1)]), rtol=1e-4, atol=1e-5)


def test_same_padding_of_an_unknown_size(writer, run, rng):
    """Neither the graph nor the signature has the height and width."""
    weights = rng.normal(size=(3, 3, 2, 2)).astype(np.float32)
    x = writer.placeholder("x", [None, None, None, 2])
    writer.node("Conv2D", [x, writer.const(weights)], "y", **attributes((2, 2)))
    model = writer.write()
    for size in ((5, 6), (8, 7)):
        picture = rng.normal(size=(2, *size, 2)).astype(np.float32)
        expected = convolve(picture, weights, (2, 2), (1, 1), "SAME")
        np.testing.assert_allclose(run(model, {"x": picture})["y"], expected, rtol=1e-4, atol=1e-5)


ACTIVATIONS = {
    "Relu": lambda x: np.maximum(x, 0),
    "Relu6": lambda x: np.clip(x, 0, 6),
    "Elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "Tanh": np.tanh,
    "LeakyRelu": lambda x: np.where(x > 0, x, 0.3 * x),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("op", ["_FusedConv2D", "FusedDepthwiseConv2dNative", "_FusedMatMul"])
def test_fused_bias_and_activation(evaluate, known, rng, op, name):
    bias = rng.normal(size=3).astype(np.float32)
    fused = {"fused_ops": ["BiasAdd", name], "leakyrelu_alpha": 0.3, "num_args": 1}
    if op == "_FusedMatMul":
        x, weights = rng.normal(size=(2, 5)).astype(np.float32), rng.normal(size=(5, 3)).astype(np.float32)
        plain, more = x @ weights, {}
    else:
        x, more = rng.normal(size=(1, 4, 4, 3)).astype(np.float32), attributes()
        weights = rng.normal(size=(3, 3, 3, 1 if "Depthwise" in op else 3)).astype(np.float32)
        dense = weights if weights.shape[3] == 3 else weights * np.eye(3, dtype=np.float32)
        plain = convolve(x, dense, (1, 1), (1, 1), "SAME")
    result = evaluate(op, x, known(weights), known(bias), **fused, **more)
    np.testing.assert_allclose(result, ACTIVATIONS[name](plain + bias), rtol=1e-4, atol=1e-5)


def test_fused_prelu_takes_the_operand_after_the_bias(evaluate, known, rng):
    x, weights = rng.normal(size=(1, 4, 4, 3)).astype(np.float32), rng.normal(size=(1, 1, 3, 3)).astype(np.float32)
    bias, slope = rng.normal(size=3).astype(np.float32), rng.normal(size=(1, 1, 3)).astype(np.float32)
    result = evaluate(
        "_FusedConv2D", x, known(weights), known(bias), known(slope), fused_ops=["BiasAdd", "Prelu"], **attributes()
    )
    plain = convolve(x, weights, (1, 1), (1, 1), "SAME") + bias
    np.testing.assert_allclose(result, np.where(plain > 0, plain, slope * plain), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("fused", "extra", "error"),
    [
        (["BiasAdd", "Prelu"], [(3,)], UnsupportedOpError),
        (["BiasAdd", "Gelu"], [(3,)], UnsupportedOpError),
        (["Relu", "BiasAdd"], [(3,)], UnsupportedOpError),
        (["BiasAdd"], [(1, 3)], UnsupportedOpError),
        (["BiasAdd"], [(3,), (3,)], ModelFormatError),
    ],
)
def test_invalid_fused_ops(evaluate, known, fused, extra, error):
    operands = [known(np.ones((1, 1, 3, 3), np.float32)), *(known(np.ones(shape, np.float32)) for shape in extra)]
    with pytest.raises(error, match=r"'node' \(_FusedConv2D\)"):
        evaluate("_FusedConv2D", np.ones((1, 4, 4, 3), np.float32), *operands, fused_ops=fused, **attributes())


@SETTINGS
@given(**geometry, kind=st.sampled_from(["MaxPool", "AvgPool"]))
def test_pooling(evaluate, rng, size, kernel, strides, padding, kind):
    """The average excludes the padding."""
    x = rng.normal(size=(2, *size, 3)).astype(np.float32)
    cut = windows(x, kernel, strides, (1, 1), padding, fill=np.nan)
    expected = (np.nanmax if kind == "MaxPool" else np.nanmean)(cut, axis=(3, 4))
    result = evaluate(kind, x, ksize=[1, *kernel, 1], strides=[1, *strides, 1], padding=padding)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


@SETTINGS
@given(
    size=st.tuples(st.integers(2, 4), st.integers(2, 4)),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    strides=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.sampled_from(["SAME", "VALID"]),
    other=st.integers(0, 2),
)
def test_transposed_convolution(evaluate, known, rng, size, kernel, strides, padding, other):
    """A transposed convolution is the gradient: <convolve(y), x> = <y, transposed(x)> for all y."""
    target = []
    for n, k, s in zip(size, kernel, strides, strict=True):
        # All sizes from which the convolution makes n.
        target.append(n * s - min(other, s - 1) if padding == "SAME" else (n - 1) * s + k + min(other, s - 1))
    x, weights = rng.normal(size=(1, *size, 2)).astype(np.float32), rng.normal(size=(*kernel, 3, 2)).astype(np.float32)
    result = evaluate(
        "Conv2DBackpropInput", known([1, *target, 3]), known(weights), x, **attributes(strides, padding=padding)
    )
    y = rng.normal(size=(1, *target, 3))
    forward = convolve(y, weights, strides, (1, 1), padding)
    assert forward.shape == x.shape
    np.testing.assert_allclose((y * result).sum(), (forward * x).sum(), rtol=1e-3, atol=1e-3)


def test_matrix_products(evaluate, rng):
    x, y = rng.normal(size=(3, 4)).astype(np.float32), rng.normal(size=(5, 4)).astype(np.float32)
    np.testing.assert_allclose(evaluate("MatMul", x, y, transpose_b=True), x @ y.T, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(evaluate("MatMul", x, x, transpose_a=True), x.T @ x, rtol=1e-5, atol=1e-6)


def test_product_of_integers(evaluate):
    x, y = np.arange(6, dtype=np.int32).reshape(3, 2), np.arange(4, dtype=np.int32).reshape(2, 2)
    np.testing.assert_array_equal(evaluate("MatMul", x, y, transpose_b=True), x @ y.T)


@pytest.mark.parametrize("op", ["BatchMatMul", "BatchMatMulV2"])
def test_batched_products(evaluate, rng, op):
    x, y = rng.normal(size=(2, 3, 4)).astype(np.float32), rng.normal(size=(2, 3, 5)).astype(np.float32)
    np.testing.assert_allclose(evaluate(op, x, y, adj_x=True), x.transpose(0, 2, 1) @ y, rtol=1e-5, atol=1e-6)


def test_depth_to_space(evaluate, rng):
    x = rng.normal(size=(2, 2, 3, 8)).astype(np.float32)
    blocks = x.reshape(2, 2, 3, 2, 2, 2).transpose(0, 1, 3, 2, 4, 5)
    np.testing.assert_array_equal(evaluate("DepthToSpace", x, block_size=2), blocks.reshape(2, 4, 6, 2))


def test_space_to_batch_and_back(evaluate, known, rng):
    """From TensorFlow's documentation: position (row % block, column % block) of each block becomes the batch."""
    x = rng.normal(size=(2, 4, 5, 3)).astype(np.float32)
    padded = np.pad(x, [(0, 0), (1, 1), (0, 1), (0, 0)])
    expected = np.concatenate([padded[:, row::2, column::3] for row in range(2) for column in range(3)])
    result = evaluate("SpaceToBatchND", x, known([2, 3]), known([[1, 1], [0, 1]]))
    np.testing.assert_array_equal(result, expected)
    back = evaluate("BatchToSpaceND", expected, known([2, 3]), known([[1, 1], [0, 1]]))
    np.testing.assert_array_equal(back, x)


def test_transposed_convolution_of_an_unknown_size(writer, run):
    x, weights = writer.placeholder("x", [1, None, 4, 2]), writer.const(np.ones((2, 2, 2, 2), np.float32))
    writer.node("Conv2DBackpropInput", [writer.const(np.int32([8, 8])), weights, x], "y", **attributes((2, 2)))
    with pytest.raises(UnsupportedOpError, match="the size of its input is known only at run time"):
        run(writer.write(), {})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"strides": [1, 0, 1, 1]}, "strides"),
        ({"strides": [2, 1, 1, 1]}, "strides"),
        ({"strides": [1, 1]}, "strides"),
        ({"dilations": [1, 2**40, 1, 1]}, "dilations"),
        ({"padding": "REFLECT"}, "padding"),
        ({"padding": "EXPLICIT", "explicit_paddings": [0, 0, -1, 0, 0, 0, 0, 0]}, "padding"),
        ({"data_format": "NCDHW"}, "NHWC"),
    ],
)
def test_invalid_attributes(evaluate, known, changed, message):
    with pytest.raises(ModelFormatError, match=rf"'node' \(Conv2D\).*{message}"):
        evaluate(
            "Conv2D",
            np.ones((1, 4, 4, 2), np.float32),
            known(np.ones((3, 3, 2, 2), np.float32)),
            **attributes() | changed,
        )


@pytest.mark.parametrize(
    ("op", "operands", "given_attributes"),
    [
        ("Conv2D", [np.ones((1, 4, 4, 3), np.float32), np.ones((1, 1, 2, 2), np.float32)], attributes()),
        ("Conv2D", [np.ones((1, 4, 4, 2), np.float32), np.ones((0, 1, 2, 2), np.float32)], attributes()),
        ("Conv2D", [np.ones((4, 4, 2), np.float32), np.ones((1, 1, 2, 2), np.float32)], attributes()),
        ("DepthwiseConv2dNative", [np.ones((1, 4, 4, 3), np.float32), np.ones((1, 1, 2, 1), np.float32)], attributes()),
        ("MatMul", [np.ones((1, 2, 2), np.float32), np.ones((2, 2), np.float32)], {}),
        ("BatchMatMulV2", [np.ones(2, np.float32), np.ones((2, 2), np.float32)], {}),
        ("DepthToSpace", [np.ones((1, 2, 2, 4), np.float32)], {"block_size": 0}),
        ("SpaceToBatchND", [np.ones((1, 4, 4, 1), np.float32), np.int32([3, 3]), np.zeros((2, 2), np.int32)], {}),
        ("SpaceToBatchND", [np.ones((1, 4, 4, 1), np.float32), np.int32([0, 3]), np.zeros((2, 2), np.int32)], {}),
        ("BatchToSpaceND", [np.ones((3, 4, 4, 1), np.float32), np.int32([2, 2]), np.zeros((2, 2), np.int32)], {}),
        (
            "Conv2DBackpropInput",
            [np.int32([1, 90, 4, 2]), np.ones((1, 1, 2, 2), np.float32), np.ones((1, 4, 4, 2), np.float32)],
            attributes(),
        ),
        (
            "Conv2DBackpropInput",
            [np.int32([1, 4, 4, 2]), np.ones((1, 1, 2, 3), np.float32), np.ones((1, 4, 4, 2), np.float32)],
            attributes(),
        ),
        (
            "Conv2DBackpropInput",
            [np.int32([1, 4, 4, 2]), np.ones((1, 1, 2, 2), np.float32), np.ones((1, 4, 4, 2), np.float32)],
            attributes(dilations=(2, 2)),
        ),
        (
            "Conv2DBackpropInput",
            [np.int32([4]), np.ones((1, 1, 2, 2), np.float32), np.ones((1, 4, 4, 2), np.float32)],
            attributes(),
        ),
    ],
)
def test_invalid_operands(evaluate, known, op, operands, given_attributes):
    known_operands = [known(operand) for operand in operands]
    fed = 2 if op == "Conv2DBackpropInput" else 0
    known_operands[fed] = operands[fed]
    with pytest.raises(ModelFormatError, match=rf"'node' \({op}\)"):
        evaluate(op, *known_operands, **given_attributes)


@pytest.mark.parametrize(
    ("op", "padding"),
    [
        *itertools.product(["Conv2D", "DepthwiseConv2d", "MaxPool", "AvgPool"], ["SAME", "VALID", "EXPLICIT"]),
        *itertools.product(["Conv2DBackpropInput"], ["SAME", "VALID"]),
        ("DepthToSpace", "SAME"),
    ],
)
def test_nchw_and_nhwc_have_equal_results(evaluate, known, rng, op, padding):
    x = rng.normal(size=(2, 6, 5, 4)).astype(np.float32)
    weights = rng.normal(size=(3, 2, 4, 4)).astype(np.float32)
    attributes = {"padding": padding, "strides": (1, 2, 1, 1), "explicit_paddings": (0, 0, 1, 2, 0, 1, 0, 0)}
    operands, spatial = [known(weights)], ("strides", "ksize", "dilations", "explicit_paddings")
    match op:
        case "MaxPool" | "AvgPool":
            operands, attributes = [], attributes | {"ksize": (1, 3, 2, 1)}
        case "DepthToSpace":
            operands, attributes = [], {"block_size": 2}
        case "Conv2DBackpropInput":
            attributes["strides"] = (1, 1, 1, 1)

    def compute(data_format, image):
        turned = {
            name: [*np.array(value).reshape(4, -1)[[0, 3, 1, 2]].ravel().tolist()] if name in spatial else value
            for name, value in attributes.items()
        }
        given = list(operands)
        if op == "Conv2DBackpropInput":
            size = (6, 5) if padding == "SAME" else (8, 6)
            target = (2, *size, 4) if data_format == "NHWC" else (2, 4, *size)
            return evaluate(op, known(target), *given, image, data_format=data_format, **attributes | turned)
        return evaluate(op, image, *given, data_format=data_format, **(attributes if data_format == "NHWC" else turned))

    expected = compute("NHWC", x)
    result = compute("NCHW", x.transpose(0, 3, 1, 2))
    np.testing.assert_allclose(result.transpose(0, 2, 3, 1), expected, rtol=1e-5, atol=1e-5)


def test_a_fused_bias_and_slopes_in_nchw(evaluate, known, rng):
    x, weights = rng.normal(size=(1, 2, 4, 4)).astype(np.float32), rng.normal(size=(1, 1, 2, 3)).astype(np.float32)
    bias, slopes = rng.normal(size=3).astype(np.float32), rng.uniform(0, 1, (3, 1, 1)).astype(np.float32)
    sums = np.einsum("nchw,co->nohw", x, weights[0, 0]) + bias[:, None, None]
    fused = {"fused_ops": ["BiasAdd", "Prelu"], "data_format": "NCHW", "strides": [1, 1, 1, 1], "padding": "SAME"}
    result = evaluate("_FusedConv2D", x, known(weights), known(bias), known(slopes), **fused)
    np.testing.assert_allclose(result, np.where(sums > 0, sums, sums * slopes), rtol=1e-4, atol=1e-5)


def test_an_average_over_the_whole_image(evaluate, rng):
    """The sum of many numbers must not accumulate rounding errors."""
    x = rng.uniform(0, 5, (1, 128, 128, 2)).astype(np.float32)
    result = evaluate("AvgPool", x, ksize=[1, 128, 128, 1], strides=[1, 1, 1, 1], padding="VALID")
    np.testing.assert_allclose(result.ravel(), x.astype(np.float64).mean((0, 1, 2)), rtol=7e-7)


def test_einsum(evaluate, rng):
    x, y = rng.normal(size=(2, 3, 4)).astype(np.float32), rng.normal(size=(4, 5)).astype(np.float32)
    np.testing.assert_allclose(
        evaluate("Einsum", x, y, equation="abc,cd->adb"), np.einsum("abc,cd->adb", x, y), rtol=1e-4, atol=1e-5
    )


def test_blocks_of_an_unknown_size(writer, run, rng):
    """A dilated convolution as Keras writes it: the paddings are computed from the size, to fit the blocks."""
    x = writer.placeholder("x", [1, None, None, 2])
    margins, crops = (writer.placeholder(name, [2, 2], "DT_INT32") for name in ("margins", "crops"))
    blocks = writer.const(np.int32([2, 2]))
    apart = writer.node("SpaceToBatchND", [x, blocks, margins])
    weights = rng.normal(size=(3, 3, 2, 1)).astype(np.float32)
    part = writer.node("DepthwiseConv2dNative", [apart, writer.const(weights)], strides=[1, 1, 1, 1], padding="VALID")
    writer.node("BatchToSpaceND", [part, blocks, crops], "y")
    writer.node(
        "DepthwiseConv2dNative",
        [x, writer.const(weights)],
        "z",
        strides=[1, 1, 1, 1],
        padding="SAME",
        dilations=[1, 2, 2, 1],
    )
    feeds = {
        "x": rng.normal(size=(1, 7, 6, 2)).astype(np.float32),
        "margins": np.int32([[2, 3], [2, 2]]),
        "crops": np.int32([[0, 1], [0, 0]]),
    }
    results = run(writer.write(), feeds)
    np.testing.assert_allclose(results["y"], results["z"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("op", ["FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"])
@pytest.mark.parametrize("data_format", ["NHWC", "NCHW"])
def test_batch_norm(evaluate, known, rng, op, data_format):
    x = rng.normal(size=(2, 3, 4, 3)).astype(np.float32)
    scale, offset, mean, variance = rng.uniform(0.5, 2, (4, 3)).astype(np.float32)
    expected = (x - mean) / np.sqrt(variance + 0.01) * scale + offset
    given = x if data_format == "NHWC" else x.transpose(0, 3, 1, 2)
    result = evaluate(op, given, *map(known, (scale, offset, mean, variance)), data_format=data_format, epsilon=0.01)
    np.testing.assert_allclose(
        result if data_format == "NHWC" else result.transpose(0, 2, 3, 1), expected, rtol=1e-4, atol=1e-5
    )


def test_statistics_that_do_not_fit(evaluate, known):
    with pytest.raises(ModelFormatError, match="do not fit an input of 3 channels"):
        evaluate("FusedBatchNormV3", np.ones((1, 2, 2, 3), np.float32), *[known([1.0, 2.0])] * 4)
