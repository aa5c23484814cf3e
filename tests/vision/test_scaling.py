"""Records of a picture that was decoded at a smaller scale, in the coordinates of the original."""

import numpy as np
import pytest

from humanrt import Config
from humanrt.result import Body, Face, Hand, Keypoint, Object
from humanrt.vision.scaling import (
    DetailNeededError,
    Original,
    least_side,
    may_be_reduced,
    original_of,
    require_pixels,
)

ORIGINAL = Original((100, 50), (200, 150))  # twice as wide, three times as high
BOX, SCALED = (10.0, 20.0, 30.0, 5.0), (20.0, 60.0, 60.0, 15.0)
RAW = (0.1, 0.4, 0.3, 0.1)
POINTS = np.array([[1, 2, 3], [4, 5, 6]], np.float32)


def test_a_face():
    face = Face(
        0, 0.9, 0.9, 0.8, BOX, RAW, (10.0, 10.0), POINTS, POINTS / 100, {"nose": POINTS[1:]}, crop=BOX, distance=0.5
    )
    (scaled,) = ORIGINAL.faces([face])
    assert (scaled.box, scaled.crop, scaled.box_raw, scaled.size) == (SCALED, SCALED, RAW, (20.0, 30.0))
    np.testing.assert_array_equal(scaled.mesh, [[2, 6, 3], [8, 15, 6]])
    np.testing.assert_array_equal(scaled.annotations["nose"], [[8, 15, 6]])
    np.testing.assert_array_equal(scaled.mesh_raw, face.mesh_raw)
    assert not scaled.mesh.flags.writeable
    assert scaled.distance == 0.5


def test_a_body():
    keypoints = (Keypoint("nose", 0.9, (1.0, 2.0, 4.0), (0.1, 0.2, 0.3), (0.5, 0.6, 0.7)),)
    lines = {"head": (((1.0, 2.0, 4.0), (1.0, 2.0, 4.0)),)}
    (scaled,) = ORIGINAL.bodies([Body(0, 0.9, BOX, RAW, keypoints, lines)])
    assert (scaled.box, scaled.box_raw) == (SCALED, RAW)
    assert scaled.keypoints[0].position == (2.0, 6.0, 10.0)
    assert scaled.keypoints[0].position_raw == (0.1, 0.2, 0.3)
    assert scaled.keypoints[0].distance == (0.5, 0.6, 0.7)
    assert scaled.annotations == {"head": (((2.0, 6.0, 10.0), (2.0, 6.0, 10.0)),)}


def test_a_hand_and_an_object():
    hand = Hand(0, 0.9, 0.9, 0.9, BOX, RAW, "hand", POINTS, {"thumb": POINTS[:1]}, {})
    (scaled,) = ORIGINAL.hands([hand])
    assert (scaled.box, scaled.box_raw) == (SCALED, RAW)
    np.testing.assert_array_equal(scaled.keypoints, [[2, 6, 7.5], [8, 15, 15]])
    np.testing.assert_array_equal(scaled.annotations["thumb"], [[2, 6, 7.5]])
    (scaled,) = ORIGINAL.objects([Object(0, 0.9, 1, "person", BOX, RAW)])
    assert (scaled.box, scaled.box_raw) == (SCALED, RAW)


def test_a_part_of_fewer_pixels_than_its_model_takes():
    require_pixels([], 192)
    require_pixels([192.0, 300.0], 192)
    with pytest.raises(DetailNeededError):
        require_pixels([300.0, 191.5], 192)


def test_when_a_picture_may_be_reduced_and_how_far():
    assert may_be_reduced(Config())
    for values in ({"compat": "human"}, {"segmentation": {"enabled": True}}, {"face": {"detector": {"min_size": 9}}}):
        assert not may_be_reduced(Config().merge(values))
    assert least_side(Config().merge({"image": {"max_side": 800}})) == 800
    assert least_side(Config().merge({"image": {"max_side": 100}})) == 640
    assert least_side(Config().merge({"face": {"detector": {"input_size": [320, 1280]}}})) == 1280
    assert original_of(np.empty((3, 4, 3), np.uint8), (4, 3)) is None
    assert original_of(np.empty((3, 4, 3), np.uint8), (8, 5)) == Original((4, 3), (8, 5))
