"""Tracks: which records of the frames of a video are of one thing.

A track predicts its box with a Kalman filter of constant velocity, and takes the record that overlaps it most; then one
that is near, then, for faces with an embedding, one that looks alike. A track without a record is lost, and is kept for
some frames: it yields to those in sight, and takes by its position only what its velocity and size explain. Time is
counted in frames, since that of a video file that is read is not that of its pictures.

Source: Bewley and others, "Simple Online and Realtime Tracking" (2016); Wojke and others, "Simple Online and Realtime
Tracking with a Deep Association Metric" (2017). ``tools/bench/tracking`` compares identity switches with ByteTrack's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.result import Box
from humanrt.streams.assignment import assign
from humanrt.streams.geometry import Floats, overlap

Embedding: TypeAlias = NDArray[np.float64]

# Standard deviations of a box: of its measured position, and of the change of its velocity from frame to frame, in
# sizes of the box.
POSITION, VELOCITY = 1 / 40, 1 / 80
# Those of the first frame.
FIRST_POSITION, FIRST_VELOCITY = 2 * POSITION, 0.3
# The least overlap, intersection over union, of a record with the prediction.
LEAST_OVERLAP = 0.02
# How much less the overlap counts with a track that is lost. A thing in sight is nearly always seen in the next frame,
# and one that is lost seldom: of two that overlap a record, it is most likely of the one that was in sight.
LOST = 0.3
# How many standard deviations from its prediction a box is that the velocity explains.
DEVIATIONS = 3.0
# The overlap from which a track that is lost takes a record whatever its velocity: the threshold of SORT.
ENOUGH_OVERLAP = 0.3
# The greatest distance of their centres, in sizes, and the greatest ratio of their sizes, where they do not overlap.
FARTHEST, LARGEST = 1.0, 2.0
# The least cosine of the embeddings of one face, and how much it counts beside the overlap.
ALIKE, WEIGHT = 0.75, 1.0
# How much of a track's embedding each frame replaces.
RENEWED = 0.1


class Seen(NamedTuple):
    """What a frame has of one thing: its box, and its embedding of length 1 if it has one."""

    box: Box
    embedding: Embedding | None = None


@dataclass(frozen=True, eq=False)
class Tracks:
    """The tracks of one kind of records, in the order of their ids.

    Boxes are centre, width and height; ``covariances`` are those of position and velocity, [n, 3], in sizes of the box.
    """

    ids: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()
    boxes: Floats = field(default_factory=lambda: np.empty((0, 4)))
    velocities: Floats = field(default_factory=lambda: np.empty((0, 4)))
    covariances: Floats = field(default_factory=lambda: np.empty((0, 3)))
    embeddings: tuple[Embedding | None, ...] = ()
    following: int = 0
    """The id of the next track."""

    def updated(self, seen: Sequence[Seen], lost_frames: int) -> "tuple[list[int], Tracks]":
        """Return the id of everything in the next frame, and the tracks after it.

        Tracks that have been lost for more than ``lost_frames`` end.
        """
        boxes = _centered([one.box for one in seen])
        predicted = self.predicted()
        found = predicted.matched(boxes, [one.embedding for one in seen])
        tracks = predicted.corrected(found, boxes, seen)
        rows = {column: row for row, column in found}
        new = [column for column in range(len(seen)) if column not in rows]
        ids = [self.ids[rows[column]] if column in rows else 0 for column in range(len(seen))]
        for number, column in enumerate(new, self.following):
            ids[column] = number
        kept = [row for row, lost in enumerate(tracks.lost) if lost <= lost_frames]
        first = np.tile([FIRST_POSITION**2, 0.0, FIRST_VELOCITY**2], (len(new), 1))
        return ids, Tracks(
            ids=(*(self.ids[row] for row in kept), *(ids[column] for column in new)),
            lost=(*(tracks.lost[row] for row in kept), *(0 for _ in new)),
            boxes=np.concatenate([tracks.boxes[kept], boxes[new]]),
            velocities=np.concatenate([tracks.velocities[kept], np.zeros((len(new), 4))]),
            covariances=np.concatenate([tracks.covariances[kept], first]),
            embeddings=(*(tracks.embeddings[row] for row in kept), *(seen[column].embedding for column in new)),
            following=self.following + len(new),
        )

    def predicted(self) -> "Tracks":
        """Return the tracks one frame later; a track that is lost keeps its size."""
        position, both, velocity = self.covariances.T
        steps = self.velocities.copy()
        steps[np.array(self.lost, bool), 2:] = 0
        covariances = (position + 2 * both + velocity + POSITION**2, both + velocity, velocity + VELOCITY**2)
        boxes = self.boxes + steps
        boxes[:, 2:] = np.maximum(boxes[:, 2:], 1e-6)
        return Tracks(
            self.ids, self.lost, boxes, self.velocities, np.stack(covariances, axis=1), self.embeddings, self.following
        )

    def matched(self, boxes: Floats, embeddings: Sequence[Embedding | None]) -> list[tuple[int, int]]:
        """Return pairs of a track and a box: by their overlap, then their distance, then their looks."""
        rows, columns = [*range(len(self.ids))], [*range(len(boxes))]
        found: list[tuple[int, int]] = []
        likeness = _likeness(self.embeddings, embeddings)
        overlaps = overlap(_cornered(self.boxes), _cornered(boxes))
        known = np.where(np.isnan(likeness), 0, WEIGHT * (likeness - ALIKE))
        known -= LOST * np.array(self.lost, bool)[:, np.newaxis]
        reached = self.reached(boxes) | (overlaps >= ENOUGH_OVERLAP)
        for scores, least in (
            (np.where(reached & (overlaps >= LEAST_OVERLAP), overlaps + known, -np.inf), LEAST_OVERLAP - WEIGHT - LOST),
            (np.where(reached, _nearness(self.boxes, boxes), -np.inf), 0.0),
            (np.where(np.isnan(likeness), -np.inf, likeness), ALIKE),
        ):
            if not rows or not columns:
                break
            pairs = [(rows[i], columns[j]) for i, j in assign(scores[np.ix_(rows, columns)], least)]
            found += pairs
            rows = [row for row in rows if row not in {row for row, _ in pairs}]
            columns = [column for column in columns if column not in {column for _, column in pairs}]
        return found

    def reached(self, boxes: Floats) -> NDArray[np.bool_]:
        """Return which boxes may be of each track, [n, m]: all if it is in sight, else those that it explains.

        These are as large, and where a thing is that went on as predicted, or stopped when it was lost.
        """
        stopped = np.linalg.norm(self.velocities[:, :2], axis=1) * (np.array(self.lost, float) + 1)
        deviations = DEVIATIONS * self._deviations()
        far = _distances(self.boxes, boxes) > (stopped + deviations)[:, np.newaxis]
        differences = np.abs(self.boxes[:, np.newaxis, 2:] - boxes[np.newaxis, :, 2:]).max(axis=2)
        unexplained: NDArray[np.bool_] = far | (differences > deviations[:, np.newaxis])
        return np.where(np.array(self.lost, bool)[:, np.newaxis], ~unexplained, True)

    def corrected(self, found: Sequence[tuple[int, int]], boxes: Floats, seen: Sequence[Seen]) -> "Tracks":
        """Return the tracks with the boxes that were found for them; the others are lost for one frame more.

        The velocity of one that turned sharply is as unknown as in its first frame.
        """
        rows, columns = [row for row, _ in found], [column for _, column in found]
        steps = np.linalg.norm(boxes[columns, :2] - self.boxes[rows, :2], axis=1)
        turned = steps > DEVIATIONS * self._deviations()[rows]
        prior = self.covariances[rows] + np.where(turned, FIRST_VELOCITY**2, 0.0)[:, np.newaxis]
        position, both, velocity = prior.T
        gain, velocity_gain = position / (position + POSITION**2), both / (position + POSITION**2)
        innovation = boxes[columns] - self.boxes[rows]
        corrected, velocities, covariances = self.boxes.copy(), self.velocities.copy(), self.covariances.copy()
        corrected[rows] += gain[:, np.newaxis] * innovation
        velocities[rows] += velocity_gain[:, np.newaxis] * innovation
        left = ((1 - gain) * position, (1 - gain) * both, velocity - velocity_gain * both)
        covariances[rows] = np.stack(left, axis=1)
        lost, embeddings = [number + 1 for number in self.lost], [*self.embeddings]
        for row, column in found:
            lost[row] = 0
            embeddings[row] = _renewed(embeddings[row], seen[column].embedding)
        return Tracks(self.ids, tuple(lost), corrected, velocities, covariances, tuple(embeddings), self.following)

    def _deviations(self) -> Floats:
        """Return the standard deviation of a measured box from the predicted one, in pixels."""
        deviations: Floats = np.sqrt((self.covariances[:, 0] + POSITION**2) * self.boxes[:, 2:].prod(axis=1))
        return deviations


def unit(embedding: NDArray[np.float32]) -> Embedding | None:
    """Return an embedding with the length 1; None for one without a direction."""
    values = embedding.astype(np.float64)
    length = float(np.linalg.norm(values))
    return values / length if length and np.isfinite(length) else None


def _centered(boxes: Sequence[Box]) -> Floats:
    """Return boxes as centre, width and height; infinite and negative ones as empty."""
    values = np.array(boxes, np.float64).reshape(-1, 4)
    values = np.where(np.isfinite(values).all(axis=1, keepdims=True), values, 0.0)
    values[:, 2:] = np.maximum(values[:, 2:], 0)
    values[:, :2] += values[:, 2:] / 2
    return values


def _cornered(boxes: Floats) -> Floats:
    """Return boxes as the top left corner, width and height."""
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, 2:]], axis=1)


def _distances(tracks: Floats, boxes: Floats) -> Floats:
    """Return the distance of the centre of each track from that of each box, [n, m]."""
    distances: Floats = np.linalg.norm(tracks[:, np.newaxis, :2] - boxes[np.newaxis, :, :2], axis=2)
    return distances


def _nearness(tracks: Floats, boxes: Floats) -> Floats:
    """Return how much nearer than ``FARTHEST`` each box is to each track, in sizes; less than 0 for another size."""
    sizes, others = np.sqrt(tracks[:, 2:].prod(axis=1))[:, np.newaxis], np.sqrt(boxes[:, 2:].prod(axis=1))
    larger, smaller = np.maximum(sizes, others), np.minimum(sizes, others)
    nearness = FARTHEST - _distances(tracks, boxes) / np.maximum(larger, 1e-6)
    return np.where(larger <= LARGEST * smaller, nearness, -np.inf)


def _likeness(tracks: Sequence[Embedding | None], embeddings: Sequence[Embedding | None]) -> Floats:
    """Return the cosine of each embedding with that of each track; NaN where there is none, or of another length."""
    likeness = np.full((len(tracks), len(embeddings)), np.nan)
    for i, known in enumerate(tracks):
        for j, other in enumerate(embeddings):
            if known is not None and other is not None and known.shape == other.shape:
                likeness[i, j] = known @ other
    return likeness


def _renewed(known: Embedding | None, other: Embedding | None) -> Embedding | None:
    if known is None or other is None or known.shape != other.shape:
        return known if other is None else other
    mean = (1 - RENEWED) * known + RENEWED * other
    length = float(np.linalg.norm(mean))
    return mean / length if length else other
