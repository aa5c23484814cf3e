"""Recall, precision and average precision of detected faces, and the ROC of similarities."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bench.truth import Box, TrueFace

LEAST_OVERLAP = 0.5  # intersection over union of a face that is found


class Detected(NamedTuple):
    """A detected face."""

    score: float
    box: Box


Picture: TypeAlias = tuple[Sequence[TrueFace], Sequence[Detected]]


class Sizes(NamedTuple):
    """Faces that are at least ``least`` and below ``most`` pixels high."""

    name: str
    least: float
    most: float = np.inf

    def has(self, box: Box) -> bool:
        """Return whether a box has this size."""
        return self.least <= box[3] < self.most


@dataclass(frozen=True)
class Score:
    """How many faces there are, how many were found, how many detections are none, and the average precision."""

    faces: int
    found: int
    false: int
    average_precision: float

    @property
    def recall(self) -> float:
        """The part of the faces that was found."""
        return self.found / self.faces if self.faces else np.nan

    @property
    def precision(self) -> float:
        """The part of the detections that are faces."""
        return self.found / (self.found + self.false) if self.found + self.false else np.nan


def score(pictures: Iterable[Picture], sizes: Sizes) -> Score:
    """Return the score of the detections in pictures, of faces of some sizes.

    The best detection comes first, and takes the face that it overlaps most. Faces that are ignored or of other sizes
    count neither as missed nor, if they are found, as found; so do detections of other sizes that are no face.
    """
    faces, marks = _marks(pictures, sizes)
    found = sum(is_face for _, is_face in marks)
    return Score(faces, found, len(marks) - found, average_precision(marks, faces))


def precision_recall(pictures: Iterable[Picture], sizes: Sizes) -> list[tuple[float, float]]:
    """Return recall and precision down to each score, the highest first; ``score()`` has the last of them."""
    faces, marks = _marks(pictures, sizes)
    hits = np.array([is_face for _, is_face in sorted(marks, key=lambda mark: -mark[0])], bool)
    found = np.cumsum(hits)
    return [*zip((found / max(faces, 1)).tolist(), (found / np.arange(1, len(hits) + 1)).tolist(), strict=True)]


def _marks(pictures: Iterable[Picture], sizes: Sizes) -> tuple[int, list[tuple[float, bool]]]:
    """Return the number of faces, and the score of each detection and whether it is a face."""
    faces, marks = 0, []
    for truth, detections in pictures:
        counted = [not face.ignored and sizes.has(face.box) for face in truth]
        faces += sum(counted)
        taken: set[int] = set()
        for score_, box in sorted(detections, reverse=True):
            hit = _best(box, truth, counted, taken)
            if hit is not None:
                taken.add(hit)
                if counted[hit]:
                    marks.append((score_, True))
            elif sizes.has(box):
                marks.append((score_, False))
    return faces, marks


def _best(box: Box, truth: Sequence[TrueFace], counted: Sequence[bool], taken: set[int]) -> int | None:
    """Return the index of the face that a box overlaps most, of those that count first."""
    free = [(counted[i], overlap(box, face.box), i) for i, face in enumerate(truth) if i not in taken]
    likely = [candidate for candidate in free if candidate[1] >= LEAST_OVERLAP]
    return max(likely)[2] if likely else None


def average_precision(marks: Sequence[tuple[float, bool]], faces: int) -> float:
    """Return the area under the curve of precision over recall, each precision the best of the same or more recall.

    ``marks`` are scores, and whether each detection is a face. The last point of the curve is at the lowest score.
    """
    if not faces:
        return np.nan
    if not marks:
        return 0.0
    hits = np.array([is_face for _, is_face in sorted(marks, key=lambda mark: -mark[0])])
    found = np.cumsum(hits)
    precision = np.maximum.accumulate((found / np.arange(1, len(hits) + 1))[::-1])[::-1]
    return float((precision * hits).sum() / faces)


def overlap(box: Box, other: Box) -> float:
    """Return the intersection over union of two boxes."""
    sides = [min(box[i] + box[i + 2], other[i] + other[i + 2]) - max(box[i], other[i]) for i in (0, 1)]
    intersection = max(sides[0], 0.0) * max(sides[1], 0.0)
    union = box[2] * box[3] + other[2] * other[3] - intersection
    return intersection / union if union else 0.0


@dataclass(frozen=True)
class Roc:
    """The similarities of pairs: thresholds, and the parts of the pairs of two and of one person that reach each.

    Both parts fall with the thresholds.
    """

    thresholds: NDArray[np.float64]
    false_accepts: NDArray[np.float64]
    true_accepts: NDArray[np.float64]
    area: float

    def at(self, false_accepts: float) -> tuple[float, float]:
        """Return the lowest threshold that accepts at most a part of the strangers, and what it accepts of the rest."""
        i = int(np.argmax(self.false_accepts <= false_accepts))
        return float(self.thresholds[i]), float(self.true_accepts[i])


def roc(similarities: Sequence[float], same: Sequence[bool]) -> Roc:
    """Return the ROC of the similarities of pairs, of which ``same`` are of one person.

    Raises ``ValueError`` if all pairs are of one person, or none is.
    """
    values, is_same = np.array(similarities, np.float64), np.array(same, bool)
    if is_same.all() or not is_same.any():
        raise ValueError("a ROC needs pairs of one person and pairs of two")
    ours, others = np.sort(values[is_same]), np.sort(values[~is_same])
    thresholds = np.append(np.unique(values), np.inf)
    above = [1 - np.searchsorted(each, thresholds, "left") / len(each) for each in (others, ours)]
    # The probability that a pair of one person is the more similar one; equal ones count half.
    less = np.searchsorted(others, ours, "left") + np.searchsorted(others, ours, "right")
    return Roc(thresholds, above[0], above[1], float(less.sum() / 2 / len(ours) / len(others)))


def accuracy(similarities: Sequence[float], same: Sequence[bool], threshold: float) -> float:
    """Return the part of the pairs that a threshold tells right; a similarity of exactly the threshold is accepted."""
    return float(np.mean((np.array(similarities) >= threshold) == np.array(same)))
