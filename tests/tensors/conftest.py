import numpy as np
import pytest

from humanrt.tensors import Registry, watch
from humanrt.tensors.ops import Operations
from humanrt.tensors.workspace import Workspace


@pytest.fixture
def registry():
    """Accounts that the test must leave empty: a tensor that is still alive or was leaked fails it."""
    registry = Registry()
    yield registry
    assert registry.memory().baseline == (0, 0, 0, 0)
    registry.close()


@pytest.fixture
def four_floats():
    return np.arange(4, dtype=np.float32)


@pytest.fixture
def workspace(registry):
    """What an engine does with tensors, without its device and models."""
    return Workspace(registry)


class Ops(Operations):
    """What an Engine has of the ops, without a device."""

    def __init__(self, registry):
        self.registry = registry
        self._ledger = registry.ledger


@pytest.fixture
def ops(registry):
    """The ops on a registry that the test must leave empty."""
    return Ops(registry)


@pytest.fixture
def values(ops):
    """Call an op by name, with arrays or tensors; its results come as arrays, and everything is freed."""

    def call(name, *arguments, **attributes):
        with ops.registry.scope():
            owner = ops.image if name.startswith("image.") else ops
            results = getattr(owner, name.removeprefix("image."))(*arguments, **attributes)
            if isinstance(results, list | tuple):
                return [tensor.data_sync() for tensor in results]
            return results.data_sync()

    return call


@pytest.fixture
def without_sites(monkeypatch):
    """Sites are recorded only when asked for, as where no tests are checked for leaks."""
    monkeypatch.setattr(watch, "watchers", [])
