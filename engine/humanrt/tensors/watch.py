"""Access to every registry of the process, for code that checks that nothing at all leaks: the pytest plugin."""

from __future__ import annotations

import os
import threading
from collections.abc import Set
from typing import Final, NamedTuple, Protocol
from weakref import WeakSet

from humanrt.tensors.reports import LeakReport


class Census(NamedTuple):
    """What is alive in a registry, and what it lost.

    Attributes:
        live: ids of the live tensors.
        automatic: those of them that may vanish silently.
        lost: the number of handles that vanished undisposed so far, by the place that made them.

    """

    live: frozenset[int]
    automatic: frozenset[int]
    lost: dict[str, int]


class Watched(Protocol):
    """What can be asked of a registry here."""

    @property
    def forked(self) -> bool:
        """Whether this process was forked from the one that created the registry."""

    def census(self) -> Census:
        """Return what is alive, and what was lost."""

    def leaks(self, only: Set[int] | None = None) -> LeakReport:
        """Return the lost tensors and the live ones, or of these those with the ids ``only``."""

    def leave_to_parent(self) -> None:
        """Refuse everything: this process is a forked child."""


class Watcher(Protocol):
    """Receives events of registries, on the thread where they happen; new registries record sites meanwhile."""

    def opened(self, registry: Watched) -> None:
        """Handle a registry that was just created."""

    def emptying(self, registry: Watched) -> None:
        """Handle a registry whose tensors are about to be freed, because it is closed or reset."""


watchers: Final[list[Watcher]] = []

_registries: Final[WeakSet[Watched]] = WeakSet()
_lock = threading.Lock()  # a set must not grow while it is iterated over


def enrol(registry: Watched) -> None:
    """Add a new registry to those of the process."""
    with _lock:
        _registries.add(registry)
    for watcher in tuple(watchers):
        watcher.opened(registry)


def registries() -> list[Watched]:
    """Return every registry that is still referenced, except those that a forked process left to its parent."""
    with _lock:
        return [registry for registry in _registries if not registry.forked]


def notify_emptying(registry: Watched) -> None:
    """Call the watchers before all tensors of a registry are freed."""
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
