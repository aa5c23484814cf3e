"""Memory that is filled element by element; the cases are those of TF.js's own tests of ``tf.buffer``."""

import numpy as np
import pytest

from humanrt.errors import EngineClosedError, InputError


def test_float_elements(workspace, registry):
    buffer = workspace.buffer([1, 2, 3])
    buffer.set(1.3, 0, 0, 0)
    buffer.set(2.9, 0, 1, 0)
    assert (buffer.rank, buffer.size, buffer.shape, buffer.dtype) == (3, 6, (1, 2, 3), np.float32)
    assert buffer.get(0, 0, 0) == pytest.approx(1.3)
    assert (buffer.get(0, 0, 1), buffer.get(0, 1, 0)) == (0, pytest.approx(2.9))
    assert registry.memory().num_bytes == 0
    with buffer.to_tensor() as tensor:
        np.testing.assert_array_equal(tensor.data_sync(), np.float32([[[1.3, 0, 0], [2.9, 0, 0]]]), strict=True)


@pytest.mark.parametrize(("dtype", "expected"), [("int32", [[1, 2], [0, 3]]), ("bool", [[True, True], [False, True]])])
def test_other_dtypes_and_given_values(workspace, dtype, expected):
    buffer = workspace.buffer((2, 2), dtype, [1, 2, 0, 0])
    buffer.set(3.7, 1, 1)
    with buffer.to_tensor() as tensor:
        assert (tensor.array(), tensor.dtype) == (expected, dtype)
        buffer.set(0, 0, 0)
        assert tensor.array() == expected
    assert buffer.get(0, 0) == 0


def test_a_scalar_has_one_place(workspace):
    buffer = workspace.buffer(())
    buffer.set(5)
    assert (buffer.get(), buffer.size) == (5, 1)


def test_the_tensor_belongs_to_the_scope(workspace, registry):
    with registry.scope():
        assert workspace.buffer(2).to_tensor().array() == [0, 0]
    assert registry.memory().num_tensors == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda b: b.get(2, 0), r"no element \(2, 0\) in the shape \(2, 3\); accepted: indices from 0 on"),
        (lambda b: b.get(0, -1), r"no element \(0, -1\)"),
        (lambda b: b.get(1), r"no element \(1,\)"),
        (lambda b: b.get(), r"no element \(\)"),
        (lambda b: b.set(1, 0, 3), r"no element \(0, 3\)"),
        (lambda b: b.set(1, 0, 0, 0), r"no element \(0, 0, 0\)"),
        (lambda b: b.get(0.5, 0), r"\(0.5, 0\) is no location; accepted: an int for each of 2 dimensions"),
        (lambda b: b.set(300, 0, 0), "300 do not fit uint8"),
        (lambda b: b.set("a", 0, 0), "cannot become a tensor"),
    ],
)
def test_what_is_not_there_is_refused_and_changes_nothing(workspace, call, words):
    buffer = workspace.buffer((2, 3), "uint8", [7] * 6)
    with pytest.raises(InputError, match=words):
        call(buffer)
    with buffer.to_tensor() as tensor:
        assert tensor.array() == [[7, 7, 7], [7, 7, 7]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (((2, 2), "float32", [1, 2, 3]), r"3 values for the shape \(2, 2\), which has 4 elements"),
        (((2, -1),), "is not a shape"),
        ((2, "complex64"), "dtype complex64 is not supported"),
    ],
)
def test_a_buffer_that_cannot_be(workspace, arguments, words):
    with pytest.raises(InputError, match=words):
        workspace.buffer(*arguments)


def test_after_close_no_tensor_is_made(workspace, registry):
    buffer = workspace.buffer(2)
    registry.close()
    with pytest.raises(EngineClosedError):
        buffer.to_tensor()
