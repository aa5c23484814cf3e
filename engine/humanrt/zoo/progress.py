"""How far a fetch has come."""

from collections.abc import Callable
from typing import NamedTuple


class Progress(NamedTuple):
    """Part of a fetch: `received` of `total` bytes of `what`, a file or a package."""

    what: str
    received: int
    total: int


# Called on the thread that fetches. What it raises ends the fetch and reaches the caller; the next goes on from there.
OnProgress = Callable[[Progress], None]
