"""Faces as the real Human 3.3.6 finds them: the same pixels, the same configuration, compat="human"."""

import itertools
import math

import numpy as np
import pytest

from humanrt import Human
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
    """Only the detector and, unless ``face`` says otherwise, the mesh; for Human and for us alike."""
    return {"face": {"detector": detector, **face}, "compat": "human"}


async def both(peer, name, config):
    """Return Human's JSON and ours."""
    pixels = read_picture(name)
    modules_off = {"iris": OFF, "emotion": OFF, "description": OFF, "antispoof": OFF, "liveness": OFF}
    face = {**modules_off, **config["face"]}
    others_off = {"body": OFF, "hand": OFF, "object": OFF, "gesture": OFF, "segmentation": OFF, "filter": OFF}
    theirs = peer.human(pixels, {"face": face, **others_off})
    async with Human(config) as human:
        with await human.detect(pixels) as result:
            return theirs, result.to_human()


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
async def test_a_face_is_where_human_finds_it(peer, name, detector):
    theirs, ours = await both(peer, name, configuration(detector))
    assert len(ours["face"]) >= 1
    assert_same_faces(ours["face"], theirs["face"])


@every_detector
@pytest.mark.parametrize("name", ["black", "coffee"])
async def test_no_face_where_human_finds_none(peer, name, detector):
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


def shape_of(value):
    """What a value is made of: keys, lengths and JSON types, recursively."""
    if isinstance(value, dict):
        return {key: shape_of(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [shape_of(inner) for inner in value]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


@pytest.mark.parametrize("name", ["human_face", "black"])
async def test_the_json_has_humans_keys_and_types(peer, name):
    theirs, ours = await both(peer, name, configuration({}))
    # What Human measures differs from what we measure; it has a canvas only in a browser.
    for result in (theirs, ours):
        assert {type(value) for value in result.pop("performance").values()} <= {int, float}
    theirs.pop("canvas", None)
    assert shape_of(ours) == shape_of(theirs)


async def test_the_crop_is_humans(peer):
    theirs, _ = await both(peer, "human_face", configuration({"return": True}))
    async with Human(configuration({"return": True})) as human:
        with await human.detect(read_picture("human_face")) as result:
            crop = result.face[0].tensor.data_sync()
    assert crop.shape == theirs["face"][0]["tensor"].shape == (192, 192, 3)
    # Half a grey level is lost in sampling; it is less than one everywhere but where the crop meets the picture's edge.
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
