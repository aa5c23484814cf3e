"""Tensors that stay until they are disposed, and can be given other values."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from humanrt.errors import InputError
from humanrt.tensors.tensor import Tensor

if TYPE_CHECKING:
    from humanrt.tensors.registry import Registry


class Variable(Tensor):
    """A tensor that belongs to no scope and is held by its engine: it lives until ``dispose()``, also unseen.

    Made by ``Engine.variable()``. What was derived from it, by ``clone()`` for instance, keeps the values it had then.

    Attributes:
        name: unique among the live variables of its engine.

    """

    __slots__ = ("name",)

    name: str

    def assign(self, values: Tensor) -> None:
        """Take the values of another tensor of the same shape and dtype, sharing its buffer.

        The other tensor stays its owner's. Raises InputError for another shape or dtype, TensorDisposedError.
        """
        if (values.shape, values.dtype) != (self.shape, self.dtype):
            raise InputError(
                f"variable {self.name!r} is {self.dtype} {self.shape}; {values.dtype} {values.shape} cannot be assigned"
            )
        self.registry.rebind(self, values)

    def dispose(self) -> None:
        """Free this variable and its name. Twice changes nothing."""
        self.registry.variables.forget(self)
        super().dispose()


class Variables:
    """The variables of one registry, by name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_name: dict[str, Variable] = {}

    def add(self, registry: Registry, source: Tensor, name: str | None) -> Variable:
        """Make a variable on the buffer of ``source``. Raises InputError for a name that is taken."""
        variable = source.share(source.shape, Variable)
        registry.keep(variable)
        variable.name = f"variable_{variable.id}" if name is None else name
        with self._lock:
            taken = self._by_name.setdefault(variable.name, variable) is not variable
        if taken:
            registry.release(variable.id)
            raise InputError(f"there is a variable called {name!r} already; dispose it, or choose another name")
        return variable

    def forget(self, variable: Variable) -> None:
        """Let go of a variable; its name is free again."""
        with self._lock:
            if self._by_name.get(variable.name) is variable:
                del self._by_name[variable.name]

    def names(self) -> dict[int, str]:
        """Return the names by the variables' ids."""
        with self._lock:
            return {variable.id: name for name, variable in self._by_name.items()}

    def dispose_all(self) -> None:
        """Free them all."""
        with self._lock:
            variables = list(self._by_name.values())
        for variable in variables:
            variable.dispose()
