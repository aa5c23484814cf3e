"""Cancellations at random moments leave nothing behind. CONFORMANCE 26."""

import asyncio
import contextlib
import itertools
import random
import threading
from collections import Counter
from contextvars import ContextVar

import anyio
import numpy as np
import pytest
from repetitions import CANCELLED_RUNS, CANCELLED_TREES, EACH_RUN_PHASE, EACH_TREE_HIT

from humanrt.runtime import scheduler

AT_ONCE = 8  # more than there are worker threads, so that calls queue
PATIENCE = 30  # seconds until a test that hangs gives up
SIDE = 64  # of the model's square matrix

pytestmark = [pytest.mark.slow(5), pytest.mark.soak]


def chance(number):
    return random.Random(number)  # noqa: S311 - a repeatable choice, no secret


class Tree:
    """A random piece of work: scopes in scopes and tasks in tasks, with tensors everywhere."""

    gives_up = ContextVar("gives_up", default=False)  # by itself: such a cancellation does not count

    def __init__(self, engine, number):
        self.engine = engine
        self.chance = chance(number)
        self.tasks = set()
        self.hits = Counter()  # the awaits at which a cancellation came in
        self.cancel = None  # set by the way in which it will be cancelled

    async def whole(self):
        (await self.grow(2)).dispose()

    async def grow(self, depth):
        """Do some work in a scope of its own, and return one tensor to the scope around."""
        self.tasks.add(asyncio.current_task())
        async with self.engine.scope() as scope:
            tensor = self.engine.tensor([depth])
            for _ in range(self.chance.randint(1, 3)):
                await self.chance.choice(self.BRANCHES if depth else self.LEAVES)(self, tensor, depth)
            assert tensor.array() == [depth]
            return scope.returns(tensor.clone())

    async def wait(self, where, awaitable):
        try:
            return await awaitable
        except asyncio.CancelledError:
            if not self.gives_up.get():
                self.hits[where] += 1
            raise

    async def turn(self, tensor, depth):
        await self.wait("a turn of the loop", asyncio.sleep(0))

    async def read(self, tensor, depth):
        with tensor.clone() as clone:
            reading = asyncio.create_task(clone.data())
        assert await self.wait("data()", reading) == [depth]

    async def make_in_thread(self, tensor, depth):
        clone = await self.wait("a worker thread", scheduler.run(tensor.clone))
        assert clone.array() == [depth]

    async def keep(self, tensor, depth):
        kept = self.engine.keep(self.engine.tensor(1))
        try:
            await self.turn(tensor, depth)
        finally:
            kept.dispose()

    async def grow_deeper(self, tensor, depth):
        assert (await self.grow(depth - 1)).array() == [depth - 1]

    async def grow_tasks(self, tensor, depth):
        async with asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(self.grow(depth - 1))

    async def grow_anyio_tasks(self, tensor, depth):
        async with anyio.create_task_group() as group:
            for _ in range(2):
                group.start_soon(self.grow, depth - 1)

    async def give_up(self, tensor, depth):
        token = self.gives_up.set(True)
        with anyio.move_on_after(0):
            await self.grow(depth - 1)
        self.gives_up.reset(token)

    LEAVES = (turn, read, keep, turn, read, keep, make_in_thread)
    BRANCHES = (turn, read, keep, make_in_thread, grow_deeper, grow_tasks, grow_anyio_tasks, give_up)


async def by_cancel(tree):
    tree.cancel = asyncio.current_task().cancel
    await tree.whole()


