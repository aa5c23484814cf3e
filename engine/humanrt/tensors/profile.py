"""What a function does with tensors, and how long its kernels take.

A window is open while the function runs. Kernels (the engine's ops and the runs of models) find the open windows
through a context variable, so that concurrent profiles see only their own kernels. Tensors and bytes are those of the
whole engine, as in TF.js: what other tasks create meanwhile is included.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from humanrt.tensors.buffer import Array
from humanrt.tensors.ledger import Ledger, Peak
from humanrt.tensors.scope import is_async

T = TypeVar("T")
Record = TypeVar("Record")
Shapes = tuple[tuple[int, ...], ...]

open_windows: ContextVar[tuple[Window, ...]] = ContextVar("humanrt_profile", default=())
"""The windows of the ``profile()`` calls around this context; where it is empty, kernels need not be recorded."""


class Kernel(NamedTuple):
    """One op, or one run of a model.

    Attributes:
        name: the name of the op or of the model.
        input_shapes: the shapes of the inputs.
        output_shapes: the shapes of the outputs.
        milliseconds: the wall time.
        bytes_added: the size of the outputs in bytes. TF.js: ``bytesAdded``.
        total_bytes: the bytes of all live buffers at its end, with its outputs. TF.js: ``totalBytesSnapshot``.
        tensors_added: the number of the outputs. TF.js: ``tensorsAdded``.
        total_tensors: the number of all live tensors at its end, with its outputs. TF.js: ``totalTensorsSnapshot``.

    """

    name: str
    input_shapes: Shapes
    output_shapes: Shapes
    milliseconds: float
    bytes_added: int
    total_bytes: int
    tensors_added: int
    total_tensors: int


@dataclass(frozen=True, eq=False)
class Profile(Generic[T]):
    """What one call of a function did.

    Attributes:
        new_bytes: ``memory().num_bytes`` after the call minus before it; negative if it freed older tensors.
        new_tensors: ``memory().num_tensors`` after the call minus before it.
        peak_bytes: the highest ``memory().num_bytes`` during the call, which includes what was alive before it.
        kernels: the kernels that ran, in order, without those that failed.
        result: the return value; the scope around owns the tensors in it, else the caller.

    """

    new_bytes: int
    new_tensors: int
    peak_bytes: int
    kernels: tuple[Kernel, ...]
    result: T

    @property
    def kernel_names(self) -> tuple[str, ...]:
        """The names of ``kernels``, each once. TF.js: ``kernelNames``."""
        return tuple(dict.fromkeys(kernel.name for kernel in self.kernels))


@dataclass(frozen=True, eq=False)
class Timing(Generic[T]):
    """How long one call of a function took.

    Attributes:
        wall_ms: the wall time in milliseconds.
        kernel_ms: the part of it in which kernels ran.
        result: the return value; the scope around owns the tensors in it, else the caller.

    """

    wall_ms: float
    kernel_ms: float
    result: T


class Window:
    """The time in which one function runs; opened once for each part of it.

    Attributes:
        kernels: the kernels that ran in it.

    """

    def __init__(self, ledger: Ledger[Any]) -> None:
        self.kernels: list[Kernel] = []
        self._ledger = ledger
        self._bytes, self._tensors = self.counts()
        self._peak = Peak()
        self._wall_ms = 0.0

    @contextmanager
    def open(self) -> Iterator[None]:
        """Record the peak of the ledger and the kernels of this context meanwhile."""
        started = time.perf_counter()
        token = open_windows.set((*open_windows.get(), self))
        self._ledger.watch(self._peak)
        try:
            yield
        finally:
            self._ledger.unwatch(self._peak)
            open_windows.reset(token)
            self._wall_ms += 1000 * (time.perf_counter() - started)

    def profile(self, result: T) -> Profile[T]:
        """Return the profile of a function that returned ``result``."""
        num_bytes, num_tensors = self.counts()
        return Profile(
            new_bytes=num_bytes - self._bytes,
            new_tensors=num_tensors - self._tensors,
            peak_bytes=self._peak.nbytes,
            kernels=tuple(self.kernels),
            result=result,
        )

    def timing(self, result: T) -> Timing[T]:
        """Return the timing of a function that returned ``result``."""
        return Timing(self._wall_ms, sum(kernel.milliseconds for kernel in self.kernels), result)

    def counts(self) -> tuple[int, int]:
        """Return the bytes of all live buffers and the number of all live tensors."""
        self._ledger.settle()
        with self._ledger.lock:
            return self._ledger.num_bytes, len(self._ledger.live)


def measure(ledger: Ledger[Any], function: Callable[[], Any], finish: Callable[[Window, Any], Record]) -> Any:  # noqa: ANN401 - a record, or an awaitable of one
    """Call ``function`` in a window and return ``finish(window, result)``; an awaitable of it if it is asynchronous."""
    if is_async(function):
        return _measure_async(ledger, function, finish)
    window = Window(ledger)
    with window.open():
        result = function()
    if inspect.isawaitable(result):
        return _measure_rest(window, result, finish)
    return finish(window, result)


async def _measure_async(
    ledger: Ledger[Any], function: Callable[[], Awaitable[Any]], finish: Callable[[Window, Any], Record]
) -> Record:
    """Call the function only when this is awaited."""
    window = Window(ledger)
    with window.open():
        awaitable = function()
    return await _measure_rest(window, awaitable, finish)


async def _measure_rest(window: Window, awaitable: Awaitable[Any], finish: Callable[[Window, Any], Record]) -> Record:
    with window.open():
        result = await awaitable
    return finish(window, result)


def kernel_started() -> float | None:
    """Return the time for ``kernel_ended()`` if a window is open in this context, else None: nothing is recorded."""
    return time.perf_counter() if open_windows.get() else None


def kernel_ended(started: float, name: str, inputs: Iterable[Array], outputs: Iterable[Array]) -> None:
    """Record a computation in the windows that are open in this context."""
    milliseconds = 1000 * (time.perf_counter() - started)
    results = tuple(outputs)  # they become tensors after this
    added = sum(array.nbytes for array in results)
    shapes = _shapes(inputs), _shapes(results)
    for window in open_windows.get():
        num_bytes, num_tensors = window.counts()
        totals = num_bytes + added, num_tensors + len(results)
        window.kernels.append(Kernel(name, *shapes, milliseconds, added, totals[0], len(results), totals[1]))


def _shapes(arrays: Iterable[Array]) -> Shapes:
    return tuple(array.shape for array in arrays)
