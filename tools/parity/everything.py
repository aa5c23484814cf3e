"""Comparison of whole results with Human's: the same pixels and configuration, and the difference of each field."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from humanrt import Config
from humanrt.imaging import read_picture
from parity.bodies import compare_bodies
from parity.detection import ON, detect_both
from parity.difference import Difference, Json
from parity.faces import DEFAULT_FACE_MODELS, compare_faces
from parity.gestures import compare_gestures
from parity.hands import compare_hands
from parity.node import Peer
from parity.objects import compare_objects
from parity.persons import compare_persons

# All modules that Human's own package has models for.
DEFAULT_MODELS: Json = {"face": DEFAULT_FACE_MODELS, **dict.fromkeys(("body", "hand", "object", "gesture"), ON)}
# The number, over all pictures, of hands and bodies near the threshold that one side only may have.
BORDERLINE = 1


def compare(ours: Json, theirs: Json) -> dict[str, list[Difference]]:
    """Return the differences of two whole results, by module."""
    return {
        "face": compare_faces(ours["face"], theirs["face"]),
        "body": compare_bodies(ours["body"], theirs["body"]),
        "hand": compare_hands(ours["hand"], theirs["hand"]),
        "object": compare_objects(ours["object"], theirs["object"]),
        "gesture": compare_gestures(ours, theirs),
        "persons": compare_persons(ours, theirs),
    }


def compare_pictures(peer: Peer, paths: Sequence[Path], config: Json = DEFAULT_MODELS) -> bool:
    """Print the differences of all fields of all detections; return whether all are within their limits."""
    print(f"{'picture':<28}{'module':<8}{'place':>5}  {'field':<18}{'difference':>11}{'limit':>8}")
    all_within, borderline = True, 0.0
    for path in paths:
        picture = read_picture(path, max_pixels=Config().image.max_pixels)
        for module, differences in compare(*asyncio.run(detect_both(peer, picture, config))).items():
            for difference in differences:
                place, field, amount, limit = difference
                verdict = "" if difference.within else "  over the limit"
                print(f"{path.name:<28}{module:<8}{place:>5}  {field:<18}{amount:>11.4g}{limit:>8.4g}{verdict}")
                all_within = all_within and difference.within
                borderline += amount if field == "borderline" else 0
    print(f"borderline bodies and hands on one side only: {borderline:g}; allowed: {BORDERLINE}")
    return all_within and borderline <= BORDERLINE
