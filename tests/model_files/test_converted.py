"""Models converted from TF.js: names as TF.js accepts them, and inner nodes as outputs."""

import asyncio

import numpy as np
import pytest

from fuzz.writer import GraphWriter
from humanrt import tfjs
from humanrt.engine import internals
from humanrt.errors import ModelDisposedError, ModelFormatError, ModelInputError
from humanrt.runtime import sessions

pytestmark = pytest.mark.usefixtures("own_sessions")


@pytest.fixture
def writer(tmp_path):
    """The model ``result = -(x + 1)``, whose signature names the input ``image``; ``halves`` has two outputs."""
    folder = tmp_path / "tfjs"
    folder.mkdir()
    writer = GraphWriter(folder)
    writer.placeholder("x", [None, 4])
    writer.node("AddV2", ["x", writer.const(np.float32(1), "one")], "plus_one")
    writer.node("Neg", ["plus_one"], "Identity_1")
    writer.node("Split", [writer.const(np.int32(1)), "plus_one"], "halves", num_split=2)
    writer.sign("inputs", "image:0", "x:0", [-1, 4])
    writer.sign("outputs", "result:0", "Identity_1:0", [-1, 4])
    return writer


@pytest.fixture
def model(writer, engine):
    return internals(engine).load(writer.write())


@pytest.fixture
def x(engine):
    with engine.tensor([[1.0, 2, 3, 4]]) as x:
        yield x


def values(tensor):
    with tensor:
        return tensor.array()


RESULT, PLUS_ONE = [[-2, -3, -4, -5]], [[2, 3, 4, 5]]


@pytest.mark.parametrize("name", ["result", "result:0", "Identity_1", "Identity_1:0", ["Identity_1:0"]])
async def test_names_of_outputs(model, x, name):
    assert [spec.name for spec in model.outputs] == ["result"]
    assert values(await model.execute_async(x, name)) == RESULT
    assert values(await asyncio.to_thread(model.execute, x, name)) == RESULT


@pytest.mark.parametrize("name", ["x", "x:0", "image", "image:0"])
async def test_names_of_inputs(model, x, name):
    assert values(await model.execute_async({name: x})) == RESULT
    assert values(await model.execute_async({name: x}, "plus_one")) == PLUS_ONE
    outputs = await model.predict({name: x})
    assert {key: values(tensor) for key, tensor in outputs.items()} == {"result": RESULT}


async def test_inner_nodes(model, x):
    inner, result, second = await model.execute_async(x, ["plus_one:0", "result", "halves:1"])
    assert [values(tensor) for tensor in (inner, result, second)] == [PLUS_ONE, RESULT, [[4, 5]]]
    assert values(await model.execute_async(x, "halves")) == [[2, 3]]


async def test_an_inner_node_that_leaves_out_inputs(engine, tmp_path):
    """The node needs one of the two inputs; both may be given, as in TF.js."""
    folder = tmp_path / "two"
    folder.mkdir()
    writer = GraphWriter(folder)
    writer.node("Neg", [writer.placeholder("a", [2])], "minus")
    writer.node("AddV2", ["minus", writer.placeholder("b", [2])], "sum")
    model = internals(engine).load(writer.write())
    with engine.tensor([1.0, 2]) as a, engine.tensor([5.0, 5]) as b:
        assert values(await model.execute_async({"a": a, "b": b}, "minus")) == [-1, -2]
        assert values(await model.execute_async([a, b], "minus")) == [-1, -2]


@pytest.mark.parametrize("names", ["nothing", ["result", "nothing"], [], ["result", "result:0"]])
async def test_unknown_and_repeated_outputs(model, x, names):
    with pytest.raises(ModelInputError, match=r"no output|requested twice"):
        await model.execute_async(x, names)


async def test_two_names_of_one_node(model, x):
    with pytest.raises(ModelInputError, match="two are the same node"):
        await model.execute_async(x, ["result", "Identity_1", "plus_one"])


async def test_an_unknown_input(model, x):
    with pytest.raises(ModelInputError, match="there is no input 'y', only"):
        await model.execute_async({"y": x})


async def test_the_other_outputs_are_converted_and_loaded_once(model, x):
    created = sessions.statistics().created
    results = await asyncio.gather(*(model.execute_async(x, "plus_one") for _ in range(5)))
    assert [values(result) for result in results] == [PLUS_ONE] * 5
    assert sessions.statistics().created == created + 1


async def test_dispose_releases_all_sessions(model, x):
    values(await model.execute_async(x, "plus_one"))
    assert sessions.statistics().live == 2
    model.dispose()
    await model.drain()
    assert sessions.statistics().live == 0
    for name in ("result", "plus_one", "halves"):
        with pytest.raises(ModelDisposedError):
            await model.execute_async(x, name)
    assert sessions.statistics().live == 0


async def test_a_model_whose_files_changed(model, writer, x):
    """The loaded model is not affected; another conversion would be of another model."""
    (writer.folder / "group1-shard1of1.bin").write_bytes(writer.content[::-1])
    assert values(await model.execute_async(x)) == RESULT
    with pytest.raises(ModelFormatError, match="the files of the model changed"):
        await model.execute_async(x, "plus_one")


async def test_an_input_cannot_be_an_output(model, x):
    with pytest.raises(ModelFormatError, match="an input and an output have the name 'x'"):
        await model.execute_async(x, "x")


async def test_an_onnx_model_lists_its_outputs(engine, negation):
    model = internals(engine).load(negation)
    with engine.tensor([1.0]) as x:
        assert values(await model.execute_async({"x:0": x}, "y:0")) == [-1]
        with pytest.raises(ModelInputError, match=r"there is no output 'inner', only \['y'\]"):
            await model.execute_async(x, "inner")


def test_files_that_change_while_they_are_converted(writer, engine, monkeypatch):
    """Otherwise the conversion of the new content would be stored under the digest of the old one."""
    path = writer.write()
    plain = tfjs.convert

    def change(*arguments, **options):
        path.write_text(path.read_text() + " ")
        plain(*arguments, **options)

    monkeypatch.setattr("humanrt.tfjs.convert", change)
    with pytest.raises(ModelFormatError, match="the files of the model changed"):
        internals(engine).load(path)
    monkeypatch.setattr("humanrt.tfjs.convert", plain)
    internals(engine).load(path)


async def test_a_converted_model_is_saved_as_onnx(model, engine, x, tmp_path):
    saved = await engine.load_graph_model(await model.save(tmp_path / "saved.onnx"))
    assert values(await saved.execute_async(x)) == RESULT
    assert [path.name for path in tmp_path.glob("saved*")] == ["saved.onnx"]