async def by_two_cancels(tree):
    """The second comes in the very next turn of the loop, while the first is on its way out."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    tree.cancel = lambda: (task.cancel(), loop.call_soon(task.cancel))
    await tree.whole()


async def by_cancel_of_a_member(tree):
    tree.cancel = lambda: tree.chance.choice([task for task in tree.tasks if not task.done()]).cancel()
    await tree.whole()


async def by_anyio_scope(tree):
    with anyio.CancelScope() as scope:
        tree.cancel = scope.cancel
        await tree.whole()


async def by_failing_sibling(tree):
    fail = asyncio.Event()
    tree.cancel = fail.set
    with contextlib.suppress(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(tree.whole())
            task.add_done_callback(lambda _: fail.set())
            await fail.wait()
            raise LookupError


WAYS = [by_cancel, by_two_cancels, by_cancel_of_a_member, by_anyio_scope, by_failing_sibling]


async def cancel_tree(engine, number):
    """Cancel a tree after some turns of the loop; return the awaits that were hit, and the way."""
    tree = Tree(engine, number)
    way = tree.chance.choice(WAYS)
    turns = tree.chance.randint(1, 30)
    task = asyncio.create_task(way(tree))
    for _ in range(turns):
        await asyncio.sleep(0)
    if not task.done():
        tree.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return way.__name__, tree.hits


async def test_trees_of_scopes_and_tasks(engine):
    hits, ways = Counter(), Counter()
    for batch in itertools.count():
        trees = [cancel_tree(engine, AT_ONCE * batch + i) for i in range(AT_ONCE)]
        for way, of_tree in await asyncio.gather(*trees):
            hits += of_tree
            ways[way] += bool(of_tree)
        assert engine.memory().baseline == (0, 0, 0, 0)
        if ways.total() >= CANCELLED_TREES:
            break
    print(f"{ways.total():,} trees cancelled: {dict(ways)}; they waited for: {dict(hits)}")
    assert min(ways[way.__name__] for way in WAYS) >= EACH_TREE_HIT
    assert min(hits[where] for where in ("a turn of the loop", "a worker thread")) >= EACH_TREE_HIT


class Run:
    """A call of a model as HumanRT's tasks make it: prepare, run and decode, each on a worker thread."""

    current = ContextVar("current")

    def __init__(self, engine, model, aim):
        self.engine = engine
        self.model = model
        self.aim = aim  # a phase, or None for a random moment
        self.phase = "between"
        self.caught = None  # the phase in which the cancellation came
        self.cancelled = threading.Event()
        self.loop = asyncio.get_running_loop()

    async def whole(self):
        self.current.set(self)
        async with self.engine.scope():
            source = await self.queue(scheduler.run(self.prepare))
            output = await self.queue(self.model.execute_async(source))
            assert await self.queue(scheduler.run(self.decode, output)) == SIDE

    async def queue(self, call):
        self.enter("queue")
        result = await call
        self.phase = "between"
        return result

    def prepare(self):
        self.enter("preparation")
        return self.engine.tensor(np.eye(SIDE, dtype=np.float32)).clone()

    def decode(self, output):
        self.enter("decode")
        with self.engine.scope():
            return self.engine.tensor(output.data_sync()).data_sync().trace()

    def enter(self, phase):
        """Note the phase; when it is the one aimed at, stay in it until the cancellation has come."""
        self.phase = phase
        if phase == self.aim:
            self.loop.call_soon_threadsafe(self.cancel)
            if phase != "queue":  # which is entered on the loop's own thread
                assert self.cancelled.wait(PATIENCE)

    def cancel(self):
        if self.caught is None and not self.task.done():
            self.caught = self.phase
            self.task.cancel()
        self.cancelled.set()


@pytest.fixture
async def model(engine, product, monkeypatch):
    model = await engine.load_graph_model(product)
    run = model._run

    def tell_and_run(*arguments):
        Run.current.get().enter("run")
        return run(*arguments)

    monkeypatch.setattr(model, "_run", tell_and_run)
    return model


async def cancel_run(run, delay):
    """Cancel a call where it is aimed at, or else after so many seconds; return the phase in which that caught it."""
    run.task = asyncio.create_task(run.whole())
    timer = run.loop.call_later(delay, run.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await run.task
    timer.cancel()
    return run.caught


PHASES = ("preparation", "queue", "run", "decode")


async def test_runs_of_a_model(engine, model):
    """Some are aimed at a phase, so that the short ones are hit too."""
    choose = chance(2026)
    aimed, at_random = Counter(), Counter()
    started = asyncio.get_running_loop().time()
    await asyncio.gather(*(Run(engine, model, None).whole() for _ in range(10 * AT_ONCE)))
    longest = (asyncio.get_running_loop().time() - started) / 10
    while aimed.total() + at_random.total() < CANCELLED_RUNS:
        aims = [choose.choice([*[None] * 8, *PHASES]) for _ in range(AT_ONCE)]
        delays = [PATIENCE if aim else choose.uniform(0, longest) for aim in aims]
        runs = [cancel_run(Run(engine, model, aim), delay) for aim, delay in zip(aims, delays, strict=True)]
        for aim, caught in zip(aims, await asyncio.gather(*runs), strict=True):
            if caught is not None:
                (aimed if aim else at_random)[caught] += 1
        assert engine.memory().baseline == (0, 0, 0, 0)
    assert (scheduler.statistics().queued, scheduler.statistics().running) == (0, 0)
    await Run(engine, model, None).whole()
    print(
        f"{at_random.total():,} runs cancelled at random times, in {dict(at_random)}; "
        f"{aimed.total():,} where they were aimed at: {dict(aimed)}"
    )
    assert min((aimed + at_random)[phase] for phase in PHASES) >= EACH_RUN_PHASE
