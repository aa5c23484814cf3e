"""What all object detectors have in common."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from humanrt.config import ObjectConfig
from humanrt.errors import ModelFormatError
from humanrt.imaging import normalize, resize
from humanrt.result import Object
from humanrt.vision.family import Family
from humanrt.vision.model import InputForm
from humanrt.zoo import Card

Floats = NDArray[np.float32]


class ObjectDetector(Family, Protocol):
    """A family of models that find objects; a module of this folder."""

    @property
    def LABELED(self) -> str:  # noqa: N802  # likewise
        """The output whose labels, on the card, are the kinds of objects."""

    def prepare(self, picture: NDArray[np.uint8], form: InputForm, *, quirks: bool) -> Floats:
        """Make the model's input of a picture, uint8 [h, w, 3]; ``quirks`` computes in float32, to come out as Human.

        The whole input is filled: objects do not keep their proportions.
        """

    def decode(
        self,
        outputs: Sequence[Floats],
        form: InputForm,
        card: Card,
        size: tuple[int, int],
        settings: ObjectConfig,
        *,
        quirks: bool,
    ) -> list[Object]:
        """Read the outputs: the objects, best first, in a picture of ``size``, its width and height.

        Raises ModelFormatError for a kind that has no label on the ``card``.
        """


def scaled(picture: NDArray[np.uint8], height: int, width: int, scale: float, *, quirks: bool) -> Floats:
    """Make float32 [1, height, width, 3] of a picture, its levels 0..255 times ``scale``."""
    source: NDArray[Any] = picture.astype(np.float32) if quirks else picture
    return normalize(resize(source, height, width)[0], scale, 0.0)


def objects_of(
    boxes: NDArray[np.float64],
    scores: Sequence[float],
    kinds: NDArray[Any],
    card: Card,
    labeled: str,
    size: tuple[int, int],
    *,
    quirks: bool,
) -> list[Object]:
    """Record what was found, in the order given: ``boxes`` is [n, 4], x, y, width and height in parts of the picture.

    ``kinds`` are indices of the labels of the card's output ``labeled``; in the records they count from 1, as in
    Human's own table. ``quirks`` cuts to whole pixels. Raises ModelFormatError for a kind without a label.
    """
    labels = card.outputs[labeled].labels
    if not ((kinds >= 0) & (kinds < len(labels))).all():
        raise ModelFormatError(
            f"{card.name} gave kinds {kinds.min()} to {kinds.max()}; its card has {len(labels)} labels"
        )
    pixels = boxes * (*size, *size)
    if quirks:
        pixels = np.trunc(pixels)
    rows = zip(scores, kinds.astype(int).tolist(), pixels.tolist(), boxes.tolist(), strict=True)
    return [
        Object(i, score, kind + 1, labels[kind], box=tuple(box), box_raw=tuple(raw))
        for i, (score, kind, box, raw) in enumerate(rows)
    ]


def visible(corners: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Order two corners, [n, 4] in parts of the picture, and cut them to it; and tell which boxes have an area left."""
    low, high = (np.clip(order(corners[:, :2], corners[:, 2:]), 0, 1) for order in (np.minimum, np.maximum))
    has_area: NDArray[np.bool_] = np.all(low < high, axis=1)
    return np.hstack([low, high]), has_area


def sides_of(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn two corners, [n, 4], into x, y, width and height."""
    return np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]])
