"""Python's operators and indexing for tensors: as in NumPy, with tensors as results.

They differ from the engine's ops, which follow TF.js, in two points: ``/`` always returns floats, and ``//`` of floats
returns floats. ``<``, ``<=``, ``>`` and ``>=`` return tensors. ``==`` and ``hash()`` compare handles, so that tensors
can be found in lists and kept in sets; ``engine.equal()`` compares values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from types import EllipsisType
from typing import Any, Generic, TypeVar

import numpy as np

from humanrt.errors import InputError
from humanrt.tensors.handle import Handle
from humanrt.tensors.kernels import arrays, comparison, elementwise
from humanrt.tensors.kernels.arrays import BasicIndex
from humanrt.tensors.kernels.run import TensorLike, run
from humanrt.tensors.ledger import Ledger

H = TypeVar("H", bound=Handle[Any])

_multiply_matrices = partial(arrays.mat_mul, transpose_one=False, transpose_other=False)


class Operators(Handle[Ledger[H]], Generic[H]):
    """The methods of ``Tensor`` that compute.

    The other operand is a tensor of the same engine, a number or an array. Each result is a new tensor, which belongs
    to the innermost open scope, else to the caller. Errors are those of the engine's ops.
    """

    __slots__ = ()

    # With this, NumPy's arrays leave the operators to the tensor on either side. Its functions still accept tensors.
    __array_priority__ = 1000

    # Python would iterate over anything that can be indexed, and create tensors that nothing frees; see unstack().
    __iter__ = None

    def __add__(self, other: TensorLike) -> H:
        return run(self._ledger, "add", elementwise.add, self, other)

    def __radd__(self, other: TensorLike) -> H:
        return run(self._ledger, "add", elementwise.add, other, self)

    def __sub__(self, other: TensorLike) -> H:
        return run(self._ledger, "sub", elementwise.sub, self, other)

    def __rsub__(self, other: TensorLike) -> H:
        return run(self._ledger, "sub", elementwise.sub, other, self)

    def __mul__(self, other: TensorLike) -> H:
        return run(self._ledger, "mul", elementwise.mul, self, other)

    def __rmul__(self, other: TensorLike) -> H:
        return run(self._ledger, "mul", elementwise.mul, other, self)

    def __truediv__(self, other: TensorLike) -> H:
        return run(self._ledger, "div", elementwise.true_divide, self, other)

    def __rtruediv__(self, other: TensorLike) -> H:
        return run(self._ledger, "div", elementwise.true_divide, other, self)

    def __floordiv__(self, other: TensorLike) -> H:
        return run(self._ledger, "floor_div", elementwise.floor_divide, self, other)

    def __rfloordiv__(self, other: TensorLike) -> H:
        return run(self._ledger, "floor_div", elementwise.floor_divide, other, self)

    def __mod__(self, other: TensorLike) -> H:
        return run(self._ledger, "mod", elementwise.mod, self, other)

    def __rmod__(self, other: TensorLike) -> H:
        return run(self._ledger, "mod", elementwise.mod, other, self)

    def __pow__(self, other: TensorLike) -> H:
        return run(self._ledger, "pow", elementwise.power, self, other)

    def __rpow__(self, other: TensorLike) -> H:
        return run(self._ledger, "pow", elementwise.power, other, self)

    def __matmul__(self, other: TensorLike) -> H:
        return run(self._ledger, "mat_mul", _multiply_matrices, self, other)

    def __rmatmul__(self, other: TensorLike) -> H:
        return run(self._ledger, "mat_mul", _multiply_matrices, other, self)

    def __neg__(self) -> H:
        return run(self._ledger, "neg", elementwise.neg, self)

    def __abs__(self) -> H:
        return run(self._ledger, "abs", elementwise.absolute, self)

    def __lt__(self, other: TensorLike) -> H:
        return run(self._ledger, "less", comparison.less, self, other)

    def __le__(self, other: TensorLike) -> H:
        return run(self._ledger, "less_equal", comparison.less_equal, self, other)

    def __gt__(self, other: TensorLike) -> H:
        return run(self._ledger, "greater", comparison.greater, self, other)

    def __ge__(self, other: TensorLike) -> H:
        return run(self._ledger, "greater_equal", comparison.greater_equal, self, other)

    def __bool__(self) -> bool:
        if self.shape and self.shape != (1,) * len(self.shape):
            raise InputError(f"a tensor of shape {self.shape} is neither true nor false; compare with `is not None`")
        return bool(self._ledger.values(self).item())

    def __getitem__(self, key: BasicIndex | tuple[BasicIndex, ...]) -> H:
        """Return the part that NumPy's basic indexing with ints, slices, ``...`` and None selects.

        If it is the whole tensor in the same order, the buffer is shared, as in ``reshape()``; any other part is
        copied. Raises ``InputError`` for ints out of range, and for lists, arrays and bools: see ``engine.gather()``.
        """
        keys = key if isinstance(key, tuple) else (key,)
        shape = _part_shape(self.shape, keys)
        if math.prod(shape) == math.prod(self.shape) and not any(_reverses(item) for item in keys):
            return self._ledger.share(self, shape, self._ledger.make)
        return run(self._ledger, "slice", partial(arrays.index, key=keys), self)

    def slice(self, begin: int | Sequence[int], size: int | Sequence[int] | None = None) -> H:
        """Return the part of shape ``size`` that begins at ``begin``, in the tensor's dtype. TF.js: ``tf.slice``.

        One number for each axis; for missing ones ``begin`` is 0 and ``size`` is -1, the rest of the axis. Raises
        ``InputError`` for a part that is not within the tensor, and for scalars.
        """
        begins, sizes = ((number,) if isinstance(number, int) else number or () for number in (begin, size))
        rank = len(self.shape)
        if not rank or max(len(begins), len(sizes)) > rank:
            raise InputError(f"slice() of shape {self.shape}: {begin} and {size} have more numbers than there are axes")
        starts = [*begins, *(0 for _ in range(rank - len(begins)))]
        counts = [*sizes, *(-1 for _ in range(rank - len(sizes)))]
        ends = [
            length if count == -1 else start + count
            for start, count, length in zip(starts, counts, self.shape, strict=True)
        ]
        if not all(0 <= start <= end <= length for start, end, length in zip(starts, ends, self.shape, strict=True)):
            raise InputError(f"slice() of shape {self.shape}: {begin} with size {size} is not within the tensor")
        return self[tuple(map(slice, starts, ends))]


def _part_shape(shape: tuple[int, ...], keys: tuple[BasicIndex, ...]) -> tuple[int, ...]:
    """Return the shape that NumPy's basic indexing returns, computed without the tensor's memory."""
    for item in keys:
        if isinstance(item, bool) or not isinstance(item, int | np.integer | slice | EllipsisType | None):
            raise InputError(f"tensor[{item!r}]: accepted: ints, slices, ... and None; see engine.gather()")
    try:
        return np.broadcast_to(np.False_, shape)[keys].shape
    except (IndexError, TypeError, ValueError) as error:
        raise InputError(f"{list(keys)} is no index of a tensor of shape {shape}: {error}") from error


def _reverses(item: BasicIndex) -> bool:
    return isinstance(item, slice) and item.step is not None and item.step < 0
