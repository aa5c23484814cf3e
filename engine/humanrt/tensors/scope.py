"""Scopes: whatever is made in one, and neither kept nor returned, is freed when it ends.

The current scope lives in one context variable. A context follows tasks and ``to_thread``, so that a child task or a
worker thread belongs to the scope it was started in, and concurrent tasks never see each other's. (TF.js has one stack
for everybody: interleaved tasks free each other's tensors.) Scopes of all registries are links of one chain, each
naming its registry; a tensor goes to the innermost one that names its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from humanrt.errors import AsyncTidyError, ScopeError
from humanrt.tensors.asynchronous import is_async
from humanrt.tensors.containers import tensors_in

if TYPE_CHECKING:
    from humanrt.tensors.accounts import Accounts
    from humanrt.tensors.registry import Registry

T = TypeVar("T")

_current: ContextVar[Scope | None] = ContextVar("humanrt_scope", default=None)


current_scope: Callable[[], Scope | None] = _current.get
"""Return the innermost scope of this context, of whatever registry."""


def innermost_scope(scope: Scope | None, registry: Accounts) -> Scope | None:
    """Return ``scope`` or the nearest around it that is one of ``registry``; it may have ended."""
    while scope is not None and scope.registry is not registry:
        scope = scope.parent
    return scope


class Scope:
    """Frees what was made in it, at its end, on success, on any exception and on cancellation.

    Made by ``Registry.scope()`` and entered once, with ``with`` or ``async with``, which do the same. It may be left
    in another context than it was entered in (some frameworks do that to fixtures). A task or thread that outlives its
    scope and makes a tensor in it gets ScopeClosedError. Do not ``yield`` to a consumer inside a scope: the consumer's
    tensors would land in it.

    Attributes:
        registry: whose tensors it owns.
        name: shown in errors.
        parent: the scope around it, of any registry.
        closed: whether it has ended.
        ids: the tensors it owns; the registry alone changes them, under its lock.
        by_hand: whether ``start_scope()`` entered it, so that ``end_scope()`` may leave it.

    """

    __slots__ = ("_entered", "by_hand", "closed", "ids", "name", "parent", "registry")

    def __init__(self, registry: Registry, name: str | None) -> None:
        self.registry: Registry = registry
        self.name: str | None = name
        self.parent: Scope | None = None
        self.closed: bool = False
        self.ids: set[int] = set()
        self.by_hand: bool = False
        self._entered = False

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"{len(self.ids)} tensors"
        return f"Scope({self.name or 'unnamed'}, {state})"

    def title(self) -> str:
        """Return what reports call it: by its name, or by that of the nearest scope around it that has one."""
        scope: Scope | None = self
        while scope is not None:
            if scope.name is not None and scope.registry is self.registry:
                return f"scope {scope.name}"
            scope = scope.parent
        return "scope"

    def returns(self, container: T) -> T:
        """Hand the tensors in ``container`` to the scope around this one, and return ``container``.

        Only tensors that this scope owns move. They go to the nearest open scope of the same registry; where there is
        none, they are the caller's to dispose.
        """
        if not self._entered or self.closed:
            raise ScopeError(f"{self!r} is not open: call returns() inside its with block")
        self.registry.hand_over(self, tensors_in(container))
        return container

    def __enter__(self) -> Self:
        if self._entered:
            raise ScopeError(f"{self!r} was entered before; ask for a new scope each time")
        self._entered = True
        self.parent = _current.get()
        _current.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._entered or self.closed:
            raise ScopeError(f"{self!r} is not open, so it cannot be left")
        # No token: it could not be used when the scope is left in another context, where the current scope is not ours.
        inner = None
        if _current.get() is self:
            _current.set(self.parent)
        else:
            inner = self._open_scope_inside()
        self.registry.close_scope(self)
        if self.parent is not None:
            self._shorten_chain()
        if inner is not None and error is None:
            raise ScopeError(f"{self!r} was left while {inner!r} inside it was still open; leave the inner one first")

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

    def _open_scope_inside(self) -> Scope | None:
        inner = None
        scope = _current.get()
        while scope is not None and scope is not self:
            if not scope.closed:
                inner = scope
            scope = scope.parent
        return inner if scope is self else None

    def _shorten_chain(self) -> None:
        """Let go of ended scopes of the same registry, or tasks that each start the next would chain them forever."""
        while self.parent is not None and self.parent.closed and self.parent.registry is self.registry:
            self.parent = self.parent.parent


def start_scope(scope: Scope) -> None:
    """Enter a scope that ``end_scope()`` will leave. TF.js: ``startScope``."""
    scope.by_hand = True
    scope.__enter__()


def end_scope(registry: Registry, result: T) -> T:
    """Leave the innermost scope of ``registry``, handing the tensors in ``result`` to the scope around it.

    Raises ScopeError where ``start_scope()`` did not open it. TF.js: ``endScope``.
    """
    scope = innermost_scope(current_scope(), registry)
    if scope is None or not scope.by_hand or scope.closed:
        raise ScopeError("end_scope() without start_scope() in this context, or not of the innermost open scope")
    scope.returns(result)
    scope.__exit__(None, None, None)
    return result


def tidy_arguments(arguments: Sequence[Any]) -> tuple[str | None, Callable[[], Any]]:
    """Return the name and the function of ``tidy(function)`` or ``tidy(name, function)``.

    Raises ``ScopeError`` for other arguments.
    """
    *names, function = arguments
    if len(names) > 1 or not all(isinstance(name, str) for name in names) or not callable(function):
        given = ", ".join(type(argument).__name__ for argument in arguments)
        raise ScopeError(f"tidy() needs a function without arguments, or a name and a function; got {given}")
    return names[0] if names else None, function


def run_tidy(scope: Scope, function: Callable[[], T]) -> T:
    """Call ``function`` inside ``scope``, and hand the tensors in what it returns to the scope around."""
    if is_async(function):
        raise _async_tidy_error(function)
    with scope:
        result = function()
        if result is not None and (inspect.isawaitable(result) or inspect.isasyncgen(result)):
            _abandon(result)
            raise _async_tidy_error(function)
        return scope.returns(result)


def _abandon(awaitable: object) -> None:
    """Close a coroutine, cancel a task or future, so that nothing of it runs on."""
    for name in ("close", "cancel"):
        end = getattr(awaitable, name, None)
        if callable(end):
            end()
            return


def _async_tidy_error(function: Callable[[], object]) -> AsyncTidyError:
    name = getattr(function, "__qualname__", repr(function))
    return AsyncTidyError(f"tidy() cannot wait for {name}, which is asynchronous; use `async with engine.scope()`")
