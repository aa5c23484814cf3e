"""Admission: which calls may hold a picture in memory, and which wait until others have ended.

A call that must decode or copy its picture takes its place in the order of arrival:

- It begins when fewer calls of its Human have begun than there are worker threads, and one more. A call that has begun
  is computed by all threads, so that a call that waits would only delay it, and hold memory meanwhile.
- Of the calls that wait to begin, a Human may limit the number and the time: what exceeds these raises
  ``OverloadedError``.
- Before memory is allocated for the picture it is counted: encoded bytes that are read, the decoded form at its widest,
  copies, and the working copies of modules. What exceeds the budget of the Human, or that of the process, waits.

A picture that is larger than the whole budget waits until no other is in memory, and is then admitted alone. Memory of
the caller is not counted: an array that needs no copy, encoded bytes.

Calls wait in any number of event loops, and are admitted by whatever thread ends another call. So each waits for a
future of its own loop; a limiter of anyio belongs to one loop.
"""

import asyncio
import io
import itertools
import os
import threading
from bisect import insort
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from humanrt.errors import OverloadedError
from humanrt.imaging.room import NoRoom
from humanrt.runtime import scheduler
from humanrt.runtime.cpu_budget import cpu_budget
from humanrt.runtime.futures import running_loop
from humanrt.runtime.memory_budget import memory_budget

Value = TypeVar("Value")

LARGEST_DEFAULT_BUDGET = 512 * 2**20


