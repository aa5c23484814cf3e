"""Bodies are those of the real Human 3.3.6: the same pixels, model files and configuration."""

import math

import numpy as np
import pytest

from parity.detection import ON, detect_both
from parity.pictures import read_picture

# Only keypoints with a score over LEAST are compared; a score closer to it than MARGIN may be on its other side.
LEAST, MARGIN = 0.35, 0.02
# In pixels.
MEDIAN, ALMOST_ALL = 1.5, 3.0

SEVERAL = {"maxDetected": 6}
DETECTOR = {"detector": {**ON, "modelPath": "blazepose-detector.json", "minConfidence": 0.1, "iouThreshold": 0.1}}


def picture(name):
    person = read_picture("human_body")
    match name:
        case "person":
            return person
        case "wide":  # the difference of the sides is odd: Human's square is one pixel short
            return person[:701]
        case "tall":
            return person[:, 301:900].copy()
        case "upside-down":  # Human drops knees and ankles, and reorders the other parts
            return person[::-1].copy()
        case "pair":
            return np.concatenate([person[:, 200:1000], person[:, 1000:200:-1]], axis=1)[::2, ::2].copy()
    return read_picture(name)


CASES = [
    ("movenet-lightning", "person", {}),
    ("movenet-lightning", "astronaut", {}),
    ("movenet-lightning", "wide", {}),
    ("movenet-lightning", "upside-down", {}),
    ("movenet-lightning", "coffee", {}),
    ("movenet-lightning", "person", {"maxDetected": 0}),
    ("movenet-thunder", "tall", {}),
    ("movenet-multipose", "pair", SEVERAL),
    ("movenet-multipose", "pair", {"maxDetected": 1}),
    ("posenet", "pair", SEVERAL),
    ("posenet", "wide", SEVERAL),
    pytest.param("efficientpose", "wide", {}, marks=pytest.mark.slow),
    pytest.param("efficientpose", "black", {}, marks=pytest.mark.slow),
    ("blazepose-lite", "tall", {}),
    ("blazepose-lite", "black", {}),
    ("blazepose-full", "person", {}),
    pytest.param("blazepose-heavy", "astronaut", {}, marks=pytest.mark.slow),
    pytest.param("blazepose-full", "wide", DETECTOR, marks=pytest.mark.slow),
]
# On a square picture, where Human has no error in paddings, and with models whose input it normalises as in training.
RIGHT_IN_HUMAN = [("movenet-lightning", {}), ("movenet-thunder", {}), ("movenet-multipose", {}), ("posenet", {})]


async def both(peer, model, name, settings, **kwargs):
    config = {"body": {"modelPath": f"{model}.json", **settings}}
    ours, theirs = await detect_both(peer, picture(name), config, **kwargs)
    return ours["body"], [with_nulls(body) for body in theirs["body"]]


def with_nulls(value):
    """Return a value with null for numbers that are not finite, as JSON.stringify writes; the peer writes words."""
    if isinstance(value, dict):
        return {key: with_nulls(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_nulls(inner) for inner in value]
    return None if value in ("Infinity", "-Infinity", "NaN") else value


def parts_over(body, least=LEAST):
    return {point["part"]: point for point in body["keypoints"] if point["score"] > least}


def assert_near(our, their):
    """Compare the keypoints of two bodies whose score is over the least one."""
    our_parts, their_parts = parts_over(our, 0.0), parts_over(their)
    assert their_parts.keys() <= our_parts.keys()
    assert parts_over(our).keys() <= parts_over(their, LEAST - MARGIN).keys()
    distances = [
        math.dist(our_parts[part]["position"][:2], point["position"][:2]) for part, point in their_parts.items()
    ]
    if distances:
        assert np.median(distances) <= MEDIAN
        assert np.quantile(distances, 0.95) <= ALMOST_ALL
    for part, point in their_parts.items():
        assert our_parts[part]["score"] == pytest.approx(point["score"], abs=MARGIN)


@pytest.mark.parametrize(("model", "name", "settings"), CASES)
async def test_in_compat_mode(peer, model, name, settings):
    ours, theirs = await both(peer, model, name, settings)
    assert [body["id"] for body in ours] == [body["id"] for body in theirs]
    for our, their in zip(ours, theirs, strict=True):
        assert our.keys() == their.keys()
        assert our["score"] == pytest.approx(their["score"], abs=MARGIN)
        assert [part["part"] for part in our["keypoints"]] == [part["part"] for part in their["keypoints"]]
        assert_near(our, their)
        assert our["box"] == pytest.approx(their["box"], abs=ALMOST_ALL)
        assert our["boxRaw"] == pytest.approx(their["boxRaw"], abs=0.005)
        for our_point, their_point in zip(our["keypoints"], their["keypoints"], strict=True):
            assert our_point.keys() == their_point.keys()
            # x and y, and the depth of blazepose in pixels of its input.
            assert our_point["position"] == pytest.approx(their_point["position"], abs=ALMOST_ALL)
            assert our_point["positionRaw"] == pytest.approx(their_point["positionRaw"], abs=0.01)
            assert our_point.get("distance") == pytest.approx(their_point.get("distance"), abs=0.01)
        assert our["annotations"].keys() == their["annotations"].keys()
        for limb, lines in their["annotations"].items():
            assert np.shape(our["annotations"][limb]) == np.shape(lines)
            assert np.array(our["annotations"][limb]) == pytest.approx(np.array(lines), abs=ALMOST_ALL)


@pytest.mark.parametrize(("model", "settings"), RIGHT_IN_HUMAN)
async def test_in_default_mode(peer, model, settings):
    (our,), (their, *_) = await both(peer, model, "person", settings, compat=None)
    assert_near(our, their)
    assert our["box"] == pytest.approx(their["box"], abs=ALMOST_ALL)


async def test_blazepose_in_default_mode(peer, monkeypatch):
    """The same except depth, distances and the last six parts, without the refinement, which Human does not have."""
    monkeypatch.setattr("humanrt.vision.body.blazepose.LEAST_HEAT", 2.0)
    (our,), (their,) = await both(peer, "blazepose-full", "person", {}, compat=None)
    # All of the person is visible. The model has no score for the point above it.
    scored = [part["part"] for part in their["keypoints"] if part["part"] != "bodyTop"]
    assert [part["part"] for part in our["keypoints"]] == scored
    our_parts, their_parts = our["keypoints"][:33], their["keypoints"][:33]
    assert_near({"keypoints": our_parts}, {"keypoints": their_parts})
    scale = 1200 / 256
    for our_part, their_part in zip(our_parts, their_parts, strict=True):
        assert our_part["position"][2] == pytest.approx(scale * their_part["position"][2], abs=scale)
    # Human reads the distance of part i at 5 i, where that of part 5 i / 3 is.
    for i in range(0, 20, 3):
        assert their_parts[i]["distance"] == pytest.approx(our_parts[5 * i // 3]["distance"], abs=0.01)
