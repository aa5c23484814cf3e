"""The methods of an engine on its tensors: creating, computing, freeing and reporting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar, overload

from humanrt.tensors.creation import Creation
from humanrt.tensors.handle import closed_error
from humanrt.tensors.ops import Operations
from humanrt.tensors.profile import Profile, Timing, Window, measure
from humanrt.tensors.registry import Registry
from humanrt.tensors.reports import LeakReport, Memory
from humanrt.tensors.scope import Scope, end_scope, start_scope
from humanrt.tensors.tensor import Tensor

T = TypeVar("T")


class Workspace(Creation, Operations):
    """The tensors of one engine. Every method may be called from any thread."""

    def __init__(self, registry: Registry) -> None:
        self.registry: Registry = registry
        self._ledger = registry.ledger

    # -- what frees a tensor

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

        Raises ``ScopeError`` for other arguments, ``AsyncTidyError`` for an asynchronous function,
        ``EngineClosedError``.
        """
        return self.registry.tidy(*arguments)

    def scope(self, name: str | None = None) -> Scope:
        """Return a scope, which frees the tensors created in it: ``async with engine.scope() as scope:``, or ``with``.

        ``name`` is shown in errors and by ``leaks()``. Raises ``EngineClosedError``.
        """
        return self.registry.scope(name)

    def start_scope(self, name: str | None = None) -> None:
        """Enter a scope in this context, until ``end_scope()``; prefer ``with engine.scope():``, which ends by itself.

        TF.js: ``tf.engine().startScope``. Raises ``EngineClosedError``.
        """
        if self._ledger.closed:
            raise closed_error(self._ledger)
        start_scope(self._ledger, name)

    def end_scope(self, result: T = None) -> T:  # type: ignore[assignment]  # without a result it returns None
        """End the scope that ``start_scope()`` entered, free its tensors except those in ``result``, and return this.

        The tensors in ``result`` belong to the scope around, else to the caller. Raises ``ScopeError`` if the innermost
        scope of this context was not entered by ``start_scope()``.
        """
        return end_scope(self._ledger, result)

    def keep(self, tensor: Tensor) -> Tensor:
        """Take a tensor out of its scope, and return it: from now on the caller disposes it. TF.js: ``tf.keep``.

        Raises ``TensorDisposedError``, or ``InputError`` for a tensor of another engine.
        """
        return self._ledger.keep(tensor)

    def dispose(self, container: object) -> None:
        """Dispose every tensor in ``container``, however nested; anything else in it is ignored. TF.js: ``tf.dispose``.

        Searches mappings, lists, tuples, sets, dataclasses and the attributes of other objects.
        """
        self.registry.dispose(container)

    # -- reporting

    def memory(self) -> Memory:
        """Return the numbers of live tensors, buffers and bytes, and of lost handles. TF.js: ``tf.memory``."""
        return self.registry.memory()

    def leaks(self) -> LeakReport:
        """Return the live and the lost tensors, grouped by the place that created them; ``print()`` shows a table.

        Places are recorded with ``track_sites=True``, or HUMANRT_TRACK_SITES=1 in the environment.
        """
        return self.registry.leaks()

    @overload
    def profile(  # type: ignore[overload-overlap]  # an awaitable may be a T, too
        self, function: Callable[[], Awaitable[T]]
    ) -> Coroutine[Any, Any, Profile[T]]: ...
    @overload
    def profile(self, function: Callable[[], T]) -> Profile[T]: ...

    def profile(self, function: Callable[[], Any]) -> Any:
        """Call ``function`` and return what it did with tensors, and its kernels; an awaitable if it is asynchronous.

        Its exceptions are not caught. TF.js: ``tf.profile``.
        """
        return measure(self._ledger, function, Window.profile)

    @overload
    def time(  # type: ignore[overload-overlap]  # as above
        self, function: Callable[[], Awaitable[T]]
    ) -> Coroutine[Any, Any, Timing[T]]: ...
    @overload
    def time(self, function: Callable[[], T]) -> Timing[T]: ...

    def time(self, function: Callable[[], Any]) -> Any:
        """Call ``function`` and return how long it took, in milliseconds; an awaitable if it is asynchronous.

        Its exceptions are not caught. TF.js: ``tf.time``.
        """
        return measure(self._ledger, function, Window.timing)

    # -- starting again

    def reset(self) -> None:
        """Free every tensor and variable and set every counter to zero, including the peak and the leaks.

        For an engine with nothing in flight: later uses of an older tensor raise ``StaleHandleError``, and disposing it
        does nothing. Models stay loaded. Raises ``EngineClosedError``.
        """
        self.registry.reset()
