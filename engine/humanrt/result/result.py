"""The result of one detect()."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from humanrt.result.body import Body
from humanrt.result.face import Face
from humanrt.result.hand import Hand
from humanrt.result.object import Object
from humanrt.result.person import Gesture, Person
from humanrt.result.record import Record
from humanrt.result.segmentation import Segmentation
from humanrt.tensors import Tensor


@dataclass(frozen=True, eq=False)
class Result(Record):
    """The detections of one ``detect()`` in one picture.

    Some of the records hold tensors. ``with result:`` frees them on leaving, ``dispose()`` at once.
    """

    width: int
    """Width of the picture in pixels."""
    height: int
    """Height of the picture in pixels."""
    face: tuple[Face, ...] = ()
    """The faces."""
    body: tuple[Body, ...] = ()
    """The bodies."""
    hand: tuple[Hand, ...] = ()
    """The hands."""
    object: tuple[Object, ...] = ()
    """The objects, highest score first."""
    gesture: tuple[Gesture, ...] = ()
    """The gestures of faces, bodies, hands and irises, in this order."""
    persons: tuple[Person, ...] = field(default=(), repr=False)
    """The records that belong together, one person for each face."""
    segmentation: Segmentation | None = None
    """The segment of each pixel; None if the module is off or failed."""
    errors: Mapping[str, Exception] = field(default_factory=dict)
    """The error of each module that failed, by its name in the configuration, "body" for instance; its field is then
    empty."""
    performance: Mapping[str, float] = field(default_factory=dict)
    """The times that parts of this call took, in milliseconds; the parts overlap."""
    timestamp: int = 0
    """The time when the call ended, in milliseconds since 1970-01-01 UTC."""

    def dispose(self) -> None:
        """Free the tensors of this result. Idempotent."""
        for tensor in self.tensors():
            tensor.dispose()

    def tensors(self) -> Iterator[Tensor]:
        """Yield the tensors of this result."""
        yield from (face.tensor for face in self.face if face.tensor is not None)
        if self.segmentation is not None:
            yield from self.segmentation.tensors()

    def to_human(self) -> dict[str, Any]:
        """Return the result as the JSON-ready dict that Human returns in JavaScript, key for key, without tensors.

        It has no segmentation, because Human's ``detect()`` has none. ``error`` is one line with the errors of all
        modules.
        """
        return super().to_human()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.dispose()
