"""Doing a slow load once for everybody who asks while it is under way, and for everybody who asks later."""

import threading
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Generic, TypeVar

from humanrt.runtime.background import background
from humanrt.runtime.completion import completion

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class SingleFlight(Generic[Key, Value]):
    """Loads each key once and keeps the result until it is forgotten.

    A load runs in the background and belongs to none of its callers. It belongs to the owner of this object, who awaits
    `drain()` and disposes `loaded()` at the end.

    Every method may be called from any thread and any event loop.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Key, Future[Value]] = {}

    async def get(self, key: Key, load: Callable[[], Value]) -> Value:
        """Return the value of `key`, loading it with the blocking call `load` unless it is there or on its way.

        Cancelling the call ends its waiting and not the load. When the load fails, every caller that waits gets its
        error, and the next call loads again.
        """
        return (await self.get_all({key: load}))[key]

    async def get_all(self, loads: Mapping[Key, Callable[[], Value]]) -> dict[Key, Value]:
        """Return the values of several keys, loading side by side what is not there; otherwise as `get`."""
        flights = {key: self._join(key, load) for key, load in loads.items()}
        for flight in flights.values():
            if not flight.done():
                await completion(flight).wait()
        return {key: flight.result() for key, flight in flights.items()}

    def loaded(self) -> dict[Key, Value]:
        """Return a copy of what is loaded by now, by key; loads under way are not in it."""
        with self._lock:
            return {key: flight.result() for key, flight in self._flights.items() if flight.done()}

    def forget(self, key: Key) -> None:
        """Drop the value of `key`, which is the caller's to dispose. A load under way is not forgotten."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None and flight.done():
                del self._flights[key]

    async def drain(self) -> None:
        """Wait until no load is under way. Their errors belong to those who asked for them."""
        while flights := self._under_way():
            await completion(flights[0]).wait()

    def _join(self, key: Key, load: Callable[[], Value]) -> Future[Value]:
        """Return the flight of `key`, started now if there is none."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is None:
                flight = background(partial(self._load, key, load), name=f"humanrt-load-{key}")
                self._flights[key] = flight
            return flight

    def _load(self, key: Key, load: Callable[[], Value]) -> Value:
        """Load a key, and forget it when that fails; this runs on the thread of its flight."""
        try:
            return load()
        except BaseException:
            with self._lock:
                del self._flights[key]
            raise

    def _under_way(self) -> list[Future[Value]]:
        with self._lock:
            return [flight for flight in self._flights.values() if not flight.done()]
