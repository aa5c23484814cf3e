from dataclasses import replace

import numpy as np
import pytest
from face_outputs import face_config

from humanrt.compat.face import FACE
from humanrt.vision.face.box import FaceBox
from humanrt.vision.face.record import FaceRecorder


def recorder(**face):
    return FaceRecorder(400, 200, face_config(**face))


def box(confidence=0.9, landmarks=6, start=(50.0, 50.0)):
    points = np.linspace(10, 60, 2 * landmarks).reshape(-1, 2)
    return FaceBox(np.array(start), np.array(start) + 100, points, confidence, np.array([90.0, 95.0]))


def mesh(points=468):
    grid = np.random.default_rng(0).uniform(0, 192, (points, 3)).astype(np.float32)
    grid[0], grid[1] = 0, 192
    return grid


def test_a_detected_face_is_recorded_with_its_landmarks():
    face = recorder().from_detector(box())
    assert (face.score, face.box_score, face.face_score) == (0.9, 0.9, 0)
    assert face.mesh.shape == (6, 3)
    assert face.mesh_raw[-1].tolist() == pytest.approx([face.mesh[-1, 0] / 400, 60 / 200, 0])
    assert face.rotation is None
    assert face.annotations["nose"].tolist() == [face.mesh[2].tolist()]


def test_a_detected_face_may_have_no_landmarks():
    face = recorder().from_detector(box(landmarks=0))
    assert face.mesh.shape == (0, 3)
    assert all(len(points) == 0 for points in face.annotations.values())


def test_a_face_is_recorded_with_its_mesh():
    face = recorder().from_mesh(box(), 0.0, np.float32([0.999]), mesh())
    assert (face.score, face.face_score, face.box_score) == (pytest.approx(0.999), pytest.approx(0.999), 0.9)
    assert face.box == pytest.approx((50, 50, 100, 100))
    assert face.size == (90, 95)
    assert face.mesh[0, :2].tolist() == [50, 50]
    assert face.distance is None


@pytest.mark.parametrize(("iris", "has_distance"), [(True, True), (False, False)])
def test_the_distance_is_computed_where_the_iris_module_is_enabled(iris, has_distance):
    """Also where the irises are the attention mesh's, as in Human, which reads `face.iris.enabled`."""
    face = recorder(iris={"enabled": iris}).from_mesh(box(), 0.0, np.float32([1]), mesh(478))
    assert (face.distance is not None) is has_distance


@pytest.mark.parametrize(("flag", "confirmed"), [(0.196, False), (0.2, True)])
def test_a_face_is_confirmed_by_the_unrounded_flag(flag, confirmed):
    assert recorder().confirms(np.float32([flag + 1e-6])) is confirmed


def test_a_face_that_the_mesh_model_denies_may_be_kept():
    flag = np.float32([0.1])
    assert recorder().from_mesh(box(), 0.0, flag, mesh()) is None
    kept = recorder(mesh={"keepInvalid": True}).from_mesh(box(), 0.0, flag, mesh())
    assert kept.mesh.shape == (6, 3)
    assert (kept.score, kept.face_score) == (0.9, pytest.approx(0.1))
    assert recorder(mesh={"keepInvalid": True}).from_mesh(box(0.15), 0.0, flag, mesh()) is None


def test_a_min_confidence_of_zero_accepts_every_face():
    assert recorder(detector={"minConfidence": 0}).from_detector(box(0.9)) is not None


def test_both_boxes_are_clipped_to_the_image():
    face = recorder().from_detector(box(start=(-60.0, 150.0)))
    assert face.box == (0, 150, 40, 50)
    assert face.box_raw == (0, 0.75, 0.1, 0.25)


def test_the_rotation_of_a_face_does_not_depend_on_the_images_edge():
    """A mesh of which half is outside has the rotation that it has in a larger image."""
    at_the_edge, inside = (
        FaceRecorder(side, side, face_config()).from_mesh(box(start=(50.0, 50.0)), 0.0, np.float32([1]), mesh())
        for side in (100, 1000)
    )
    assert at_the_edge.box_raw == (0.5, 0.5, 0.5, 0.5)
    assert at_the_edge.rotation.matrix == pytest.approx(inside.rotation.matrix, abs=1e-6)


