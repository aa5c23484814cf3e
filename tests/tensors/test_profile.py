"""Profiles and timings."""

import asyncio
import itertools
import operator as python_operator

import numpy as np
import pytest

import humanrt.tensors.profile as module
from humanrt.errors import InputError, TensorDisposedError


def square_and_forget(workspace):
    """Create 3 floats, square them twice and dispose the squares, as in TF.js's test of profile()."""
    x = workspace.tensor([1.0, 2.0, 3.0])
    for _ in range(2):
        workspace.square(x).dispose()
    return x


def numbers(profile):
    return profile.new_tensors, profile.new_bytes, profile.peak_bytes


def test_the_numbers_match_tfjs(workspace):
    """CONFORMANCE 33."""
    profile = workspace.profile(lambda: square_and_forget(workspace))
    assert numbers(profile) == (1, 12, 24)
    assert [kernel[:3] for kernel in profile.kernels] == [("square", ((3,),), ((3,),))] * 2
    assert all(kernel.milliseconds > 0 for kernel in profile.kernels)
    assert profile.result.array() == [1, 2, 3]
    profile.result.dispose()


async def test_a_coroutine_function_gives_the_same_numbers(workspace):
    """CONFORMANCE 34."""

    async def work():
        await asyncio.sleep(0)
        return square_and_forget(workspace)

    for function in (work, lambda: work()):  # the second is a plain function that returns a coroutine
        profile = await workspace.profile(function)
        assert numbers(profile) == (1, 12, 24)
        assert [kernel.name for kernel in profile.kernels] == ["square", "square"]
        profile.result.dispose()


def test_a_profile_after_an_error_is_correct(workspace, registry):
    """CONFORMANCE 35."""

    def fail():
        with workspace.tensor(np.zeros(1000, np.uint8)) as tensor:
            workspace.square(tensor).dispose()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        workspace.profile(fail)
    first = workspace.profile(lambda: square_and_forget(workspace))
    assert numbers(first) == (1, 12, 24)
    first.result.dispose()
    assert len(registry.ledger._peaks) == 1
    assert registry.memory().peak_bytes == 2000


async def test_a_profile_after_an_error_in_a_coroutine_is_correct(workspace, registry):
    """CONFORMANCE 35."""

    async def fail():
        await asyncio.sleep(0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await workspace.profile(fail)
    with pytest.raises(TensorDisposedError):
        workspace.profile(lambda: workspace.square(disposed(workspace)))
    assert len(registry.ledger._peaks) == 1


def disposed(workspace):
    tensor = workspace.tensor(1.0)
    tensor.dispose()
    return tensor


def test_without_kernels_the_peak_is_the_number_of_bytes_before(workspace):
    """CONFORMANCE 35."""
    with workspace.tensor(np.zeros(10, np.uint8)):
        profile = workspace.profile(lambda: None)
        assert (numbers(profile), profile.kernels) == ((0, 0, 10), ())
        profile = workspace.profile(lambda: workspace.tensor(np.zeros(5, np.uint8)).dispose())
        assert (numbers(profile), profile.kernels) == ((0, 0, 15), ())


def test_each_call_has_its_own_result(workspace):
    """CONFORMANCE 35."""
    one = workspace.profile(lambda: workspace.square(2.0))
    two = workspace.profile(lambda: None)
    assert (len(one.kernels), len(two.kernels)) == (1, 0)
    one.result.dispose()


def test_freed_tensors_give_negative_numbers(workspace):
    tensor = workspace.tensor([1.0])
    assert numbers(workspace.profile(tensor.dispose)) == (-1, -4, 4)


def test_a_peak_below_the_highest_so_far_is_recorded(workspace, registry):
    workspace.tensor(np.zeros(1000, np.uint8)).dispose()
    profile = workspace.profile(lambda: workspace.tensor(np.zeros(5, np.uint8)).dispose())
    assert profile.peak_bytes == 5
    assert registry.memory().peak_bytes == 1000


def test_profiles_can_be_nested(workspace):
    def outer():
        workspace.square(1.0).dispose()
        return workspace.profile(lambda: workspace.square(np.zeros(50, np.float32)).dispose())

    profile = workspace.profile(outer)
    assert len(profile.kernels) == 2
    assert len(profile.result.kernels) == 1
    assert profile.result.peak_bytes == profile.peak_bytes == 200


async def test_concurrent_profiles_record_their_own_kernels(workspace):
    """CONFORMANCE 22, for kernels."""
    both = asyncio.Barrier(2)

    async def work(count):
        await both.wait()
        for _ in range(count):
            workspace.square(1.0).dispose()
            await asyncio.sleep(0)
        await both.wait()

    profiles = await asyncio.gather(*(workspace.profile(lambda n=n: work(n)) for n in (2, 3)))
    assert [len(profile.kernels) for profile in profiles] == [2, 3]


def test_an_op_that_raises_is_not_recorded(workspace):
    def work():
        with pytest.raises(InputError):
            workspace.mat_mul([[1.0, 2.0]], [[1.0, 2.0]])

    assert workspace.profile(work).kernels == ()


async def test_a_profile_that_is_not_yet_awaited_opens_no_window(workspace, registry):
    pending = workspace.profile(lambda: asyncio.sleep(0))
    assert len(registry.ledger._peaks) == 1
    assert (await pending).kernels == ()


async def test_a_cancelled_profile_leaves_no_window(workspace, registry):
    """CONFORMANCE 26."""

    async def forever():
        await asyncio.Event().wait()

    task = asyncio.create_task(workspace.profile(forever))
    await asyncio.sleep(0)
    assert len(registry.ledger._peaks) == 2
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(registry.ledger._peaks) == 1


def test_time(workspace, monkeypatch):
    now = 0.0

    def work():
        nonlocal now
        now += 2
        result = workspace.square([3.0])
        now += 1
        return result

    monkeypatch.setattr("humanrt.tensors.profile.time.perf_counter", lambda: now)
    timing = workspace.time(work)
    assert (timing.wall_ms, timing.kernel_ms) == (3000, 0)
    assert timing.result.array() == [9]
    timing.result.dispose()


async def test_time_of_a_coroutine_function(workspace):
    async def work():
        await asyncio.sleep(0.01)
        return workspace.square([3.0])

    timing = await workspace.time(work)
    assert timing.wall_ms >= 10
    assert 0 < timing.kernel_ms < timing.wall_ms
    timing.result.dispose()


@pytest.mark.parametrize(
    ("operator", "name"),
    [
        ("add", "add"), ("sub", "sub"), ("mul", "mul"), ("truediv", "div"), ("floordiv", "floor_div"), ("mod", "mod"),
        ("pow", "pow"), ("lt", "less"), ("le", "less_equal"), ("gt", "greater"), ("ge", "greater_equal"),
    ],
)  # fmt: skip
def test_an_operator_is_the_kernel_of_its_method(workspace, operator, name):
    x = workspace.tensor([1.0, 2.0])
    profile = workspace.profile(lambda: getattr(python_operator, operator)(x, x))
    assert [kernel.name for kernel in profile.kernels] == [name]
    workspace.dispose([x, profile.result])


def test_the_time_of_a_call_is_that_between_its_begin_and_its_end(workspace, monkeypatch):
    seconds = itertools.count(5.0, 0.25)
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(seconds))
    assert workspace.time(lambda: None).wall_ms == 250
