"""Started scopes and reset; the other methods of a workspace are tested with what they delegate to."""

import asyncio
import contextvars
import gc

import numpy as np
import pytest

from humanrt.errors import EngineClosedError, InputError, ScopeError, StaleHandleError, TensorDisposedError
from humanrt.tensors import Registry
from humanrt.tensors.workspace import Workspace

NOTHING = (0, 0, 0, 0)


@pytest.fixture
def other():
    space = Workspace(Registry())
    yield space
    space.registry.close()


def test_a_started_scope_frees_its_tensors(workspace, registry):
    """CONFORMANCE 27."""
    workspace.start_scope("by hand")
    lost, returned = workspace.scalar(1.0), workspace.scalar(2.0)
    assert workspace.end_scope([returned]) == [returned]
    assert lost.is_disposed
    assert registry.memory().num_tensors == 1
    returned.dispose()
    workspace.start_scope()
    assert workspace.end_scope() is None


def test_started_scopes_nest_with_others(workspace, registry):
    workspace.start_scope()
    with workspace.tidy():
        workspace.start_scope()
        inner = workspace.end_scope(workspace.scalar(1.0))
        assert not inner.is_disposed
    assert inner.is_disposed
    workspace.end_scope()
    assert registry.memory().baseline == NOTHING


def test_an_unmatched_end_raises(workspace, other):
    """CONFORMANCE 27."""
    with pytest.raises(ScopeError, match=r"end_scope\(\) needs start_scope\(\)"):
        workspace.end_scope()
    with workspace.scope() as scope:
        with pytest.raises(ScopeError):
            workspace.end_scope()
        assert not scope.closed
    other.start_scope()
    with pytest.raises(ScopeError):
        workspace.end_scope()
    other.end_scope()
    with pytest.raises(ScopeError):
        other.end_scope()


def test_started_scopes_are_per_engine(workspace, other):
    """CONFORMANCE 42."""
    workspace.start_scope()
    stays = other.scalar(1.0)
    goes = workspace.scalar(1.0)
    workspace.end_scope()
    assert (stays.is_disposed, goes.is_disposed) == (False, True)
    stays.dispose()


async def test_a_started_scope_belongs_to_its_context(workspace):
    """CONFORMANCE 22 and 27."""
    started, may_end = asyncio.Event(), asyncio.Event()

    async def work():
        workspace.start_scope()
        tensor = workspace.scalar(1.0)
        started.set()
        await may_end.wait()
        assert not tensor.is_disposed
        workspace.end_scope()
        return tensor

    task = asyncio.create_task(work())
    await started.wait()
    with pytest.raises(ScopeError):
        workspace.end_scope()
    mine = workspace.scalar(2.0)
    may_end.set()
    assert (await task).is_disposed
    assert not mine.is_disposed
    mine.dispose()


def test_a_started_scope_may_be_ended_in_a_child_context(workspace):
    """CONFORMANCE 27."""
    workspace.start_scope()
    tensor = workspace.scalar(1.0)
    contextvars.copy_context().run(workspace.end_scope)
    assert tensor.is_disposed
    with pytest.raises(ScopeError):
        workspace.end_scope()


# -- reset


@pytest.fixture
def fresh():
    """A workspace whose registry the test may reset."""
    space = Workspace(Registry())
    yield space
    space.registry.close()


def test_reset_sets_every_counter_to_zero(fresh):
    """CONFORMANCE 41."""
    fresh.tensor([1.0, 2.0])
    with pytest.warns(ResourceWarning):
        assert fresh.memory().num_leaked == 1
    held = [fresh.tensor(np.zeros(100_000, np.uint8)), fresh.variable(3)]
    fresh.reset()
    memory = fresh.memory()
    assert memory.baseline == NOTHING
    assert (memory.peak_bytes, memory.pooled_bytes, memory.devices) == (0, 0, {"cpu": 0})
    assert fresh.leaks().rows == ()
    assert all(tensor.is_disposed for tensor in held)


USES = {
    "data_sync": lambda workspace, old: old.data_sync(),
    "numpy": lambda workspace, old: old.numpy(),
    "clone": lambda workspace, old: old.clone(),
    "an op": lambda workspace, old: workspace.add(old, 1),
    "keep": lambda workspace, old: workspace.keep(old),
    "variable": lambda workspace, old: workspace.variable(old),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_tensor_created_before_a_reset_is_stale(fresh, use):
    """CONFORMANCE 41."""
    old = fresh.tensor([1.0, 2.0])
    fresh.reset()
    with pytest.raises(StaleHandleError, match=rf"tensor {old.id} .* its engine was reset(;|$)"):
        use(fresh, old)
    assert issubclass(StaleHandleError, TensorDisposedError)
    assert old.is_disposed
    assert repr(old).endswith("disposed)")
    assert fresh.memory().baseline == NOTHING


def test_a_tensor_created_before_a_reset_frees_nothing(fresh):
    """CONFORMANCE 41: neither when it is disposed nor when it vanishes."""
    old = fresh.tensor([1.0, 2.0])
    clone = old.clone()
    fresh.reset()
    new = fresh.tensor([3.0])
    old.dispose()
    fresh.dispose([old, clone])
    del old, clone
    gc.collect()
    assert fresh.memory().baseline == (1, 1, 4, 0)
    assert new.array() == [3]
    new.dispose()


def test_a_tensor_disposed_after_a_reset_is_not_stale(fresh):
    fresh.reset()
    tensor = fresh.scalar(1.0)
    tensor.dispose()
    with pytest.raises(TensorDisposedError) as caught:
        tensor.array()
    assert not isinstance(caught.value, StaleHandleError)


def test_an_open_scope_survives_a_reset(fresh):
    """CONFORMANCE 41."""
    with fresh.scope():
        fresh.scalar(1.0)
        fresh.reset()
        inside = fresh.scalar(2.0)
        assert fresh.memory().num_tensors == 1
    assert inside.is_disposed
    assert fresh.memory().baseline == NOTHING


def test_a_closed_engine_cannot_be_reset(fresh):
    fresh.registry.close()
    with pytest.raises(EngineClosedError):
        fresh.reset()


def test_tensors_of_two_engines_do_not_mix(workspace, other):
    """CONFORMANCE 42."""
    with workspace.scalar(1.0) as mine, other.scalar(2.0) as theirs:
        for use in (lambda tensor: workspace.add(mine, tensor), workspace.keep, workspace.variable):
            with pytest.raises(InputError, match="another engine"):
                use(theirs)
    assert other.memory().baseline == NOTHING
