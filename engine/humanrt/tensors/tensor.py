"""The tensor: the handle that users hold."""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, NoReturn, Self

import numpy as np
from numpy.typing import DTypeLike

from humanrt.errors import HumanRTError, InputError, TensorError
from humanrt.tensors.buffer import Array
from humanrt.tensors.containers import instances_in
from humanrt.tensors.handle import ledger_of, unusable_error
from humanrt.tensors.operators import Operators
from humanrt.tensors.values import parse_dtype, resolve_shape

# A copy of this size into fresh memory takes about a millisecond: larger ones are made in a thread.
OFF_LOOP_BYTES: Final = 2 * 1024 * 1024


class Tensor(Operators["Tensor"]):
    """An immutable array that its engine counts. Created by the methods of an engine, never directly.

    The owner of a tensor frees it: the scope in which it was created at its end, or outside any scope the caller, by
    ``dispose()`` or ``with``. The results of methods belong to the innermost open scope, else to the caller; they raise
    ``EngineClosedError``, ``ScopeClosedError`` or ``MemoryLimitError`` if no tensor can be created. Any use of a
    disposed tensor raises ``TensorDisposedError``, except for the attributes below and ``repr()``.

    Attributes:
        id: a number that no other tensor of the process has, now or later.
        shape: the sizes of the dimensions; () for a scalar.
        dtype: float32, float16, int32, int64, uint8 or bool.
        device: where the memory is, "cpu" or for instance "cuda:0".

    """

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        raise TensorError("a tensor cannot be pickled or copied by the copy module; use clone() or data_sync()")

    # -- attributes

    @property
    def rank(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """The number of bytes of the values."""
        return self.size * self.dtype.itemsize

    @property
    def is_disposed(self) -> bool:
        """Whether this tensor was disposed, by hand, by a scope or with its engine."""
        return self.id not in self._ledger.live

    # -- reading

    def data(self) -> Coroutine[Any, Any, Array]:
        """Return a copy of the values without blocking the event loop: ``await tensor.data()``.

        The result is an array of the tensor's shape and dtype, which the caller may write. The values are held from
        the call on, not from the ``await``: a read that is pending when the tensor is disposed completes.
        """
        if self.nbytes < OFF_LOOP_BYTES:
            return _ready(self.data_sync())
        return asyncio.to_thread(np.array, self._ledger.values(self), order="C")

    def data_sync(self) -> Array:
        """Return a copy of the values: an array of the tensor's shape and dtype, which the caller may write."""
        return np.array(self._ledger.values(self), order="C")

    def numpy(self) -> Array:
        """Return a zero-copy view of the tensor's shape and dtype that cannot be made writable.

        It stays valid after the tensor is disposed: the memory is freed with the last view, and until then
        ``memory().reasons`` reports it.
        """
        return self._ledger.export(self)

    def array(self) -> Any:  # noqa: ANN401 - a list nested as deep as the rank has no type, a scalar is a plain number
        """Return the values as nested lists, or as a Python number for a scalar. TF.js: ``arraySync()``."""
        return self._ledger.values(self).tolist()

    def print(self) -> None:
        """Write dtype, shape and values, abridged if there are many, to standard output. TF.js: ``tensor.print()``."""
        values = np.array2string(self._ledger.values(self), separator=", ", prefix="    ")
        sys.stdout.write(f"Tensor {self.dtype} {list(self.shape)}\n    {values}\n")

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        if copy is None:  # NumPy 1 does not pass it, and does not accept None for "as needed"
            return np.asarray(self.numpy(), dtype=dtype)
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __dlpack__(
        self,
        *,
        stream: Any = None,  # noqa: ANN401 - as in the protocol
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:  # noqa: ANN401 - a capsule
        """Export the values to another library, shared and read-only, or as a copy.

        DLPack has a flag for read-only memory from version 1 on: a consumer that asks for an older version, or for
        none, gets a copy. Raises ``BufferError`` if that is not allowed.
        """
        if copy or max_version is None or max_version[0] < 1:
            if copy is False:
                raise BufferError(
                    "a tensor is read-only, which DLPack has from version 1 on: ask for that, or for a copy"
                )
            return self.data_sync().__dlpack__(stream=stream)
        return self.numpy().__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.numpy().__dlpack_device__()

    # -- other tensors on the same buffer

    def clone(self) -> Tensor:
        """Return another handle on the same buffer, which is freed when both are disposed."""
        ledger = self._ledger
        buffer = ledger.live.get(self.id)
        if buffer is None or (_held := buffer.array) is None:
            raise unusable_error(self, ledger)
        return ledger.register(buffer, self.shape, Tensor)

    def reshape(self, shape: int | Sequence[int]) -> Tensor:
        """Return a tensor of another shape, in which one size may be -1, on the same buffer.

        A strided array from ``from_numpy()`` cannot be shared in another shape: it is copied. Raises ``InputError`` if
        the number of elements differs.
        """
        return self._ledger.share(self, resolve_shape(shape, self.size), Tensor)

    def expand_dims(self, axis: int = 0) -> Tensor:
        """Return a tensor with a dimension of size 1 inserted at ``axis``, on the same buffer.

        A negative ``axis`` counts from the end. Raises ``InputError`` if it is out of range.
        """
        return self._ledger.share(self, self._shape_after(np.expand_dims, axis), Tensor)

    def squeeze(self, axis: int | tuple[int, ...] | None = None) -> Tensor:
        """Return a tensor without its dimensions of size 1, all or those in ``axis``, on the same buffer.

        Raises ``InputError`` if an axis is out of range or not of size 1.
        """
        return self._ledger.share(self, self._shape_after(np.squeeze, axis), Tensor)

    def cast(self, dtype: DTypeLike) -> Tensor:
        """Return a tensor of the same shape and another dtype; for the same dtype, a clone.

        Fractions are truncated towards zero, and any number other than 0 is True. A value that the dtype cannot hold
        gives an undefined one, as in NumPy. Raises ``InputError`` for a dtype that tensors do not have.
        """
        target = parse_dtype(dtype)
        if target == self.dtype:
            return self.clone()
        array = self._ledger.empty(self.shape, target)
        with np.errstate(over="ignore", invalid="ignore"):
            np.copyto(array, self._ledger.values(self), casting="unsafe")
        return self._ledger.adopt(array)

    def _shape_after(
        self, function: Callable[[Array, Any], Array], axis: int | tuple[int, ...] | None
    ) -> tuple[int, ...]:
        """Return the shape that a NumPy function returns for this tensor's, computed without its memory."""
        try:
            return function(np.broadcast_to(np.False_, self.shape), axis).shape
        except (ValueError, TypeError) as error:
            raise InputError(f"axis {axis} does not fit a tensor of shape {self.shape}: {error}") from error

    # -- the end

    def dispose(self) -> None:
        """Free this handle, and with the last handle its buffer. Idempotent."""
        self._ledger.release(self.id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.dispose()

    def __repr__(self) -> str:
        try:
            values = np.array2string(self._ledger.values(self), threshold=8, edgeitems=2, precision=4, separator=", ")
        except HumanRTError:
            values = "disposed"
        return f"Tensor(id={self.id}, shape={self.shape}, dtype={self.dtype}, {' '.join(values.split())})"


async def _ready(array: Array) -> Array:
    return array


# -- for the other rooms of the package


def values_of(tensor: Tensor) -> Array:
    """Return the values in the tensor's shape, without a copy. They must not be written.

    While they are referenced, their memory is not recycled. Raises ``TensorDisposedError``.
    """
    return ledger_of(tensor).values(tensor)


@contextmanager
def pinned(tensor: Tensor) -> Iterator[Array]:
    """Yield ``values_of(tensor)``: inside ``with``, their memory is neither freed nor reused.

    The values must not be referenced after the ``with``. If the tensor is disposed meanwhile, the counts fall at once
    and the reader is not affected. Raises ``TensorDisposedError``.
    """
    values = values_of(tensor)
    try:
        yield values
    finally:
        del values  # an error's traceback holds this frame


def keep(tensor: Tensor) -> Tensor:
    """Take a tensor out of its scope, and return it: from now on the caller disposes it.

    Raises ``TensorDisposedError``.
    """
    return ledger_of(tensor).keep(tensor)


def tensors_in(container: object) -> list[Tensor]:
    """Return every tensor that can be reached from ``container``, as ``instances_in()`` finds them."""
    return instances_in(container, Tensor)
