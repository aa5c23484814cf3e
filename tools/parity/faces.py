"""Comparison of faces with Human's."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from parity.detection import ON
from parity.difference import Difference, Json

# Human's default face models: those in its own package, and no others.
DEFAULT_FACE_MODELS = {"antispoof": ON, "liveness": ON, "detector": {"maxDetected": 20}}

# The limits in pixels, years and radians; of the distance relative to Human's; of embeddings as 1 - cosine.
LIMITS: Mapping[str, float] = {
    "faces": 0,
    "box": 1.5,
    "mesh, median": 1.5,
    "mesh, 95 %": 3,
    "score": 0.02,
    "boxScore": 0.02,
    "faceScore": 0.02,
    "age": 0.5,
    "gender": 0,
    "emotion": 0,
    "embedding": 0.001,
    "real": 0.03,
    "live": 0.03,
    "distance": 0.05,
    "rotation": 0.02,
    "gaze": 0.02,
}
# If the scores of Human's best two classes are closer than this, ours may be the second.
MARGIN = 0.05

Points = Sequence[Sequence[float]]


def compare_faces(ours: Sequence[Json], theirs: Sequence[Json]) -> list[Difference]:
    """Compare the lists under "face", face by face."""
    differences = [Difference(0, "faces", abs(len(ours) - len(theirs)), LIMITS["faces"])]
    for i, (our, their) in enumerate(zip(ours, theirs, strict=False)):
        differences += (Difference(i, field, amount, LIMITS[field]) for field, amount in _compare(our, their))
    return differences


def _compare(our: Json, their: Json) -> Iterator[tuple[str, float]]:
    yield "box", max(abs(one - other) for one, other in zip(our["box"], their["box"], strict=True))
    yield from _compare_meshes(our["mesh"], their["mesh"])
    for field in ("score", "boxScore", "faceScore", "age", "real", "live", "distance"):
        if field in our and field in their:
            yield field, abs(our[field] - their[field]) / (their[field] if field == "distance" else 1)
        elif field in our or field in their:
            yield field, math.inf
    if their.get("genderScore", 0) > MARGIN:
        yield "gender", our["gender"] != their["gender"]
    yield from _compare_emotions(our["emotion"], their["emotion"])
    yield from _compare_embeddings(our["embedding"], their["embedding"])
    if "rotation" in our and "rotation" in their:
        yield from _compare_rotations(our["rotation"], their["rotation"])
    elif "rotation" in our or "rotation" in their:
        yield "rotation", math.inf


def _compare_meshes(our: Points, their: Points) -> Iterator[tuple[str, float]]:
    if len(our) != len(their):
        yield "mesh, median", math.inf
        return
    distances = [math.dist(one[:2], other[:2]) for one, other in zip(our, their, strict=True)]
    yield "mesh, median", float(np.median(distances))
    yield "mesh, 95 %", float(np.quantile(distances, 0.95))


def _compare_emotions(our: Sequence[Json], their: Sequence[Json]) -> Iterator[tuple[str, float]]:
    """Compare the strongest emotions, unless Human's second is about as strong."""
    strengths = [*(emotion["score"] for emotion in their), 0, 0]
    if strengths[0] - strengths[1] > MARGIN:
        yield "emotion", not our or our[0]["emotion"] != their[0]["emotion"]


def _compare_embeddings(our: Sequence[float], their: Sequence[float]) -> Iterator[tuple[str, float]]:
    if len(our) != len(their):
        yield "embedding", math.inf
    elif our:
        yield "embedding", 1 - float(np.dot(our, their) / np.linalg.norm(our) / np.linalg.norm(their))


def _compare_rotations(our: Json, their: Json) -> Iterator[tuple[str, float]]:
    yield "rotation", max(abs(our["angle"][axis] - their["angle"][axis]) for axis in ("roll", "yaw", "pitch"))
    # A bearing is the direction of a line, which half a turn does not change.
    turn = abs(our["gaze"]["bearing"] - their["gaze"]["bearing"]) % math.pi
    yield "gaze", max(min(turn, math.pi - turn), abs(our["gaze"]["strength"] - their["gaze"]["strength"]))
