"""A clip of 300 frames: a face that moves, turns, leaves and returns. The detector runs where Human's rules say."""

import cv2
import numpy as np
import pytest
from counting import CountedRuns, StandingClock

from humanrt import Human
from parity.pictures import read_picture

OFF = {"enabled": False}
FRAMES, LEAVES, RETURNS = 300, 150, 180
SKIP_FRAMES = 20
# Every so many frames are compared with a result without a session.
EVERY = 4
CONFIG = {
    "preset": "human",
    **dict.fromkeys(("body", "hand", "gesture"), OFF),
    "face": {
        "detector": {"skip_frames": SKIP_FRAMES, "skip_time": 100_000},
        **dict.fromkeys(("iris", "emotion", "description"), OFF),
    },
    "skip_allowed": True,  # the frames differ as the face moves; a scene does not change
    "raise_errors": True,
    "device": "cpu",
}


def clip():
    """Yield the frames, 240 x 320: the portrait, 112 pixels wide, on grey."""
    portrait = cv2.resize(read_picture("human_face"), (112, 112), interpolation=cv2.INTER_AREA)
    for i in range(FRAMES):
        if LEAVES <= i < RETURNS:
            yield np.full((240, 320, 3), 128, np.uint8)
            continue
        x, y = 96 + 50 * np.sin(i / 25), 56 + 20 * np.sin(i / 17)
        turn = cv2.getRotationMatrix2D((56, 56), 8 * np.sin(i / 20), 1.0)
        turn[:, 2] += (x, y)
        yield cv2.warpAffine(portrait, turn, (320, 240), borderValue=(128, 128, 128), flags=cv2.INTER_LINEAR)


@pytest.mark.slow(seconds=6)
async def test_the_detector_is_skipped_and_the_mesh_follows_the_face(monkeypatch):
    clock, runs = StandingClock(), CountedRuns(monkeypatch)
    detected, distances, found = [], [], []
    async with Human(CONFIG) as human:
        with human.session(clock=clock) as session:
            for i, frame in enumerate(clip()):
                clock.seconds = i / 30
                with await human.detect(frame, session=session) as cached:
                    counted = runs.take()
                if "face.detector" in counted:
                    detected.append(i)
                found.append(len(cached.face))
                if i % EVERY == 0 and cached.face:
                    with await human.detect(frame) as plain:
                        runs.take()
                        steps = cached.face[0].mesh[:, :2] - plain.face[0].mesh[:, :2]
                    distances.append(np.linalg.norm(steps, axis=1).max())
        assert human.engine.memory().baseline == (0, 0, 0, 0)
    assert found == [0 if LEAVES <= i < RETURNS else 1 for i in range(FRAMES)]
    assert detected == expected_detections()
    assert max(distances) < 2, (max(distances), np.argmax(distances))


def expected_detections():
    """Return the frames in which Human's rules run the detector."""
    frames, skipped, followed = [], 0, False
    for i in range(FRAMES):
        visible = not LEAVES <= i < RETURNS
        if followed and skipped < SKIP_FRAMES:
            skipped += 1
        else:
            frames.append(i)
            skipped = 0
        followed = visible  # the mesh of a box without a face has a low score
    return frames
