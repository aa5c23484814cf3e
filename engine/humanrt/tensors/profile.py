"""What a function does with tensors, and how long its kernels take.

A window is open while the function runs. Kernels, the engine's operations and the runs of models, find the windows
that they belong to through a context variable, so that concurrent profiles see only their own. Tensors and bytes are
the engine's as a whole, as in TF.js: what other tasks make meanwhile is among them.
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

_windows: ContextVar[tuple[Window, ...]] = ContextVar("humanrt_profile", default=())


class Kernel(NamedTuple):
    """One operation, or one run of a model."""

    name: str
    input_shapes: Shapes
    output_shapes: Shapes
    milliseconds: float


@dataclass(frozen=True, eq=False)
class Profile(Generic[T]):
    """What one call of a function did.

    Attributes:
        new_bytes: bytes of buffers that it left alive; less than 0 where it freed older ones.
        new_tensors: tensors that it left alive, likewise.
        peak_bytes: the highest ``memory().num_bytes`` while it ran, what was alive before included.
        kernels: what it computed, in order; those that failed are not among them.
        result: what it returned; tensors in it are the caller's, or those of the scope around.

    """

    new_bytes: int
    new_tensors: int
    peak_bytes: int
    kernels: tuple[Kernel, ...]
    result: T


@dataclass(frozen=True, eq=False)
class Timing(Generic[T]):
    """How long one call of a function took, and how long of that its kernels ran; ``result`` is what it returned."""

    wall_ms: float
    kernel_ms: float
    result: T


class Window:
    """The time in which one function runs; opened once for each stretch of it.

    Attributes:
        kernels: what was computed in it.

    """

    def __init__(self, ledger: Ledger[Any]) -> None:
        self.kernels: list[Kernel] = []
        self._ledger = ledger
        self._bytes, self._tensors = self._counts()
        self._peak = Peak()
        self._wall_ms = 0.0

    @contextmanager
    def open(self) -> Iterator[None]:
        """Observe the ledger, and the kernels of this context."""
        started = time.perf_counter()
        token = _windows.set((*_windows.get(), self))
        self._ledger.watch(self._peak)
        try:
            yield
        finally:
            self._ledger.unwatch(self._peak)
            _windows.reset(token)
            self._wall_ms += 1000 * (time.perf_counter() - started)

    def profile(self, result: T) -> Profile[T]:
        """Return what was observed."""
        num_bytes, num_tensors = self._counts()
        return Profile(
            new_bytes=num_bytes - self._bytes,
            new_tensors=num_tensors - self._tensors,
            peak_bytes=self._peak.nbytes,
            kernels=tuple(self.kernels),
            result=result,
        )

    def timing(self, result: T) -> Timing[T]:
        """Return how long it took."""
        return Timing(self._wall_ms, sum(kernel.milliseconds for kernel in self.kernels), result)

    def _counts(self) -> tuple[int, int]:
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
    """Begin when it is awaited."""
    window = Window(ledger)
    with window.open():
        awaitable = function()
    return await _measure_rest(window, awaitable, finish)


async def _measure_rest(window: Window, awaitable: Awaitable[Any], finish: Callable[[Window, Any], Record]) -> Record:
    with window.open():
        result = await awaitable
    return finish(window, result)


def kernel_started() -> float | None:
    """Return the time, for ``kernel_ended()``, if a window is open in this context; else None: nobody looks."""
    return time.perf_counter() if _windows.get() else None


def kernel_ended(started: float, name: str, inputs: Iterable[Array], outputs: Iterable[Array]) -> None:
    """Show a computation to the windows that are open in this context."""
    milliseconds = 1000 * (time.perf_counter() - started)
    done = Kernel(name, _shapes(inputs), _shapes(outputs), milliseconds)
    for window in _windows.get():
        window.kernels.append(done)


def _shapes(arrays: Iterable[Array]) -> Shapes:
    return tuple(array.shape for array in arrays)
