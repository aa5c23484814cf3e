"""Making tensors of the caller's data, and of nothing but a shape."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.registry import Registry
from humanrt.tensors.tensor import Tensor
from humanrt.tensors.tensor_buffer import TensorBuffer
from humanrt.tensors.values import parse_dtype, parse_shape, read_values
from humanrt.tensors.variable import Variable


class Creation:
    """The methods that make tensors.

    A new tensor belongs to the innermost open scope, else to the caller, who disposes it. Dtypes are float32, float16,
    int32, int64, uint8 and bool. Every method raises InputError for values, dtypes and shapes that cannot be,
    MemoryLimitError, ScopeClosedError and EngineClosedError; then nothing was counted.

    Attributes:
        registry: the accounts of the tensors.

    """

    registry: Registry

    def tensor(self, data: object, dtype: DTypeLike | None = None, shape: int | Sequence[int] | None = None) -> Tensor:
        """Make a tensor of a copy of ``data``: a number, a bool, nested lists of them, or an array.

        Without ``dtype``, Python floats become float32, ints int32 and bools bool; arrays keep their dtype, but float64
        narrows to float32 (beyond its range to infinity, as in TF.js). ``shape`` is that of flat data, and may have one
        -1; data with more axes must agree with it, as in TF.js: ``reshape()`` changes a shape. Raises InputError for
        ragged lists, and for numbers that an integer dtype cannot hold, too.
        """
        return self.registry.tensor(data, dtype, shape)

    def from_numpy(self, array: Array) -> Tensor:
        """Make a tensor that shares the caller's array, which is never written nor reused; it may be strided.

        What the caller writes into the array shows in the tensor. Raises InputError for what is no array, and for
        dtypes that tensors do not have: ``tensor()`` copies, and narrows float64.
        """
        return self.registry.from_numpy(array)

    def from_dlpack(self, data: object) -> Tensor:
        """Make a tensor that shares another library's array in host memory, as ``from_numpy()`` does.

        Raises InputError for what does not speak DLPack, and for memory of another device.
        """
        try:
            array = np.from_dlpack(data)  # type: ignore[arg-type]  # whether it can is what is asked here
        except (AttributeError, TypeError, ValueError, BufferError, RuntimeError) as error:
            raise InputError(f"a {type(data).__name__} cannot be shared over DLPack: {error}") from error
        return self.registry.from_numpy(array)

    def adopt(self, array: Array) -> Tensor:
        """Make a tensor of an array that the caller gives away: nobody may write it any more."""
        return self.registry.adopt(array)

    def scalar(self, value: float, dtype: DTypeLike | None = None) -> Tensor:
        """Make a tensor of shape () of one number or bool; its dtype is chosen as in ``tensor()``."""
        return self.registry.tensor(value, dtype, ())

    def zeros(self, shape: int | Sequence[int], dtype: DTypeLike = "float32") -> Tensor:
        """Make a tensor of zeros, or of False."""
        return self.fill(shape, 0, dtype)

    def ones(self, shape: int | Sequence[int], dtype: DTypeLike = "float32") -> Tensor:
        """Make a tensor of ones, or of True."""
        return self.fill(shape, 1, dtype)

    def fill(self, shape: int | Sequence[int], value: float, dtype: DTypeLike | None = None) -> Tensor:
        """Make a tensor of one number, repeated; its dtype is chosen as in ``tensor()``."""
        number, target = read_values(value, dtype)
        if number.shape:
            raise InputError(f"fill() repeats one number, got {value!r}")
        array = self.registry.empty(parse_shape(shape), target)
        with np.errstate(over="ignore"):
            np.copyto(array, number, casting="unsafe")
        return self.registry.adopt(array)

    def range_(self, start: float, stop: float, step: float = 1, dtype: DTypeLike = "float32") -> Tensor:
        """Make a tensor [n] of the numbers from ``start`` up to ``stop``, which is not among them.

        As in TF.js a step of 1 counts down where ``stop`` is lower, and any other step that leads away from ``stop``
        gives an empty tensor. Each number is computed by itself, not, as TF.js does, from the one before.
        """
        if step == 0 or not all(map(math.isfinite, (start, stop, step))):
            raise InputError(f"range_({start}, {stop}, {step}): the numbers must be finite, and the step not 0")
        if step == 1 and stop < start:
            step = -1
        count = max(0, math.ceil((stop - start) / step))
        return self.registry.tensor(start + step * np.arange(count), parse_dtype(dtype))

    def buffer(
        self, shape: int | Sequence[int], dtype: DTypeLike = "float32", values: ArrayLike | None = None
    ) -> TensorBuffer:
        """Return memory to be filled element by element, of which ``to_tensor()`` then makes a tensor.

        ``values`` are the elements in C order, else it begins with zeros. It is not counted, and freed with its last
        reference.
        """
        return TensorBuffer(self.registry, shape, dtype, values)

    def variable(self, initial: object, name: str | None = None, dtype: DTypeLike | None = None) -> Variable:
        """Make a variable, which belongs to no scope: it lives until it is disposed, or the engine is closed or reset.

        ``initial`` is a tensor, whose buffer it shares unless ``dtype`` is another one, or what ``tensor()`` takes.
        Raises InputError for a ``name`` that a live variable has; without one it gets one of its own.
        """
        if isinstance(initial, Tensor):
            self.registry.values(initial)  # raises for a tensor of another engine
            return initial.variable(name, dtype)
        with self.tensor(initial, dtype) as source:
            return source.variable(name)

    def dispose_variables(self) -> None:
        """Dispose every variable of this engine."""
        self.registry.variables.dispose_all()
