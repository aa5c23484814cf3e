"""Scopes by hand, and starting anew; everything else of a workspace is in the tests of what it delegates to."""

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


def test_a_scope_by_hand_frees_what_was_made_in_it(workspace, registry):
    """CONFORMANCE 27."""
    workspace.start_scope("by hand")
    lost, returned = workspace.scalar(1.0), workspace.scalar(2.0)
    assert workspace.end_scope([returned]) == [returned]
    assert lost.is_disposed
    assert registry.memory().num_tensors == 1
    returned.dispose()
    workspace.start_scope()
    assert workspace.end_scope() is None


def test_scopes_by_hand_nest_with_the_others(workspace, registry):
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


def test_two_engines_have_scopes_of_their_own(workspace, other):
    """CONFORMANCE 42."""
    workspace.start_scope()
    stays = other.scalar(1.0)
    goes = workspace.scalar(1.0)
    workspace.end_scope()
    assert (stays.is_disposed, goes.is_disposed) == (False, True)
    stays.dispose()


async def test_a_scope_by_hand_belongs_to_its_context(workspace):
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


def test_a_scope_by_hand_may_be_ended_in_a_child_context(workspace):
    """CONFORMANCE 27."""
    workspace.start_scope()
    tensor = workspace.scalar(1.0)
    contextvars.copy_context().run(workspace.end_scope)
    assert tensor.is_disposed
    with pytest.raises(ScopeError):
        workspace.end_scope()


# -- reset


@pytest.fixture
def anew():
    """A workspace whose registry the test may reset."""
    space = Workspace(Registry())
    yield space
    space.registry.close()


def test_reset_sets_every_counter_to_zero(anew):
    """CONFORMANCE 41."""
    anew.tensor([1.0, 2.0])
    with pytest.warns(ResourceWarning):
        assert anew.memory().num_leaked == 1
    held = [anew.tensor(np.zeros(100_000, np.uint8)), anew.variable(3)]
    anew.reset()
    memory = anew.memory()
    assert memory.baseline == NOTHING
    assert (memory.peak_bytes, memory.pooled_bytes, memory.devices) == (0, 0, {"cpu": 0})
    assert anew.leaks().rows == ()
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
def test_a_handle_from_before_is_stale(anew, use):
    """CONFORMANCE 41."""
    old = anew.tensor([1.0, 2.0])
    anew.reset()
    with pytest.raises(StaleHandleError, match=rf"tensor {old.id} .* its engine was reset"):
        use(anew, old)
    assert issubclass(StaleHandleError, TensorDisposedError)
    assert old.is_disposed
    assert repr(old).endswith("disposed)")
    assert anew.memory().baseline == NOTHING


def test_a_handle_from_before_does_no_harm(anew):
    """CONFORMANCE 41: not when it is disposed, nor when it vanishes."""
    old = anew.tensor([1.0, 2.0])
    clone = old.clone()
    anew.reset()
    new = anew.tensor([3.0])
    old.dispose()
    anew.dispose([old, clone])
    del old, clone
    gc.collect()
    assert anew.memory().baseline == (1, 1, 4, 0)
    assert new.array() == [3]
    new.dispose()


def test_an_error_of_the_new_time_is_no_stale_handle(anew):
    anew.reset()
    tensor = anew.scalar(1.0)
    tensor.dispose()
    with pytest.raises(TensorDisposedError) as caught:
        tensor.array()
    assert not isinstance(caught.value, StaleHandleError)


def test_a_scope_that_was_open_goes_on(anew):
    """CONFORMANCE 41."""
    with anew.scope():
        anew.scalar(1.0)
        anew.reset()
        inside = anew.scalar(2.0)
        assert anew.memory().num_tensors == 1
    assert inside.is_disposed
    assert anew.memory().baseline == NOTHING


def test_a_closed_engine_cannot_be_reset(anew):
    anew.registry.close()
    with pytest.raises(EngineClosedError):
        anew.reset()


def test_tensors_of_two_engines_do_not_mix(workspace, other):
    """CONFORMANCE 42."""
    with workspace.scalar(1.0) as mine, other.scalar(2.0) as theirs:
        for use in (lambda tensor: workspace.add(mine, tensor), workspace.keep, workspace.variable):
            with pytest.raises(InputError, match="another engine"):
                use(theirs)
    assert other.memory().baseline == NOTHING
