"""The engine's ops as methods of tensors: ``x.square().sum()`` for ``engine.sum(engine.square(x))``.

``chained()`` makes a method of an op, with its types: type checkers see the op's result, and its parameters but for the
first input. Each method is ``Final``, so that its type is known without an annotation of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from humanrt.tensors.operators import Operators
from humanrt.tensors.ops import ImageOperations, Operations
from humanrt.tensors.ops.run import TensorLike

if TYPE_CHECKING:
    from humanrt.tensors.registry import Registry
    from humanrt.tensors.tensor import Tensor
    from humanrt.tensors.variable import Variable

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class _Ops(Operations):
    """The ops of one registry."""

    __slots__ = ("registry",)

    def __init__(self, registry: Registry) -> None:
        self.registry: Registry = registry


def chained(
    op: Callable[Concatenate[Any, Any, Parameters], Result],
) -> Callable[Concatenate[Any, Parameters], Result]:
    """Return a method of tensors that calls an op of the engine with the tensor as its first input."""

    def method(tensor: Any, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:  # noqa: ANN401 - the Tensor that it becomes a method of
        return op(_Ops(tensor.registry), tensor, *args, **kwargs)

    method.__name__, method.__doc__ = op.__name__, op.__doc__
    method.__qualname__ = f"Tensor.{op.__name__}"
    signature = inspect.signature(op)
    owner, _, *others = signature.parameters.values()
    method.__signature__ = signature.replace(parameters=[owner, *others])  # type: ignore[attr-defined]  # for help()
    return method


class Chained(Operators):
    """The part of ``Tensor`` that calls the engine's ops.

    Each method of an op is documented there; its first input, ``x`` or ``a`` there, is the tensor. TF.js has the same
    methods.
    """

    __slots__ = ()

    if TYPE_CHECKING:  # what Tensor has

        @property
        def size(self) -> int: ...  # noqa: D102
        @property
        def dtype(self) -> np.dtype[Any]: ...  # noqa: D102
        def cast(self, dtype: DTypeLike) -> Tensor: ...  # noqa: D102

    add: Final = chained(Operations.add)
    sub: Final = chained(Operations.sub)
    mul: Final = chained(Operations.mul)
    div: Final = chained(Operations.div)
    floor_div: Final = chained(Operations.floor_div)
    mod: Final = chained(Operations.mod)
    pow: Final = chained(Operations.pow)
    minimum: Final = chained(Operations.minimum)
    maximum: Final = chained(Operations.maximum)
    neg: Final = chained(Operations.neg)
    abs: Final = chained(Operations.abs)
    square: Final = chained(Operations.square)
    relu: Final = chained(Operations.relu)
    clip_by_value: Final = chained(Operations.clip_by_value)
    exp: Final = chained(Operations.exp)
    log: Final = chained(Operations.log)
    sqrt: Final = chained(Operations.sqrt)
    rsqrt: Final = chained(Operations.rsqrt)
    sigmoid: Final = chained(Operations.sigmoid)
    tanh: Final = chained(Operations.tanh)

    sum: Final = chained(Operations.sum)
    mean: Final = chained(Operations.mean)
    max: Final = chained(Operations.max)
    min: Final = chained(Operations.min)
    arg_max: Final = chained(Operations.arg_max)
    arg_min: Final = chained(Operations.arg_min)
    top_k: Final = chained(Operations.top_k)
    softmax: Final = chained(Operations.softmax)

    equal: Final = chained(Operations.equal)
    greater: Final = chained(Operations.greater)
    greater_equal: Final = chained(Operations.greater_equal)
    less: Final = chained(Operations.less)
    less_equal: Final = chained(Operations.less_equal)
    logical_and: Final = chained(Operations.logical_and)
    logical_or: Final = chained(Operations.logical_or)
    logical_not: Final = chained(Operations.logical_not)

    mat_mul: Final = chained(Operations.mat_mul)
    transpose: Final = chained(Operations.transpose)
    unstack: Final = chained(Operations.unstack)
    split: Final = chained(Operations.split)
    pad: Final = chained(Operations.pad)
    mirror_pad: Final = chained(Operations.mirror_pad)
    gather: Final = chained(Operations.gather)
    tile: Final = chained(Operations.tile)
    reverse: Final = chained(Operations.reverse)
    strided_slice: Final = chained(Operations.strided_slice)

    resize_bilinear: Final = chained(ImageOperations.resize_bilinear)
    resize_nearest: Final = chained(ImageOperations.resize_nearest)

    # -- in TF.js, too, the tensor is another input of these

    def where(self, condition: TensorLike, other: TensorLike) -> Tensor:
        """Return this tensor's elements where ``condition`` is true, else ``other``'s; see ``engine.where()``."""
        return _Ops(self.registry).where(condition, self, other)

    def concat(self, others: TensorLike | Sequence[TensorLike], axis: int = 0) -> Tensor:
        """Return this tensor and one or several others joined along an axis; see ``engine.concat()``."""
        return _Ops(self.registry).concat([self, *_several(others)], axis)

    def stack(self, others: TensorLike | Sequence[TensorLike], axis: int = 0) -> Tensor:
        """Return this tensor and one or several others joined along a new axis; see ``engine.stack()``."""
        return _Ops(self.registry).stack([self, *_several(others)], axis)

    # -- other shapes, on the same buffer

    def flatten(self) -> Tensor:
        """Return the elements as [size], on the same buffer."""
        return self.reshape((self.size,))

    def reshape_as(self, other: Tensor) -> Tensor:
        """Return this tensor in the shape of another one, on the same buffer; InputError where the sizes differ."""
        return self.reshape(other.shape)

    def as_scalar(self) -> Tensor:
        """Return the one element as [], on the same buffer; InputError where there are more."""
        return self.reshape(())

    def as_1d(self) -> Tensor:
        """Return the elements as [size], on the same buffer."""
        return self.flatten()

    def as_2d(self, rows: int, columns: int) -> Tensor:
        """Return this tensor in the shape [rows, columns], on the same buffer; InputError where the sizes differ."""
        return self.reshape((rows, columns))

    def as_3d(self, rows: int, columns: int, depth: int) -> Tensor:
        """Return this tensor in that shape, on the same buffer; InputError where the sizes differ."""
        return self.reshape((rows, columns, depth))

    def as_4d(self, rows: int, columns: int, depth: int, depth2: int) -> Tensor:
        """Return this tensor in that shape, on the same buffer; InputError where the sizes differ."""
        return self.reshape((rows, columns, depth, depth2))

    def as_5d(self, rows: int, columns: int, depth: int, depth2: int, depth3: int) -> Tensor:
        """Return this tensor in that shape, on the same buffer; InputError where the sizes differ."""
        return self.reshape((rows, columns, depth, depth2, depth3))

    # -- other dtypes

    def as_type(self, dtype: DTypeLike) -> Tensor:
        """Return this tensor in another dtype, as ``cast()`` does."""
        return self.cast(dtype)

    def to_float(self) -> Tensor:
        """Return this tensor as float32, as ``cast()`` does."""
        return self.cast(np.float32)

    def to_int(self) -> Tensor:
        """Return this tensor as int32, fractions cut off towards zero, as ``cast()`` does."""
        return self.cast(np.int32)

    def to_bool(self) -> Tensor:
        """Return where this tensor is not 0, as ``cast()`` does."""
        return self.cast(np.bool_)

    def variable(self, name: str | None = None, dtype: DTypeLike | None = None) -> Variable:
        """Create a variable with these values, as ``engine.variable()`` does."""
        with self.cast(self.dtype if dtype is None else dtype) as source:
            return self.registry.variables.add(self.registry, source, name)


def _several(others: TensorLike | Sequence[TensorLike]) -> Sequence[TensorLike]:
    """Return the tensors of a list or tuple, or the one that is none."""
    return others if isinstance(others, list | tuple) else [others]  # type: ignore[list-item]  # a TensorLike, too
