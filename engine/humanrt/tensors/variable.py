"""Tensors that live until they are disposed, and can be assigned other values."""

from __future__ import annotations

from functools import partial
from typing import Any

from humanrt.errors import InputError
from humanrt.tensors.ledger import Ledger
from humanrt.tensors.tensor import Tensor


class Variable(Tensor):
    """A tensor that belongs to no scope and is held by its engine: it lives until ``dispose()``, referenced or not.

    Created by ``Engine.variable()``. What was derived from it, by ``clone()`` for instance, keeps the values of then.

    Attributes:
        name: unique among the live variables of its engine.

    """

    __slots__ = ("_variables", "name")

    def __init__(self, variables: Variables, name: str | None, *handle: Any) -> None:  # noqa: ANN401 - a Tensor's own
        super().__init__(*handle)
        self._variables = variables
        self.name: str = f"variable_{self.id}" if name is None else name

    def assign(self, values: Tensor) -> None:
        """Take the values of another tensor of the same shape and dtype, sharing its buffer.

        The other tensor keeps its owner. Raises ``InputError`` for another shape, dtype or engine,
        ``TensorDisposedError`` if either tensor was disposed.
        """
        if (values.shape, values.dtype) != (self.shape, self.dtype):
            raise InputError(
                f"variable {self.name!r} is {self.dtype} {self.shape}; {values.dtype} {values.shape} cannot be assigned"
            )
        self._ledger.rebind(self, values)

    def dispose(self) -> None:
        """Free this variable and its name. Idempotent."""
        self._variables.forget(self)
        super().dispose()


class Variables:
    """The live variables of one engine, by name. The ledger's lock guards them."""

    def __init__(self, ledger: Ledger[Tensor]) -> None:
        self._ledger = ledger
        self._by_name: dict[str, Variable] = {}

    def add(self, source: Tensor, name: str | None) -> Variable:
        """Create a variable on the buffer of ``source``. Raises ``InputError`` for a name that is taken."""
        variable = self._ledger.share(source, source.shape, partial(Variable, self, name))
        self._ledger.keep(variable)
        with self._ledger.lock:
            taken = self._by_name.setdefault(variable.name, variable) is not variable
        if taken:
            self._ledger.release(variable.id)
            raise InputError(f"there is a variable called {name!r} already; dispose it, or choose another name")
        return variable

    def forget(self, variable: Variable) -> None:
        """Stop holding a variable; its name can be used again."""
        with self._ledger.lock:
            if self._by_name.get(variable.name) is variable:
                del self._by_name[variable.name]

    def names(self) -> dict[int, str]:
        """Return the names by the variables' ids."""
        with self._ledger.lock:
            return {variable.id: name for name, variable in self._by_name.items()}

    def take_all(self) -> list[Variable]:
        """Stop holding the variables, and return them: the caller frees them."""
        with self._ledger.lock:
            variables = list(self._by_name.values())
            self._by_name.clear()
        return variables