def default_budget() -> int:
    """Return the default budget in bytes: 512 MiB, or a quarter of the memory of the container if that is less."""
    memory = memory_budget()
    return LARGEST_DEFAULT_BUDGET if memory is None else min(LARGEST_DEFAULT_BUDGET, memory // 4)


class AdmissionStatistics(NamedTuple):
    """The counters of the process: calls that have begun and that wait, bytes now and at the peak."""

    begun: int
    waiting: int
    used: int
    peak: int


class Desk:
    """Where the calls of the process are admitted. Every method may be called from any thread.

    ``limit`` is the budget of the process in bytes; a Human whose own budget is larger may use that. ``calls`` is the
    number of calls of one Human that may have begun.
    """

    def __init__(self, limit: int, calls: int) -> None:
        self.limit = limit
        self.calls = calls
        self._lock = threading.Lock()  # guards everything below, and the counters of budgets and places
        self._crowded: list[Budget] = []  # those for which calls wait
        self._left: deque[Place] = deque()
        self._begun = self._used = self._parked = self._peak = 0

    def begin(self, place: "Place", woken: asyncio.Future[None] | None = None) -> bool:
        """Admit a call with the bytes that it claims, and return True; without room for it, return False.

        With ``woken`` the call then waits: it is admitted later, and the future is done.

        Raises ``OverloadedError`` if it would wait to begin, and the queue of its budget is full.
        """
        with self._lock:
            place.woken = woken
            self._queue(place)
            self._admit()
            admitted = not place.waits
            refused = not (admitted or place.begun) and place.budget.overfull
            if not admitted and (woken is None or refused):
                self._unqueue(place)
        self._settle()
        if refused:
            raise OverloadedError(
                f"{place.budget.max_queue} calls wait already, which is the longest queue; repeat the call later"
            )
        return admitted

    def shrink(self, place: "Place", count: int) -> None:
        """Lower what a call holds to so many bytes."""
        with self._lock:
            self._add(place, count - place.held)
            self._admit()
        self._settle()

    def leave(self, place: "Place") -> None:
        """End a call, waiting or not. Idempotent."""
        # The garbage collector may run this, at the end of a coroutine that was never resumed, on a thread that has the
        # lock. That thread then finds the place when it has released the lock.
        self._left.append(place)
        self._settle()

    def statistics(self) -> AdmissionStatistics:
        """Return a consistent snapshot of the counters."""
        with self._lock:
            waiting = sum(len(budget.waiting) for budget in self._crowded)
            statistics = AdmissionStatistics(self._begun, waiting, self._used, self._peak)
        self._settle()
        return statistics

    def _settle(self) -> None:
        """Release what calls held that have left. Call it after the lock was released."""
        while self._left and self._lock.acquire(blocking=False):
            try:
                while self._left:
                    self._remove(self._left.popleft())
                self._admit()
            finally:
                self._lock.release()

    def _remove(self, place: "Place") -> None:
        if place.waits:
            self._unqueue(place)
        self._add(place, -place.held)
        if place.begun:
            place.begun = False
            place.budget.begun -= 1
            self._begun -= 1

    def _queue(self, place: "Place") -> None:
        place.waits = True
        budget = place.budget
        insort(budget.waiting, place, key=_number)
        budget.parked += place.held
        self._parked += place.held
        if budget not in self._crowded:
            self._crowded.append(budget)

    def _unqueue(self, place: "Place") -> None:
        place.waits = False
        budget = place.budget
        budget.waiting.remove(place)
        budget.parked -= place.held
        self._parked -= place.held
        if not budget.waiting:
            self._crowded.remove(budget)

    def _add(self, place: "Place", count: int) -> None:
        place.held += count
        place.budget.used += count
        self._used += count
        self._peak = max(self._peak, self._used)

    def _admit(self) -> None:
        """Admit calls that wait, in order of arrival, as far as there is room. A full Human delays no other."""
        crowded = list(self._crowded)
        while crowded:
            budget = min(crowded, key=_first_number)
            place = budget.waiting[0]
            more = place.claim - place.held
            # Where all bytes are held by calls that wait, none of these would ever go on.
            if self._used + more > max(self.limit, budget.limit) and self._used > self._parked:
                return
            if (budget.used + more > budget.limit and budget.used > budget.parked) or (
                not place.begun and budget.begun >= budget.calls
            ):
                crowded.remove(budget)
                continue
            self._unqueue(place)
            if not budget.waiting:
                crowded.remove(budget)
            if not _wake(place.woken):
                self._remove(place)
                continue
            self._add(place, more)
            if not place.begun:
                place.begun = True
                budget.begun += 1
                self._begun += 1


def _number(place: "Place") -> int:
    return place.number


def _first_number(budget: "Budget") -> int:
    return budget.waiting[0].number


def _wake(woken: asyncio.Future[None] | None) -> bool:
    """Return whether the call still exists: its loop may have been closed."""
    if woken is not None:
        try:
            woken.get_loop().call_soon_threadsafe(_finish, woken)
        except RuntimeError:
            return False
    return True


def _finish(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)


_desk = Desk(default_budget(), cpu_budget() + 1)


def _renew_after_fork() -> None:
    # A forked child has none of the calls that the counters count, and perhaps the lock of a thread that it lacks.
    global _desk
    _desk = Desk(_desk.limit, _desk.calls)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_after_fork)


class Budget:
    """What the calls of one Human or of one pool of workers may take at the same time.

    ``limit`` is the number of bytes, ``calls`` that of calls that have begun; None for the defaults. At most
    ``max_queue`` calls wait to begin, each for ``max_wait`` seconds; None for no limit.
    """

    def __init__(
        self,
        limit: int | None = None,
        *,
        calls: int | None = None,
        max_queue: int | None = None,
        max_wait: float | None = None,
    ) -> None:
        self.desk: Desk = _desk
        self.waiting: list[Place] = []  # in order of arrival
        self.begun = self.used = self.parked = 0
        self.set_limits(limit, calls=calls, max_queue=max_queue, max_wait=max_wait)

    def set_limits(
        self, limit: int | None, *, calls: int | None, max_queue: int | None, max_wait: float | None
    ) -> None:
        """Set the limits, before the first call arrives."""
        self.limit: int = self.desk.limit if limit is None else limit
        self.calls: int = self.desk.calls if calls is None else calls
        self.max_queue: int | None = max_queue
        self.max_wait: float | None = max_wait
        self.bounded: bool = not (calls is max_queue is max_wait is None)
        """Whether calls are limited, also those that need no memory."""

    @property
    def overfull(self) -> bool:
        """Whether more calls wait to begin than may."""
        return self.max_queue is not None and self.queued > self.max_queue

    @property
    def full(self) -> bool:
        """Whether a call that arrived now would be refused."""
        return self.max_queue is not None and self.begun >= self.calls and self.queued >= self.max_queue

    @property
    def queued(self) -> int:
        """The number of calls that wait to begin."""
        return sum(not place.begun for place in tuple(self.waiting))


