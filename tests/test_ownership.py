"""The owner of each tensor: a test for each cell of the README's table, in both modes, with the real models."""

import warnings

import numpy as np
import pytest
from PIL import Image

from humanrt import Engine, Human
from parity.pictures import PICTURES, read_picture

NOTHING = (0, 0, 0, 0)
FACE = PICTURES / "astronaut.png"


@pytest.fixture
def mode():
    """The mode of the Human below; tests of one mode set it."""
    return "auto"


@pytest.fixture
async def human(mode):
    config = {"preset": "human", "face": {"detector": {"max_detected": 20, "return": True}}, "deallocate": mode}
    async with Human(config) as human:
        await human.load()
        yield human


@pytest.fixture
def left(human):
    """The counts now: (tensors, buffers, bytes, leaked)."""
    return lambda: human.engine.memory().baseline


both_modes = pytest.mark.parametrize("mode", ["auto", "manual"])
auto = pytest.mark.parametrize("mode", ["auto"])
manual = pytest.mark.parametrize("mode", ["manual"])


@both_modes
class TestIntermediates:
    async def test_intermediates_are_freed_by_the_call(self, human, left):
        result = await human.detect(FACE, {"face": {"detector": {"return": False}}})
        assert len(result.face) == 1
        assert left() == NOTHING
        assert human.engine.memory().peak_bytes > 1_000_000

    async def test_only_tensors_of_the_result_are_left(self, human, left):
        result = await human.detect(FACE)
        crop = result.face[0].tensor
        assert left() == (1, 1, crop.nbytes, 0)
        result.dispose()


@both_modes
class TestInputs:
    async def test_a_tensor_is_still_owned_by_the_caller(self, human, left):
        with human.engine.tensor(read_picture("astronaut")) as tensor:
            before = left()
            (await human.detect(tensor)).dispose()
            assert left() == before
            assert not tensor.is_disposed
        assert left() == NOTHING

    @pytest.mark.parametrize(
        "make",
        [lambda: FACE, lambda: FACE.read_bytes(), lambda: read_picture("astronaut"), lambda: Image.open(FACE)],
        ids=["path", "bytes", "array", "picture"],
    )
    async def test_any_other_input_is_freed_by_the_call(self, human, left, make):
        (await human.detect(make())).dispose()
        assert left() == NOTHING

    async def test_an_array_of_the_caller_is_neither_written_nor_kept(self, human, left):
        array = read_picture("astronaut")
        copy = array.copy()
        (await human.detect(array)).dispose()
        np.testing.assert_array_equal(array, copy)
        assert human.engine.memory().reasons == ()


async def with_block(human):
    with await human.detect(FACE) as result:
        return result.face[0].tensor


async def scope_around(human):
    async with human.engine.scope():
        return (await human.detect(FACE)).face[0].tensor


async def closing(human):
    result = await human.detect(FACE)
    await human.aclose()
    return result.face[0].tensor


def disposing(what):
    async def end(human):
        result = await human.detect(FACE)
        what(human, result)
        return result.face[0].tensor

    return end


ENDS = {
    "result.dispose()": disposing(lambda human, result: result.dispose()),
    "with result": with_block,
    "the enclosing scope": scope_around,
    "closing Human": closing,
    "tensor.dispose()": disposing(lambda human, result: result.face[0].tensor.dispose()),
    "a container": disposing(lambda human, result: human.engine.dispose({"results": [result]})),
}


class TestResults:
    @both_modes
    @pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
    async def test_tensors_of_a_result_are_freed_by(self, human, left, end):
        tensor = await end(human)
        assert tensor.is_disposed
        assert left() == NOTHING

    @auto
    async def test_in_auto_mode_a_tensor_that_nothing_references_is_freed_silently(self, human, left):
        """CONFORMANCE 52."""
        result = await human.detect(FACE)
        face = result.face[0]
        del result
        assert left()[0] == 1
        assert face.tensor.numpy().size
        del face
        assert left() == NOTHING

    @manual
    @pytest.mark.tensor_leaks(allow=1)
    async def test_in_manual_mode_a_tensor_that_nothing_references_is_a_leak(self, human, left):
        """CONFORMANCE 12."""
        await human.detect(FACE)
        with pytest.warns(ResourceWarning, match="vanished without being disposed"):
            assert left() == (0, 0, 0, 1)


