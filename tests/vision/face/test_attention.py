import numpy as np
import pytest

from humanrt.vision.face import attention
from humanrt.vision.face.landmarks import MESH_ANNOTATIONS


@pytest.fixture
def rows():
    """A row of each output but the flag: every point tells where it is from."""
    mesh = np.zeros((468, 3), np.float32)
    mesh[:, 2] = np.arange(468)
    lengths = {"lips": 80, "left_eye": 71, "right_eye": 71, "left_iris": 5, "right_iris": 5}
    parts = {
        name: np.column_stack([np.full(length, 100 * (i + 1)), np.arange(length)]).astype(np.float32)
        for i, (name, length) in enumerate(lengths.items())
    }
    assert ("mesh", *parts) == attention.PARTS
    return [mesh.reshape(1, 1, -1), *(part.reshape(1, 1, -1) for part in parts.values())]


def test_lips_and_eyes_take_their_places(rows):
    """The first and last points of each part in src/face/constants.ts, LANDMARKS_REFINEMENT_..._CONFIG."""
    refined = attention.refine(*rows, quirks=False)
    assert refined.shape == (478, 3)
    # lips: lower outer from 61, upper semi-inner to 407
    assert refined[[61, 407], :2].tolist() == [[100, 0], [100, 79]]
    # what is left in the picture is the person's right eye: from 33 to 193; and the other from 263 to 417
    assert refined[[33, 193], :2].tolist() == [[200, 0], [200, 70]]
    assert refined[[263, 417], :2].tolist() == [[300, 0], [300, 70]]
    # nothing else moved, and no depth
    touched = {*attention.LIPS, *attention.LEFT_EYE, *attention.RIGHT_EYE}
    assert len(touched) == 80 + 71 + 71
    assert not refined[[i for i in range(468) if i not in touched], :2].any()
    assert refined[:468, 2].tolist() == list(range(468))


@pytest.mark.parametrize("quirks", [False, True])
def test_irises_are_where_their_names_say(rows, quirks):
    """And as deep as their eye on average; Human takes the other eye's."""
    refined = attention.refine(*rows, quirks=quirks)
    left, right = (refined[list(MESH_ANNOTATIONS[f"{side}EyeIris"])] for side in ("left", "right"))
    assert left[:, :2].tolist() == [[500, i] for i in range(5)]
    assert right[:, :2].tolist() == [[400, i] for i in range(5)]
    depths = [np.mean(attention.LEFT_EYE), np.mean(attention.RIGHT_EYE)]
    assert (left[0, 2], right[0, 2]) == pytest.approx(tuple(reversed(depths)) if quirks else tuple(depths))


def test_the_mesh_given_is_left_alone(rows):
    before = rows[0].copy()
    attention.refine(*rows, quirks=False)
    assert np.array_equal(rows[0], before)
