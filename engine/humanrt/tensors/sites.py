"""Where in the caller's code a tensor was made and disposed."""

from __future__ import annotations

import sys
import time
from types import FrameType

UNRECORDED = "a place that was not recorded (track_sites=True records it)"

_PACKAGE = __name__.partition(".")[0]


class Sites:
    """The history of one tensor, shared by its handle and the registry; places are "file:line in function"."""

    __slots__ = ("created", "created_at", "disposed", "shape")

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.created: str = call_site()
        self.created_at: float = time.monotonic()
        self.shape: tuple[int, ...] = shape
        self.disposed: str | None = None


def call_site() -> str:
    """Return the innermost place outside this package from which the current call was made."""
    frame = sys._getframe()  # noqa: SLF001 - documented; inspect.currentframe() is the same, typed as optional
    while frame.f_back is not None and _is_ours(frame):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_qualname}"


def _is_ours(frame: FrameType) -> bool:
    module: str = frame.f_globals.get("__name__", "")
    return module.partition(".")[0] == _PACKAGE
