"""Hands are those of the real Human 3.3.6: the same pixels, model files and configuration."""

import re

import numpy as np
import pytest

from humanrt.compat.hand import curl_at, longest_of
from humanrt.vision.hand import handdetect
from humanrt.vision.hand.fingers import fingers_of
from parity.detection import detect_both
from parity.install import ROOM
from parity.pictures import read_picture

HANDDETECT = {"detector": {"modelPath": "handdetect.json"}}
FULL = {"skeleton": {"modelPath": "handlandmark-full.json"}}
SPARSE = {"skeleton": {"modelPath": "handlandmark-sparse.json"}}
SKELETON = {"skeleton": {"modelPath": "handskeleton.json"}}

CASES = {
    "handtrack": {},
    "handtrack-full": FULL,
    "handtrack-sparse": SPARSE,
    "handtrack-handskeleton": SKELETON,
    "handtrack-high-threshold": {**SPARSE, "minConfidence": 0.55},
    "handdetect": HANDDETECT,
    "handdetect-handskeleton": {**HANDDETECT, **SKELETON},
    "handdetect-no-rotation": {**HANDDETECT, **SKELETON, "rotation": False},
    "handdetect-no-landmarks": {**HANDDETECT, "landmarks": False},
    "handdetect-two": {**HANDDETECT, "maxDetected": 2},
}


def pictures():
    """A body; its left hand close up, rotated and mirrored; its right hand, in which two palms are detected."""
    body = read_picture("human_body")
    left, right = body[380:740, 700:1060], body[430:650, 150:420]
    return {
        "body": body,
        "upside down": left[::-1, ::-1],
        "mirrored": left[:, ::-1],
        "sideways": np.rot90(body[430:680, 800:1000]),
        "right": right,
        "many": np.concatenate(
            [np.concatenate([np.rot90(left, i), np.rot90(left[::-1], i)]) for i in range(3)], axis=1
        ),
    }


PICTURES = {name: np.ascontiguousarray(picture) for name, picture in pictures().items()}


async def both(peer, picture, hand, **options):
    ours, theirs = await detect_both(peer, PICTURES[picture], {"hand": {"maxDetected": 4, **hand}}, **options)
    return ours["hand"], theirs["hand"]


def points(hand):
    return np.array(hand["keypoints"], float).reshape(-1, 3)


def shape_of(value):
    """Keys, lengths and JSON types, recursively."""
    if isinstance(value, dict):
        return {key: shape_of(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape_of(inner) for inner in value]
    is_null = value is None or value in ("Infinity", "-Infinity")
    return "null" if is_null else "number" if isinstance(value, float | int) else type(value).__name__


def assert_same(our, their):
    assert our["label"] == their["label"]
    for score in ("score", "boxScore", "fingerScore"):
        assert our[score] == pytest.approx(their[score], abs=0.011)
    for box, tolerance in (("box", 1.5), ("boxRaw", 0.005)):
        if "Infinity" in their[box]:  # the box of no points; JSON.stringify writes null
            assert our[box] == [None] * 4
        else:
            assert our[box] == pytest.approx(their[box], abs=tolerance)
    distances = np.linalg.norm(points(our) - points(their), axis=1)
    assert not len(distances) or np.median(distances) <= 1.5
    assert our["landmarks"] == their["landmarks"]
    assert shape_of(our) == shape_of(their)


@pytest.mark.parametrize("case", CASES)
async def test_in_compat_mode(peer, case):
    ours, theirs = await both(peer, "upside down", CASES[case])
    assert theirs
    assert len(ours) == len(theirs)
    for our, their in zip(ours, theirs, strict=True):
        assert_same(our, their)


async def test_without_landmarks_human_has_hands_if_it_has_loaded_the_skeleton_before(peer):
    """They have no points, and Human's infinite box around no points; a new Human finds none."""
    without = {"landmarks": False}
    assert (await both(peer, "upside down", without))[1] == []
    (our,), (their,) = await both(peer, "upside down", without, before={"hand": {"landmarks": True}})
    assert_same(our, their)
    assert (their["keypoints"], their["box"]) == ([], ["Infinity", "Infinity", "-Infinity", "-Infinity"])


@pytest.mark.parametrize("picture", ["body", "mirrored", "sideways", "right"])
async def test_other_pictures(peer, picture):
    found = []
    for case in ({"minConfidence": 0.4}, HANDDETECT):  # handtrack's scores of the body's hands are low
        ours, theirs = await both(peer, picture, case)
        found += zip(ours, theirs, strict=True)
    assert found
    for our, their in found:
        assert_same(our, their)


@pytest.mark.parametrize("hand", [{}, HANDDETECT], ids=["handtrack", "handdetect"])
async def test_many_hands(peer, hand):
    """Fingers are also computed from Human's own points: then nothing may differ."""
    ours, theirs = await both(peer, "many", {**hand, "maxDetected": 20, "minConfidence": 0.3})
    assert len(theirs) >= 3
    assert len(ours) == len(theirs)
    for our, their in zip(ours, theirs, strict=True):
        assert_same(our, their)
        fingers = fingers_of(points(their), curl_at, longest_of)
        computed = {name: {"curl": finger.curl, "direction": finger.direction} for name, finger in fingers.items()}
        assert computed == their["landmarks"]


@pytest.mark.parametrize("limit", [0, 1])
async def test_a_limit_of_no_hands_is_one_hand_with_handtrack(peer, limit):
    """Without faces the limit is 0, which Human replaces by 1."""
    ours, theirs = await both(peer, "upside down", {"maxDetected": limit})
    assert [len(ours), len(theirs)] == [1, 1]
    ours, theirs = await both(peer, "upside down", {**HANDDETECT, "maxDetected": limit})
    assert [len(ours), len(theirs)] == [limit, limit]


async def test_in_default_mode(peer):
    """The same points; depths in the same unit; the skeleton's score without a second sigmoid."""
    (our,), (their,) = await both(peer, "upside down", {}, compat=None)
    assert our["label"] == their["label"]
    assert our["score"] == pytest.approx(their["score"], abs=0.02)
    assert 1 / (1 + np.exp(-our["fingerScore"])) == pytest.approx(their["fingerScore"], abs=0.01)
    assert np.median(np.linalg.norm(points(our)[:, :2] - points(their)[:, :2], axis=1)) <= 1.5
    # Human's are pixels of the model's input, 224 for 1.4 times the detector's box.
    away = np.abs(points(their)[:, 2]) > 4
    scales = points(our)[away, 2] / points(their)[away, 2]
    assert np.median(scales) == pytest.approx(our["box"][3] * 1.4 / 224, rel=0.3)
    assert our["landmarks"] == their["landmarks"]


async def test_human_reads_the_wrong_outputs_of_the_full_skeleton(peer):
    """With handdetect it reads the first output as the flag; handlandmark-full's first output is in meters."""
    ours, theirs = await both(peer, "upside down", {**HANDDETECT, **FULL})
    assert [len(ours), len(theirs)] == [1, 0]
    (default,), _ = await both(peer, "upside down", {**HANDDETECT, **FULL}, compat=None)
    assert default["score"] > 0.9


def test_the_anchors_are_humans(peer):
    """They are a table in its source, which is in the package that the peer has installed."""
    source = (ROOM / "node_modules/@vladmandic/human/src/hand/handposeanchors.ts").read_text(encoding="utf-8")
    table = [[float(x), float(y)] for x, y in re.findall(r"x: ([\d.]+), y: ([\d.]+)", source)]
    assert np.array_equal(handdetect.anchors(256) / 256, np.array(table))
