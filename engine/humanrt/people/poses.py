"""The poses of hands that have a name, as tables.

They and their weights are those of Human's src/hand/fingergesture.ts, after the project fingerpose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from humanrt.result import Curl, Direction, Finger

FINGERS = ("thumb", "index", "middle", "ring", "pinky")
# Curls and directions that several poses share.
CLOSED: Mapping[Curl, float] = {"full": 1.0}
BENT: Mapping[Curl, float] = {"full": 0.5}
STRAIGHT: Mapping[Curl, float] = {"none": 0.75}
SIDEWAYS: Mapping[Direction, float] = {"horizontalLeft": 1.0, "horizontalRight": 1.0}
FOLDED: Mapping[Direction, float] = {
    "verticalUp": 0.2,
    "diagonalUpLeft": 1.0,
    "diagonalUpRight": 1.0,
    "horizontalLeft": 0.2,
    "horizontalRight": 0.2,
}


@dataclass(frozen=True)
class Pose:
    """The curls and directions that each finger may have, and how well each fits, 0..1.

    A finger without an entry fits. ``heavy`` fingers count twice. ``defining`` fingers distinguish the pose from
    others: unless each has one of its curls, it is another pose.
    """

    name: str
    defining: Sequence[str]
    curls: Mapping[str, Mapping[Curl, float]]
    directions: Mapping[str, Mapping[Direction, float]] = field(default_factory=dict)
    heavy: Sequence[str] = ()

    def confidence(self, fingers: Mapping[str, Finger]) -> float:
        """Return how well the fingers of a hand fit, 0..1."""
        weights = {name: 2.0 if name in self.heavy else 1.0 for name in FINGERS}
        whole = sum(weights.values())
        fits = [self.curls[name].get(fingers[name].curl, 0.0) if name in self.curls else 1.0 for name in FINGERS]
        fits += [
            self.directions[name].get(fingers[name].direction, 0.0) if name in self.directions else 1.0
            for name in FINGERS
        ]
        weighted = zip(fits, [weights[name] * len(FINGERS) / whole for name in FINGERS] * 2, strict=True)
        return sum(fit * weight for fit, weight in weighted) / len(fits)

    def is_defined_by(self, fingers: Mapping[str, Finger]) -> bool:
        """Return whether the defining fingers have one of their curls."""
        return all(fingers[name].curl in self.curls[name] for name in self.defining)


THUMBS_UP = Pose(
    "thumbs up",
    defining=("thumb",),
    curls={"thumb": {"none": 1.0}, **dict.fromkeys(FINGERS[1:], CLOSED)},
    directions={
        "thumb": {"verticalUp": 1.0, "diagonalUpLeft": 0.25, "diagonalUpRight": 0.25},
        **dict.fromkeys(FINGERS[1:], SIDEWAYS),
    },
)
VICTORY = Pose(
    "victory",
    defining=("index", "middle"),
    curls={
        "thumb": {"half": 0.5, "none": 0.5},
        "index": {"none": 1.0},
        "middle": {"none": 1.0},
        "ring": CLOSED,
        "pinky": CLOSED,
    },
    directions={
        "thumb": {"verticalUp": 1.0, "diagonalUpLeft": 1.0, "diagonalUpRight": 1.0},
        "index": {"verticalUp": 0.75, "diagonalUpLeft": 1.0, "diagonalUpRight": 1.0},
        "middle": {"verticalUp": 1.0, "diagonalUpLeft": 0.75, "diagonalUpRight": 0.75},
        "ring": FOLDED,
        "pinky": FOLDED,
    },
    heavy=("index", "middle"),
)
POINT = Pose(
    "point",
    defining=("index", "middle"),
    curls={"thumb": CLOSED, "index": {"none": 0.5}, **dict.fromkeys(FINGERS[2:], BENT)},
    heavy=("index", "middle"),
)
MIDDLE_FINGER = Pose(
    "middle finger",
    defining=("index", "middle"),
    curls={"thumb": {"none": 1.0}, "index": BENT, "middle": {"none": 0.5}, "ring": BENT, "pinky": BENT},
    heavy=("index", "middle"),
)
OPEN_PALM = Pose("open palm", defining=FINGERS[1:], curls=dict.fromkeys(FINGERS, STRAIGHT))

POSES = (THUMBS_UP, VICTORY, POINT, MIDDLE_FINGER, OPEN_PALM)
