"""Slow loads that run once for all callers, those who ask during the load and those who ask later."""

import threading
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Generic, TypeVar

from humanrt.runtime.futures import background, completion, running_loop

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class SingleFlight(Generic[Key, Value]):
    """Values that are loaded once for each key and kept until they are forgotten.

    A load runs in the background and belongs to none of its callers. It belongs to the owner of this object, which
    awaits ``drain()`` and disposes the values of ``loaded()`` at the end.

    Every method may be called from any thread and any event loop.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Key, Future[Value]] = {}

    async def get(self, key: Key, load: Callable[[], Value]) -> Value:
        """Return the value of ``key``; load it with the blocking call ``load`` unless it is loaded or loading.

        Cancelling the call ends its wait and not the load. If the load fails, all callers that wait get its error, and
        the next call loads again.
        """
        return (await self.get_all({key: load}))[key]

    async def get_all(self, loads: Mapping[Key, Callable[[], Value]]) -> dict[Key, Value]:
        """Return the values of several keys, loading the missing ones concurrently; otherwise as ``get()``."""
        running_loop()  # raises before a load is started
        flights = {key: self._join(key, load) for key, load in loads.items()}
        for flight in flights.values():
            if not flight.done():
                await completion(flight).wait()
        return {key: flight.result() for key, flight in flights.items()}

    def loaded(self) -> dict[Key, Value]:
        """Return a copy of the loaded values by key, without those that are loading."""
        with self._lock:
            return {key: flight.result() for key, flight in self._flights.items() if flight.done()}

    def forget(self, key: Key) -> None:
        """Remove the value of ``key``, which the caller disposes. A key that is loading stays."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None and flight.done():
                del self._flights[key]

    async def drain(self) -> None:
        """Wait until nothing is loading. Errors are raised in the calls of ``get()`` only."""
        while flights := self._under_way():
            await completion(flights[0]).wait()

    def _join(self, key: Key, load: Callable[[], Value]) -> Future[Value]:
        """Return the flight of ``key``, starting it if there is none."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is None:
                flight = background(partial(self._load, key, load), name=f"humanrt-load-{key}")
                self._flights[key] = flight
            return flight

    def _load(self, key: Key, load: Callable[[], Value]) -> Value:
        """Load a key on the thread of its flight; forget it if that fails."""
        try:
            return load()
        except BaseException:
            with self._lock:
                del self._flights[key]
            raise

    def _under_way(self) -> list[Future[Value]]:
        with self._lock:
            return [flight for flight in self._flights.values() if not flight.done()]
