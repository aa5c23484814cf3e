"""Scopes: what is created in one, and neither kept nor returned, is freed when it ends.

The current scope is in one context variable. A context follows tasks and ``to_thread``: a child task or a worker thread
belongs to the scope that it was started in, and concurrent tasks never see each other's scopes. (TF.js has one stack
for all: interleaved tasks free each other's tensors.) The open scopes of all engines are links of one chain, each with
its owner; a tensor goes to the innermost one of its own engine.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from types import FunctionType, TracebackType
from typing import Any, Protocol, Self, TypeVar

from humanrt.errors import AsyncTidyError, ScopeError
from humanrt.tensors.containers import instances_in
from humanrt.tensors.handle import Handle

T = TypeVar("T")


class Owner(Protocol):
    """What a scope needs of the ledger whose tensors it frees."""

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Guards the tables."""

    @property
    def scopes(self) -> dict[int, Owned]:
        """The scope that owns a tensor, by tensor id."""

    def close_scope(self, scope: Owned) -> None:
        """Free the tensors of ``scope`` and refuse new ones."""


class Owned(set[int]):
    """The ids of the tensors that one scope owns; a link in the chain of scopes. Only the ledger changes the ids.

    Attributes:
        owner: the ledger that the tensors are in.
        name: the name of the scope, for errors and reports.
        parent: the scope around this one, of any owner.
        closed: whether the scope has ended.
        started: the scope itself if ``start_scope()`` entered it, for ``end_scope()``.

    """

    # Scope sets the attributes: a constructor would be one more Python call for every scope.
    __slots__ = ("closed", "name", "owner", "parent", "started")
    owner: Owner
    name: str | None
    parent: Owned | None
    closed: bool
    started: Scope | None

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"{len(self)} tensors"
        return f"Scope({self.name or 'unnamed'}, {state})"

    def title(self) -> str:
        """Return "scope NAME" with the name of this scope or of the nearest one around it that has one, or "scope"."""
        scope: Owned | None = self
        while scope is not None:
            if scope.name is not None and scope.owner is self.owner:
                return f"scope {scope.name}"
            scope = scope.parent
        return "scope"


_current: ContextVar[Owned | None] = ContextVar("humanrt_scope", default=None)


current_scope: Callable[[], Owned | None] = _current.get
"""Return the innermost scope of this context, of any owner."""


def innermost_scope(scope: Owned | None, owner: Owner) -> Owned | None:
    """Return ``scope`` or the nearest one around it that belongs to ``owner``; it may have ended."""
    while scope is not None and scope.owner is not owner:
        scope = scope.parent
    return scope


class Scope:
    """A context manager that frees the tensors created in it at its end, also on an exception or a cancellation.

    Created by ``Engine.scope()`` and entered once, with ``with`` or ``async with``, which do the same. It may be left
    in another context than it was entered in (some frameworks do that to fixtures). A task or thread that outlives its
    scope and creates a tensor in it gets ``ScopeClosedError``. Do not ``yield`` to a consumer inside a scope: the
    consumer's tensors would belong to it.
    """

    __slots__ = ("_entered", "_owned")

    def __init__(self, owner: Owner, name: str | None) -> None:
        self._owned = owned = Owned()
        owned.owner = owner
        owned.name = name
        owned.parent = None
        owned.closed = False
        owned.started = None
        self._entered = False

    @property
    def name(self) -> str | None:
        """The name that errors and ``leaks()`` show."""
        return self._owned.name

    @property
    def closed(self) -> bool:
        """Whether the scope has ended."""
        return self._owned.closed

    def __repr__(self) -> str:
        return repr(self._owned)

    def returns(self, container: T) -> T:
        """Hand the tensors in ``container`` to the scope around this one, and return ``container``.

        Only tensors that this scope owns are moved, to the nearest open scope of the same engine; without one, the
        caller owns them. Raises ``ScopeError`` if this scope is not open.
        """
        owned = self._owned
        if not self._entered or owned.closed:
            raise ScopeError(f"{self!r} is not open: call returns() inside its with block")
        _hand_over(owned, container)
        return container

    def __enter__(self) -> Self:
        if self._entered:
            raise ScopeError(f"{self!r} was entered before: create a new scope each time")
        self._entered = True
        self._owned.parent = _current.get()
        _current.set(self._owned)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        owned = self._owned
        if not self._entered or owned.closed:
            raise ScopeError(f"{self!r} is not open, so it cannot be left")
        # Not by a token: it is of no use in another context, where the current scope is a different one.
        inner = None
        if _current.get() is owned:
            _current.set(owned.parent)
        else:
            inner = _open_scope_inside(owned)
        owned.owner.close_scope(owned)
        if owned.parent is not None:
            _shorten_chain(owned)
        if inner is not None and error is None:
            raise ScopeError(f"{self!r} was left while {inner!r} inside it was still open: leave the inner one first")

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)


