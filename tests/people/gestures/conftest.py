"""A face that looks at the camera and does nothing, to be changed point by point."""

import numpy as np
import pytest

from humanrt.result import Face

# x, y and z of the points that gestures read: the outer corners of the eyes, 80 pixels apart; the forehead, the lips
# and the chin; of each eye what is above it, its lids, and what is below it. The box is 400 wide.
STILL = dict(
    zip(
        (33, 263, 10, 13, 14, 152, 443, 386, 374, 450, 223, 159, 145, 230),
        [
            *[(60, 100, 0), (140, 100, 0)],
            *[(100, y, 0) for y in (60, 150, 152, 180)],
            *[(120, y, 0) for y in (85, 95, 105, 115)],
            *[(80, y, 0) for y in (85, 95, 105, 115)],
        ],
        strict=True,
    )
)
LEFT_IRIS, RIGHT_IRIS = 468, 473


def iris(x, y, radius):
    """Centre, right, above, left and below, as the model orders them."""
    return [(x, y, 0), (x - radius, y, 0), (x, y - radius, 0), (x + radius, y, 0), (x, y + radius, 0)]


@pytest.fixture
def make_face():
    def make(points=(), *, left=(120, 99, 5), right=(80, 99, 5), count=478, turn=0.0, box=(0, 0, 400, 400), **fields):
        """``points`` are changed; irises are x, y and radius; ``turn`` is in degrees, about the middle."""
        mesh = np.zeros((478, 3))
        for index, point in {**STILL, **dict(points)}.items():
            mesh[index] = point
        mesh[LEFT_IRIS:RIGHT_IRIS], mesh[RIGHT_IRIS:] = iris(*left), iris(*right)
        c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
        mesh[:, :2] = (mesh[:, :2] - 100) @ np.array([[c, s], [-s, c]]) + 100
        mesh = mesh[:count].astype(np.float32)
        irises = {"leftEyeIris": mesh[LEFT_IRIS:RIGHT_IRIS], "rightEyeIris": mesh[RIGHT_IRIS:]}
        return Face(
            **{"id": 0, **fields},
            score=1.0,
            box_score=1.0,
            face_score=1.0,
            box=box,
            box_raw=(0, 0, 1, 1),
            size=(1, 1),
            mesh=mesh,
            mesh_raw=mesh,
            annotations=irises,
        )

    return make
