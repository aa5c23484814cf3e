import numpy as np
import pytest
from face_outputs import attention_rows

from humanrt.vision.face import attention
from humanrt.vision.face.attention import ATTENTION, ATTENTION_LOGIT
from humanrt.vision.face.facemesh import CroppedFaces
from humanrt.vision.face.landmarks import MESH_ANNOTATIONS


@pytest.fixture
def rows():
    rows = attention_rows()
    assert tuple(rows) == attention.PARTS
    return [*rows.values()]


def test_lips_and_eyes_take_their_places_in_the_mesh(rows):
    """The first and last points of each part in src/face/constants.ts, LANDMARKS_REFINEMENT_..._CONFIG."""
    refined = ATTENTION.refine(*rows)
    assert refined.shape == (478, 3)
    # lips: lower outer from 61, upper semi-inner to 407
    assert refined[[61, 407], :2].tolist() == [[100, 0], [100, 79]]
    # the left eye in the image is the person's right one: from 33 to 193; and the other from 263 to 417
    assert refined[[33, 193], :2].tolist() == [[200, 0], [200, 70]]
    assert refined[[263, 417], :2].tolist() == [[300, 0], [300, 70]]
    # nothing else moved, and no depth
    touched = {*attention.LIPS, *attention.LEFT_EYE, *attention.RIGHT_EYE}
    assert len(touched) == 80 + 71 + 71
    assert not refined[[i for i in range(468) if i not in touched], :2].any()
    assert refined[:468, 2].tolist() == list(range(468))


def test_irises_are_at_their_annotations_and_as_deep_as_the_mean_of_their_eye(rows):
    refined = ATTENTION.refine(*rows)
    left, right = (refined[list(MESH_ANNOTATIONS[f"{side}EyeIris"])] for side in ("left", "right"))
    assert left[:, :2].tolist() == [[500, i] for i in range(5)]
    assert right[:, :2].tolist() == [[400, i] for i in range(5)]
    depths = np.mean(attention.LEFT_EYE), np.mean(attention.RIGHT_EYE)
    assert (left[0, 2], right[0, 2]) == pytest.approx(depths)


def test_the_models_mesh_is_not_written(rows):
    before = rows[0].copy()
    ATTENTION.refine(*rows)
    assert np.array_equal(rows[0], before)


@pytest.mark.parametrize(("family", "flag"), [(ATTENTION, 0.875), (ATTENTION_LOGIT, np.log(7))])
def test_the_flag_is_a_probability_or_a_logit(rows, family, flag):
    crops = np.zeros((2, 192, 192, 3), np.uint8)
    flags = np.full((2, 1, 1, 1), flag, np.float32)
    parts = [np.concatenate([row, row]) for row in rows]
    meshes = family.decode([flags, *parts], CroppedFaces(crops, crops), None)
    assert meshes.flags == pytest.approx(np.full((2, 1), 0.875))
    assert [mesh.shape for mesh in meshes.points] == [(478, 3)] * 2
    assert meshes.crops is crops
