"""By how much the engines of the process grew since a moment, and what of it is a leak."""

from __future__ import annotations

import gc
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from humanrt.tensors import LeakReport, watch
from humanrt.tensors.watch import Census, Watched

NOTHING = Census(frozenset(), frozenset(), {})


class Leak(NamedTuple):
    """By how many tensors one engine grew, and which they are."""

    tensors: int
    report: LeakReport


class TensorGrowth:
    """Counts the tensors of every engine in the process, and what they gained since this was made.

    A leak is each tensor by which an engine has grown, and each handle that vanished undisposed. Engines are looked at
    one by one: what one has lost does not make up for what another has gained. A tensor that may vanish silently (of a
    Result, in "auto" mode) counts as long as somebody holds it.
    """

    def __init__(self) -> None:
        self.closing_frees = True  # False: what an engine still holds when it is closed or reset has leaked
        self._excused = 0
        self._accounts: dict[Watched, _Account] = {}
        watch.watchers.append(self)
        for registry in watch.registries():
            self._accounts.setdefault(registry, _Account(registry, registry.census()))
        self._count_before = self.count

    def stop(self) -> None:
        """Let go of the engines that were made meanwhile."""
        watch.watchers.remove(self)
        self._accounts.clear()

    @property
    def count(self) -> int:
        """How many tensors are alive now, over all engines."""
        return sum(len(registry.census().live) for registry in watch.registries())

    @property
    def delta(self) -> int:
        """How many more tensors are alive than at the start; negative when there are fewer."""
        return self.count - self._count_before

    def assert_no_leaks(self, allow: int = 0) -> None:
        """Raise AssertionError, with the places that made them, if more than ``allow`` tensors leaked."""
        __tracebackhide__ = True
        leaks = self.leaks(allow)
        if total(leaks) > allow:
            raise AssertionError(describe(leaks, allow))

    def leaks(self, allow: int = 0, let_go: Callable[[], None] = lambda: None) -> list[Leak]:
        """Return what leaked, by engine, without a ResourceWarning for what is found to have vanished.

        Where it is more than ``allow``, ``let_go()`` is called and cyclic garbage is collected before the last word.
        """
        with _no_resource_warnings():
            leaks = self._leaks()
            if total(leaks) > allow:
                let_go()
                gc.collect()
                leaks = self._leaks()
        return leaks

    def reclaim(self) -> None:
        """Find what vanished so far, without a ResourceWarning."""
        with _no_resource_warnings():
            for registry in tuple(self._accounts):
                registry.census()

    @contextmanager
    def excused(self) -> Iterator[None]:
        """Leave out what is made, freed or lost in here; may be nested."""
        before = {registry: registry.census() for registry in tuple(self._accounts)}
        self._excused += 1
        try:
            yield
        finally:
            self._excused -= 1
            if not self._excused:
                for registry, account in tuple(self._accounts.items()):
                    account.excuse(before.get(registry, NOTHING), registry.census())

    def opened(self, registry: Watched) -> None:
        """Hold a new engine's registry, or what it lost would be forgotten once everybody else lets go of it."""
        self._accounts[registry] = _Account(registry, NOTHING)

    def emptying(self, registry: Watched) -> None:
        """Settle the account of an engine that is about to be closed or reset."""
        account = self._accounts.get(registry)
        if account is not None and not self._excused:
            account.empty(is_leak=not self.closing_frees)

    def _leaks(self) -> list[Leak]:
        found = [account.leak() for account in tuple(self._accounts.values())]
        return [leak for leak in found if leak.tensors > 0]


class _Account:
    """One registry: what it had at the start, and what it gained since."""

    def __init__(self, registry: Watched, start: Census) -> None:
        self._registry = registry
        self._known = start.live
        # They may vanish silently at any moment, and then must not make up for a leak.
        self._ignored = start.automatic
        self._live = len(start.live - start.automatic)
        self._lost = Counter(start.lost)
        self._settled = Leak(0, LeakReport(()))

    def excuse(self, before: Census, after: Census) -> None:
        self._known |= after.live - before.live
        self._ignored |= after.automatic - before.automatic
        self._live += len(after.live - self._ignored) - len(before.live - self._ignored)
        self._lost += Counter(after.lost) - Counter(before.lost)

    def empty(self, *, is_leak: bool) -> None:
        if is_leak:
            now = self._registry.census()
            self._settled = self._with_settled(self._gained(now._replace(live=now.live - now.automatic)))
            self._lost = Counter(now.lost)
        self._live = 0

    def leak(self) -> Leak:
        return self._with_settled(self._gained(self._registry.census()))

    def _with_settled(self, gained: Leak) -> Leak:
        settled = self._settled
        return Leak(settled.tensors + gained.tensors, LeakReport((*settled.report.rows, *gained.report.rows)))

    def _gained(self, now: Census) -> Leak:
        lost = Counter(now.lost) - self._lost
        count = len(now.live - self._ignored) - self._live + lost.total()
        if count <= 0:
            return Leak(0, LeakReport(()))
        rows = self._registry.leaks(now.live - self._known).rows
        lost_rows = [row._replace(tensors=lost[row.site]) for row in rows if row.state == "lost" and lost[row.site]]
        return Leak(count, LeakReport((*(row for row in rows if row.state == "live"), *lost_rows)))


def total(leaks: list[Leak]) -> int:
    """Return how many tensors leaked in all."""
    return sum(leak.tensors for leak in leaks)


def describe(leaks: list[Leak], allow: int) -> str:
    """Say how many tensors leaked, and which, a table for each engine."""
    count = total(leaks)
    what = "1 tensor" if count == 1 else f"{count} tensors"
    allowed = f" ({allow} allowed)" if allow else ""
    return "\n\n".join([f"{what} leaked{allowed}", *(str(leak.report) for leak in leaks)])


@contextmanager
def _no_resource_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
