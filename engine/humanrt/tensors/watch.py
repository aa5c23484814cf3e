"""Seeing every registry of the process, for those who check that nothing at all leaks: the pytest plugin."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol
from weakref import WeakSet

if TYPE_CHECKING:
    from humanrt.tensors.registry import Registry


class Census(NamedTuple):
    """Who is alive in a registry, and whom it lost.

    Attributes:
        live: ids of the live tensors.
        automatic: those of them that may vanish silently.
        lost: how many vanished undisposed so far, by the place that made them.

    """

    live: frozenset[int]
    automatic: frozenset[int]
    lost: dict[str, int]


class Watcher(Protocol):
    """Told of registries, on the thread where it happens; new ones record sites as long as anybody watches."""

    def opened(self, registry: Registry) -> None:
        """Note a registry that was just made."""

    def emptying(self, registry: Registry) -> None:
        """Note that all tensors of a registry are about to be freed, because it is closed or reset."""


watchers: Final[list[Watcher]] = []

_registries: Final[WeakSet[Registry]] = WeakSet()
_lock = threading.Lock()  # a set must not grow while it is walked through


def enrol(registry: Registry) -> None:
    """Add a new registry to those of the process."""
    with _lock:
        _registries.add(registry)
    for watcher in tuple(watchers):
        watcher.opened(registry)


def registries() -> list[Registry]:
    """Return every registry that somebody still holds, but those that a forked process left to its parent."""
    with _lock:
        return [registry for registry in _registries if not registry.forked]


def tell_emptying(registry: Registry) -> None:
    """Tell the watchers that all tensors of a registry are about to be freed."""
    for watcher in tuple(watchers):
        watcher.emptying(registry)


def _leave_all_to_parent() -> None:
    # A forked child has the registries' tables, and none of the threads that may have been changing them.
    global _lock
    _lock = threading.Lock()
    for registry in list(_registries):
        registry.leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_all_to_parent)
