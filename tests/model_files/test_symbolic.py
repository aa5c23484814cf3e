"""The inputs of ONNX models are rewritten to those of their cards: what ONNX Runtime runs decides."""

import hashlib
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from fuzz.writer import GraphWriter
from humanrt.engine import internals
from humanrt.errors import ModelInputError
from humanrt.model_files import prepare
from humanrt.model_files.symbolic import rewritten
from humanrt.zoo import Card, CardFile, InputSpec, Provenance, Store, TensorSpec


def doubling(shape, *, weights_are_inputs=False):
    """Return the bytes of a model that multiplies [1, 1, h, w] by the weight 2."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("x", "y")]
    weight = numpy_helper.from_array(np.float32(2), "two")
    inputs = values[:1]
    if weights_are_inputs:
        inputs = [*inputs, helper.make_tensor_value_info("two", TensorProto.FLOAT, [])]
    graph = helper.make_graph([helper.make_node("Mul", ["x", "two"], ["y"])], "g", inputs, values[1:], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return model.SerializeToString()


def card_of(data, shape, folder):
    path = folder / "mine.onnx"
    path.write_bytes(data)
    return card_of_files([path], shape)


def card_of_files(paths, shape, **more):
    spec = {"shape": shape, "dtype": "float32", "meaning": ""}
    contents = [(path, path.read_bytes()) for path in paths]
    return Card(
        name=paths[0].stem,
        summary="",
        licence="MIT",
        provenance=Provenance(authors="", origin="", licence=""),
        files=tuple(
            CardFile(name=path.name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data), path=str(path))
            for path, data in contents
        ),
        config_key="object",
        inputs={"x": InputSpec(node="x", value_range=(0.0, 1.0), **spec, **more)},
        outputs={"y": TensorSpec(node="y", **spec)},
    )


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cache")


def run(path, shape):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    array = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    (result,) = session.run(None, {"x": array})
    np.testing.assert_array_equal(result, 2 * array)
    return session


def test_fixed_sizes_become_symbolic_where_the_card_has_words(tmp_path, store):
    card = card_of(doubling([1, 1, 4, 4]), (1, 1, "height", "width"), tmp_path)
    session = run(prepare(card, store).stored.path, (1, 1, 2, 6))
    assert session.get_inputs()[0].shape == [1, 1, "height", "width"]


def test_weights_are_no_inputs(tmp_path, store):
    card = card_of(doubling([1, 1, 4, 4], weights_are_inputs=True), (1, 1, 4, 4), tmp_path)
    session = run(prepare(card, store).stored.path, (1, 1, 4, 4))
    assert [spec.name for spec in session.get_inputs()] == ["x"]
    assert session.get_outputs()[0].shape == [1, 1, 4, 4]


def test_a_model_that_is_as_its_card_is_used_as_it_is(tmp_path, store):
    data = doubling([1, 1, "h", 4])
    card = card_of(data, (1, 1, "height", 4), tmp_path)
    assert rewritten(data, card) is None
    assert prepare(card, store).stored.path == store.cache_dir / "models" / "mine" / "mine.onnx"


def test_the_rewritten_model_is_kept_and_each_card_has_its_own(tmp_path, store):
    card = card_of(doubling([1, 1, 4, 4]), (1, 1, "height", "width"), tmp_path)
    first, again = prepare(card, store), prepare(card, store)
    assert first == again
    (spec,) = card.inputs.values()
    other = replace(card, inputs={"x": replace(spec, shape=(1, 1, "height", 4))})
    assert prepare(other, store).key != first.key
    assert onnx.load(prepare(other, store).stored.path).graph.input[0].type.tensor_type.shape.dim[3].dim_value == 4


def test_the_published_file_keeps_its_hash(tmp_path, store):
    card = card_of(doubling([1, 1, 4, 4]), (1, 1, "height", "width"), tmp_path)
    prepare(card, store)
    assert [report.state for report in store.verify(card)] == ["intact", "intact"]
    assert store.remove(card)
    assert not list((store.cache_dir / "onnx" / "mine").glob("*"))


@pytest.fixture
def converted(tmp_path):
    """The files of a TF.js model, ``y = -(x + 1)``, of 4 x 4 pixels."""
    writer = GraphWriter(tmp_path)
    plus_one = writer.node("AddV2", [writer.placeholder("x", [1, 4, 4, 1]), writer.const(np.float32(1))], "plus_one")
    writer.node("Neg", [plus_one], "y")
    writer.sign("outputs", "y:0", "y:0", [1, 4, 4, 1])
    path = writer.write()
    return [path, *tmp_path.glob("*.bin")]


async def test_a_converted_model_of_any_size_runs_at_other_sizes(engine, converted):
    model = internals(engine).load(card_of_files(converted, (1, 4, 4, 1), any_size=True))
    for shape in ((1, 4, 4, 1), (1, 2, 6, 1)):
        with engine.tensor(np.ones(shape, np.float32)) as x, await model.execute_async(x) as y:
            np.testing.assert_array_equal(y.array(), np.full(shape, -2, np.float32))
    # Its inner nodes are those of the file.
    with engine.tensor(np.ones((1, 4, 4, 1), np.float32)) as x, await model.execute_async(x, "plus_one") as inner:
        np.testing.assert_array_equal(inner.array(), np.full((1, 4, 4, 1), 2, np.float32))


async def test_a_converted_model_without_it_has_the_size_of_its_file(engine, converted):
    model = internals(engine).load(card_of_files(converted, (1, 4, 4, 1)))
    with engine.tensor(np.ones((1, 2, 6, 1), np.float32)) as x, pytest.raises(ModelInputError):
        await model.execute_async(x)
