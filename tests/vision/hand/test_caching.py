"""What a frame of a video does with the hands of the frame before, by Human's handtrack.ts and handposepipeline.ts."""

from dataclasses import replace

import numpy as np
import pytest
from records import HAND

from humanrt.config import HandConfig
from humanrt.streams.caching import Cached
from humanrt.streams.session import Saved, SessionFrame
from humanrt.vision.hand.detector import DetectedHand, FollowedHands
from humanrt.vision.hand.handdetect import HANDDETECT
from humanrt.vision.hand.handtrack import HANDTRACK
from humanrt.vision.hand.record import HandRecorder
from humanrt.vision.hand.skeleton import Region

SETTINGS = HandConfig(skip_frames=4, skip_time=100)
CORNER = np.zeros(2)
PLACE = DetectedHand("fist", 0.5, CORNER, CORNER, Region(CORNER, CORNER, 0.0, CORNER))


def plan(detector, skipped, elapsed, *, hands=1, places=1, limit=1, allowed=True):
    frame = SessionFrame(Saved(), 1000.0 + elapsed)
    frame.skip_allowed = allowed
    value = FollowedHands((HAND,) * hands, (PLACE,) * places)
    return detector.plan(Cached("kind", value, skipped, 1000.0), SETTINGS, frame, limit)


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        ({"skipped": 2, "elapsed": 99}, "reuse"),
        ({"skipped": 2, "elapsed": 99, "hands": 0, "places": 0}, "reuse"),
        ({"skipped": 2, "elapsed": 99, "allowed": False}, "detect"),
        ({"skipped": 3, "elapsed": 99}, "follow"),  # the frame itself counts
        ({"skipped": 2, "elapsed": 100}, "follow"),
        ({"skipped": 999, "elapsed": 9999}, "follow"),  # all hands are there
        ({"skipped": 10, "elapsed": 299, "limit": 2}, "follow"),  # some are: three times the limits
        ({"skipped": 11, "elapsed": 299, "limit": 2}, "detect"),
        ({"skipped": 10, "elapsed": 300, "limit": 2}, "detect"),
        ({"skipped": 3, "elapsed": 99, "places": 0}, "detect"),
    ],
)
def test_handtrack_reuses_then_follows_then_detects(situation, expected):
    assert plan(HANDTRACK, **situation) == expected


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        ({"skipped": 3, "elapsed": 99}, "follow"),
        ({"skipped": 4, "elapsed": 99}, "detect"),
        ({"skipped": 3, "elapsed": 100}, "detect"),
        ({"skipped": 3, "elapsed": 99, "allowed": False}, "detect"),
        ({"skipped": 3, "elapsed": 99, "places": 0}, "detect"),
    ],
)
def test_handdetect_follows_then_detects(situation, expected):
    assert plan(HANDDETECT, **situation) == expected


@pytest.mark.parametrize(
    ("found", "followed", "limit", "kept"),
    [(0, 1, 2, True), (1, 1, 2, True), (2, 1, 2, False), (1, 2, 2, True), (3, 2, 2, True), (1, 0, 2, False)],
)
def test_handdetect_follows_on_unless_the_detector_found_another_number(found, followed, limit, kept):
    assert HANDDETECT.keeps(found, followed, limit, SETTINGS) is kept
    assert HANDDETECT.keeps(found, followed, limit, replace(SETTINGS, landmarks=False)) is (found == 0)
    assert not HANDTRACK.keeps(found, followed, limit, SETTINGS)


def hand(*corners):
    points = np.zeros((21, 3), np.float32)
    points[:, :2] = np.linspace(*corners, 21)
    return replace(HAND, keypoints=points)


def test_handtrack_searches_in_a_larger_square_around_the_points():
    recorder = HandRecorder(400, 200, SETTINGS)
    place = HANDTRACK.place(hand((100, 50), (150, 70)), PLACE, recorder)
    np.testing.assert_allclose(place.region.start, [125 - 40, 60 - 40])
    np.testing.assert_allclose(place.region.end, [125 + 40, 60 + 40])
    np.testing.assert_allclose([place.start, place.end], [[100, 50], [150, 70]])
    assert (place.label, place.score) == ("fist", 0.5)
    assert HANDTRACK.place(hand((100, 50), (120, 60)), PLACE, recorder) is None  # 20 is 5 % of 400


@pytest.mark.parametrize("rotation", [True, False])
def test_handdetect_searches_upright_around_the_points(rotation):
    points = np.zeros((21, 3), np.float32)
    points[:, :2] = [100, 50]
    points[0, :2], points[9, :2] = [80, 50], [120, 50]  # the wrist is left, the middle finger points right
    recorder = HandRecorder(400, 200, HandConfig(rotation=rotation))
    region = HANDDETECT.place(replace(HAND, keypoints=points), PLACE, recorder).region
    assert region.angle == pytest.approx(np.pi / 2 if rotation else 0)
    np.testing.assert_allclose(region.pivot, [100, 50])
    np.testing.assert_allclose((region.start + region.end) / 2, [100, 50])
    np.testing.assert_allclose(region.end - region.start, [66, 66])


@pytest.mark.parametrize(
    ("plan", "ran", "times"), [("detect", True, (9, 9)), ("follow", True, (5, 9)), ("detect", False, (9, 5))]
)
def test_the_time_counts_from_the_detector_or_from_the_last_skeleton(plan, ran, times):
    assert HANDTRACK.time(plan, 5.0, 9.0, ran=ran) == times[0]
    assert HANDDETECT.time(plan, 5.0, 9.0, ran=ran) == times[1]
