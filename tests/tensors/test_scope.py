"""CONFORMANCE 13 to 27: what a scope frees, in one task and in many."""

import asyncio
import contextvars
import functools
import threading

import anyio
import anyio.to_thread
import numpy as np
import pytest

from humanrt.errors import AsyncTidyError, ScopeClosedError, ScopeError, TensorDisposedError
from humanrt.tensors import Registry, Scope


def count(registry):
    return registry.memory().num_tensors


# -- tidy, as in TF.js


def test_tidy_without_a_result_leaves_nothing(registry):
    """CONFORMANCE 13."""
    assert registry.tidy(lambda: [registry.tensor(i) for i in range(3)] and None) is None
    assert registry.memory().baseline == (0, 0, 0, 0)


@pytest.mark.parametrize("value", [None, 0, 1.5, "text", False])
def test_tidy_passes_a_plain_result_through(registry, value):
    """CONFORMANCE 13."""
    assert registry.tidy(lambda: value) is value


def test_tidy_keeps_exactly_what_is_in_the_result(registry):
    """CONFORMANCE 14."""

    def work():
        a, b, c = (registry.tensor(i) for i in range(3))
        registry.tensor(9)
        return {"a": a, "rest": [b, (c, b, None)], "n": 5}

    result = registry.tidy(work)
    assert count(registry) == 3
    assert [result["a"].array(), result["rest"][0].array(), result["rest"][1][0].array()] == [0, 1, 2]
    registry.dispose(result)


def test_nested_tidies_pass_results_outwards(registry):
    """CONFORMANCE 15."""

    def outer():
        inner = registry.tidy(lambda: registry.tensor(1))
        passed_on = registry.tidy(lambda: registry.tensor(2))
        assert count(registry) == 2
        inner_seen.append(inner)
        return passed_on

    inner_seen = []
    result = registry.tidy(outer)
    assert count(registry) == 1
    assert inner_seen[0].is_disposed
    result.dispose()


def test_tidy_neither_frees_nor_adopts_a_tensor_of_an_outer_scope(registry):
    """CONFORMANCE 16."""
    with registry.scope():
        outer = registry.tensor(1)
        with registry.scope():
            assert registry.tidy(lambda: outer) is outer
            assert not outer.is_disposed
        assert not outer.is_disposed
    assert outer.is_disposed

    free = registry.tensor(1)
    with registry.scope():
        registry.tidy(lambda: free)
    assert not free.is_disposed
    free.dispose()


def test_tidy_that_raises_frees_everything_except_kept_tensors(registry):
    """CONFORMANCE 17."""
    error = RuntimeError("unchanged")

    def fail():
        kept.append(registry.keep(registry.tensor(1)))
        registry.tensor(2)
        raise error

    kept = []
    with pytest.raises(RuntimeError) as raised:
        registry.tidy(fail)
    assert raised.value is error
    assert count(registry) == 1
    assert kept[0].array() == 1
    kept[0].dispose()


def test_a_kept_tensor_survives_every_scope_until_it_is_disposed(registry):
    """CONFORMANCE 18."""
    with registry.scope(), registry.scope():
        tensor = registry.tensor(1)
        assert registry.keep(tensor) is tensor
        registry.keep(tensor)
    assert count(registry) == 1
    tensor.dispose()


def test_a_kept_tensor_is_not_handed_over(registry):
    """CONFORMANCE 18: returning it from a tidy does not put it into the scope around."""
    with registry.scope():
        tensor = registry.tidy(lambda: registry.keep(registry.tensor(1)))
    assert not tensor.is_disposed
    tensor.dispose()


def test_disposing_inside_tidy_counts_once(registry):
    """CONFORMANCE 19."""

    def work():
        tensor = registry.tensor(1)
        tensor.dispose()
        assert count(registry) == 0
        return tensor

    result = registry.tidy(work)
    assert result.is_disposed
    assert registry.memory().baseline == (0, 0, 0, 0)


def test_a_long_scope_does_not_accumulate_disposed_tensors(registry):
    with registry.scope() as scope:
        for _ in range(100):
            registry.tensor(1).dispose()
            registry.tensor(1)
        registry.memory()
        assert not scope._owned


@pytest.mark.parametrize("value", [None, 5, "text", []])
def test_tidy_without_a_callable_raises(registry, value):
    """CONFORMANCE 20."""
    with pytest.raises(ScopeError, match="needs a function"):
        registry.tidy(value)


@pytest.mark.parametrize(
    "arguments",
    [("name",), (5, int), (None, int), (int, "name"), ("name", 5), ("name", None), ("name", int, 3)],
    ids=str,
)
def test_tidy_of_other_arguments_than_a_name_and_a_function_is_refused(registry, arguments):
    with pytest.raises(ScopeError, match="tidy\\(\\) needs a function"):
        registry.tidy(*arguments)


