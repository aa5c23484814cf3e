import asyncio
import inspect

import pytest

from humanrt.tensors.ops import Operations


class Ops(Operations):
    """What an Engine has of the ops, without a device."""

    def __init__(self, registry):
        self.registry = registry


@pytest.fixture
def ops(registry):
    """The ops on a registry that the test must leave empty."""
    return Ops(registry)


@pytest.fixture
def values(ops):
    """Call an op by name, with arrays or tensors; its results come as arrays, and everything is freed."""

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
