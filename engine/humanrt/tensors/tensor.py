"""The handle that users hold."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

import numpy as np
from numpy.typing import DTypeLike

from humanrt.errors import InputError, TensorDisposedError, TensorError
from humanrt.tensors.buffer import Array
from humanrt.tensors.sites import Sites
from humanrt.tensors.values import parse_dtype, resolve_shape

if TYPE_CHECKING:
    from humanrt.tensors.registry import Registry

# A copy of this size into fresh memory takes about a millisecond: from here on it leaves the event loop.
OFF_LOOP_BYTES: Final = 2 * 1024 * 1024


class Tensor:
    """An immutable array that its registry accounts for. Made by a Registry, never directly.

    A handle is only a name: what it stands for (memory, owner, liveness) is in the registry's tables under its id.
    Whoever is handed a tensor frees it, by ``dispose()``, by ``with``, or by the scope that owns it.
    Methods that return a tensor hand it to the innermost open scope, else to the caller.
    Every use after disposal raises TensorDisposedError; the attributes below and ``repr()`` still work.

    Attributes:
        registry: the accounts this tensor stands in.
        id: its number, unique within the registry and never used again.
        shape: sizes of its dimensions; () for a scalar.
        dtype: float32, float16, int32, int64, uint8 or bool.
        device: where its memory lies, for instance "cpu".
        sites: where it was made and disposed; None unless the registry records it.

    """

    __slots__ = ("__weakref__", "device", "dtype", "id", "registry", "shape", "sites")

    def __init__(
        self,
        registry: Registry,
        tensor_id: int,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        device: str,
        sites: Sites | None,
    ) -> None:
        self.registry: Final = registry
        self.id: Final = tensor_id
        self.shape: Final = shape
        self.dtype: Final = dtype
        self.device: Final = device
        self.sites: Final = sites

    def __del__(self) -> None:
        # The collector may run this inside the registry's critical section, on the same thread or with another
        # lock held: so it takes no lock and only leaves a note, which the next call on the registry reads.
        registry = self.registry
        if self.id in registry.live:
            registry.vanished.append(self.id)

    def __reduce__(self) -> NoReturn:
        raise TensorError("a tensor cannot be pickled or copied by the copy module; use clone() or data_sync()")

    # -- facts

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
        """The number of bytes that the values take."""
        return self.size * self.dtype.itemsize

    @property
    def is_disposed(self) -> bool:
        """Whether this tensor was disposed, by hand, by a scope or with its engine."""
        return self.id not in self.registry.live

    # -- reading

    def data(self) -> Coroutine[Any, Any, Array]:
        """Copy the values without blocking the event loop: ``await tensor.data()``.

        The values are secured when this is called, not when it is awaited: a read that is pending when the tensor
        is disposed completes. Returns an array in the tensor's shape, which is the caller's.
        """
        if self.nbytes < OFF_LOOP_BYTES:
            return _ready(self.data_sync())
        return asyncio.to_thread(np.array, self.numpy())

    def data_sync(self) -> Array:
        """Copy the values into an array in the tensor's shape, which is the caller's."""
        with self.pinned() as array:
            return np.array(array, order="C")

    def numpy(self) -> Array:
        """Return a zero-copy view that can never be written.

        It stays valid after the tensor is disposed: its memory is then freed when the last view is gone, and until
        then ``memory()`` names it under ``reasons``.
        """
        return self.registry.export(self)

    def array(self) -> Any:  # noqa: ANN401 - a list nested as deep as the rank has no type, a scalar is a plain number
        """Return the values as nested lists, or as one Python number for a scalar. TF.js: ``arraySync()``."""
        with self.pinned() as array:
            return array.tolist()

    @contextmanager
    def pinned(self) -> Iterator[Array]:
        """Hold the values while a run reads them: within ``with``, their memory is neither freed nor reused.

        Yields an array in the tensor's shape that must not be written nor held after the ``with``; disposing the
        tensor meanwhile changes nothing for the reader, and the counts fall at once.
        """
        with self.registry.pinned(self) as buffer:
            yield buffer.array.reshape(self.shape)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        if copy is None:  # NumPy 1 does not call with it, and does not accept None for "as needed"
            return np.asarray(self.numpy(), dtype=dtype)
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    # -- other tensors on the same buffer

    def clone(self) -> Tensor:
        """Return another handle on the same buffer, which lives until both are disposed."""
        return self._share(self.shape)

    def reshape(self, shape: int | Sequence[int]) -> Tensor:
        """Return a tensor of another shape, in which one size may be -1, on the same buffer.

        Raises InputError when the number of elements differs. A strided array from ``from_numpy()`` cannot be
        shared in another shape: it is copied.
        """
        return self._share(resolve_shape(shape, self.size))

    def expand_dims(self, axis: int = 0) -> Tensor:
        """Return a tensor with a dimension of size 1 put in at ``axis`` (negative: from the end) on the same buffer."""
        return self._share(self._shape_after(np.expand_dims, axis))

    def squeeze(self, axis: int | tuple[int, ...] | None = None) -> Tensor:
        """Return a tensor without its dimensions of size 1, all or those named, on the same buffer."""
        return self._share(self._shape_after(np.squeeze, axis))

    def cast(self, dtype: DTypeLike) -> Tensor:
        """Return a tensor of another dtype; of the same dtype, a clone.

        Fractions are cut off towards zero and any number but 0 is True. What the dtype cannot hold is undefined, as in
        NumPy.
        """
        target = parse_dtype(dtype)
        if target == self.dtype:
            return self.clone()
        with self.pinned() as array, np.errstate(over="ignore", invalid="ignore"):
            return self.registry.adopt(array.astype(target, order="C"))

    def _share(self, shape: tuple[int, ...]) -> Tensor:
        with self.registry.pinned(self) as buffer:
            if shape == self.shape or buffer.array.flags.c_contiguous:
                return self.registry.register(buffer, shape)
            return self.registry.adopt(buffer.array.copy(order="C").reshape(shape))

    def _shape_after(
        self, function: Callable[[Array, Any], Array], axis: int | tuple[int, ...] | None
    ) -> tuple[int, ...]:
        """Let NumPy work out a shape on a stand-in that takes no memory."""
        try:
            return function(np.broadcast_to(np.False_, self.shape), axis).shape
        except (ValueError, TypeError) as error:
            raise InputError(f"axis {axis} does not fit a tensor of shape {self.shape}: {error}") from error

    # -- the end

    def dispose(self) -> None:
        """Free this handle, and with the last one its buffer. Twice changes nothing."""
        self.registry.release(self.id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.dispose()

    def disposed_error(self) -> TensorDisposedError:
        """Return the error for a use after disposal, with the tensor's history where it was recorded."""
        cause = "its engine was closed" if self.registry.closed else "it was disposed"
        history = f"; made at {self.sites.created}, freed at {self.sites.disposed}" if self.sites else ""
        return TensorDisposedError(
            f"tensor {self.id} (shape {self.shape}, {self.dtype}) cannot be used: {cause}{history}"
        )

    def __repr__(self) -> str:
        try:
            with self.pinned() as array:
                values = np.array2string(array, threshold=8, edgeitems=2, precision=4, separator=", ")
        except TensorDisposedError:
            values = "disposed"
        return f"Tensor(id={self.id}, shape={self.shape}, dtype={self.dtype}, {' '.join(values.split())})"


async def _ready(array: Array) -> Array:
    return array
