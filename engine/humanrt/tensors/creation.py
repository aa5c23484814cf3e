"""The methods of an engine that create tensors and variables."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.ledger import Ledger
from humanrt.tensors.registry import Registry
from humanrt.tensors.tensor import Tensor
from humanrt.tensors.values import parse_dtype, parse_shape, read_values
from humanrt.tensors.variable import Variable


class Creation:
    """The methods that create tensors.

    A new tensor belongs to the innermost open scope, else to the caller, who disposes it. Dtypes are float32, float16,
    int32, int64, uint8 and bool. Every method raises ``InputError`` for invalid values, dtypes and shapes,
    ``MemoryLimitError``, ``ScopeClosedError`` and ``EngineClosedError``; then nothing was counted.
    """

    registry: Registry
    _ledger: Ledger[Tensor]

    def tensor(self, data: object, dtype: DTypeLike | None = None, shape: int | Sequence[int] | None = None) -> Tensor:
        """Create a tensor from a copy of ``data``: a number, a bool, nested lists of them, or an array.

        Without ``dtype``, Python floats become float32, ints int32 and bools bool; arrays keep their dtype, except that
        float64 becomes float32 (infinity beyond its range, as in TF.js). The shape is that of ``data``, or ``shape``,
        in which one size may be -1. Raises ``InputError`` also for ragged lists, and for numbers that an integer dtype
        cannot hold. TF.js: ``tf.tensor``.
        """
        return self.registry.tensor(data, dtype, shape)

    def from_numpy(self, array: Array) -> Tensor:
        """Create a tensor that shares the caller's array, of any shape and strides; it is never written nor recycled.

        What the caller writes into the array is visible in the tensor. Raises ``InputError`` for anything but an array,
        and for dtypes that tensors do not have; ``tensor()`` copies, and converts float64.
        """
        return self.registry.from_numpy(array)

    def from_dlpack(self, data: object) -> Tensor:
        """Create a tensor that shares another library's array in host memory, as ``from_numpy()`` does.

        Raises ``InputError`` for objects without DLPack, and for memory of another device.
        """
        try:
            array = np.from_dlpack(data)  # type: ignore[arg-type]  # if it has no DLPack, this raises
        except (AttributeError, TypeError, ValueError, BufferError, RuntimeError) as error:
            raise InputError(f"a {type(data).__name__} cannot be shared over DLPack: {error}") from error
        return self.registry.from_numpy(array)

    def adopt(self, array: Array) -> Tensor:
        """Create a tensor of an array that becomes the engine's, without a copy: it must not be written any more.

        Raises ``InputError`` for dtypes that tensors do not have.
        """
        return self._ledger.adopt(array)

    def scalar(self, value: float, dtype: DTypeLike | None = None) -> Tensor:
        """Create a tensor of shape () from one number or bool; the dtype is chosen as in ``tensor()``."""
        return self.registry.tensor(value, dtype, ())

    def zeros(self, shape: int | Sequence[int], dtype: DTypeLike = "float32") -> Tensor:
        """Create a tensor of a shape in which every element is 0, or False for bool."""
        return self.fill(shape, 0, dtype)

    def ones(self, shape: int | Sequence[int], dtype: DTypeLike = "float32") -> Tensor:
        """Create a tensor of a shape in which every element is 1, or True for bool."""
        return self.fill(shape, 1, dtype)

    def fill(self, shape: int | Sequence[int], value: float, dtype: DTypeLike | None = None) -> Tensor:
        """Create a tensor of a shape in which every element is ``value``; the dtype is chosen as in ``tensor()``."""
        number, target = read_values(value, dtype)
        if number.shape:
            raise InputError(f"fill() needs one number, got {value!r}")
        array = self._ledger.empty(parse_shape(shape), target)
        with np.errstate(over="ignore"):
            np.copyto(array, number, casting="unsafe")
        return self._ledger.adopt(array)

    def range_(self, start: float, stop: float, step: float = 1, dtype: DTypeLike = "float32") -> Tensor:
        """Create a tensor [n] of the numbers from ``start`` to ``stop``, without ``stop``. TF.js: ``tf.range``.

        As in TF.js, a step of 1 counts down if ``stop`` is lower, and any other step that leads away from ``stop``
        gives an empty tensor. Each number is ``start + i * step``, while TF.js adds the step again and again. Raises
        ``InputError`` if a number is not finite, or the step is 0.
        """
        if step == 0 or not all(map(math.isfinite, (start, stop, step))):
            raise InputError(f"range_({start}, {stop}, {step}): the numbers must be finite, and the step not 0")
        if step == 1 and stop < start:
            step = -1
        count = max(0, math.ceil((stop - start) / step))
        return self.registry.tensor(start + step * np.arange(count), parse_dtype(dtype))

    def variable(self, initial: object, name: str | None = None, dtype: DTypeLike | None = None) -> Variable:
        """Create a variable, which belongs to no scope: it lives until it is disposed or the engine is closed or reset.

        ``initial`` is a tensor, whose buffer is shared unless ``dtype`` differs, or anything that ``tensor()`` accepts.
        Without ``name``, the name is "variable_" and the id. Raises ``InputError`` if a live variable has that name.
        TF.js: ``tf.variable``.
        """
        if isinstance(initial, Tensor):
            self._ledger.values(initial)  # raises for a tensor of another engine
            source = initial.cast(initial.dtype if dtype is None else dtype)
        else:
            source = self.tensor(initial, dtype)
        with source:
            return self.registry.variables.add(source, name)

    def dispose_variables(self) -> None:
        """Dispose every variable of this engine. TF.js: ``tf.disposeVariables``."""
        for variable in self.registry.variables.take_all():
            variable.dispose()
