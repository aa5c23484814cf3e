"""The poses of hands that have a name, as tables.

They are Human's, with its weights: see its src/hand/fingergesture.ts, after the project fingerpose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from humanrt.result import Curl, Direction, Finger

FINGERS = ("thumb", "index", "middle", "ring", "pinky")
# How fingers are held in several poses.
CLOSED: Mapping[Curl, float] = {"full": 1.0}
BENT: Mapping[Curl, float] = {"full": 0.5}
STRAIGHT: Mapping[Curl, float] = {"none": 0.75}
SIDEWAYS: Mapping[Direction, float] = {"horizontalLeft": 1.0, "horizontalRight": 1.0}
FOLDED: Mapping[Direction, float] = {"verticalUp": 0.2, "diagonalUpLeft": 1.0, "horizontalLeft": 0.2}
# What the other hand does instead.
OTHER_SIDE: Mapping[Direction, Direction] = {"diagonalUpLeft": "diagonalUpRight", "horizontalLeft": "horizontalRight"}


@dataclass(frozen=True)
class Pose:
    """How the fingers are held: the curls and directions that each may have, and how well these fit, 0..1.

    A finger of which nothing is said fits. ``heavy`` fingers count twice. ``telling`` ones make the pose what it is:
    without one of their curls it is another.
    """

    name: str
    telling: Sequence[str]
    curls: Mapping[str, Mapping[Curl, float]]
    directions: Mapping[str, Mapping[Direction, float]] = field(default_factory=dict)
    heavy: Sequence[str] = ()

    def confidence(self, fingers: Mapping[str, Finger]) -> float:
        """Tell how well the fingers of a hand fit, 0..1."""
        weights = {name: 2.0 if name in self.heavy else 1.0 for name in FINGERS}
        whole = sum(weights.values())
        fits = [self.curls[name].get(fingers[name].curl, 0.0) if name in self.curls else 1.0 for name in FINGERS]
        fits += [
            self.directions[name].get(fingers[name].direction, 0.0) if name in self.directions else 1.0
            for name in FINGERS
        ]
        weighted = zip(fits, [weights[name] * len(FINGERS) / whole for name in FINGERS] * 2, strict=True)
        return sum(fit * weight for fit, weight in weighted) / len(fits)

    def is_told(self, fingers: Mapping[str, Finger]) -> bool:
        """Tell whether the telling fingers have one of their curls."""
        return all(fingers[name].curl in self.curls[name] for name in self.telling)


THUMBS_UP = Pose(
    "thumbs up",
    telling=("thumb",),
    curls={"thumb": {"none": 1.0}, **dict.fromkeys(FINGERS[1:], CLOSED)},
    directions={
        "thumb": {"verticalUp": 1.0, "diagonalUpLeft": 0.25, "diagonalUpRight": 0.25},
        **dict.fromkeys(FINGERS[1:], SIDEWAYS),
    },
)
HUMANS_VICTORY = Pose(
    "victory",
    telling=("index", "middle"),
    curls={
        "thumb": {"half": 0.5, "none": 0.5},
        "index": {"none": 1.0},
        "middle": {"none": 1.0},
        "ring": CLOSED,
        "pinky": CLOSED,
    },
    directions={
        "thumb": {"verticalUp": 1.0, "diagonalUpLeft": 1.0},
        "index": {"verticalUp": 0.75, "diagonalUpLeft": 1.0},
        "middle": {"verticalUp": 1.0, "diagonalUpLeft": 0.75},
        "ring": FOLDED,
        "pinky": FOLDED,
    },
    heavy=("index", "middle"),
)
POINT = Pose(
    "point",
    telling=("index", "middle"),
    curls={"thumb": CLOSED, "index": {"none": 0.5}, **dict.fromkeys(FINGERS[2:], BENT)},
    heavy=("index", "middle"),
)
HUMANS_MIDDLE_FINGER = Pose(
    "middle finger",
    telling=("index", "middle"),
    curls={"thumb": {"none": 1.0}, **dict.fromkeys(FINGERS[1:], BENT)},
    heavy=("index", "middle"),
)
OPEN_PALM = Pose("open palm", telling=FINGERS[1:], curls=dict.fromkeys(FINGERS, STRAIGHT))

# Human knows a victory with fingers that lean to the left only.
VICTORY = replace(
    HUMANS_VICTORY,
    directions={
        name: {**wanted, **{OTHER_SIDE[side]: fit for side, fit in wanted.items() if side in OTHER_SIDE}}
        for name, wanted in HUMANS_VICTORY.directions.items()
    },
)
# Human describes a middle finger that is curled, like all the others.
MIDDLE_FINGER = replace(HUMANS_MIDDLE_FINGER, curls={**HUMANS_MIDDLE_FINGER.curls, "middle": {"none": 0.5}})

HUMANS_POSES = (THUMBS_UP, HUMANS_VICTORY, POINT, HUMANS_MIDDLE_FINGER, OPEN_PALM)
POSES = (THUMBS_UP, VICTORY, POINT, MIDDLE_FINGER, OPEN_PALM)
