"""Memory limits and peaks."""

import numpy as np
import pytest

from humanrt.errors import ConfigError, MemoryLimitError
from humanrt.tensors import Registry, Tensor
from humanrt.tensors.buffer import DataBuffer

LARGE = 100_000


@pytest.fixture
def limited():
    registry = Registry(memory_limit=1000)
    yield registry
    registry.close()


def uint8(registry, size):
    return registry.adopt(np.zeros(size, np.uint8))


def test_tensors_up_to_the_limit_fit(limited):
    with uint8(limited, 600), uint8(limited, 400) as tensor, tensor.clone():
        assert limited.memory().num_bytes == 1000
    assert limited.memory().peak_bytes == 1000


@pytest.mark.parametrize(
    "make",
    [
        lambda registry: registry.adopt(np.zeros(401, np.uint8)),
        lambda registry: registry.from_numpy(np.zeros(401, np.uint8)),
        lambda registry: registry.tensor([1] * 101),
        lambda registry: registry.empty((10**15,), np.dtype(np.float32)),
    ],
)
def test_tensors_beyond_the_limit_raise_and_count_nothing(limited, make):
    with uint8(limited, 600) as tensor:
        before = limited.memory()
        with pytest.raises(MemoryLimitError):
            make(limited)
        assert limited.memory() == before
        assert tensor.array() == [0] * 600
        uint8(limited, 400).dispose()


def test_a_tensor_beyond_the_limit_does_not_enter_the_scope(limited):
    with limited.scope() as scope:
        with pytest.raises(MemoryLimitError):
            uint8(limited, 1001)
        assert scope._owned == set()


def test_the_error_lists_the_numbers_and_the_biggest_holders():
    registry = Registry(memory_limit=1000, track_sites=True)
    made = [registry.tensor(np.zeros(100, np.uint8))]
    made += [registry.tensor(np.zeros(300, np.uint8))]
    made += [registry.tensor(np.zeros(120, np.uint8)) for _ in range(2)]
    made += [registry.tensor(np.zeros(200, np.uint8))]
    with pytest.raises(MemoryLimitError) as caught:
        registry.tensor(np.zeros(161, np.uint8))
    message = str(caught.value)
    assert "161 bytes more do not fit on cpu: 840 bytes are live, 0 were pooled" in message
    assert "memory_limit is 1000" in message
    biggest = message.partition("biggest holders: ")[2].split("; ")
    assert [holder.split(" made at ")[0] for holder in biggest] == [
        "300 bytes in 1 of uint8 (300,)",
        "240 bytes in 2 of uint8 (120,)",
        "200 bytes in 1 of uint8 (200,)",
    ]
    assert message.count(f"made at {__file__}:") == 3
    assert isinstance(caught.value, MemoryError)
    registry.dispose(made)
    registry.close()


@pytest.mark.usefixtures("without_sites")
def test_without_sites_holders_are_grouped_by_shape(limited):
    with (
        uint8(limited, 900),
        pytest.raises(MemoryLimitError, match=r"900 bytes in 1 of uint8 \(900,\) made at a place"),
    ):
        uint8(limited, 101)


def test_the_pool_is_emptied_before_the_limit_raises():
    registry = Registry(memory_limit=2 * LARGE)
    registry.tensor(np.zeros(LARGE, np.uint8)).dispose()
    assert registry.memory().pooled_bytes == LARGE
    with uint8(registry, LARGE):
        assert registry.memory().pooled_bytes == LARGE
    with uint8(registry, LARGE + 1):
        assert registry.memory().pooled_bytes == 0
        with pytest.raises(MemoryLimitError):
            uint8(registry, LARGE)
    registry.close()


def test_pooled_memory_counts_towards_the_limit_for_small_tensors():
    registry = Registry(memory_limit=LARGE + 50)
    registry.tensor(np.zeros(LARGE, np.uint8)).dispose()
    with uint8(registry, 50):
        assert registry.memory().pooled_bytes == LARGE
        with uint8(registry, 1):
            assert registry.memory().pooled_bytes == 0
    registry.close()


def test_recycled_memory_needs_no_room():
    registry = Registry(memory_limit=LARGE)
    for _ in range(3):
        registry.tensor(np.zeros(LARGE, np.uint8)).dispose()
    assert registry.memory().pooled_bytes == LARGE
    registry.close()


def test_limits_by_device():
    registry = Registry(memory_limit={"cuda:0": 100})

    def far(size):
        return registry.ledger.register(DataBuffer(np.zeros(size, np.uint8), True, "cuda:0"), (size,), Tensor)

    with uint8(registry, 5000), far(60):
        with pytest.raises(MemoryLimitError, match=r"41 bytes more do not fit on cuda:0: 60 bytes are live"):
            far(41)
        far(40).dispose()
    registry.close()


def test_a_single_limit_applies_to_each_device(limited):
    far = DataBuffer(np.zeros(900, np.uint8), True, "cuda:0")
    with uint8(limited, 1000), limited.ledger.register(far, (900,), Tensor):
        assert limited.memory().num_bytes == 1900
        with pytest.raises(MemoryLimitError):
            uint8(limited, 1)


def test_limits_are_per_registry(limited):
    """CONFORMANCE 42."""
    other = Registry()
    with uint8(other, 5000), uint8(limited, 1000):
        pass


@pytest.mark.parametrize("limit", [-1, 1.5, True, "1 GB", {"cpu": -1}, {"cpu": None, "cuda:0": "much"}])
def test_an_invalid_limit_raises(limit):
    with pytest.raises(ConfigError, match="memory_limit"):
        Registry(memory_limit=limit)


def test_the_peak_is_exact_with_a_limit_and_a_pool():
    """CONFORMANCE 6."""
    registry = Registry(memory_limit=5 * LARGE)
    for size in (LARGE, 2 * LARGE, LARGE):
        registry.tensor(np.zeros(size, np.uint8)).dispose()
    assert registry.memory().peak_bytes == 2 * LARGE
    registry.close()
