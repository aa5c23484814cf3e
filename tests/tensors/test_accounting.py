"""Random histories of one registry, compared after each step with a model made of plain dicts and lists."""

import warnings

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from humanrt.errors import TensorDisposedError
from humanrt.tensors import Registry

INDEX = st.integers(0, 30)


class Accounting(RuleBasedStateMachine):
    """CONFORMANCE 1 to 4, 7, 8, 12 and 14 to 19."""

    @initialize()
    def open(self):
        self.registry = Registry()
        self.scopes = []  # (Scope, keys of what it owns), from the outermost
        self.handles = {}  # key -> Tensor
        self.buffers = {}  # key of a live tensor -> (number of its buffer, bytes)
        self.freestanding = set()
        self.next_key = 0
        self.leaked = 0

    def add(self, tensor, buffer):
        key = self.next_key
        self.next_key += 1
        self.handles[key] = tensor
        self.buffers[key] = buffer
        (self.scopes[-1][1] if self.scopes else self.freestanding).add(key)

    def strike(self, key):
        self.buffers.pop(key, None)
        self.freestanding.discard(key)
        for _, owned in self.scopes:
            owned.discard(key)

    def pick(self, index):
        return list(self.handles)[index % len(self.handles)]

    @rule(size=st.integers(0, 50), shared=st.booleans())
    def make(self, size, shared):
        array = np.zeros(size, np.uint8)
        tensor = self.registry.from_numpy(array) if shared else self.registry.tensor(array)
        self.add(tensor, (self.next_key, size))

    @precondition(lambda self: self.handles)
    @rule(index=INDEX, method=st.sampled_from(["clone", "expand_dims", "squeeze"]))
    def derive(self, index, method):
        key = self.pick(index)
        if key in self.buffers:
            self.add(getattr(self.handles[key], method)(), self.buffers[key])
        else:
            with pytest.raises(TensorDisposedError):
                getattr(self.handles[key], method)()

    @precondition(lambda self: self.handles)
    @rule(indices=st.lists(INDEX, max_size=4))
    def dispose(self, indices):
        keys = [self.pick(index) for index in indices]
        self.registry.dispose([{"tensor": self.handles[key]} for key in keys])
        for key in keys:
            self.strike(key)

    @precondition(lambda self: self.handles)
    @rule(index=INDEX)
    def vanish(self, index):
        key = self.pick(index)
        self.leaked += key in self.freestanding
        self.strike(key)
        del self.handles[key]

    @precondition(lambda self: self.buffers)
    @rule(index=INDEX)
    def keep(self, index):
        key = list(self.buffers)[index % len(self.buffers)]
        self.registry.keep(self.handles[key])
        for _, owned in self.scopes:
            owned.discard(key)
        self.freestanding.add(key)

    @precondition(lambda self: len(self.scopes) < 4)
    @rule()
    def enter(self):
        self.scopes.append((self.registry.scope().__enter__(), set()))

    @precondition(lambda self: self.scopes and self.handles)
    @rule(indices=st.lists(INDEX, max_size=4), depth=st.integers(0, 3))
    def returns(self, indices, depth):
        place = depth % len(self.scopes)
        scope, owned = self.scopes[place]
        keys = {self.pick(index) for index in indices}
        scope.returns([self.handles[key] for key in keys])
        heir = self.scopes[place - 1][1] if place else self.freestanding
        heir |= keys & owned
        owned -= keys

    @precondition(lambda self: self.scopes)
    @rule()
    def leave(self):
        scope, owned = self.scopes[-1]
        scope.__exit__(None, None, None)
        for key in list(owned):
            self.strike(key)
        self.scopes.pop()

    @invariant()
    def counts_agree(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            memory = self.registry.memory()
        buffers = dict(self.buffers.values())
        assert memory.baseline == (len(self.buffers), len(buffers), sum(buffers.values()), self.leaked)
        assert {key for key, tensor in self.handles.items() if not tensor.is_disposed} == set(self.buffers)

    def teardown(self):
        while self.scopes:
            self.leave()
        self.registry.close()
        assert self.registry.memory().baseline == (0, 0, 0, self.leaked)


Accounting.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None, derandomize=True)
TestAccounting = Accounting.TestCase
