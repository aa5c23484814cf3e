"""Generated clips of moving boxes, with who is who: crossings, occlusions, missed detections and jitter."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1280, 720
# Standard deviation of a detected box, in sizes of it.
JITTER = 0.02
# A box of which so much is behind a nearer one is not detected.
HIDDEN = 0.6
# The probability that a box is missed for some frames, and the most frames.
MISSED, MOST_MISSED = 0.01, 8

Boxes = NDArray[np.float64]  # [n, 4]: x, y, width, height


class Frame(NamedTuple):
    """The detections of one frame: boxes, and which thing each is of."""

    boxes: Boxes
    things: Sequence[int]


@dataclass(frozen=True)
class Motion:
    """How things move: ``count`` of them in ``frames`` frames, at ``speed`` sizes a frame at most."""

    count: int
    frames: int
    speed: float
    turning: float = 0.0
    occluder: bool = False


CLIPS: Mapping[str, Motion] = {
    "two cross": Motion(2, 120, 0.08),
    "six cross": Motion(6, 200, 0.08),
    "behind a pillar": Motion(4, 200, 0.06, occluder=True),
    "a crowd": Motion(14, 240, 0.05, turning=0.03),
    "few frames a second": Motion(4, 120, 0.45, turning=0.05),
}


def clip(motion: Motion, seed: int) -> Iterator[Frame]:
    """Yield the frames of a clip; things bounce off the edges, and those with higher numbers are nearer."""
    rng = np.random.default_rng(seed)
    sizes = rng.uniform(60, 120, (motion.count, 1)) * (1.0, 1.3)
    places = rng.uniform((150, 150), (WIDTH - 150, HEIGHT - 150), (motion.count, 2))
    angles = rng.uniform(0, 2 * np.pi, motion.count)
    speeds = rng.uniform(0.4, 1, motion.count) * motion.speed * sizes[:, 0]
    missed = np.zeros(motion.count, int)
    for _ in range(motion.frames):
        angles += rng.normal(0, motion.turning, motion.count)
        steps = np.stack([np.cos(angles), np.sin(angles)], axis=1) * speeds[:, np.newaxis]
        places += steps
        for axis, length in ((0, WIDTH), (1, HEIGHT)):
            out = (places[:, axis] < 0) | (places[:, axis] > length)
            places[:, axis] = np.clip(places[:, axis], 0, length)
            angles[out] = np.pi * (1 - axis) - angles[out]
        boxes = np.concatenate([places - sizes / 2, sizes], axis=1)
        starts = (rng.random(motion.count) < MISSED) & (missed == 0)
        missed = np.where(starts, rng.integers(1, MOST_MISSED + 1, motion.count), np.maximum(missed - 1, 0))
        seen = [i for i in range(motion.count) if not missed[i] and not _hidden(boxes, i, pillar=motion.occluder)]
        jitter = rng.normal(0, JITTER, (len(seen), 4)) * np.tile(sizes[seen], 2)
        order = rng.permutation(len(seen))
        yield Frame((boxes[seen] + jitter)[order], [seen[i] for i in order])


def _hidden(boxes: Boxes, i: int, *, pillar: bool) -> bool:
    """Return whether a box is mostly behind a nearer one, or behind a pillar in the middle."""
    nearer = [*boxes[i + 1 :]]
    if pillar:
        nearer.append(np.array([WIDTH / 2 - 70, 0, 140, HEIGHT]))
    x, y, width, height = boxes[i]
    for left, top, other_width, other_height in nearer:
        common = (min(x + width, left + other_width) - max(x, left), min(y + height, top + other_height) - max(y, top))
        if min(common) > 0 and common[0] * common[1] > HIDDEN * width * height:
            return True
    return False


def switches(frames: Sequence[Frame], track: Callable[[Boxes], Sequence[int]], lost_frames: int) -> int:
    """Return how often the id of a thing changes; ``track`` returns the ids of the boxes of a frame, -1 for none.

    A thing that was not detected in more than ``lost_frames`` frames is another: its track has ended by then.
    """
    known: dict[int, int] = {}
    detected: dict[int, int] = {}
    changed = 0
    for index, frame in enumerate(frames):
        for thing, number in zip(frame.things, track(frame.boxes), strict=True):
            if index - detected.get(thing, index) > lost_frames + 1:
                known.pop(thing, None)
            detected[thing] = index
            if number >= 0:
                changed += known.get(thing, number) != number
                known[thing] = number
    return changed
