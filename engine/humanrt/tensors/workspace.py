"""All that an engine does with tensors: making, computing, freeing, and looking."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar, overload

from humanrt.tensors.creation import Creation
from humanrt.tensors.leaks import LeakReport
from humanrt.tensors.memory import Memory
from humanrt.tensors.ops import Operations
from humanrt.tensors.profile import Profile, Timing, Window, measure
from humanrt.tensors.ranked import RankedCreation
from humanrt.tensors.scope import Scope, end_scope, start_scope
from humanrt.tensors.tensor import Tensor

T = TypeVar("T")


class Workspace(Creation, RankedCreation, Operations):
    """The tensors of one engine. Every method may be called from any thread."""

    # -- who frees what

    @overload
    def tidy(self, function: Callable[[], T], /) -> T: ...
    @overload
    def tidy(self, name: str, function: Callable[[], T], /) -> T: ...
    @overload
    def tidy(self) -> Scope: ...

    def tidy(self, *arguments: Any) -> Any:
        """Call ``function`` and free the tensors that it created, except those in its result.

        The tensors in the result, however nested, go to the scope around, else to the caller. ``name`` appears in
        errors and ``leaks()``. Without arguments, return the scope itself: ``with engine.tidy():``. TF.js: ``tf.tidy``.

        Raises ``ScopeError`` for other arguments, ``AsyncTidyError`` for an asynchronous function.
        """
        return self.registry.tidy(*arguments)

    def scope(self, name: str | None = None) -> Scope:
        """Open a scope that frees what was made in it: ``async with engine.scope() as scope:``, or plain ``with``."""
        return self.registry.scope(name)

    def start_scope(self, name: str | None = None) -> None:
        """Open a scope in this context, until ``end_scope()``; ``with engine.scope():`` cannot be forgotten."""
        start_scope(self.registry.scope(name))

    def end_scope(self, result: T = None) -> T:  # type: ignore[assignment]  # without a result it returns None
        """End the scope that ``start_scope()`` opened, and free what was made in it but the tensors in ``result``.

        These go to the scope around, else to the caller. Raises ScopeError when the innermost scope of this context is
        none of ``start_scope()``.
        """
        return end_scope(self.registry, result)

    def keep(self, tensor: Tensor) -> Tensor:
        """Take a tensor out of every scope; from here on it is the caller's to dispose. Returns it."""
        return self.registry.keep(tensor)

    def dispose(self, container: object) -> None:
        """Dispose every tensor in ``container``, however nested; anything else in it is passed over."""
        self.registry.dispose(container)

    # -- looking

    def memory(self) -> Memory:
        """Tell how many tensors, buffers and bytes are alive now, and how many handles were lost."""
        return self.registry.memory()

    def leaks(self) -> LeakReport:
        """Tell which tensors live, and which were lost, by the place that made them; ``print()`` shows a table.

        Places are known with ``track_sites=True``, or HUMANRT_TRACK_SITES=1 in the environment.
        """
        return self.registry.leaks()

    @overload
    def profile(  # type: ignore[overload-overlap]  # an awaitable may be a T, too
        self, function: Callable[[], Awaitable[T]]
    ) -> Coroutine[Any, Any, Profile[T]]: ...
    @overload
    def profile(self, function: Callable[[], T]) -> Profile[T]: ...

    def profile(self, function: Callable[[], Any]) -> Any:
        """Call ``function`` and return what it did with tensors, and its kernels; await it for an asynchronous one.

        What it raises passes through. TF.js: ``tf.profile``.
        """
        return measure(self.registry, function, Window.profile)

    @overload
    def time(  # type: ignore[overload-overlap]  # as above
        self, function: Callable[[], Awaitable[T]]
    ) -> Coroutine[Any, Any, Timing[T]]: ...
    @overload
    def time(self, function: Callable[[], T]) -> Timing[T]: ...

    def time(self, function: Callable[[], Any]) -> Any:
        """Call ``function`` and return how long it took, in milliseconds; await it for an asynchronous one.

        What it raises passes through. TF.js: ``tf.time``.
        """
        return measure(self.registry, function, Window.timing)

    # -- starting anew

    def reset(self) -> None:
        """Free every tensor and variable and set every counter to zero, the peak and the leaks included.

        For an engine with nothing in flight: a tensor made before raises StaleHandleError when it is used, and
        disposing it does nothing. Models are no tensors here: they stay loaded. Raises EngineClosedError.
        """
        self.registry.reset()
