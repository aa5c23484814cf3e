"""What faces do: they turn, blink, open their mouths, and nod."""

from collections.abc import Iterator
from math import trunc

import numpy as np

from humanrt.people.gestures.geometry import OUTER_CORNERS, quotient, upright
from humanrt.result import Face

# Points of the mesh, in pairs.
LIPS = (13, 14)
FOREHEAD, CHIN = 10, 152
# In the middle of each eye: its lids, and what is above and below it.
LIDS = {"left": (374, 386), "right": (145, 159)}
SOCKETS = {"left": (443, 450), "right": (223, 230)}
LEAST_POINTS = 450

# A face looks at the camera while one eye is not farther away than the other by more than this part of their distance.
FACING = 0.15
# An eye blinks where its lids are nearer to each other than this part of the socket's height.
BLINK = 0.2
# In percent: a mouth is fully open where its lips are a fifth of the face's height apart; from when on it is open.
MOUTH, OPEN = 500, 10
# A head nods where its chin is nearer or farther than its middle by more than this, in pixels of the mesh's input.
NOD = 10


def face_gestures(face: Face, *, quirks: bool) -> Iterator[str]:
    """Tell what a face with a mesh does.

    The rules measure widths and heights of upright faces, so a face is laid upright first. Human reads it as it is, so
    that one lying on its side faces anywhere and blinks at random; ``quirks`` does the same.
    """
    if len(face.mesh) <= LEAST_POINTS:
        return
    mesh = face.mesh.astype(np.float64) @ (np.eye(3) if quirks else upright(face.mesh))

    def height(pair: tuple[int, int]) -> float:
        return float(abs(mesh[pair[0], 1] - mesh[pair[1], 1]))

    width, _, depth = (mesh[OUTER_CORNERS["right"]] - mesh[OUTER_CORNERS["left"]]).tolist()
    if abs(quotient(depth, width)) <= FACING:
        yield "facing center"
    else:
        yield f"facing {'left' if depth < 0 else 'right'}"
    for side in ("left", "right"):
        if quotient(height(LIDS[side]), height(SOCKETS[side])) < BLINK:
            yield f"blink {side} eye"
    mouth = quotient(MOUTH * height(LIPS), height((FOREHEAD, CHIN)))
    if mouth > OPEN:
        yield f"mouth {trunc(min(100, mouth))}% open"
    chin = mesh[CHIN, 2]
    if abs(chin) > NOD:
        yield f"head {'up' if chin < 0 else 'down'}"
