"""Tensors whose rank is named; the cases are those of TF.js's own tests."""

import numpy as np
import pytest

from humanrt.errors import InputError


@pytest.mark.parametrize("rank", range(2, 7))
def test_nested_values_and_flat_ones_with_a_shape(workspace, rank):
    create, shape = getattr(workspace, f"tensor{rank}d"), [1] * (rank - 2) + [2, 3]
    values = np.arange(6).reshape(shape).tolist()
    for arguments in ((values,), (values, shape), ([0, 1, 2, 3, 4, 5], shape), ([0, 1, 2, 3, 4, 5], [*shape[:-1], -1])):
        with create(*arguments) as tensor:
            assert (tensor.shape, tensor.array(), tensor.dtype) == (tuple(shape), values, np.int32)
    with create(values, dtype="float16") as tensor:
        assert tensor.dtype == np.float16


@pytest.mark.parametrize("rank", range(2, 7))
@pytest.mark.parametrize(
    ("values", "shape", "words"),
    [
        ([1, 2], None, "the values have 1 axes; accepted: {rank}, or 1 and a shape"),
        (5, None, "the values have 0 axes"),
        ([[[[[[[1]]]]]]], None, "the values have 7 axes"),
        ([1, 2], [2], r"the shape is \[2\]; accepted: {rank} sizes"),
        ([[1], [2, 3]], None, "nested lists must have the same length"),
    ],
)
def test_another_rank_is_refused(workspace, registry, rank, values, shape, words):
    with pytest.raises(InputError, match=words.format(rank=rank)):
        getattr(workspace, f"tensor{rank}d")(values, shape)
    assert registry.memory().peak_bytes == 0


def test_of_rank_one(workspace):
    with workspace.tensor1d([1, 2.5]) as tensor:
        assert (tensor.shape, tensor.dtype) == ((2,), np.float32)
    with pytest.raises(InputError, match=r"the values have 2 axes; accepted: 1$"):
        workspace.tensor1d([[1]])
    with pytest.raises(InputError, match=r"dtype is \[2\], which is a shape"):
        workspace.tensor1d([1, 2], [2])