class _StartedScope(Scope):
    """A scope that ``end_scope()`` leaves, which finds it through the current context."""

    __slots__ = ()

    def __enter__(self) -> Self:
        super().__enter__()
        self._owned.started = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._owned.started = None  # without this, the two would hold each other
        super().__exit__(kind, error, traceback)


def move(scopes: dict[int, Owned], tensor_id: int, heir: Owned | None) -> None:
    """Make ``heir`` the owner of a tensor, or the caller if it is None; the lock of the owner of ``scopes`` is held."""
    owned = scopes.pop(tensor_id, None)
    if owned is not None:
        owned.discard(tensor_id)
    if heir is not None:
        scopes[tensor_id] = heir
        heir.add(tensor_id)


def _hand_over(scope: Owned, container: object) -> None:
    """Move the tensors in ``container`` that ``scope`` owns to the nearest open scope around it, else to the caller."""
    handles = instances_in(container, Handle)
    owner = scope.owner
    with owner.lock:
        heir = scope.parent
        while heir is not None and (heir.closed or heir.owner is not owner):
            heir = heir.parent
        for handle in handles:
            if owner.scopes.get(handle.id) is scope:
                move(owner.scopes, handle.id, heir)


def _open_scope_inside(owned: Owned) -> Owned | None:
    """Return the outermost open scope between ``owned`` and this context's innermost one, if that is inside it."""
    inner = None
    scope = _current.get()
    while scope is not None and scope is not owned:
        if not scope.closed:
            inner = scope
        scope = scope.parent
    return inner if scope is owned else None


def _shorten_chain(owned: Owned) -> None:
    """Drop ended scopes of the same owner: tasks that each start the next one would chain them without end."""
    while owned.parent is not None and owned.parent.closed and owned.parent.owner is owned.owner:
        owned.parent = owned.parent.parent


def start_scope(owner: Owner, name: str | None) -> None:
    """Enter a scope that ``end_scope()`` leaves. TF.js: ``startScope``."""
    _StartedScope(owner, name).__enter__()


def end_scope(owner: Owner, result: T) -> T:
    """Leave the innermost scope of ``owner``, handing the tensors in ``result`` to the scope around it.

    Raises ``ScopeError`` if that scope was not entered by ``start_scope()``. TF.js: ``endScope``.
    """
    owned = innermost_scope(current_scope(), owner)
    if owned is None or owned.started is None or owned.closed:
        raise ScopeError("end_scope() needs start_scope() in this context, and no other scope open inside that one")
    scope = owned.started
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
    """Call ``function`` inside ``scope`` and return its result, whose tensors go to the scope around.

    Raises ``AsyncTidyError`` if it is asynchronous.
    """
    if is_async(function):
        raise _async_tidy_error(function)
    with scope:
        result = function()
        if result is not None and (inspect.isawaitable(result) or inspect.isasyncgen(result)):
            _abandon(result)
            raise _async_tidy_error(function)
        return scope.returns(result)


def is_async(function: Callable[[], object]) -> bool:
    """Return whether calling ``function`` is known to return a coroutine or an asynchronous generator."""
    if type(function) is FunctionType:  # the usual case, at a tenth of the cost of inspect's functions
        return bool(function.__code__.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR))
    call = getattr(function, "__call__", function)  # noqa: B004 - not a test: an object may be called asynchronously
    return any(inspect.iscoroutinefunction(f) or inspect.isasyncgenfunction(f) for f in (function, call))


def _abandon(awaitable: object) -> None:
    """Close a coroutine, cancel a task or future, so that none of its code runs later."""
    for name in ("close", "cancel"):
        end = getattr(awaitable, name, None)
        if callable(end):
            end()
            return


def _async_tidy_error(function: Callable[[], object]) -> AsyncTidyError:
    name = getattr(function, "__qualname__", repr(function))
    return AsyncTidyError(f"tidy() cannot wait for {name}, which is asynchronous: use `async with engine.scope()`")
