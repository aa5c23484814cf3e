"""The result of one detect()."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from humanrt.result.body import Body
from humanrt.result.face import Face
from humanrt.result.hand import Hand
from humanrt.result.object import Object
from humanrt.result.person import Gesture, Person
from humanrt.result.record import Record
from humanrt.result.row import Row
from humanrt.result.segmentation import Segmentation
from humanrt.tensors import Tensor

if TYPE_CHECKING:
    from pandas import DataFrame
    from supervision import Detections


@dataclass(frozen=True, eq=False)
class Result(Record):
    """The detections of one ``detect()`` in one picture.

    Some of the records hold tensors. ``with result:`` frees them on leaving, ``dispose()`` at once.
    """

    width: int
    """Width of the picture in pixels, after the filters."""
    height: int
    """Height of the picture in pixels, after the filters."""
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
    canvas: Tensor | None = field(default=None, repr=False)
    """The picture after the filters, uint8 [h, w, 3] RGB; None without filters, or if ``filter.return`` is False."""

    def dispose(self) -> None:
        """Free the tensors of this result. Idempotent."""
        for tensor in self.tensors():
            tensor.dispose()

    def tensors(self) -> Iterator[Tensor]:
        """Yield the tensors of this result."""
        if self.canvas is not None:
            yield self.canvas
        yield from (face.tensor for face in self.face if face.tensor is not None)
        if self.segmentation is not None:
            yield from self.segmentation.tensors()

    def to_human(self) -> dict[str, Any]:
        """Return the result as the JSON-ready dict that Human returns in JavaScript, key for key, without tensors.

        It has no segmentation, because Human's ``detect()`` has none. ``error`` is one line with the errors of all
        modules.
        """
        return super().to_human()

    @classmethod
    def from_human(cls, human: Mapping[str, Any] | str | bytes) -> "Result":
        """Return the result that Human's JSON describes: a dict, or its text. ``to_human()`` returns the same JSON.

        Numbers keep their precision: arrays are float64 where float32 does not hold them. Null is NaN. An error that
        names no module is in ``errors`` under "". There are no tensors and no segmentation.

        Raises ``InputError`` if it is anything else.
        """
        from humanrt.result.formats.from_human import from_human  # formats import the records

        return from_human(human)

    def rows(self) -> list[Row]:
        """Return a row for each face, body, hand and object: named tuples, whose fields are the columns of a table."""
        from humanrt.result.formats.rows import to_rows  # formats import the records

        return to_rows(self)

    def to_pandas(self) -> "DataFrame":
        """Return ``rows()`` as a pandas DataFrame.

        Raises ``MissingDependencyError`` without pandas, which the extra ``data`` installs.
        """
        from humanrt.result.formats.tables import to_pandas  # formats import the records

        return to_pandas(self)

    def to_supervision(self) -> "Detections":
        """Return the boxes of faces, bodies, hands and objects as ``supervision.Detections``.

        ``class_id`` is 0 for faces, 1 for bodies, 2 for hands, and 2 + ``class_`` for objects. ``data`` has
        "class_name" (the kind, or the label of an object), "kind", "id", and "person", which is -1 without one.

        Raises ``MissingDependencyError`` without supervision, which the extra ``supervision`` installs.
        """
        from humanrt.result.formats.tables import to_supervision  # formats import the records

        return to_supervision(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.dispose()
