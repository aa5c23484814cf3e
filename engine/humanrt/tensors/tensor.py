"""The handle that users hold."""

from __future__ import annotations

import asyncio
import builtins
import math
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self, TypeVar, overload

import numpy as np
from numpy.typing import DTypeLike

from humanrt.errors import HumanRTError, InputError, StaleHandleError, TensorDisposedError, TensorError
from humanrt.tensors.buffer import Array, DataBuffer
from humanrt.tensors.chained import Chained
from humanrt.tensors.sites import Sites
from humanrt.tensors.values import parse_dtype, resolve_shape

if TYPE_CHECKING:
    from humanrt.tensors.registry import Registry

T = TypeVar("T")
Handle = TypeVar("Handle", bound="Tensor")

# A copy of this size into fresh memory takes about a millisecond: from here on it leaves the event loop.
OFF_LOOP_BYTES: Final = 2 * 1024 * 1024


class Tensor(Chained):
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

    def __init__(self, registry: Registry, tensor_id: int, shape: tuple[int, ...], buffer: DataBuffer) -> None:
        self.registry: Final[Registry] = registry
        self.id: Final[int] = tensor_id
        self.shape: Final[tuple[int, ...]] = shape
        self.dtype: Final[np.dtype[Any]] = buffer.dtype
        self.device: Final[str] = buffer.device
        self.sites: Sites | None = None

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
        return asyncio.to_thread(np.array, self.registry.values(self), order="C")

    def data_sync(self) -> Array:
        """Copy the values into an array in the tensor's shape, which is the caller's."""
        return np.array(self.registry.values(self), order="C")

    def bytes(self) -> Coroutine[Any, Any, builtins.bytes]:
        """Copy the bytes of the values, in C order, without blocking the event loop: ``await tensor.bytes()``.

        As with ``data()``, the values are secured when this is called.
        """
        values = self.registry.values(self)
        return _ready(values.tobytes()) if self.nbytes < OFF_LOOP_BYTES else asyncio.to_thread(values.tobytes)

    def numpy(self) -> Array:
        """Return a zero-copy view that can never be written.

        It stays valid after the tensor is disposed: its memory is then freed when the last view is gone, and until
        then ``memory()`` names it under ``reasons``.
        """
        return self.registry.export(self)

    def array(self) -> Any:  # noqa: ANN401 - a list nested as deep as the rank has no type, a scalar is a plain number
        """Return the values as nested lists, or as one Python number for a scalar. TF.js: ``arraySync()``."""
        return self.registry.values(self).tolist()

    def print(self) -> None:
        """Print shape, dtype and values, large tensors abridged, to the standard output. TF.js: ``tensor.print()``."""
        values = np.array2string(self.registry.values(self), separator=", ", prefix="    ")
        sys.stdout.write(f"Tensor {self.dtype} {list(self.shape)}\n    {values}\n")

    @contextmanager
    def pinned(self) -> Iterator[Array]:
        """Hold the values while a run reads them: within ``with``, their memory is neither freed nor reused.

        Yields an array in the tensor's shape that must not be written nor held after the ``with``; disposing the
        tensor meanwhile changes nothing for the reader, and the counts fall at once.
        """
        values = self.registry.values(self)
        try:
            yield values
        finally:
            del values  # an error's traceback holds this frame

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        if copy is None:  # NumPy 1 does not call with it, and does not accept None for "as needed"
            return np.asarray(self.numpy(), dtype=dtype)
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __dlpack__(
        self,
        *,
        stream: Any = None,  # noqa: ANN401 - the protocol says so
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:  # noqa: ANN401 - a capsule
        """Hand the values to another library, which shares them read-only, or gets a copy of its own.

        Only from version 1 on does DLPack know memory that must not be written: who does not ask for it gets the copy.
        """
        if copy or max_version is None or max_version[0] < 1:
            if copy is False:
                raise BufferError("a tensor is read-only, which DLPack knows since version 1: ask for that, or a copy")
            return self.data_sync().__dlpack__(stream=stream)
        return self.numpy().__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.numpy().__dlpack_device__()

    # -- other tensors on the same buffer

    def clone(self) -> Tensor:
        """Return another handle on the same buffer, which lives until both are disposed."""
        registry = self.registry
        buffer = registry.live.get(self.id)
        if buffer is None or (_held := buffer.array) is None:
            raise self.disposed_error()
        return registry.register(buffer, self.shape)

    def reshape(self, shape: int | Sequence[int]) -> Tensor:
        """Return a tensor of another shape, in which one size may be -1, on the same buffer.

        Raises InputError when the number of elements differs. A strided array from ``from_numpy()`` cannot be
        shared in another shape: it is copied.
        """
        return self.share(resolve_shape(shape, self.size))

    def expand_dims(self, axis: int = 0) -> Tensor:
        """Return a tensor with a dimension of size 1 put in at ``axis`` (negative: from the end) on the same buffer."""
        return self.share(self._shape_after(np.expand_dims, axis))

    def squeeze(self, axis: int | Sequence[int] | None = None) -> Tensor:
        """Return a tensor without its dimensions of size 1, all or those named, on the same buffer."""
        return self.share(self._shape_after(np.squeeze, tuple(axis) if isinstance(axis, Sequence) else axis))

    def cast(self, dtype: DTypeLike) -> Tensor:
        """Return a tensor of another dtype; of the same dtype, a clone.

        Fractions are cut off towards zero and any number but 0 is True. What the dtype cannot hold is undefined, as in
        NumPy.
        """
        target = parse_dtype(dtype)
        if target == self.dtype:
            return self.clone()
        array = self.registry.empty(self.shape, target)
        with np.errstate(over="ignore", invalid="ignore"):
            np.copyto(array, self.registry.values(self), casting="unsafe")
        return self.registry.adopt(array)

    @overload
    def share(self, shape: tuple[int, ...]) -> Tensor: ...
    @overload
    def share(self, shape: tuple[int, ...], kind: type[Handle]) -> Handle: ...

    def share(self, shape: tuple[int, ...], kind: type[Tensor] | None = None) -> Tensor:
        """Return a handle of another shape, and perhaps of another kind, on the same buffer."""
        registry = self.registry
        buffer = registry.live.get(self.id)
        if buffer is None or (array := buffer.array) is None:  # held until the buffer has one handle more
            raise self.disposed_error()
        if shape != self.shape and not array.flags.c_contiguous:
            buffer = DataBuffer(array.copy(order="C").reshape(shape), True)
        return registry.register(buffer, shape, kind or Tensor)

    def _shape_after(
        self, function: Callable[[Array, Any], Array], axis: int | Sequence[int] | None
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

    def disposed_error(self) -> HumanRTError:
        """Return the error for a use after disposal, with the tensor's history where it was recorded."""
        registry = self.registry
        if registry.forked:
            return registry.closed_error()
        stale = self.id < registry.first_id
        cause = "its engine was reset" if stale else "its engine was closed" if registry.closed else "it was disposed"
        history = f"; made at {self.sites.created}, freed at {self.sites.disposed}" if self.sites else ""
        return (StaleHandleError if stale else TensorDisposedError)(
            f"tensor {self.id} (shape {self.shape}, {self.dtype}) cannot be used: {cause}{history}"
        )

    def __repr__(self) -> str:
        try:
            values = np.array2string(self.registry.values(self), threshold=8, edgeitems=2, precision=4, separator=", ")
        except HumanRTError:
            values = "disposed"
        return f"Tensor(id={self.id}, shape={self.shape}, dtype={self.dtype}, {' '.join(values.split())})"


async def _ready(value: T) -> T:
    return value
