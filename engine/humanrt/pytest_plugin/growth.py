"""The growth of all engines of the process since some moment, and which of it is a leak."""

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
    """The tensors by which one engine grew: how many, and a report of them."""

    tensors: int
    report: LeakReport


class TensorGrowth:
    """The tensors of every engine in the process, and their growth since this object was created.

    A leak is each tensor by which an engine has grown, and each handle that vanished undisposed. Each engine is counted
    apart: a loss of one does not offset a gain of another. A tensor that may vanish silently (of a ``Result``, in
    "auto" mode) counts as long as it is referenced.
    """

    def __init__(self) -> None:
        # If False, the tensors that an engine still holds when it is closed or reset have leaked.
        self.closing_frees: bool = True
        self._excused = 0
        self._accounts: dict[Watched, _Account] = {}
        watch.watchers.append(self)
        for registry in watch.registries():
            self._accounts.setdefault(registry, _Account(registry, registry.census()))
        self._count_before = self.count

    def stop(self) -> None:
        """Stop watching, and release the engines that were created since."""
        watch.watchers.remove(self)
        self._accounts.clear()

    @property
    def count(self) -> int:
        """The number of live tensors, over all engines."""
        return sum(len(registry.census().live) for registry in watch.registries())

    @property
    def delta(self) -> int:
        """The number of live tensors now minus that at the start."""
        return self.count - self._count_before

    def assert_no_leaks(self, allow: int = 0) -> None:
        """Raise ``AssertionError``, with the places that created them, if more than ``allow`` tensors leaked."""
        __tracebackhide__ = True
        leaks = self.leaks(allow)
        if total(leaks) > allow:
            raise AssertionError(describe(leaks, allow))

    def leaks(self, allow: int = 0, release: Callable[[], None] = lambda: None) -> list[Leak]:
        """Return the leaks by engine, without a ``ResourceWarning`` for tensors that are found to have vanished.

        If there are more than ``allow``, ``release()`` is called, cyclic garbage is collected, and they are counted
        again.
        """
        with _no_resource_warnings():
            leaks = self._leaks()
            if total(leaks) > allow:
                release()
                gc.collect()
                leaks = self._leaks()
        return leaks

    def reclaim(self) -> None:
        """Find the tensors that have vanished so far, without a ``ResourceWarning``."""
        with _no_resource_warnings():
            for registry in tuple(self._accounts):
                registry.census()

    @contextmanager
    def excused(self) -> Iterator[None]:
        """Exclude what is created, freed or lost in the block. Blocks may be nested."""
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
        """Keep the registry of a new engine, with its count of lost tensors, after all others release it."""
        self._accounts[registry] = _Account(registry, NOTHING)

    def emptying(self, registry: Watched) -> None:
        """Take the count of an engine that is about to be closed or reset."""
        account = self._accounts.get(registry)
        if account is not None and not self._excused:
            account.empty(is_leak=not self.closing_frees)

    def _leaks(self) -> list[Leak]:
        found = [account.leak() for account in tuple(self._accounts.values())]
        return [leak for leak in found if leak.tensors > 0]


class _Account:
    """One registry: its tensors at the start, and its growth since."""

    def __init__(self, registry: Watched, start: Census) -> None:
        self._registry = registry
        self._known = start.live
        # They may vanish silently at any moment, which must not offset a leak.
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
    """Return the number of all leaked tensors."""
    return sum(leak.tensors for leak in leaks)


def describe(leaks: list[Leak], allow: int) -> str:
    """Return the number of leaked tensors, and a table of them for each engine."""
    count = total(leaks)
    what = "1 tensor" if count == 1 else f"{count} tensors"
    allowed = f" ({allow} allowed)" if allow else ""
    return "\n\n".join([f"{what} leaked{allowed}", *(str(leak.report) for leak in leaks)])


@contextmanager
def _no_resource_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
