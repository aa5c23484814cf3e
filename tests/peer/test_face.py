"""Faces are those of the real Human 3.3.6: the same pixels and configuration, ``compat="human"``."""

import itertools
import math

import numpy as np
import pytest

from humanrt import Human
from parity.detection import detect_both
from parity.pictures import read_picture

PIXELS = 1.5
SCORE = 0.02
RADIANS = 0.02
OFF = {"enabled": False}

DETECTORS = [
    {"maxDetected": most, "rotation": rotation, "square": square}
    for most, rotation, square in itertools.product((1, 20), (False, True), (False, True))
]

every_detector = pytest.mark.parametrize(
    "detector", DETECTORS, ids=lambda detector: "-".join(map(str, detector.values()))
)


def configuration(detector, **face):
    """The detector and the mesh only, unless ``face`` switches on others; in Human's keys."""
    return {"detector": detector, "iris": OFF, "emotion": OFF, "description": OFF, **face}


async def both(peer, name, face):
    """Return Human's JSON and ours."""
    ours, theirs = await detect_both(peer, read_picture(name), {"face": face})
    return theirs, ours


def assert_same_faces(ours, theirs):
    assert len(ours) == len(theirs)
    for our, their in zip(ours, theirs, strict=True):
        assert our["box"] == pytest.approx(their["box"], abs=PIXELS)
        assert our["size"] == pytest.approx(their["size"], abs=PIXELS)
        for score in ("score", "boxScore", "faceScore"):
            assert our[score] == pytest.approx(their[score], abs=SCORE)
        distances = np.hypot(*(np.array(our["mesh"])[:, :2] - np.array(their["mesh"])[:, :2]).T)
        assert np.median(distances) <= PIXELS
        assert ("rotation" in our) == ("rotation" in their)
        if "rotation" in our:
            assert our["rotation"]["angle"] == pytest.approx(their["rotation"]["angle"], abs=RADIANS)
            assert our["rotation"]["matrix"] == pytest.approx(their["rotation"]["matrix"], abs=RADIANS)
            assert our["rotation"]["gaze"] == their["rotation"]["gaze"]


@every_detector
@pytest.mark.parametrize("name", ["human_face", "human_body", "astronaut"])
async def test_faces_are_humans(peer, name, detector):
    theirs, ours = await both(peer, name, configuration(detector))
    assert len(ours["face"]) >= 1
    assert_same_faces(ours["face"], theirs["face"])


@every_detector
@pytest.mark.parametrize("name", ["black", "coffee"])
async def test_no_face_where_human_detects_none(peer, name, detector):
    theirs, ours = await both(peer, name, configuration(detector))
    assert theirs["face"] == ours["face"] == []


@pytest.mark.parametrize("name", ["human_face", "human_body", "astronaut"])
async def test_the_detector_alone(peer, name):
    theirs, ours = await both(peer, name, configuration({"maxDetected": 20}, mesh=OFF))
    assert_same_faces(ours["face"], theirs["face"])


@pytest.mark.parametrize("scale", [1.0, 2.0])
async def test_another_scale(peer, scale):
    theirs, ours = await both(peer, "astronaut", configuration({"scale": scale}))
    assert_same_faces(ours["face"], theirs["face"])


async def test_min_size(peer):
    theirs, ours = await both(peer, "human_body", configuration({"minSize": 500}))
    assert theirs["face"] == ours["face"] == []


async def test_the_crop_is_humans(peer):
    theirs, _ = await both(peer, "human_face", configuration({"return": True}))
    async with Human({"face": configuration({"return": True}), "compat": "human"}) as human:
        with await human.detect(read_picture("human_face")) as result:
            crop = result.face[0].tensor.data_sync()
    assert crop.shape == theirs["face"][0]["tensor"].shape == (192, 192, 3)
    # Sampling differs by half a grey level; the difference reaches one only at the picture's edge.
    assert np.quantile(np.abs(crop - theirs["face"][0]["tensor"]), 0.99) <= 1 / 255


def leaves(value, path=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}")
    else:
        yield path, value


async def test_every_number_is_finite(peer):
    _, ours = await both(peer, "astronaut", configuration({"rotation": True}))
    assert all(math.isfinite(value) for _, value in leaves(ours["face"][0]) if isinstance(value, float))
