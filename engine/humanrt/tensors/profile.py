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
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from humanrt.tensors.asynchronous import is_async
from humanrt.tensors.buffer import Array

if TYPE_CHECKING:
    from humanrt.tensors.registry import Registry

T = TypeVar("T")
Record = TypeVar("Record")
Shapes = tuple[tuple[int, ...], ...]

open_windows: ContextVar[tuple[Window, ...]] = ContextVar("humanrt_profile", default=())
"""The windows of the ``profile()`` calls around this context; where it is empty, kernels need not be recorded."""


class Kernel(NamedTuple):
    """One operation, or one run of a model."""

    name: str
    """The name of the operation or model."""
    input_shapes: Shapes
    """The shapes of its inputs."""
    output_shapes: Shapes
    """The shapes of its outputs."""
    milliseconds: float
    """The time that it took."""
    bytes_added: int
    """The size of its outputs in bytes. TF.js: ``bytesAdded``."""
    total_bytes: int
    """The bytes of all live buffers at its end, with its outputs. TF.js: ``totalBytesSnapshot``."""
    tensors_added: int
    """The number of its outputs. TF.js: ``tensorsAdded``."""
    total_tensors: int
    """The number of all live tensors at its end, with its outputs. TF.js: ``totalTensorsSnapshot``."""


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

    @property
    def kernel_names(self) -> tuple[str, ...]:
        """The names of ``kernels``, each once. TF.js: ``kernelNames``."""
        return tuple(dict.fromkeys(kernel.name for kernel in self.kernels))


@dataclass(frozen=True, eq=False)
class Timing(Generic[T]):
    """How long one call of a function took, and how long of that its kernels ran; ``result`` is what it returned."""

    wall_ms: float
    kernel_ms: float
    result: T


class Window:
    """The time in which one function runs; entered once for each stretch of it.

    Attributes:
        kernels: what was computed in it.
        peak_bytes: the highest number of bytes seen in it; the registry raises it.

    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.kernels: list[Kernel] = []
        self.before = registry.memory()
        self.peak_bytes = self.before.num_bytes
        self.wall_ms = 0.0

    @contextmanager
    def open(self) -> Iterator[None]:
        """Watch the registry, and the kernels of this context."""
        started = time.perf_counter()
        token = open_windows.set((*open_windows.get(), self))
        self.registry.watch(self)
        try:
            yield
        finally:
            self.registry.unwatch(self)
            open_windows.reset(token)
            self.wall_ms += 1000 * (time.perf_counter() - started)

    def profile(self, result: T) -> Profile[T]:
        """Return what was seen."""
        after = self.registry.memory()
        return Profile(
            new_bytes=after.num_bytes - self.before.num_bytes,
            new_tensors=after.num_tensors - self.before.num_tensors,
            peak_bytes=self.peak_bytes,
            kernels=tuple(self.kernels),
            result=result,
        )

    def timing(self, result: T) -> Timing[T]:
        """Return how long it took."""
        return Timing(self.wall_ms, sum(kernel.milliseconds for kernel in self.kernels), result)


def measure(registry: Registry, function: Callable[[], Any], finish: Callable[[Window, Any], Record]) -> Any:  # noqa: ANN401 - a record, or an awaitable of one
    """Call ``function`` in a window and return ``finish(window, result)``; an awaitable of it if it is asynchronous."""
    if is_async(function):
        return _measure_async(registry, function, finish)
    window = Window(registry)
    with window.open():
        result = function()
    if inspect.isawaitable(result):
        return _measure_rest(window, result, finish)
    return finish(window, result)


async def _measure_async(
    registry: Registry, function: Callable[[], Awaitable[Any]], finish: Callable[[Window, Any], Record]
) -> Record:
    """Begin when it is awaited."""
    window = Window(registry)
    with window.open():
        awaitable = function()
    return await _measure_rest(window, awaitable, finish)


async def _measure_rest(window: Window, awaitable: Awaitable[Any], finish: Callable[[Window, Any], Record]) -> Record:
    with window.open():
        result = await awaitable
    return finish(window, result)


def kernel_started() -> float | None:
    """Return the time, for ``kernel_ended()``, if a window is open in this context; else None: nobody looks."""
    return time.perf_counter() if open_windows.get() else None


def kernel_ended(started: float, name: str, inputs: Iterable[Array], outputs: Iterable[Array]) -> None:
    """Show a computation to the windows that are open in this context."""
    milliseconds = 1000 * (time.perf_counter() - started)
    results = tuple(outputs)  # they become tensors after this
    added = sum(array.nbytes for array in results)
    shapes = _shapes(inputs), _shapes(results)
    for window in open_windows.get():
        memory = window.registry.memory()
        total_bytes, total_tensors = memory.num_bytes + added, memory.num_tensors + len(results)
        window.kernels.append(Kernel(name, *shapes, milliseconds, added, total_bytes, len(results), total_tensors))


def _shapes(arrays: Iterable[Array]) -> Shapes:
    return tuple(array.shape for array in arrays)