@pytest.mark.parametrize("start", [(-100.0, 50.0), (400.0, 50.0), (50.0, -200.0), (50.0, 200.0)])
def test_a_face_outside_of_the_image_is_not_recorded(start):
    assert recorder().from_detector(box(start=start)) is None


# The box of the face, and that of its crop.


def with_face(start, end, *, annotated):
    return replace(box(), face=(np.array(start), np.array(end)), annotated=annotated)


def small_mesh():
    """Points between 48 and 144 of the 192 pixels of the model's input: a quarter to three quarters of the crop."""
    return mesh() / 2 + np.float32([48, 48, 0])


def test_the_box_of_a_face_is_around_its_mesh_and_the_crop_is_another_field():
    face = recorder().from_mesh(with_face((60, 60), (130, 150), annotated=False), 0.0, np.float32([1]), small_mesh())
    assert face.box == pytest.approx((75, 75, 50, 50), abs=0.01)
    assert face.box_raw == pytest.approx((75 / 400, 75 / 200, 50 / 400, 50 / 200), abs=1e-4)
    assert face.crop == pytest.approx((50, 50, 100, 100), abs=0.01)


def test_the_box_of_a_detector_that_was_trained_on_such_is_kept():
    face = recorder().from_mesh(with_face((60, 60), (130, 150), annotated=True), 0.0, np.float32([1]), small_mesh())
    assert face.box == (60, 60, 70, 90)
    assert face.crop == pytest.approx((50, 50, 100, 100), abs=0.01)


def test_without_a_mesh_the_box_is_the_detectors():
    face = recorder().from_detector(with_face((60, 60), (130, 250), annotated=False))
    assert (face.box, face.crop) == ((60, 60, 70, 140), (50, 50, 100, 100))


def test_a_face_of_which_only_the_crop_is_in_the_image_is_not_recorded():
    assert recorder().from_detector(with_face((-60, 60), (-10, 150), annotated=True)) is None


def test_humans_box_is_the_crop():
    humans = FACE.recorder(400, 200, face_config())
    face = humans.from_mesh(with_face((60, 60), (130, 150), annotated=True), 0.0, np.float32([1]), small_mesh())
    assert face.box == face.crop
    assert face.box[2:] == (100, 100)


@pytest.mark.parametrize(("size", "kept"), [(0, False), (90, False), (91, True)])
def test_a_face_smaller_than_min_size_is_kept_as_detected(size, kept):
    settings = {"detector": {"min_confidence": 0.5}, "mesh": {"keep_above": 0.8, "min_size": size}}
    detected = replace(with_face((60, 60), (130, 150), annotated=True), confidence=0.6)
    face = recorder(**settings).from_mesh(detected, 0.0, np.float32([0.4]), small_mesh())
    assert (face is not None) is kept
    if face is not None:
        assert (face.score, face.face_score, len(face.mesh)) == (0.6, pytest.approx(0.4), 6)


@pytest.mark.parametrize(("flag", "confidence", "kept"), [(0.6, 0.75, True), (0.4, 0.75, False), (0.4, 0.85, True)])
def test_the_mesh_has_its_own_threshold_and_the_detector_may_be_sure(flag, confidence, kept):
    settings = {"detector": {"min_confidence": 0.7}, "mesh": {"min_confidence": 0.5, "keep_above": 0.8}}
    detected = replace(with_face((60, 60), (130, 150), annotated=True), confidence=confidence)
    face = recorder(**settings).from_mesh(detected, 0.0, np.float32([flag]), small_mesh())
    assert (face is not None) is kept
    if face is not None:
        # The score is the detector's, which tells faces apart from others.
        assert (face.score, face.box_score, face.face_score) == (confidence, confidence, pytest.approx(flag))
        assert len(face.mesh) == (468 if flag > 0.5 else 6)
