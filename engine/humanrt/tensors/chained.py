"""The engine's ops as methods of tensors: ``x.square().sum()`` for ``engine.sum(engine.square(x))``.

``chained()`` makes a method of an op, with its types: type checkers see the op's result, and its parameters but for the
first input. Each method is ``Final``, so that its type is known without an annotation of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, Final, Generic, ParamSpec, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from humanrt.tensors.handle import Handle, ledger_of
from humanrt.tensors.kernels.run import TensorLike
from humanrt.tensors.ledger import Ledger
from humanrt.tensors.operators import Operators
from humanrt.tensors.ops import ImageOperations, Operations

H = TypeVar("H", bound=Handle[Any])
Owner = TypeVar("Owner")
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class _Ops(Operations[H]):
    """The ops on the tensors of one ledger."""

    __slots__ = ("_ledger",)

    def __init__(self, ledger: Ledger[H]) -> None:
        self._ledger: Ledger[H] = ledger


def chained(
    op: Callable[Concatenate[Owner, Any, Parameters], Result],
) -> Callable[Concatenate[Any, Parameters], Result]:
    """Return a method of tensors that calls an op of the engine with the tensor as its first input."""

    def method(tensor: Any, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:  # noqa: ANN401 - the Tensor that it becomes a method of
        ops: Any = _Ops(ledger_of(tensor))
        return op(ops, tensor, *args, **kwargs)

    method.__name__, method.__doc__ = op.__name__, op.__doc__
    method.__qualname__ = f"Tensor.{op.__name__}"
    signature = inspect.signature(op)
    owner, _, *others = signature.parameters.values()
    method.__signature__ = signature.replace(parameters=[owner, *others])  # type: ignore[attr-defined]  # for help()
    return method


class Chained(Operators[H], Generic[H]):
    """The part of ``Tensor`` that calls the engine's ops.

    Each method of an op is documented there; its first input, ``x`` or ``a`` there, is the tensor. TF.js has the same
    methods.
    """

    __slots__ = ()

    if TYPE_CHECKING:  # what Tensor has

        @property
        def size(self) -> int: ...  # noqa: D102
        def reshape(self, shape: int | Sequence[int]) -> H: ...  # noqa: D102
        def cast(self, dtype: DTypeLike) -> H: ...  # noqa: D102

    add: Final = chained(Operations[H].add)
    sub: Final = chained(Operations[H].sub)
    mul: Final = chained(Operations[H].mul)
    div: Final = chained(Operations[H].div)
    floor_div: Final = chained(Operations[H].floor_div)
    mod: Final = chained(Operations[H].mod)
    pow: Final = chained(Operations[H].pow)
    minimum: Final = chained(Operations[H].minimum)
    maximum: Final = chained(Operations[H].maximum)
    neg: Final = chained(Operations[H].neg)
    abs: Final = chained(Operations[H].abs)
    square: Final = chained(Operations[H].square)
    relu: Final = chained(Operations[H].relu)
    clip_by_value: Final = chained(Operations[H].clip_by_value)
    exp: Final = chained(Operations[H].exp)
    log: Final = chained(Operations[H].log)
    sqrt: Final = chained(Operations[H].sqrt)
    rsqrt: Final = chained(Operations[H].rsqrt)
    sigmoid: Final = chained(Operations[H].sigmoid)
    tanh: Final = chained(Operations[H].tanh)

    sum: Final = chained(Operations[H].sum)
    mean: Final = chained(Operations[H].mean)
    max: Final = chained(Operations[H].max)
    min: Final = chained(Operations[H].min)
    arg_max: Final = chained(Operations[H].arg_max)
    arg_min: Final = chained(Operations[H].arg_min)
    top_k: Final = chained(Operations[H].top_k)
    softmax: Final = chained(Operations[H].softmax)

    equal: Final = chained(Operations[H].equal)
    greater: Final = chained(Operations[H].greater)
    greater_equal: Final = chained(Operations[H].greater_equal)
    less: Final = chained(Operations[H].less)
    less_equal: Final = chained(Operations[H].less_equal)
    logical_and: Final = chained(Operations[H].logical_and)
    logical_or: Final = chained(Operations[H].logical_or)
    logical_not: Final = chained(Operations[H].logical_not)

    mat_mul: Final = chained(Operations[H].mat_mul)
    transpose: Final = chained(Operations[H].transpose)
    unstack: Final = chained(Operations[H].unstack)
    split: Final = chained(Operations[H].split)
    pad: Final = chained(Operations[H].pad)
    mirror_pad: Final = chained(Operations[H].mirror_pad)
    gather: Final = chained(Operations[H].gather)
    tile: Final = chained(Operations[H].tile)
    reverse: Final = chained(Operations[H].reverse)
    strided_slice: Final = chained(Operations[H].strided_slice)

    resize_bilinear: Final = chained(ImageOperations[H].resize_bilinear)
    resize_nearest: Final = chained(ImageOperations[H].resize_nearest)

    # -- in TF.js, too, the tensor is another input of these

    def where(self, condition: TensorLike, other: TensorLike) -> H:
        """Return this tensor's elements where ``condition`` is true, else ``other``'s; see ``engine.where()``."""
        return _Ops(self._ledger).where(condition, self, other)

    def concat(self, others: TensorLike | Sequence[TensorLike], axis: int = 0) -> H:
        """Return this tensor and one or several others joined along an axis; see ``engine.concat()``."""
        return _Ops(self._ledger).concat([self, *_several(others)], axis)

    def stack(self, others: TensorLike | Sequence[TensorLike], axis: int = 0) -> H:
        """Return this tensor and one or several others joined along a new axis; see ``engine.stack()``."""
        return _Ops(self._ledger).stack([self, *_several(others)], axis)

    # -- other shapes, on the same buffer

    def flatten(self) -> H:
        """Return the elements as [size], on the same buffer."""
        return self.reshape((self.size,))

    def reshape_as(self, other: Handle[Any]) -> H:
        """Return this tensor in the shape of another one, on the same buffer; ``InputError`` if the sizes differ."""
        return self.reshape(other.shape)

    def as_scalar(self) -> H:
        """Return the one element as [], on the same buffer; ``InputError`` if there are more."""
        return self.reshape(())

    def as_1d(self) -> H:
        """Return the elements as [size], on the same buffer."""
        return self.flatten()

    def as_2d(self, rows: int, columns: int) -> H:
        """Return this tensor in the shape [rows, columns], on the same buffer; ``InputError`` if the sizes differ."""
        return self.reshape((rows, columns))

    def as_3d(self, rows: int, columns: int, depth: int) -> H:
        """Return this tensor in that shape, on the same buffer; ``InputError`` if the sizes differ."""
        return self.reshape((rows, columns, depth))

    def as_4d(self, rows: int, columns: int, depth: int, depth2: int) -> H:
        """Return this tensor in that shape, on the same buffer; ``InputError`` if the sizes differ."""
        return self.reshape((rows, columns, depth, depth2))

    def as_5d(self, rows: int, columns: int, depth: int, depth2: int, depth3: int) -> H:
        """Return this tensor in that shape, on the same buffer; ``InputError`` if the sizes differ."""
        return self.reshape((rows, columns, depth, depth2, depth3))

    # -- other dtypes

    def as_type(self, dtype: DTypeLike) -> H:
        """Return this tensor in another dtype, as ``cast()`` does."""
        return self.cast(dtype)

    def to_float(self) -> H:
        """Return this tensor as float32, as ``cast()`` does."""
        return self.cast(np.float32)

    def to_int(self) -> H:
        """Return this tensor as int32, fractions truncated towards zero, as ``cast()`` does."""
        return self.cast(np.int32)

    def to_bool(self) -> H:
        """Return where this tensor is not 0, as ``cast()`` does."""
        return self.cast(np.bool_)


def _several(others: TensorLike | Sequence[TensorLike]) -> Sequence[TensorLike]:
    """Return the tensors of a list or tuple, or the one that is none."""
    return others if isinstance(others, list | tuple) else [others]  # type: ignore[list-item]  # a TensorLike, too
