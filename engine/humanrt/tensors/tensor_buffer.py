"""Memory that is filled element by element before it becomes a tensor."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.registry import Registry
from humanrt.tensors.tensor import Tensor
from humanrt.tensors.values import copy_values, parse_dtype, parse_shape


class TensorBuffer:
    """Elements that can be read and written one by one, like TF.js's class of that name.

    Created by ``Engine.buffer()``. It is no tensor: it is not counted, belongs to no scope, and needs no ``dispose()``.

    Attributes:
        shape: the sizes of the dimensions.
        dtype: the dtype of the elements, and of the tensors created from them.

    """

    __slots__ = ("_array", "_registry", "dtype", "shape")

    def __init__(
        self, registry: Registry, shape: int | Sequence[int], dtype: DTypeLike, values: ArrayLike | None
    ) -> None:
        self.shape: Final[tuple[int, ...]] = parse_shape(shape)
        self.dtype: Final[np.dtype[Any]] = parse_dtype(dtype)
        self._registry = registry
        if values is None:
            self._array: Array = np.zeros(self.shape, self.dtype)
            return
        given = copy_values(values, self.dtype)
        if given.size != self.size:
            raise InputError(
                f"buffer(): {given.size} values for the shape {self.shape}, which has {self.size} elements"
            )
        self._array = given.reshape(self.shape)

    @property
    def rank(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    def get(self, *location: int) -> Any:  # noqa: ANN401 - a bool, an int or a float, by the dtype
        """Return the element at ``location``, an index from 0 on for each dimension, as a Python number.

        Raises ``InputError`` for another number of indices, and for one that is out of range.
        """
        return self._array[self._checked(location)].item()

    def set(self, value: float, *location: int) -> None:
        """Write the element at ``location``; for integer dtypes fractions are truncated.

        Raises ``InputError`` as ``get()`` does, and for a value that the dtype cannot hold.
        """
        self._array[self._checked(location)] = copy_values(value, self.dtype)

    def to_tensor(self) -> Tensor:
        """Create a tensor from a copy of the elements: later writes do not change it. TF.js: ``buffer.toTensor()``."""
        return self._registry.tensor(self._array, self.dtype)

    def _checked(self, location: Sequence[int]) -> tuple[int, ...]:
        try:
            indices = tuple(operator.index(item) for item in location)
        except TypeError as error:
            raise InputError(
                f"{location} is no location; accepted: an int for each of {self.rank} dimensions"
            ) from error
        inside = all(0 <= index < length for index, length in zip(indices, self.shape, strict=False))
        if len(indices) != self.rank or not inside:
            raise InputError(f"there is no element {indices} in the shape {self.shape}; accepted: indices from 0 on")
        return indices
