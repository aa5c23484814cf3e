"""What all object detectors have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.config import ObjectConfig
from humanrt.errors import ConfigError, ModelFormatError
from humanrt.imaging import normalize, resize
from humanrt.result import Object
from humanrt.vision.precision import EXACT, Precision
from humanrt.vision.stage import Batch, Family
from humanrt.zoo import Card

Floats = NDArray[np.float32]


class ObjectTask(NamedTuple):
    """Settings, model card, and the image's width and height."""

    settings: ObjectConfig
    card: Card
    size: tuple[int, int]


@dataclass(frozen=True)
class ObjectFamily(Family[ObjectTask, Batch, list[Object]]):
    """A family of models that detect objects.

    ``labeled`` names the output whose labels, on the model card, are the classes. The whole input is filled: objects do
    not keep their proportions. ``decode`` returns the objects, best first; it raises ``ModelFormatError`` for a class
    without a label.
    """

    labeled: str = ""
    precision: Precision = EXACT

    def check(self, card: Card) -> None:
        """Raise ``ConfigError`` if the model card has no output with the labels."""
        if self.labeled not in card.outputs:
            raise ConfigError(f"the model card {card.name} has no output {self.labeled!r}, whose labels name objects")

    def record(
        self, boxes: NDArray[np.float64], scores: Sequence[float], classes: NDArray[Any], task: ObjectTask
    ) -> list[Object]:
        """Record what was detected, in the order given.

        ``boxes`` is [n, 4], x, y, width and height over the image's size. ``classes`` are indices of the labels; in the
        records they count from 1, as in Human's own table.
        """
        labels = task.card.outputs[self.labeled].labels
        if not ((classes >= 0) & (classes < len(labels))).all():
            raise ModelFormatError(
                f"{task.card.name} returned classes {classes.min()} to {classes.max()}; its model card has "
                f"{len(labels)} labels"
            )
        pixels = self.precision.whole(boxes * (*task.size, *task.size))
        rows = zip(scores, classes.astype(int).tolist(), pixels.tolist(), boxes.tolist(), strict=True)
        return [
            Object(i, score, index + 1, labels[index], box=tuple(box), box_raw=tuple(raw))
            for i, (score, index, box, raw) in enumerate(rows)
        ]


def scaled(picture: NDArray[Any], height: int, width: int, scale: float) -> Floats:
    """Return an image as float32 [1, height, width, 3], its levels 0..255 times ``scale``."""
    return normalize(resize(picture, height, width)[0], scale, 0.0)


def visible(corners: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Order and clip two corners, [n, 4] over the image's size; return them, and which boxes have an area left."""
    low, high = (np.clip(order(corners[:, :2], corners[:, 2:]), 0, 1) for order in (np.minimum, np.maximum))
    has_area: NDArray[np.bool_] = np.all(low < high, axis=1)
    return np.hstack([low, high]), has_area


def sides_of(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert two corners, [n, 4], to x, y, width and height."""
    return np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]])
