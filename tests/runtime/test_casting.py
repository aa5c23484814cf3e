"""Dtypes that tensors do not have, in models of ONNX Runtime."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from humanrt.errors import ModelInputError, ModelRunError
from humanrt.runtime.casting import CASTS
from humanrt.runtime.graph_model import GraphModel


@pytest.fixture
def registry(registry):
    """The registry with a scope open: what a test makes is freed with it."""
    with registry.scope():
        yield registry


@pytest.fixture
def load(registry, cache, cpu):
    models = []

    def load(file):
        models.append(GraphModel(registry, cache.acquire(*file, cpu), "caster"))
        return models[-1]

    yield load
    for model in models:
        model.dispose()


def same(write_model, *types):
    """A model that returns its inputs, one for each type."""
    nodes = [helper.make_node("Identity", [f"x{i}"], [f"y{i}"]) for i in range(len(types))]
    return write_model(nodes, *([(f"{name}{i}", each, [None]) for i, each in enumerate(types)] for name in "xy"))


@pytest.mark.parametrize("kind", ["double", "int8", "int16", "uint16", "uint32", "uint64"])
def test_values_pass_through(write_model, load, registry, kind):
    dtype, held = CASTS[f"tensor({kind})"]
    model = load(same(write_model, getattr(TensorProto, kind.upper())))
    assert (model.inputs[0].dtype, model.outputs[0].dtype) == (dtype, dtype)
    values = np.array([0, 1, 100], held)
    with registry.tensor(values, held) as x, model.execute(x) as y:
        assert y.dtype == held
        np.testing.assert_array_equal(y.data_sync(), values)


@pytest.mark.parametrize(("kind", "value"), [("int8", 128), ("uint16", -1), ("uint32", 2**32), ("uint64", -5)])
def test_values_out_of_range(write_model, load, registry, kind, value):
    model = load(same(write_model, getattr(TensorProto, kind.upper())))
    message = f"values of 'x0' from {value} to {value} do not fit {kind}"
    with registry.tensor([value], model.inputs[0].tensor_dtype) as x, pytest.raises(ModelRunError, match=message):
        model.execute(x)


def test_an_output_that_no_tensor_holds_is_an_error(write_model, load, registry):
    """2**64 - 1 as uint64."""
    node = helper.make_node("BitwiseNot", ["x"], ["y"])
    file = write_model([node], [("x", TensorProto.UINT64, [1])], [("y", TensorProto.UINT64, [1])], opset=18)
    with registry.tensor([0], "int64") as x, pytest.raises(ModelRunError, match="do not fit int64"):
        load(file).execute(x)


def test_another_dtype_is_a_mismatch(write_model, load, registry):
    model = load(same(write_model, TensorProto.DOUBLE))
    with (
        registry.tensor([1], "int32") as x,
        pytest.raises(ModelInputError, match=r"'x0': float64 \[\?\], as a tensor of float32 was given int32 \[1\]"),
    ):
        model.execute(x)


@pytest.mark.parametrize("kind", [TensorProto.BFLOAT16, TensorProto.STRING])
def test_values_that_cannot_be_tensors_are_errors_only_where_they_are_used(write_model, load, registry, kind):
    nodes = [helper.make_node("Cast", ["x"], ["odd"], to=kind), helper.make_node("Neg", ["x"], ["y"])]
    outputs = [("odd", kind, [None]), ("y", TensorProto.FLOAT, [None])]
    model = load(write_model(nodes, [("x", TensorProto.FLOAT, [None])], outputs))
    with registry.tensor([1.5]) as x:
        with model.execute(x) as y:
            assert y.array() == [-1.5]
        with pytest.raises(ModelInputError, match=r"'odd': tensor.*, which cannot be a tensor"):
            model.execute(x, "odd")
    with registry.tensor([1.5]) as x, pytest.raises(ModelInputError, match="cannot be a tensor"):
        load(same(write_model, kind)).execute(x)
