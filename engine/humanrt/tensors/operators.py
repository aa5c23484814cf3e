"""What Python's operators and square brackets do with tensors: what NumPy users expect, and tracked.

They differ from the engine's ops of the same meaning, which follow TF.js, in two points: ``/`` always gives floats, and
``//`` leaves floats floats. Comparisons of order give tensors. ``==`` and ``hash()`` are those of the handle, so that
tensors can be looked for in lists and kept in sets: compare values with ``engine.equal()``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import EllipsisType
from typing import TYPE_CHECKING, Any

import numpy as np

from humanrt.errors import InputError
from humanrt.tensors.ops.kernels import arrays, comparison, elementwise, linear
from humanrt.tensors.ops.kernels.arrays import BasicIndex
from humanrt.tensors.ops.run import Operand, TensorLike, run

if TYPE_CHECKING:
    from humanrt.tensors.registry import Registry
    from humanrt.tensors.tensor import Tensor

_multiply_matrices = partial(linear.mat_mul, transpose_one=False, transpose_other=False)


class Operators(Operand):
    """The part of ``Tensor`` that computes. The other operand may be a tensor of the same engine, a number or an array.

    Each result is a new tensor, in the innermost open scope, else the caller's to dispose. Errors are those of the
    engine's ops.
    """

    __slots__ = ()

    # NumPy's arrays leave the operators to us, whichever side they stand on.
    __array_priority__ = 1000

    def __array_function__(
        self,
        function: Callable[..., Any],
        types: Iterable[type],
        arguments: Sequence[Any],
        options: Mapping[str, Any],
    ) -> Any:  # noqa: ANN401 - what the function returns
        """Call a function of NumPy with the values: ``np.sum(x)`` would else call ``x.sum()``, which is TF.js's."""
        del types
        return function(*map(_without_tensors, arguments), **{key: _without_tensors(options[key]) for key in options})

    # Python would iterate over anything with square brackets, and make tensors that nobody frees: unstack() makes them.
    __iter__ = None

    if TYPE_CHECKING:  # what Tensor has

        @property
        def registry(self) -> Registry: ...  # noqa: D102
        @property
        def shape(self) -> tuple[int, ...]: ...  # noqa: D102
        def reshape(self, shape: int | Sequence[int]) -> Tensor: ...  # noqa: D102
        def array(self) -> object: ...  # noqa: D102

    def __add__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "add", elementwise.add, self, other)

    def __radd__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "add", elementwise.add, other, self)

    def __sub__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "sub", elementwise.sub, self, other)

    def __rsub__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "sub", elementwise.sub, other, self)

    def __mul__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "mul", elementwise.mul, self, other)

    def __rmul__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "mul", elementwise.mul, other, self)

    def __truediv__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "div", elementwise.true_divide, self, other)

    def __rtruediv__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "div", elementwise.true_divide, other, self)

    def __floordiv__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "floor_div", elementwise.floor_divide, self, other)

    def __rfloordiv__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "floor_div", elementwise.floor_divide, other, self)

    def __mod__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "mod", elementwise.mod, self, other)

    def __rmod__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "mod", elementwise.mod, other, self)

    def __pow__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "pow", elementwise.power, self, other)

    def __rpow__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "pow", elementwise.power, other, self)

    def __matmul__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "mat_mul", _multiply_matrices, self, other)

    def __rmatmul__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "mat_mul", _multiply_matrices, other, self)

    def __neg__(self) -> Tensor:
        return run(self.registry, "neg", elementwise.neg, self)

    def __abs__(self) -> Tensor:
        return run(self.registry, "abs", elementwise.absolute, self)

    def __lt__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "less", comparison.less, self, other)

    def __le__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "less_equal", comparison.less_equal, self, other)

    def __gt__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "greater", comparison.greater, self, other)

    def __ge__(self, other: TensorLike) -> Tensor:
        return run(self.registry, "greater_equal", comparison.greater_equal, self, other)

    def __bool__(self) -> bool:
        if self.shape and self.shape != (1,) * len(self.shape):
            raise InputError(f"a tensor of shape {self.shape} is neither true nor false; compare with `is not None`")
        values = self.array()
        while isinstance(values, list):
            values = values[0]
        return bool(values)

    def __getitem__(self, key: BasicIndex | tuple[BasicIndex, ...]) -> Tensor:
        """Return the part that ints, slices, ``...`` and None choose.

        What is all of the tensor, in its order, shares its buffer, as ``reshape()`` does; any other part is copied.
        Raises InputError for ints out of range, and for lists, arrays and bools: see ``engine.gather()``.
        """
        keys = key if isinstance(key, tuple) else (key,)
        shape = _shape_of_part(self.shape, keys)
        if math.prod(shape) == math.prod(self.shape) and not any(_turns_around(item) for item in keys):
            return self.reshape(shape)
        return run(self.registry, "slice", partial(arrays.index, key=keys), self)

    def slice(self, begin: int | Sequence[int], size: int | Sequence[int] | None = None) -> Tensor:
        """Return the part that begins at ``begin`` and has ``size``; -1, or no number, takes the rest of an axis.

        Raises InputError for what does not lie within the tensor, and for scalars. The result is the caller's.
        TF.js: ``tf.slice``.
        """
        begins, sizes = ((number,) if isinstance(number, int) else number or () for number in (begin, size))
        rank = len(self.shape)
        if not rank or max(len(begins), len(sizes)) > rank:
            raise InputError(f"slice() of shape {self.shape}: {begin} and {size} have more numbers than it has axes")
        starts = [*begins, *(0 for _ in range(rank - len(begins)))]
        counts = [*sizes, *(-1 for _ in range(rank - len(sizes)))]
        ends = [
            length if count == -1 else start + count
            for start, count, length in zip(starts, counts, self.shape, strict=True)
        ]
        if not all(0 <= start <= end <= length for start, end, length in zip(starts, ends, self.shape, strict=True)):
            raise InputError(f"slice() of shape {self.shape}: {begin} with size {size} does not lie within")
        return self[tuple(map(slice, starts, ends))]


def _shape_of_part(shape: tuple[int, ...], keys: tuple[BasicIndex, ...]) -> tuple[int, ...]:
    """Let NumPy work out what basic indexing gives, on a stand-in that takes no memory."""
    for item in keys:
        if isinstance(item, bool) or not isinstance(item, int | np.integer | slice | EllipsisType | None):
            raise InputError(f"tensor[{item!r}]: accepted are ints, slices, ... and None; see engine.gather()")
    try:
        return np.broadcast_to(np.False_, shape)[keys].shape
    except (IndexError, TypeError, ValueError) as error:
        raise InputError(f"a tensor of shape {shape} has no {list(keys)}: {error}") from error


def _without_tensors(argument: Any) -> Any:  # noqa: ANN401 - whatever NumPy takes
    """Return the values of a tensor, also in lists and tuples, and anything else as it is."""
    if isinstance(argument, Operators):
        return np.asarray(argument)
    if type(argument) in (list, tuple):
        return type(argument)(map(_without_tensors, argument))
    return argument


def _turns_around(item: BasicIndex) -> bool:
    return isinstance(item, slice) and item.step is not None and item.step < 0
