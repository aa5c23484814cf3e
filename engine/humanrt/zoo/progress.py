"""How far a fetch has come."""

from collections.abc import Callable
from typing import NamedTuple


class Progress(NamedTuple):
    """Part of a fetch: `received` of `total` bytes of `what`, a file or a package."""

    what: str
    received: int
    total: int


# Called on the threads that fetch, a few at a time. What it raises ends all of them and reaches the caller; the next
# fetch goes on from there.
OnProgress = Callable[[Progress], None]
