"""The rotation of a face, from its mesh.

The axes of the face are spanned by four points of the outline: top to chin, and cheek to cheek. Source: Human's
src/face/angles.ts; the Euler angles follow David Eberly, "Euler Angle Formulas" (YZX order).
"""

from math import atan2, fmod, hypot, pi
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.result import Angle, Box, Gaze, Points, Rotation

TOP, CHIN, LEFT, RIGHT = 10, 152, 234, 454
MESH_WITH_IRISES = 478


class _EyePoints(NamedTuple):
    """Points of the mesh around one eye."""

    iris: int
    inner: int
    outer: int
    lower: int
    upper: int


LEFT_EYE = _EyePoints(iris=468, inner=362, outer=263, lower=253, upper=257)
RIGHT_EYE = _EyePoints(iris=473, inner=133, outer=33, lower=23, upper=27)
# An iris that looks straight ahead lies above the middle of the eye's corners, by this part of the eye's height.
IRIS_OFFSET = 0.1
TINY = 1e-9


def face_rotation(mesh: Points, mesh_raw: Points, box_raw: Box, width: int, height: int) -> Rotation:
    """Return the rotation of a face and, if the mesh has irises, the gaze.

    ``mesh`` is float32 [468 or 478, 3] in pixels, ``mesh_raw`` the same and ``box_raw`` the face's box over the
    picture's ``width`` and ``height``. Angles are in radians.
    """
    # The box makes the points independent of how large the face is in the picture.
    size = max(box_raw[2] * width, box_raw[3] * height) / 1.5
    points = mesh_raw[[TOP, CHIN, LEFT, RIGHT]].astype(np.float64) * (width / size, height / size, 1.0)
    top, chin, left, right = points
    y_axis = _unit(chin - top)
    z_axis = _unit(np.cross(_unit(right - left), y_axis))
    x_axis = np.cross(y_axis, z_axis)
    matrix = np.stack([x_axis, y_axis, z_axis])
    gaze = _gaze(mesh, box_raw) if len(mesh) == MESH_WITH_IRISES else Gaze(bearing=0.0, strength=0.0)
    return Rotation(angle=_euler_angles(matrix), matrix=tuple(matrix.ravel().tolist()), gaze=gaze)


def camera_distance(mesh: Points, width: int) -> float:
    """Return the distance of a face from the camera, in metres: irises are 11.7 mm wide, and Human's camera sees 1 rad.

    ``mesh`` is float32 [478, 3] in pixels of a picture of ``width``. 0 when the irises have no width.
    Source: Human's src/face/anthropometry.ts.
    """
    widths = [abs(float(mesh[eye.iris + 3, 0] - mesh[eye.iris + 1, 0])) for eye in (LEFT_EYE, RIGHT_EYE)]
    return 0.0117 * width / max(widths) if max(widths) else 0.0


def _gaze(mesh: Points, box_raw: Box) -> Gaze:
    """Return the gaze from the position of an iris between its eye's corners; of the eye with the larger depth."""
    eye = RIGHT_EYE if mesh[RIGHT_EYE.outer, 2] > mesh[LEFT_EYE.outer, 2] else LEFT_EYE
    inner, outer, iris = (mesh[i, :2].astype(np.float64) for i in (eye.inner, eye.outer, eye.iris))
    # The right eye's width runs from the outer corner to the inner, the left one's the other way: both to the right.
    width = float(inner[0] - outer[0]) if eye is RIGHT_EYE else float(outer[0] - inner[0])
    height = float(mesh[eye.lower, 1] - mesh[eye.upper, 1])
    center = (inner + outer) / 2
    x = float(center[0] - iris[0]) / (width or TINY)
    y = float(iris[1] - center[1]) / (height or TINY) + IRIS_OFFSET
    strength = min(hypot(x, y), box_raw[2] / 2, box_raw[3] / 2)
    return Gaze(bearing=fmod(atan2(-y, -x) + pi / 2, pi), strength=strength)


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return vector / (np.linalg.norm(vector) or 1.0)


def _euler_angles(matrix: NDArray[np.float64]) -> Angle:
    (r00, _, _), (r10, r11, r12), (r20, r21, r22) = matrix.tolist()
    if r10 >= 1:
        x, y, z = 0.0, atan2(r21, r22), pi / 2
    elif r10 <= -1:
        x, y, z = 0.0, -atan2(r21, r22), -pi / 2
    else:
        x, y, z = atan2(-r12, r11), atan2(-r20, r00), atan2(r10, hypot(r00, r20))
    return Angle(pitch=-x, yaw=-y, roll=-z)
