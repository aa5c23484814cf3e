import asyncio
import inspect

import numpy as np
import pytest

from humanrt.tensors import watch
from humanrt.tensors.ops import Operations
from humanrt.tensors.workspace import Workspace


@pytest.fixture
def four_floats():
    return np.arange(4, dtype=np.float32)


@pytest.fixture
def workspace(registry):
    """The methods of an engine on tensors, without a device and models."""
    return Workspace(registry)


class Ops(Operations):
    """The ops of an engine, without a device."""

    def __init__(self, registry):
        self.registry = registry
        self._ledger = registry.ledger


@pytest.fixture
def ops(registry):
    """The ops on a registry that must be empty at the end of the test."""
    return Ops(registry)


@pytest.fixture
def values(ops):
    """Call an op by name with arrays or tensors; return the results as arrays, and free everything."""

    def call(name, *arguments, **attributes):
        with ops.registry.scope():
            room, _, method = name.rpartition(".")
            results = getattr(getattr(ops, room) if room else ops, method)(*arguments, **attributes)
            if inspect.iscoroutine(results):
                results = asyncio.run(results)
            if isinstance(results, list | tuple):
                return [tensor.data_sync() for tensor in results]
            return results.data_sync()

    return call


@pytest.fixture
def without_sites(monkeypatch):
    """Record sites only when asked for, as where no test is checked for leaks."""
    monkeypatch.setattr(watch, "watchers", [])