def test_tidy_accepts_a_name_before_the_function_as_in_tfjs(registry):
    def work():
        freed = registry.tensor(1)
        assert [row.owner for row in registry.leaks().rows] == ["scope mine"]
        assert not freed.is_disposed
        return registry.tensor(2)

    with registry.tidy("mine", work) as kept:
        assert kept.array() == 2
        assert count(registry) == 1


def test_tidy_with_a_name_refuses_an_asynchronous_function(registry):
    with pytest.raises(AsyncTidyError):
        registry.tidy("mine", functools.partial(make, registry))


async def make(registry):
    registry.tensor(1)


async def generate(registry):
    yield registry.tensor(1)


class Asynchronous:
    async def __call__(self):
        raise AssertionError


@pytest.mark.parametrize(
    "function",
    [
        lambda registry: functools.partial(make, registry),
        lambda registry: functools.partial(generate, registry),
        lambda registry: Asynchronous(),
    ],
)
def test_tidy_refuses_a_coroutine_function_before_anything_is_created(registry, function):
    """CONFORMANCE 21."""
    with pytest.raises(AsyncTidyError, match=r"async with engine\.scope\(\)"):
        registry.tidy(function(registry))
    assert registry.memory().peak_bytes == 0


@pytest.mark.parametrize("kind", [make, generate])
def test_tidy_closes_an_awaitable_that_the_function_returns(registry, kind):
    """CONFORMANCE 21: a coroutine that is not closed would warn that it was never awaited."""

    def work():
        registry.tensor(1)
        return kind(registry)

    with pytest.raises(AsyncTidyError, match=r"work.*async with engine\.scope\(\)"):
        registry.tidy(work)
    assert registry.memory().baseline == (0, 0, 0, 0)


async def test_tidy_cancels_a_task_that_a_function_returns(registry):
    """CONFORMANCE 21."""
    tasks = []

    def work():
        tasks.append(asyncio.ensure_future(make(registry)))
        return tasks[0]

    with pytest.raises(AsyncTidyError):
        registry.tidy(work)
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]


async def test_tidy_without_a_function_is_a_scope(registry):
    with registry.tidy() as scope:
        assert isinstance(scope, Scope)
        registry.tensor(1)
    async with registry.tidy():
        registry.tensor(1)
    assert count(registry) == 0


# -- scopes


def test_returns_hands_over_only_what_the_scope_owns(registry):
    with registry.scope("outer") as outer:
        mine = registry.tensor(0)
        with registry.scope("inner") as inner:
            container = [registry.tensor(1), mine, None]
            registry.tensor(2)
            assert inner.returns(container) is container
        assert outer._owned == {container[0].id, mine.id}
    assert count(registry) == 0


def test_returns_from_the_outermost_scope_makes_the_caller_the_owner(registry):
    with registry.scope() as scope:
        tensor = scope.returns(registry.tensor(1))
    assert not tensor.is_disposed
    tensor.dispose()


def test_returns_skips_scopes_that_ended(registry):
    with registry.scope("oldest") as oldest:
        ended = registry.scope("ended")
        ended.__enter__()
        context = contextvars.copy_context()
        ended.__exit__(None, None, None)

        def orphan():
            with registry.scope("orphan's own") as scope:
                return scope.returns(registry.tensor(1))

        tensor = context.run(orphan)
        assert oldest._owned == {tensor.id}


@pytest.mark.parametrize(
    "misuse",
    [
        lambda scope: scope.__exit__(None, None, None),
        lambda scope: scope.returns(None),
        lambda scope: (scope.__enter__(), scope.__exit__(None, None, None), scope.__exit__(None, None, None)),
        lambda scope: (scope.__enter__(), scope.__exit__(None, None, None), scope.__enter__()),
        lambda scope: (scope.__enter__(), scope.__exit__(None, None, None), scope.returns(None)),
    ],
)
def test_a_scope_is_entered_once_and_left_once(registry, misuse):
    """CONFORMANCE 27: end_scope without start_scope raises."""
    with pytest.raises(ScopeError, match="Scope\\(mine, "):
        misuse(registry.scope("mine"))


def test_claim_moves_tensors_to_the_innermost_open_scope(registry):
    """As for a result that another task detected, and this one receives."""
    nobodys, gone = registry.tensor(1), registry.tensor(2)
    gone.dispose()
    with registry.scope() as outer, registry.scope(), Registry().scope():
        registry.claim([nobodys, gone])
        assert nobodys.id not in outer._owned
    assert nobodys.is_disposed
    assert count(registry) == 0