@both_modes
class TestHandlesOfTheCallers:
    @pytest.mark.tensor_leaks(allow=1)
    async def test_a_handle_that_vanishes_outside_a_scope_is_reclaimed_and_counted(self, human, left):
        """CONFORMANCE 12."""
        human.engine.tensor([1.0, 2.0])
        with pytest.warns(ResourceWarning, match="vanished without being disposed"):
            assert left() == (0, 0, 0, 1)

    async def test_a_handle_that_vanishes_in_a_scope_is_reclaimed(self, human, left):
        async with human.engine.scope():
            human.engine.tensor([1.0, 2.0])
            assert left() == NOTHING


# Every public call that returns tensors: the scope around owns them, else the caller, in both modes.
CALLS = {
    "tensor": lambda engine, given: engine.tensor([1.0]),
    "from_numpy": lambda engine, given: engine.from_numpy(np.ones(2, np.float32)),
    "from_dlpack": lambda engine, given: engine.from_dlpack(np.ones(2, np.float32)),
    "adopt": lambda engine, given: engine.adopt(np.ones(2, np.float32)),
    "scalar": lambda engine, given: engine.scalar(1),
    "zeros": lambda engine, given: engine.zeros(2),
    "ones": lambda engine, given: engine.ones(2),
    "fill": lambda engine, given: engine.fill(2, 7),
    "range_": lambda engine, given: engine.range_(0, 2),
    "tidy": lambda engine, given: engine.tidy(lambda: engine.scalar(1)),
    "profile": lambda engine, given: engine.profile(lambda: engine.scalar(1)).result,
    "time": lambda engine, given: engine.time(lambda: engine.scalar(1)).result,
    "an op": lambda engine, given: engine.add(given, 1),
    "an op on images": lambda engine, given: engine.tidy(
        lambda: engine.image.resize_nearest(given.reshape((1, 2, 2, 1)), (1, 1))
    ),
    "an operator": lambda engine, given: given + 1,
    "indexing": lambda engine, given: given[1:],
    "clone": lambda engine, given: given.clone(),
    "reshape": lambda engine, given: given.reshape((2, 2)),
    "expand_dims": lambda engine, given: given.expand_dims(),
    "squeeze": lambda engine, given: given.squeeze(),
    "cast": lambda engine, given: given.cast("int32"),
}


@pytest.mark.parametrize("deallocate", ["auto", "manual"])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_the_scope_around_owns_the_result_of_a_call_else_the_caller(call, deallocate):
    with Engine("cpu", deallocate=deallocate) as engine, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        given = engine.tensor([1.0, 2.0, 3.0, 4.0])
        with engine.scope():
            inside = call(engine, given)
            assert not inside.is_disposed
        assert inside.is_disposed
        assert engine.memory().num_tensors == 1
        engine.keep(outside := call(engine, given))
        assert not outside.is_disposed
        outside.dispose()
        assert not given.is_disposed
        engine.dispose([given])


@pytest.mark.parametrize("deallocate", ["auto", "manual"])
async def test_the_scope_around_owns_the_outputs_of_a_model_else_the_caller(deallocate, negation):
    async with Engine("cpu", deallocate=deallocate) as engine:
        model = await engine.load_graph_model(negation)
        given = engine.tensor([1.0, 2.0])
        async with engine.scope():
            inside = [await model.execute_async(given), (await model.predict(given))["y"]]
        assert all(tensor.is_disposed for tensor in inside)
        outside = [await model.execute_async(given), (await model.predict(given))["y"]]
        assert engine.memory().num_tensors == 3
        engine.dispose([given, outside])
        assert engine.memory().baseline == NOTHING
