"""Freed memory that is used again: which memory, and how much is kept."""

import gc
import threading

import numpy as np
import pytest

from humanrt.tensors import Registry, pinned, values_of
from humanrt.tensors.pool import POOLED_FROM, Block

FLOATS = np.dtype(np.float32)
SIZE = 25_000  # float32 elements
NBYTES = 4 * SIZE


def made(registry, value=0.0, size=SIZE):
    """Create a tensor in memory that the engine allocated."""
    array = registry.empty((size,), FLOATS)
    array[:] = value
    return registry.adopt(array)


def address(tensor):
    return values_of(tensor).ctypes.data


def test_freed_memory_is_used_for_the_next_tensor_of_its_size(registry):
    with made(registry) as tensor:
        assert registry.memory().pooled_bytes == 0
        first = address(tensor)
    assert registry.memory().baseline == (0, 0, 0, 0)
    assert registry.memory().pooled_bytes == NBYTES
    with made(registry, size=SIZE + 1), made(registry, value=7) as tensor:
        assert address(tensor) == first
        assert registry.memory().pooled_bytes == 0
        assert set(tensor.array()) == {7.0}


@pytest.mark.parametrize(
    "make",
    [
        lambda registry: registry.tensor(np.zeros(SIZE, np.float32)),
        lambda registry: registry.tensor([0.5] * SIZE),
        lambda registry: registry.tensor(np.zeros(SIZE, np.float32)).cast("int32"),
    ],
)
def test_methods_that_use_the_pool(registry, make):
    with registry.scope():
        make(registry)
    assert registry.memory().pooled_bytes in (NBYTES, 2 * NBYTES)


def test_small_memory_is_not_pooled(registry):
    with registry.scope():
        registry.adopt(registry.empty((POOLED_FROM - 1,), np.dtype(np.uint8)))
    assert registry.memory().pooled_bytes == 0
    with registry.scope():
        registry.adopt(registry.empty((POOLED_FROM,), np.dtype(np.uint8)))
    assert registry.memory().pooled_bytes == POOLED_FROM


def test_memory_is_pooled_when_the_last_handle_is_freed(registry):
    tensor = made(registry)
    clone = tensor.clone()
    tensor.dispose()
    assert registry.memory().pooled_bytes == 0
    clone.dispose()
    assert registry.memory().pooled_bytes == NBYTES


def test_memory_is_pooled_when_a_handle_vanishes_in_a_scope(registry):
    with registry.scope():
        made(registry)
        assert registry.memory().pooled_bytes == NBYTES


EXPORTS = {
    "a NumPy view": lambda tensor: tensor.numpy(),
    "a slice of a view": lambda tensor: tensor.numpy()[10:][:5],
    "DLPack": np.from_dlpack,
    "a memoryview": lambda tensor: memoryview(tensor.numpy()),
}


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
def test_exported_memory_is_never_recycled(registry, export):
    """CONFORMANCE 11: neither while a view is alive nor afterwards."""
    tensor = made(registry, value=3)
    exported = export(tensor)
    tensor.dispose()
    with made(registry, value=9):
        assert set(np.asarray(exported).tolist()) == {3.0}
    before = registry.memory().pooled_bytes
    tensor = made(registry)
    export(tensor)
    tensor.dispose()
    assert registry.memory().pooled_bytes == before - NBYTES


REFERENCES = {
    "the array": values_of,
    "a view of it": lambda tensor: values_of(tensor)[5:],
    "a view in another shape": lambda tensor: values_of(tensor.reshape((-1, 5))),
    "a view of a view": lambda tensor: values_of(tensor)[5:].view(np.int32)[5:],
    "the memory itself": lambda tensor: values_of(tensor).base,
    "a pin": lambda tensor: pinned(tensor).__enter__(),
}


@pytest.mark.parametrize("reference", REFERENCES.values(), ids=REFERENCES)
def test_referenced_memory_is_not_recycled(registry, reference):
    """CONFORMANCE 36: a run holds its inputs."""
    with registry.scope():
        held = reference(made(registry, value=3))
    assert registry.memory().pooled_bytes == 0
    with made(registry, value=9):
        assert set(held.view(np.float32).reshape(-1).tolist()) == {3.0}


