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


DELAYS = ((0, 5, 50, 250), (1, 1, 400), (30, 999, 1000, 5000), (3, 60))


async def test_results_between_frames_are_those_of_humans_next(peer):
    """Of the same results at the same times; what Human makes up (depths and distances of bodies) is left out."""
    large = cv2.resize(read_picture("human_body"), (480, 480), interpolation=cv2.INTER_AREA)
    still, black = large[:440, :440], np.zeros((440, 440, 3), np.uint8)
    frames = [still, large[30:470, 20:460], black, still]
    config = {"preset": "human", "device": "cpu", "object": {"enabled": True}, "cache_sensitivity": 0}
    results, between, times = [], [], []
    async with Human(config) as human:
        with human.session() as session:
            for frame, delays in zip(frames, DELAYS, strict=True):
                result = await human.detect(frame, session=session)
                results.append(result.to_human())
                times.append([result.timestamp + delay for delay in delays])
                between.append([session.next(time).to_human() for time in times[-1]])
    assert results[0]["face"]
    assert results[0]["hand"]
    assert not results[2]["face"]
    theirs = peer.human_next(results, times, {"body": {"modelPath": "movenet-lightning.json"}})
    for ours_of_frame, theirs_of_frame in zip(between, theirs, strict=True):
        for our, their in zip(ours_of_frame, theirs_of_frame, strict=True):
            for kind in ("face", "body", "hand", "object", "persons"):
                assert len(our[kind]) == len(their[kind])
                for one, other in zip(our[kind], their[kind], strict=True):
                    assert [*positions(one)] == pytest.approx([*positions(other)], rel=1e-6, abs=1e-4), kind
            assert (our["gesture"], our["width"], our["height"]) == (their["gesture"], their["width"], their["height"])
            assert our["performance"]["interpolate"] >= 0


def positions(record):
    """Yield every position that Human interpolates."""
    yield from record["box"]
    if "face" in record:
        return
    yield from record["boxRaw"]
    groups = [record.get("annotations", {})]
    if "keypoints" in record and "landmarks" not in record:  # a body
        for keypoint in record["keypoints"]:
            yield from (*keypoint["position"][:2], *keypoint["positionRaw"][:2])

        groups = [{name: [at[:2] for line in lines for at in line] for name, lines in groups[0].items()}]
    elif "keypoints" in record:
        groups.append({"keypoints": record["keypoints"]})
    yield from np.concatenate([np.ravel(points) for group in groups for points in group.values() or [[]]]).tolist()
    if "rotation" in record:
        yield from (record["rotation"]["angle"][name] for name in ("roll", "yaw", "pitch"))
        yield from (record["rotation"]["gaze"][name] for name in ("bearing", "strength"))
