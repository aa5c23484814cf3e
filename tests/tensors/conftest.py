import numpy as np
import pytest

from humanrt.tensors import Registry, watch
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
    space = Workspace()
    space.registry = registry
    return space


@pytest.fixture
def without_sites(monkeypatch):
    """Sites are recorded only when asked for, as where no tests are checked for leaks."""
    monkeypatch.setattr(watch, "watchers", [])
