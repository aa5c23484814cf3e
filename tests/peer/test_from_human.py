"""``Result.from_human()`` of what Human writes, and back, is the same JSON."""

import json

import pytest

from humanrt import Result
from parity.detection import OFF, ON
from parity.pictures import read_picture

EVERYTHING = {
    "face": {"detector": {"maxDetected": 5, "rotation": True}, "antispoof": ON, "liveness": ON},
    "body": ON,
    "hand": ON,
    "object": ON,
    "gesture": ON,
}
WITHOUT_MESH = {"face": {"mesh": OFF, "iris": OFF}, "hand": {"enabled": True, "landmarks": False}}


def as_json(value):
    """Return a result as ``JSON.stringify()`` writes it: the peer writes the names of numbers that are not finite."""
    if isinstance(value, dict):
        return {key: as_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_json(each) for each in value]
    return None if value in ("Infinity", "-Infinity", "NaN") else value


@pytest.mark.slow(seconds=5)
@pytest.mark.parametrize(
    ("picture", "config"),
    [("human_body", EVERYTHING), ("black", EVERYTHING), ("human_body", WITHOUT_MESH)],
    ids=["everything", "nothing found", "without mesh"],
)
def test_there_and_back(peer, picture, config):
    theirs = as_json(peer.human(read_picture(picture), config))
    text = json.dumps(theirs)
    assert json.loads(json.dumps(Result.from_human(text).to_human())) == theirs
    assert bool(theirs["face"]) == bool(theirs["persons"]) == (picture != "black")
