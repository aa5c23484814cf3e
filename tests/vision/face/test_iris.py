import numpy as np
import pytest

from humanrt.vision.face import iris
from humanrt.vision.face.landmarks import MESH_ANNOTATIONS


@pytest.fixture
def mesh():
    """A mesh whose left eye, the person's, runs from x = 120 to 140, and the right one from 50 to 70."""
    points = np.full((468, 3), 10, np.float32)
    for index, x in ((362, 120), (263, 140), (133, 70), (33, 50)):
        points[index, :2] = x, 80
    return points


def outputs(mesh, left=(32, 32), right=(32, 32), z=20.0):
    """The model's two rows, with all 76 points of an eye in one place of its 64 x 64 pixels."""
    return np.stack([np.tile(np.float32([*place, z]), 76) for place in (left, right)])


def test_the_crops_are_squares_around_the_eyes(mesh):
    left, right = iris.eyes_of(mesh, 2.0)
    assert (left.start.tolist(), left.size.tolist(), left.mirrored) == ([110, 60], [40, 40], True)
    assert (right.start.tolist(), right.size.tolist(), right.mirrored) == ([40, 60], [40, 40], False)


def test_width_and_height_are_rounded_apart(mesh):
    """As Math.round does it to start and end: 130.3 and 80, each +- 22.75."""
    mesh[362, 0], mesh[263, 0] = 120.3, 140.3
    left, _ = iris.eyes_of(mesh, 2.275)
    assert left.start.tolist() == [108, 57]
    assert left.size.tolist() == [45, 46]


@pytest.mark.parametrize("quirks", [False, True])
def test_the_left_eye_is_mirrored_and_by_human_the_right_one_too(mesh, quirks):
    crop = np.zeros((192, 192, 3), np.uint8)
    crop[:, 40:60] = 255  # the left half of the right eye's crop in the picture
    crop[:, 110:130] = 255  # and of the left eye's
    left, right = iris.prepare(crop[None], [iris.eyes_of(mesh, 2.0)], quirks=quirks)
    assert left.shape == (64, 64, 3)
    assert left[32, 50, 0] == 1
    assert left[32, 10, 0] == 0
    assert right[32, 50 if quirks else 10, 0] == 1
    assert right[32, 10 if quirks else 50, 0] == 0


def test_points_come_back_to_the_face(mesh):
    eyes = iris.eyes_of(mesh, 2.0)
    refined = iris.refine(mesh, eyes, outputs(mesh, left=(16, 32), right=(16, 32)))
    assert refined.shape == (478, 3)
    left, right = (refined[list(MESH_ANNOTATIONS[f"{side}EyeIris"])] for side in ("left", "right"))
    # A quarter into the crop, which the left eye's was mirrored for; the depth is that of the lids: between 10 and 20.
    assert left.tolist() == [[140, 80, 15]] * 5
    assert right.tolist() == [[50, 80, 15]] * 5
    lids = refined[[*MESH_ANNOTATIONS["leftEyeUpper0"], *MESH_ANNOTATIONS["leftEyebrowLower"]]]
    assert lids.tolist() == [[140, 80, 15]] * 13
    assert mesh[MESH_ANNOTATIONS["leftEyeUpper0"][0]].tolist() == [10, 10, 10]


@pytest.mark.parametrize(("depth", "near", "far"), [(-40, "left", "right"), (40, "right", "left")])
def test_of_a_face_that_looks_aside_only_the_near_eyes_lids_are_refined(mesh, depth, near, far):
    mesh[263, 2] = 10 + depth
    refined = iris.refine(mesh, iris.eyes_of(mesh, 2.0), outputs(mesh))
    for part in ("EyeUpper0", "EyeLower0"):
        assert (refined[list(MESH_ANNOTATIONS[near + part]), 1] == 80).all()
    for part in (f"{near}EyeUpper1", f"{far}EyeUpper0", f"{far}EyebrowLower"):
        indices = list(MESH_ANNOTATIONS[part])
        assert np.array_equal(refined[indices], mesh[indices])


def test_the_iris_is_as_deep_as_the_lids_next_to_it(mesh):
    upper, lower = MESH_ANNOTATIONS["leftEyeUpper0"][3], MESH_ANNOTATIONS["leftEyeLower0"][4]
    mesh[upper, 2], mesh[lower, 2] = 4, 8
    refined = iris.refine(mesh, iris.eyes_of(mesh, 2.0), outputs(mesh, z=0.0))
    # centre, right, above, left, below; each lid is half of what it was, for the model says 0
    assert refined[468:473, 2].tolist() == [3, 3, 2, 3, 4]