async def test_memory_of_a_pending_read_is_not_recycled(registry):
    """CONFORMANCE 10."""
    large = 2_000_000
    tensor = made(registry, value=3, size=large)
    read = tensor.data()
    tensor.dispose()
    with made(registry, value=9, size=large):
        assert (await read).min() == 3


def test_the_memory_of_the_caller_is_never_pooled(registry):
    theirs = np.zeros(SIZE, np.float32)
    for make in (registry.from_numpy, registry.adopt):
        make(theirs).dispose()
    assert registry.memory().pooled_bytes == 0


def test_a_block_shared_by_two_tensors_is_not_pooled(registry):
    """If a part of a block is adopted too, against the rules, the block is never used twice."""
    array = registry.empty((SIZE,), FLOATS)
    half = registry.adopt(array[: SIZE // 2])
    whole = registry.adopt(array)
    del array
    whole.dispose()
    half.dispose()
    assert registry.memory().pooled_bytes == 0


def is_kept(registry, size):
    """Return whether the pool has memory for that many floats, without changing that."""
    before = registry.memory().pooled_bytes
    with made(registry, size=size):
        return registry.memory().pooled_bytes < before


def test_the_least_recently_used_size_is_dropped_at_the_limit():
    registry = Registry(pool_limit_bytes=3 * NBYTES + 100)
    with registry.scope():
        for size in (SIZE, SIZE + 1, SIZE + 2):
            made(registry, size=size)
    assert is_kept(registry, SIZE)  # now SIZE + 1 is the least recently used size
    made(registry, size=SIZE + 3).dispose()
    assert registry.memory().pooled_bytes <= 3 * NBYTES + 100
    assert [is_kept(registry, size) for size in (SIZE, SIZE + 2, SIZE + 3)] == [True] * 3
    registry.close()


def test_a_block_larger_than_the_limit_is_not_pooled():
    registry = Registry(pool_limit_bytes=NBYTES)
    made(registry, size=SIZE).dispose()
    made(registry, size=SIZE + 1).dispose()
    assert registry.memory().pooled_bytes == NBYTES
    registry.close()


def test_a_limit_of_zero_disables_the_pool():
    registry = Registry(pool_limit_bytes=0)
    made(registry).dispose()
    assert registry.memory().pooled_bytes == 0
    registry.close()


@pytest.mark.parametrize("end", [Registry.close, Registry.reset])
def test_closing_and_resetting_empty_the_pool(end):
    registry = Registry()
    made(registry).dispose()
    end(registry)
    assert registry.memory().pooled_bytes == 0


def test_memory_freed_by_closing_is_not_pooled():
    registry = Registry()
    tensor = made(registry)
    registry.close()
    tensor.dispose()
    assert registry.memory().pooled_bytes == 0


def test_pools_are_per_registry(registry):
    """CONFORMANCE 42."""
    other = Registry()
    made(other).dispose()
    assert registry.memory().pooled_bytes == 0
    other.close()


def test_a_block_is_freed_with_its_pool():
    def blocks():
        return {id(block) for block in gc.get_objects() if type(block) is Block}

    gc.collect()
    others = blocks()  # those of engines in fixtures of a wider scope
    registry = Registry()
    made(registry).dispose()
    assert len(blocks() - others) == 1
    registry.close()
    gc.collect()
    assert blocks() <= others


def test_threads_never_receive_memory_in_use(registry):
    """CONFORMANCE 5: each reads from its tensor what it wrote, while others dispose and read."""
    wrong = []
    start = threading.Barrier(4)

    def work(number):
        start.wait()
        for turn in range(60):
            value = 1000 * number + turn
            tensor = made(registry, value)
            clone = tensor.clone()
            held = values_of(clone)
            tensor.dispose()
            clone.dispose()
            other = made(registry, -value)
            if (held != value).any() or (values_of(other) != -value).any():
                wrong.append(value)
            other.dispose()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