def test_claim_skips_scopes_that_ended_and_outside_of_scopes_makes_the_caller_the_owner(registry):
    tensor = registry.tensor(1)
    with registry.scope() as outer:
        inner = registry.scope().__enter__()
        context = contextvars.copy_context()
        inner.__exit__(None, None, None)
        context.run(registry.claim, [tensor])
        assert outer._owned == {tensor.id}
        contextvars.Context().run(registry.claim, [tensor])
        assert outer._owned == set()
    assert not tensor.is_disposed
    tensor.dispose()


def test_a_scope_left_before_the_one_inside_it_frees_its_tensors_and_raises(registry):
    """CONFORMANCE 27."""
    outer, inner = registry.scope("outer"), registry.scope("inner")
    outer.__enter__()
    registry.tensor(1)
    with inner:
        tensor = registry.tensor(2)
        with pytest.raises(ScopeError, match=r"outer.*left while .*inner"):
            outer.__exit__(None, None, None)
        assert count(registry) == 1
        assert tensor.array() == 2
    # The code that led here may continue in the ended scope, in which it cannot create tensors.
    with pytest.raises(ScopeClosedError):
        registry.tensor(1)


def test_leaving_scopes_in_the_wrong_order_does_not_replace_an_exception(registry):
    outer, inner = registry.scope(), registry.scope()
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(KeyError, KeyError(), None)
    inner.__exit__(None, None, None)


def test_a_scope_left_in_another_context_is_closed(registry):
    """CONFORMANCE 27: its tensors are freed, and the other context continues in its own scope."""
    scope = registry.scope()
    entered = contextvars.copy_context()
    tensor = entered.run(lambda: scope.__enter__() and registry.tensor(1))
    with registry.scope() as ours:
        mine = registry.tensor(2)
        scope.__exit__(None, None, None)
        assert tensor.is_disposed
        assert not mine.is_disposed
        assert registry.tensor(3).id in ours._owned
    with pytest.raises(ScopeClosedError):
        entered.run(registry.tensor, 4)


def test_leaving_a_scope_in_a_copy_of_its_context_restores_the_parent_there(registry):
    with registry.scope("parent") as parent:
        scope = registry.scope("left elsewhere")
        context = contextvars.copy_context()
        context.run(scope.__enter__)
        copied = context.copy()
        copied.run(scope.__exit__, None, None, None)
        tensor = copied.run(registry.tensor, 1)
        assert parent._owned == {tensor.id}


def test_scopes_of_two_registries_nest_independently(registry):
    """CONFORMANCE 42: a tensor belongs to the innermost scope of its own registry."""
    other = Registry()
    with registry.scope() as outer:
        with other.scope() as inner:
            mine = registry.tensor(1)
            theirs = other.tensor(1)
            passed = inner.returns([mine, other.tensor(2)])[1]
            assert outer._owned == {mine.id}
        assert not mine.is_disposed
        assert theirs.is_disposed
    assert mine.is_disposed
    assert not passed.is_disposed
    passed.dispose()
    assert other.memory().baseline == (0, 0, 0, 0)


def test_disposing_in_one_registry_never_touches_a_tensor_of_another(registry):
    """CONFORMANCE 42: no two tensors of the process have the same id."""
    other = Registry()
    with registry.scope(), other.scope() as scope:
        mine, theirs = registry.tensor(1), other.tensor(1)
        assert mine.id != theirs.id
        registry.dispose(mine)
        scope.returns(mine)
        assert theirs.id in scope._owned
        assert not theirs.is_disposed


# -- tasks, threads, cancellation


async def test_interleaved_tasks_never_free_each_others_tensors(registry):
    """CONFORMANCE 22: the steps of the two tasks alternate."""
    turns = [asyncio.Event() for _ in range(4)]

    async def first():
        async with registry.scope():
            tensor = registry.tensor(1)
            turns[0].set()
            await turns[1].wait()
        turns[2].set()
        assert tensor.is_disposed

    async def second():
        await turns[0].wait()
        async with registry.scope():
            tensor = registry.tensor(2)
            turns[1].set()
            await turns[2].wait()
            assert tensor.array() == 2

    await asyncio.gather(first(), second())


async def test_the_children_of_a_task_group_belong_to_the_scope_around_it(registry):
    """CONFORMANCE 23: unless they open their own."""

    async def plain():
        return registry.tensor(1)

    async def scoped():
        async with registry.scope():
            return registry.tensor(2)

    async with registry.scope() as scope:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work()) for work in (plain, plain, scoped)]
        assert scope._owned == {task.result().id for task in tasks[:2]}
        assert tasks[2].result().is_disposed
    assert count(registry) == 0