@dataclass(slots=True, eq=False)
class Place:
    """The place of one call, which is the ``Room`` of the picture that it reads.

    ``working`` is the number of bytes that the call allocates for each pixel once the picture is read.
    """

    budget: Budget
    working: int = 0
    number: int = field(default_factory=itertools.count().__next__)
    held: int = 0
    """The bytes that are counted."""
    claim: int = 0
    """The bytes that the reading in progress needs, as far as it has got."""
    after: int = 0
    """The bytes that stay counted when the picture is read."""
    begun: bool = False
    waits: bool = False
    woken: asyncio.Future[None] | None = None
    file: io.BytesIO | None = None

    async def _make_room(self) -> None:
        """Release what the reading held, and wait for room for what it claimed."""
        kept = 0 if self.file is None else self.file.tell()
        if self.held > kept:
            self.budget.desk.shrink(self, kept)
        await self.begin()
        self.claim = kept

    async def begin(self) -> None:
        """Wait until the call may begin, with the bytes that it claims.

        Raises ``OverloadedError`` if the queue is full, or the call has waited for its longest time.
        """
        woken = running_loop().create_future()
        if self.budget.desk.begin(self, woken):
            return
        longest = None if self.begun else self.budget.max_wait
        try:
            async with asyncio.timeout(longest):
                await woken
        except TimeoutError:
            raise OverloadedError(
                f"the call has waited for {longest} s, the longest time, and others are still computed; repeat it later"
            ) from None

    async def read(
        self, read: Callable[[], Value], *, waits: bool, on_cancel: Callable[[], None] | None = None
    ) -> Value:
        """Call ``read``, which is given this room, on a worker thread; as often as there is no room, wait.

        With ``waits`` the call begins first, so that not even the encoded picture is read before there is room.
        ``on_cancel`` makes ``read`` end soon: see ``Scheduler.run()``.
        """
        if waits:
            await self.begin()
        while True:
            try:
                value = await scheduler.run(read, on_cancel=on_cancel)
            except NoRoom:
                value = None
            if value is not None:
                break
            await self._make_room()
        if self.held:
            self.file = None
            self.budget.desk.shrink(self, self.after)
        return value

    async def read_again(self, read: Callable[[], Value]) -> Value:
        """Call ``read`` as ``read()`` does, once the picture that was read is not in memory any more."""
        self.claim = 0
        self.budget.desk.shrink(self, 0)
        return await self.read(read, waits=False)

    def leave(self) -> None:
        """End the call: nothing of it is in memory any more. Idempotent."""
        if self.begun or self.woken is not None:
            self.file = None
            self.budget.desk.leave(self)

    # -- the room of a picture

    def hold(self, count: int) -> None:
        """Count bytes that are allocated until the picture is read."""
        self.claim += count
        if self.claim > self.held and not self.budget.desk.begin(self):
            raise NoRoom

    def hold_picture(self, pixels: int, memory: int, after: int) -> None:
        """Count the picture: while it is read with the bytes held so far, afterwards with those of its modules."""
        self.after = after + pixels * self.working
        self.claim = max(self.claim + memory, self.after)
        if self.claim > self.held and not self.budget.desk.begin(self):
            raise NoRoom

    def kept_file(self) -> io.BytesIO:
        """Return what has been read of a file that cannot be read again."""
        if self.file is None:
            self.file = io.BytesIO()
        return self.file


def statistics() -> AdmissionStatistics:
    """Return the counters of the process."""
    return _desk.statistics()
