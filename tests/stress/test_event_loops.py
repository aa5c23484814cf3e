"""Two event loops in two threads, on one engine or two: correct results, or a typed error. CONFORMANCE 42, 43, 49."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from humanrt import Engine
from humanrt.errors import EngineClosedError, ModelDisposedError, ScopeClosedError, TensorDisposedError

CALLS = 30  # of each loop
PATIENCE = 60  # seconds until a test that hangs fails
SIDE = 64


def in_two_loops(*works):
    """Run two coroutine functions at the same time, each in its own event loop and thread; return their results."""
    together = threading.Barrier(2)

    def run(work):
        together.wait(PATIENCE)
        return asyncio.run(asyncio.wait_for(work(), PATIENCE))

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(run, works))


async def call(engine, model, number):
    """Run the model on an input of its own, in a scope of its own, and check the output."""
    signs = np.random.default_rng(number).choice([-1, 1], SIDE)
    async with engine.scope():
        output = await model.execute_async(engine.tensor(np.diag(signs), np.float32))
        # An odd power of a sign is the sign itself.
        np.testing.assert_array_equal(await output.data(), np.diag(signs))


async def work(engine, product):
    """Load a model and call it many times at once; half of the calls are cancelled."""
    model = await engine.load_graph_model(product)
    async with engine.scope() as scope:
        mine = engine.tensor([1.0, 2.0])
        spared, cancelled = ([asyncio.create_task(call(engine, model, i)) for i in range(CALLS)] for _ in range(2))
        for task in cancelled:
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.gather(*spared)
        ends = await asyncio.gather(*cancelled, return_exceptions=True)
        assert {type(end) for end in ends} <= {asyncio.CancelledError, type(None)}  # None: it ended before
        assert scope._owned == {mine.id}
    model.dispose()


def test_one_engine(product):
    """Each loop loads the model, in one session, and runs it as if it were the only one."""
    with Engine(device="cpu") as engine:
        in_two_loops(lambda: work(engine, product), lambda: work(engine, product))
        assert engine.memory().baseline == (0, 0, 0, 0)


def test_two_engines(product):
    with Engine(device="cpu") as one, Engine(device="cpu") as other, other.tensor(1):
        in_two_loops(lambda: work(one, product), lambda: work(other, product))
        assert one.memory().baseline == (0, 0, 0, 0)
        assert other.memory().baseline == (1, 1, 4, 0)


def test_models_and_tensors_of_one_loop_can_be_used_in_the_other(product):
    """They belong to the engine, not to the loop that created them."""
    with Engine(device="cpu") as engine:
        model = asyncio.run(engine.load_graph_model(product))
        source = engine.tensor(np.eye(SIDE, dtype=np.float32))

        async def run():
            outputs = await asyncio.gather(*(model.execute_async(source) for _ in range(CALLS)))
            assert engine.memory().num_tensors >= CALLS
            return outputs

        async def read(outputs):
            return await asyncio.gather(*(output.data() for output in outputs))

        one, other = in_two_loops(run, run)
        for values in in_two_loops(lambda: read(one), lambda: read(other)):
            np.testing.assert_array_equal(values, [np.eye(SIDE)] * CALLS)
        engine.dispose([source, one, other])
        assert engine.memory().baseline == (0, 0, 0, 0)


def test_a_scope_that_is_left_while_the_other_loop_works_in_it(product):
    """The other loop, which runs in the context of the scope, gets ScopeClosedError; its earlier tensors are freed."""
    with Engine(device="cpu") as engine:
        made, ended = threading.Event(), threading.Event()
        tensors = []

        async def late():
            tensors.append(engine.tensor(1))
            made.set()
            assert await asyncio.to_thread(ended.wait, PATIENCE)
            with pytest.raises(ScopeClosedError):
                engine.tensor(2)
            async with engine.scope():
                tensors.append(engine.tensor(3))
                assert await tensors[1].data() == 3

        async def early():
            async with engine.scope():
                thread = asyncio.create_task(asyncio.to_thread(asyncio.run, late()))
                assert await asyncio.to_thread(made.wait, PATIENCE)
            ended.set()
            await thread

        asyncio.run(asyncio.wait_for(early(), PATIENCE))
        assert all(tensor.is_disposed for tensor in tensors)
        assert engine.memory().baseline == (0, 0, 0, 0)


def test_one_loop_closes_the_engine_that_the_other_uses(product):
    """The calls in flight finish, the later ones raise a typed error, and none hangs."""
    engine = Engine(device="cpu")
    in_use = threading.Event()

    async def use():
        model = await engine.load_graph_model(product)
        while True:
            await call(engine, model, 1)
            in_use.set()

    async def close():
        assert await asyncio.to_thread(in_use.wait, PATIENCE)
        await engine.aclose()

    async def use_until_the_end():
        with pytest.raises((EngineClosedError, ModelDisposedError, TensorDisposedError)):
            await use()

    in_two_loops(use_until_the_end, close)
    assert engine.memory().baseline == (0, 0, 0, 0)
    with pytest.raises(EngineClosedError):
        asyncio.run(use())