@pytest.mark.parametrize("to_thread", [asyncio.to_thread, anyio.to_thread.run_sync])
async def test_worker_threads_belong_to_the_scope_of_their_caller(registry, to_thread):
    """CONFORMANCE 24."""
    async with registry.scope() as scope:
        tensor = await to_thread(registry.tensor, 1)
        assert scope._owned == {tensor.id}
    assert tensor.is_disposed


async def test_a_task_that_outlives_its_scope_cannot_create_tensors_in_it(registry):
    """CONFORMANCE 25: but it can in a scope of its own."""
    ended = asyncio.Event()

    async def late():
        await ended.wait()
        with pytest.raises(ScopeClosedError, match="request 7"):
            registry.tensor(1)
        with registry.scope():
            assert registry.tensor(2).array() == 2
        with pytest.raises(ScopeClosedError):
            registry.tensor(1)

    async with registry.scope("request 7"):
        task = asyncio.create_task(late())
    ended.set()
    await task


async def test_a_thread_that_outlives_its_scope_cannot_create_tensors_in_it(registry):
    """CONFORMANCE 25."""
    ended = threading.Event()

    def late():
        assert ended.wait(10)
        registry.tensor(np.zeros(100))

    async with registry.scope():
        thread = asyncio.create_task(asyncio.to_thread(late))
        await asyncio.sleep(0)
    ended.set()
    with pytest.raises(ScopeClosedError):
        await thread


async def test_tasks_that_each_start_the_next_do_not_accumulate_scopes(registry):
    """Each starts inside the scope of the one before, which then ends, as in a service that runs for weeks."""
    depths = []

    async def step(remaining):
        async with registry.scope() as scope:
            await asyncio.sleep(0)
            depth, above = 0, scope._owned.parent
            while above is not None:
                depth, above = depth + 1, above.parent
            depths.append(depth)
            if remaining:
                task = asyncio.create_task(step(remaining - 1))
                await asyncio.sleep(0)
        if remaining:
            await task

    await step(30)
    assert len(depths) == 31
    assert max(depths) < 5


async def hold_tensors(registry, ready):
    async with registry.scope():
        tensor = registry.tensor(np.zeros(10))
        async with registry.scope() as inner:
            inner.returns(tensor.clone())
            registry.tensor(1)
            ready.set()
            await asyncio.Event().wait()


async def cancel_natively(work, ready):
    task = asyncio.create_task(work)
    await ready.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def cancel_by_anyio(work, ready):
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: work)
        await ready.wait()
        group.cancel_scope.cancel()


async def cancel_by_a_deadline(work, ready):
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(work, 0.01)


async def cancel_by_a_failing_sibling(work, ready):
    async def fail():
        await ready.wait()
        raise KeyError

    async def both():
        async with asyncio.TaskGroup() as group:
            group.create_task(work)
            group.create_task(fail())

    with pytest.raises(ExceptionGroup):
        await both()


@pytest.mark.parametrize("way", [cancel_natively, cancel_by_anyio, cancel_by_a_deadline, cancel_by_a_failing_sibling])
async def test_cancellation_leaves_no_tensor(registry, way):
    """CONFORMANCE 26."""
    ready = asyncio.Event()
    await way(hold_tensors(registry, ready), ready)
    assert ready.is_set()
    assert registry.memory().baseline == (0, 0, 0, 0)


async def test_a_second_cancel_while_draining_leaves_no_tensor(registry):
    """CONFORMANCE 26."""
    reached = [asyncio.Event(), asyncio.Event()]

    async def work():
        async with registry.scope():
            registry.tensor(1)
            try:
                reached[0].set()
                await asyncio.Event().wait()
            finally:
                registry.tensor(2)
                reached[1].set()
                await asyncio.Event().wait()

    task = asyncio.create_task(work())
    for event in reached:
        await event.wait()
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert registry.memory().baseline == (0, 0, 0, 0)


async def test_tensors_returned_by_a_cancelled_task_are_freed_by_the_scope_around(registry):
    """CONFORMANCE 26."""
    async with registry.scope():
        inner_done = asyncio.Event()
        results = []

        async def work():
            async with registry.scope() as scope:
                results.append(scope.returns(registry.tensor(1)))
            inner_done.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await inner_done.wait()
        task.cancel()
        await asyncio.wait([task])
        assert count(registry) == 1
    assert count(registry) == 0


def test_keep_of_a_disposed_tensor_raises(registry):
    with registry.scope():
        tensor = registry.tensor(1)
    with pytest.raises(TensorDisposedError):
        registry.keep(tensor)
