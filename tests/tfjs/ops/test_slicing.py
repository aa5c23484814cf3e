"""Slices against NumPy's own indexing."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from humanrt.errors import ModelFormatError, UnsupportedOpError

SETTINGS = settings(
    deadline=None, max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
X = np.arange(4 * 5 * 3, dtype=np.float32).reshape(4, 5, 3)

one_index = st.one_of(
    st.builds(slice, *[st.one_of(st.none(), st.integers(-6, 6))] * 2, st.sampled_from([None, 1, 2, 3, -1, -2])),
    st.just(np.newaxis),
)


@st.composite
def numpy_index(draw):
    """A NumPy index: slices, integers, new axes, and at most one ellipsis."""
    taken = draw(st.integers(0, 3))
    items = [draw(st.one_of(one_index, st.integers(-size, size - 1))) for size in X.shape[:taken]]
    if draw(st.booleans()):
        items.insert(draw(st.integers(0, len(items))), Ellipsis)
    return tuple(items)


def as_strided_slice(index):
    """Return TensorFlow's operands and masks for a NumPy index."""
    begin, end, step = [], [], []
    masks = dict.fromkeys(("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"), 0)
    for position, item in enumerate(index):
        bit, numbers = 1 << position, (0, 0, 1)
        if item is Ellipsis:
            masks["ellipsis_mask"] |= bit
        elif item is np.newaxis:
            masks["new_axis_mask"] |= bit
        elif isinstance(item, int):
            masks["shrink_axis_mask"] |= bit
            numbers = (item, item + 1, 1)
        else:
            masks["begin_mask"] |= bit * (item.start is None)
            masks["end_mask"] |= bit * (item.stop is None)
            numbers = (item.start or 0, item.stop or 0, item.step or 1)
        for target, number in zip((begin, end, step), numbers, strict=True):
            target.append(number)
    return [np.array(numbers, np.int32) for numbers in (begin, end, step)], masks


@SETTINGS
@given(index=numpy_index())
def test_strided_slice(evaluate, known, index):
    try:
        expected = X[index]
    except IndexError:
        return
    operands, masks = as_strided_slice(index)
    result = evaluate("StridedSlice", X, *map(known, operands), **masks)
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize(
    ("begin", "end", "step", "masks"),
    [
        ([0], [2], [0], {}),
        ([0, 0], [2], [1, 1], {}),
        ([0] * 4, [1] * 4, [1] * 4, {}),
        ([0, 0], [1, 1], [1, 1], {"ellipsis_mask": 3}),
        ([9], [10], [1], {"shrink_axis_mask": 1}),
    ],
)
def test_invalid_strided_slices(evaluate, known, begin, end, step, masks):
    with pytest.raises(ModelFormatError, match=r"'node' \(StridedSlice\)"):
        evaluate("StridedSlice", X, known(begin), known(end), known(step), **masks)


@SETTINGS
@given(index=numpy_index(), fed=st.sampled_from(["begin", "end", "both"]))
def test_strided_slice_with_computed_bounds(evaluate, known, index, fed):
    """As models converted from JAX have them."""
    try:
        expected = X[index]
    except IndexError:
        return
    (begin, end, step), masks = as_strided_slice(index)
    begin, end = (bound if fed in (name, "both") else known(bound) for name, bound in (("begin", begin), ("end", end)))
    np.testing.assert_array_equal(evaluate("StridedSlice", X, begin, end, known(step), **masks), expected)


def test_computed_bounds_keep_the_other_sizes_and_the_batch(writer, run):
    """A convolution after the slice needs its channels."""
    x, count = writer.placeholder("x", [None, 6, 4, 2]), writer.placeholder("count", [], "DT_INT32")
    size = writer.node("StridedSlice", [writer.node("Shape", [x]), *map(writer.const, np.int32([[1], [2], [1]]))])
    half = writer.node("FloorDiv", [writer.node("AddV2", [size, count]), writer.const(np.int32([2]))])
    zero = writer.const(np.int32([0]))
    begin = writer.node("ConcatV2", [zero, half, writer.const(np.int32(0))])
    bounds = [begin, writer.const(np.int32([0, 0])), writer.const(np.int32([1, 1]))]
    part = writer.node("StridedSlice", [x, *bounds], begin_mask=1, end_mask=3)
    weights = writer.const(np.ones((1, 1, 2, 1), np.float32))
    writer.node("Conv2D", [part, weights], "y", strides=[1, 1, 1, 1], padding="VALID")
    images = np.arange(2 * 6 * 4 * 2, dtype=np.float32).reshape(2, 6, 4, 2)
    result = run(writer.write(), {"x": images, "count": np.array(2, np.int32)})["y"]
    np.testing.assert_array_equal(result, images[:, 4:].sum(-1, keepdims=True))


def test_computed_strides_are_not_supported(evaluate, known):
    with pytest.raises(UnsupportedOpError, match=r"\(StridedSlice\): its strides is computed at run time"):
        evaluate("StridedSlice", X, known([0]), known([2]), np.int32([1]))


def test_bounds_of_unknown_number(writer, run):
    x, begins = writer.placeholder("x", [4]), writer.placeholder("begin", [1, None], "DT_INT32")
    begin = writer.node("Squeeze", [begins], squeeze_dims=[0])
    writer.node("StridedSlice", [x, begin, writer.const(np.int32([2])), writer.const(np.int32([1]))], "y")
    with pytest.raises(UnsupportedOpError, match="not a vector of known length"):
        run(writer.write(), {})


@SETTINGS
@given(
    begin=st.tuples(*(st.integers(0, size - 1) for size in X.shape)),
    sizes=st.tuples(*[st.integers(-1, 3)] * 3),
    fed=st.booleans(),
)
def test_slice(evaluate, known, begin, sizes, fed):
    sizes = [min(size, whole - start) for size, whole, start in zip(sizes, X.shape, begin, strict=True)]
    index = tuple(slice(b, None if s < 0 else b + s) for b, s in zip(begin, sizes, strict=True))
    operands = (np.int32(begin), np.int32(sizes)) if fed else (known(begin), known(sizes))
    np.testing.assert_array_equal(evaluate("Slice", X, *operands), X[index])


def test_slice_of_other_axes(evaluate, known):
    with pytest.raises(ModelFormatError, match=r"\(Slice\)"):
        evaluate("Slice", X, known([0, 0]), known([1, 1]))
