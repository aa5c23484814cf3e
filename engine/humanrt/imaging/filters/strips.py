"""Parts of a picture that are computed one after the other, so that no filter needs a second whole picture."""

import asyncio
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Picture: TypeAlias = NDArray[np.uint8]
"""uint8 [h, w, 3] RGB."""

Stopped: TypeAlias = Callable[[], bool]
"""Returns whether the call was cancelled."""

# The pixels of a strip: as float32 they take 0.8 MB, which stays in the cache of a core.
STRIP_PIXELS = 2**16


def never() -> bool:
    """Return False: the call cannot be cancelled."""
    return False


def check(stopped: Stopped) -> None:
    """Raise ``asyncio.CancelledError`` if the call was cancelled."""
    if stopped():
        raise asyncio.CancelledError


def strips(length: int, across: int, stopped: Stopped, least: int = 1) -> Iterator[slice]:
    """Yield slices that cover ``length`` rows or columns, each of which has ``across`` pixels.

    A slice has at least ``least`` of them. Raises ``asyncio.CancelledError`` if the call was cancelled.
    """
    step = max(least, STRIP_PIXELS // max(1, across))
    for start in range(0, length, step):
        check(stopped)
        yield slice(start, min(start + step, length))


def store(values: NDArray[np.float32], out: Picture) -> None:
    """Write float32 values to ``out``, rounded to even and clipped to 0..255. ``values`` is overwritten."""
    np.rint(values, out=values)
    np.clip(values, 0, 255, out=values)
    out[...] = values
