"""How a face is turned, from its mesh.

The axes of the face are spanned by four points of the outline: top to chin, and cheek to cheek. Source: Human's
src/face/angles.ts; the Euler angles follow David Eberly, "Euler Angle Formulas" (YZX order).
"""

from math import atan2, hypot, pi

import numpy as np
from numpy.typing import NDArray

from humanrt.result import Angle, Box, Gaze, Points, Rotation

TOP, CHIN, LEFT, RIGHT = 10, 152, 234, 454


def face_rotation(mesh_raw: Points, box_raw: Box, width: int, height: int) -> Rotation:
    """Tell the rotation of a face from its mesh.

    ``mesh_raw`` is float32 [468 or more, 3] and ``box_raw`` the face's box, both over the picture's ``width`` and
    ``height``. Angles are in radians.
    """
    # The box makes the points independent of how large the face is in the picture.
    size = max(box_raw[2] * width, box_raw[3] * height) / 1.5
    points = mesh_raw[[TOP, CHIN, LEFT, RIGHT]].astype(np.float64) * (width / size, height / size, 1.0)
    top, chin, left, right = points
    y_axis = _unit(chin - top)
    z_axis = _unit(np.cross(_unit(right - left), y_axis))
    x_axis = np.cross(y_axis, z_axis)
    matrix = np.stack([x_axis, y_axis, z_axis])
    gaze = Gaze(bearing=0.0, strength=0.0)
    return Rotation(angle=_euler_angles(matrix), matrix=tuple(matrix.ravel().tolist()), gaze=gaze)


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
