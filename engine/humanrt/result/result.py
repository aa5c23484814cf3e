"""Everything that one detect() found."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from humanrt.result.body import Body
from humanrt.result.face import Face
from humanrt.result.formats import number
from humanrt.result.gesture import Gesture
from humanrt.result.hand import Hand
from humanrt.result.object import Object
from humanrt.result.person import Person
from humanrt.result.segmentation import Segmentation
from humanrt.tensors import Tensor


@dataclass(frozen=True, eq=False)
class Result:
    """Everything one detect() found in one picture of ``width`` x ``height`` pixels.

    ``errors`` holds what a module of Human, "body" for instance, failed with: then that field is empty, and the others
    stand. ``performance`` holds milliseconds measured by this very call; ``timestamp`` is in milliseconds since 1970
    (UTC). ``with result:`` frees its tensors on leaving; dispose() does it at once.
    """

    width: int
    height: int
    face: tuple[Face, ...] = ()
    body: tuple[Body, ...] = ()
    hand: tuple[Hand, ...] = ()
    object: tuple[Object, ...] = ()
    gesture: tuple[Gesture, ...] = ()
    persons: tuple[Person, ...] = field(default=(), repr=False)
    segmentation: Segmentation | None = None
    errors: Mapping[str, Exception] = field(default_factory=dict)
    performance: Mapping[str, float] = field(default_factory=dict)
    timestamp: int = 0

    def dispose(self) -> None:
        """Free the tensors of this result; doing it again changes nothing."""
        for tensor in self.tensors():
            tensor.dispose()

    def tensors(self) -> Iterator[Tensor]:
        """Go through the tensors of this result."""
        yield from (face.tensor for face in self.face if face.tensor is not None)
        if self.segmentation is not None:
            yield from self.segmentation.tensors()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.dispose()

    def to_human(self) -> dict[str, Any]:
        """Give the result as the JSON-ready dict that Human gives in JavaScript, key for key, without tensors.

        Human's detect() knows no segmentation, so that there is none here. ``error`` is one line of what failed.
        """
        return {
            "face": [face.to_human() for face in self.face],
            "body": [body.to_human() for body in self.body],
            "hand": [hand.to_human() for hand in self.hand],
            "gesture": [gesture.to_human() for gesture in self.gesture],
            "object": [thing.to_human() for thing in self.object],
            "performance": {name: number(milliseconds) for name, milliseconds in self.performance.items()},
            "timestamp": self.timestamp,
            "error": "; ".join(f"{module}: {error}" for module, error in self.errors.items()) or None,
            "width": self.width,
            "height": self.height,
            "persons": [person.to_human() for person in self.persons],
        }
