"""Videos beside the real Human: in every frame the same models run, and between frames ``next()`` shows the same."""

import cv2
import numpy as np
import pytest
from counting import CountedRuns, StandingClock

from humanrt import Human
from parity.pictures import read_picture

OFF = {"enabled": False}
KEYS = {
    "blazeface": "face.detector",
    "facemesh": "face.mesh",
    "iris": "face.iris",
    "faceres": "face.description",
    "emotion": "face.emotion",
    "antispoof": "face.antispoof",
    "liveness": "face.liveness",
    "movenet": "body",
    "handtrack": "hand.detector",
    "handskeleton": "hand.skeleton",
    "centernet": "object",
}
FACE_ONLY = {"body": OFF, "hand": OFF}
SPOOFING_OFF = {"antispoof": OFF, "liveness": OFF}


def picture():
    return cv2.resize(read_picture("human_body"), (400, 400), interpolation=cv2.INTER_AREA)


def limits(frames, milliseconds=10_000):
    return {"skipFrames": frames, "skipTime": milliseconds}


VIDEOS = {
    "few frames": {
        "face": {
            "detector": limits(3),
            "emotion": limits(2),
            "description": limits(4),
            "antispoof": {"enabled": True, **limits(2)},
            "liveness": {"enabled": True, **limits(1)},
        },
        "body": limits(3),
        "hand": limits(2),
        "object": {"enabled": True, **limits(2)},
    },
    "little time": {
        "face": {
            "detector": limits(99, 100),
            "emotion": limits(99, 60),
            "description": limits(99, 130),
            **SPOOFING_OFF,
        },
        "body": limits(99, 90),
        "hand": limits(99, 50),
    },
    "two hands": {"face": OFF, "body": OFF, "hand": {**limits(2, 100), "maxDetected": 2}},
    "without a mesh": {"face": {**SPOOFING_OFF, **dict.fromkeys(("mesh", "emotion", "description"), OFF)}, **FACE_ONLY},
}


async def ours(frames, times, config, monkeypatch):
    clock, runs, seen = StandingClock(), CountedRuns(monkeypatch), []
    async with Human({**config, "compat": "human", "device": "cpu"}) as human:
        with human.session(clock=clock) as session:
            for frame, time in zip(frames, times, strict=True):
                clock.seconds = time / 1000
                with await human.detect(frame, session=session) as result:
                    seen.append((runs.take(), {kind: len(getattr(result, kind)) for kind in ("face", "body", "hand")}))
    return seen


@pytest.mark.slow(seconds=5)
@pytest.mark.parametrize("name", VIDEOS)
async def test_the_models_that_human_runs_are_run(peer, monkeypatch, name):
    config = {"gesture": OFF, "filter": OFF, **VIDEOS[name]}
    still = picture()
    noisy = np.clip(still.astype(np.int16) + np.random.default_rng(5).integers(-9, 10, still.shape), 0, 255)
    # It stands still, trembles, is cut to another scene, and back.
    frames = [still] * 3 + [noisy.astype(np.uint8), still, still, 255 - still, 255 - still, still, still, still]
    times = [1_000_000 + 40 * i for i in range(len(frames))]
    theirs = peer.human_video(frames, times, config)
    found = await ours(frames, times, config, monkeypatch)
    expected = [{KEYS[model]: count for model, count in frame["runs"].items() if count} for frame in theirs]
    assert [runs for runs, _ in found] == expected
    numbers = [{kind: len(frame["result"][kind]) for kind in ("face", "body", "hand")} for frame in theirs]
    assert [counts for _, counts in found] == numbers
    assert expected[0]
