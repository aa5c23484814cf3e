"""Views of tensors that were handed out to NumPy, or to others over DLPack."""

from __future__ import annotations

from weakref import WeakValueDictionary

import numpy as np

from humanrt.tensors.buffer import Array


class Exports:
    """Makes the views of one registry, and knows how many are still alive in one form or another."""

    def __init__(self) -> None:
        self._keepers: WeakValueDictionary[int, Array] = WeakValueDictionary()

    def view(self, array: Array) -> Array:
        """Return a zero-copy view that nobody can make writable.

        A view made with ``flags.writeable = False`` can be switched back; one on a read-only memoryview cannot. Slices
        may outlive the array they were cut from, because NumPy shortens chains of bases. But it stops at a memoryview,
        and every memoryview holds the array that it was first made from: an own one here, which nobody else holds.
        """
        keeper = array.view()
        self._keepers[id(keeper)] = keeper
        return np.asarray(keeper.data.toreadonly())

    def reasons(self) -> tuple[str, ...]:
        """Say what memory may be in use that no tensor accounts for; a sentence each, none when there is none."""
        views = len(self._keepers)
        return (f"NumPy views still alive: {views}; each holds its tensor's memory, disposed or not",) if views else ()
