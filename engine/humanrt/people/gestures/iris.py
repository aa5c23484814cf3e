"""What irises do: they look somewhere."""

from collections.abc import Iterator

import numpy as np

from humanrt.people.gestures.geometry import OUTER_CORNERS, quotient, upright
from humanrt.result import Face

# The middle of each lower lid, points of the mesh.
LOWER_LIDS = {"left": 374, "right": 145}
SIDES = ("left", "right")
# Points of an iris.
CENTER, RIGHT, ABOVE, LEFT, BELOW = range(5)

# A face looks at the camera where its irises differ by less than this part of the larger one's area.
FACING = 0.25
# In widths of the face, from an iris to its eye's outer corner: from here on a look is not straight; Human's least.
ASIDE, HUMANS_ASIDE = 0.06, 0.04
# In heights of the face, from an iris to its lower lid: less is a look down, more is one up.
DOWN, UP = 0.01, 0.022


def iris_gestures(face: Face, *, quirks: bool) -> Iterator[str]:
    """Tell where a face with irises looks, after it was laid upright as in ``face.py``.

    A look goes aside where one iris is far from its eye's outer corner. Human looks at the other iris, the one that
    comes near to its corner: it sees straight looks go aside, and loses the far ones. Of the heights of both irises
    over their lower lids the mean counts. Human takes either, so that one look can go up and down, and down with every
    wink. ``quirks`` does both as Human does.
    """
    if not len(face.annotations.get("leftEyeIris", ())):
        return
    turn = np.eye(3) if quirks else upright(face.mesh)
    mesh = face.mesh.astype(np.float64) @ turn
    irises = [face.annotations[f"{side}EyeIris"].astype(np.float64) @ turn for side in SIDES]
    areas = [abs((iris[LEFT, 0] - iris[RIGHT, 0]) * (iris[BELOW, 1] - iris[ABOVE, 1])) for iris in irises]
    facing = quotient(abs(areas[0] - areas[1]), max(areas)) < FACING
    if facing:
        yield "facing center"
    asides, heights = [], []
    for side, iris in zip(SIDES, irises, strict=True):
        asides.append(quotient(abs(mesh[OUTER_CORNERS[side], 0] - iris[CENTER, 0]), face.box[2]))
        heights.append(quotient(abs(mesh[LOWER_LIDS[side], 1] - iris[CENTER, 1]), face.box[3]))
    if not quirks:
        heights = [sum(heights) / 2]
    # The left iris leaves its corner when the look goes to the right.
    side = "right" if asides[0] > asides[1] else "left"
    if (min(asides) > HUMANS_ASIDE) if quirks else (max(asides) > ASIDE):
        yield f"looking {side}"
    down, up = min(heights) < DOWN, max(heights) > UP
    if down:
        yield "looking down"
    if up:
        yield "looking up"
    if facing and max(asides) <= ASIDE and not down and not up:
        yield "looking center"
