"""When the result of an earlier frame is reused: Human's frame caching, kept in a session.

A result may be reused while the frames of the video resemble each other (``cache_sensitivity``), for at most
``skip_frames`` frames and ``skip_time`` milliseconds. Human keeps results, counters and times in variables of its
modules, where every caller finds those of the others, and does not notice that the model or its settings changed.
"""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, Self, TypeVar

from humanrt.streams.session import SessionFrame

Value = TypeVar("Value")


class Limits(Protocol):
    """A section of the configuration: how many frames and milliseconds a result is reused. 0 never reuses it."""

    @property
    def skip_frames(self) -> int:
        """The most frames."""

    @property
    def skip_time(self) -> int:
        """The longest time in milliseconds."""


@dataclass(frozen=True, eq=False)
class Cached(Generic[Value]):
    """What a model returned for an earlier frame, or what later frames made of it.

    ``kind`` is what it depends on besides the pixels: the model, its settings, the size of the frame. ``skipped``
    frames have reused it since the model ran, in the frame of ``time`` milliseconds.
    """

    kind: Hashable
    value: Value
    skipped: int
    time: float

    def is_fresh(self, limits: Limits, frame: SessionFrame, *, ahead: int = 0, factor: int = 1) -> bool:
        """Return whether ``frame`` may reuse the value.

        With ``ahead`` that many more frames are counted; both limits are multiplied by ``factor``.
        """
        return (
            frame.skip_allowed
            and self.skipped + ahead < factor * limits.skip_frames
            and frame.time - self.time < factor * limits.skip_time
        )

    def reused(self, value: Value) -> Self:
        """Return the entry after one more frame, with the value for the next."""
        return replace(self, value=value, skipped=self.skipped + 1)


def load_cached(frame: SessionFrame, name: str, kind: Hashable) -> "Cached[Any] | None":
    """Return the entry of a name if it is of this kind."""
    cached = frame.load(name, Cached)
    return cached if cached is not None and cached.kind == kind else None
