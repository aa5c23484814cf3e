"""The handle that users hold."""

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
from humanrt.tensors.handle import unusable_error
from humanrt.tensors.ledger import Ledger
from humanrt.tensors.operators import Operators
from humanrt.tensors.values import parse_dtype, resolve_shape

# A copy of this size into fresh memory takes about a millisecond: from here on it leaves the event loop.
OFF_LOOP_BYTES: Final = 2 * 1024 * 1024


class Tensor(Operators["Tensor"]):
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

    __slots__ = ()

    @property
    def registry(self) -> Ledger[Tensor]:
        """The ledger that this tensor is in."""
        return self._ledger

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
        return self.id not in self._ledger.live

    # -- reading

    def data(self) -> Coroutine[Any, Any, Array]:
        """Copy the values without blocking the event loop: ``await tensor.data()``.

        The values are secured when this is called, not when it is awaited: a read that is pending when the tensor
        is disposed completes. Returns an array in the tensor's shape, which is the caller's.
        """
        if self.nbytes < OFF_LOOP_BYTES:
            return _ready(self.data_sync())
        return asyncio.to_thread(np.array, self._ledger.values(self), order="C")

    def data_sync(self) -> Array:
        """Copy the values into an array in the tensor's shape, which is the caller's."""
        return np.array(self._ledger.values(self), order="C")

    def numpy(self) -> Array:
        """Return a zero-copy view that can never be written.

        It stays valid after the tensor is disposed: its memory is then freed when the last view is gone, and until
        then ``memory()`` names it under ``reasons``.
        """
        return self._ledger.export(self)

    def array(self) -> Any:  # noqa: ANN401 - a list nested as deep as the rank has no type, a scalar is a plain number
        """Return the values as nested lists, or as one Python number for a scalar. TF.js: ``arraySync()``."""
        return self._ledger.values(self).tolist()

    def print(self) -> None:
        """Print shape, dtype and values, large tensors abridged, to the standard output. TF.js: ``tensor.print()``."""
        values = np.array2string(self._ledger.values(self), separator=", ", prefix="    ")
        sys.stdout.write(f"Tensor {self.dtype} {list(self.shape)}\n    {values}\n")

    @contextmanager
    def pinned(self) -> Iterator[Array]:
        """Hold the values while a run reads them: within ``with``, their memory is neither freed nor reused.

        Yields an array in the tensor's shape that must not be written nor held after the ``with``; disposing the
        tensor meanwhile changes nothing for the reader, and the counts fall at once.
        """
        values = self._ledger.values(self)
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
        ledger = self._ledger
        buffer = ledger.live.get(self.id)
        if buffer is None or (_held := buffer.array) is None:
            raise unusable_error(self, ledger)
        return ledger.register(buffer, self.shape, Tensor)

    def reshape(self, shape: int | Sequence[int]) -> Tensor:
        """Return a tensor of another shape, in which one size may be -1, on the same buffer.

        Raises InputError when the number of elements differs. A strided array from ``from_numpy()`` cannot be
        shared in another shape: it is copied.
        """
        return self._ledger.share(self, resolve_shape(shape, self.size), Tensor)

    def expand_dims(self, axis: int = 0) -> Tensor:
        """Return a tensor with a dimension of size 1 put in at ``axis`` (negative: from the end) on the same buffer."""
        return self._ledger.share(self, self._shape_after(np.expand_dims, axis), Tensor)

    def squeeze(self, axis: int | tuple[int, ...] | None = None) -> Tensor:
        """Return a tensor without its dimensions of size 1, all or those named, on the same buffer."""
        return self._ledger.share(self, self._shape_after(np.squeeze, axis), Tensor)

    def cast(self, dtype: DTypeLike) -> Tensor:
        """Return a tensor of another dtype; of the same dtype, a clone.

        Fractions are cut off towards zero and any number but 0 is True. What the dtype cannot hold is undefined, as in
        NumPy.
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
        """Let NumPy work out a shape on a stand-in that takes no memory."""
        try:
            return function(np.broadcast_to(np.False_, self.shape), axis).shape
        except (ValueError, TypeError) as error:
            raise InputError(f"axis {axis} does not fit a tensor of shape {self.shape}: {error}") from error

    # -- the end

    def dispose(self) -> None:
        """Free this handle, and with the last one its buffer. Twice changes nothing."""
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


def tensors_in(container: object) -> list[Tensor]:
    """Return every tensor that can be reached from ``container``, as ``instances_in()`` finds them."""
    return instances_in(container, Tensor)
