import numpy as np
import pytest
from face_outputs import mesh_with_eyes

from humanrt.vision.face.iris import IRIS_MODEL, IrisTask
from humanrt.vision.face.landmarks import MESH_ANNOTATIONS
from humanrt.vision.stage import InputForm

FORM = InputForm(64, 64, 3)
CROP = np.zeros((192, 192, 3), np.uint8)


@pytest.fixture
def mesh():
    return mesh_with_eyes()


def prepare(mesh, scale=2.0, crop=CROP):
    return IRIS_MODEL.prepare(crop[None], FORM, IrisTask([mesh], scale))


def refined(mesh, left=(32, 32), right=(32, 32), z=20.0):
    """The mesh after the model has put all 76 points of an eye in one place of its 64 x 64 pixels."""
    rows = np.stack([np.tile(np.float32([*place, z]), 76) for place in (left, right)])
    (found,) = IRIS_MODEL.decode([rows], prepare(mesh), IrisTask([mesh], 2.0))
    return found


def test_the_crops_are_squares_around_the_eyes(mesh):
    ((left, right),) = prepare(mesh).eyes
    assert (left.start.tolist(), left.size.tolist(), left.mirrored) == ([110, 60], [40, 40], True)
    assert (right.start.tolist(), right.size.tolist(), right.mirrored) == ([40, 60], [40, 40], False)


def test_width_and_height_are_rounded_separately(mesh):
    """As Math.round does it to start and end: 130.3 and 80, each +- 22.75."""
    mesh[362, 0], mesh[263, 0] = 120.3, 140.3
    ((left, _),) = prepare(mesh, 2.275).eyes
    assert left.start.tolist() == [108, 57]
    assert left.size.tolist() == [45, 46]


def test_the_left_eye_is_mirrored(mesh):
    crop = CROP.copy()
    crop[:, 40:60] = 255  # the left half of the right eye's crop in the image
    crop[:, 110:130] = 255  # and of the left eye's
    left, right = prepare(mesh, crop=crop).pixels
    assert left.shape == (64, 64, 3)
    assert (left[32, 10, 0], left[32, 50, 0]) == (0, 1)
    assert (right[32, 10, 0], right[32, 50, 0]) == (1, 0)


def test_points_are_transformed_back_to_the_face(mesh):
    points = refined(mesh, left=(16, 32), right=(16, 32))
    assert points.shape == (478, 3)
    left, right = (points[list(MESH_ANNOTATIONS[f"{side}EyeIris"])] for side in ("left", "right"))
    # A quarter into the crop, of which the left eye's is mirrored; the depth is that of the lids: between 10 and 20.
    assert left.tolist() == [[140, 80, 15]] * 5
    assert right.tolist() == [[50, 80, 15]] * 5
    lids = points[[*MESH_ANNOTATIONS["leftEyeUpper0"], *MESH_ANNOTATIONS["leftEyeLower3"]]]
    assert lids.tolist() == [[140, 80, 15]] * 16
    brows = [index for part in ("EyebrowLower", "EyebrowUpper") for index in MESH_ANNOTATIONS[f"left{part}"]]
    assert np.array_equal(points[brows], mesh[brows])
    assert mesh[MESH_ANNOTATIONS["leftEyeUpper0"][0]].tolist() == [10, 10, 10]


@pytest.mark.parametrize(("depth", "near", "far"), [(-40, "left", "right"), (40, "right", "left")])
def test_of_a_face_in_profile_only_the_nearer_eyes_lids_are_refined(mesh, depth, near, far):
    mesh[263, 2] = 10 + depth
    points = refined(mesh)
    for part in ("EyeUpper0", "EyeLower0"):
        assert (points[list(MESH_ANNOTATIONS[near + part]), 1] == 80).all()
    for part in (f"{near}EyeUpper1", f"{far}EyeUpper0", f"{far}EyebrowLower"):
        indices = list(MESH_ANNOTATIONS[part])
        assert np.array_equal(points[indices], mesh[indices])


def test_the_iris_is_as_deep_as_the_lids_next_to_it(mesh):
    upper, lower = MESH_ANNOTATIONS["leftEyeUpper0"][3], MESH_ANNOTATIONS["leftEyeLower0"][4]
    mesh[upper, 2], mesh[lower, 2] = 4, 8
    # centre, right, above, left, below; each lid is half of what it was, because the model's depth is 0
    assert refined(mesh, z=0.0)[468:473, 2].tolist() == [3, 3, 2, 3, 4]


def test_several_faces_are_refined_at_once(mesh):
    rows = np.stack([np.tile(np.float32([x, 32, 20]), 76) for x in (0, 0, 32, 32)])
    task = IrisTask([mesh, mesh], 2.0)
    prepared = IRIS_MODEL.prepare(np.stack([CROP, CROP]), FORM, task)
    assert prepared.pixels.shape == (4, 64, 64, 3)
    first, second = IRIS_MODEL.decode([rows], prepared, task)
    assert [points[468:].mean(axis=0)[0] for points in (first, second)] == [(150 + 40) / 2, (130 + 60) / 2]
