"""All gestures together: their order, and whose they are."""

import numpy as np
import pytest

from humanrt.people.gestures import find_gestures
from humanrt.result import Body, Finger, Gesture, Hand, Keypoint


@pytest.mark.parametrize(("quirks", "ids"), [(False, (7, 8, 9)), (True, (0, 0, 0))])
def test_the_order_and_the_ids(make_face, quirks, ids):
    face = make_face(id=ids[0] if not quirks else 7)
    keypoints = [Keypoint(part, 0.9, (0, y), (0, y)) for part, y in (("nose", 5), ("leftWrist", 1))]
    body = Body(8, 0.9, (0, 0, 1, 1), (0, 0, 1, 1), tuple(keypoints), {})
    points = np.arange(63, dtype=np.float32).reshape(21, 3)
    fingers = dict.fromkeys(("thumb", "index", "middle", "ring", "pinky"), Finger("half", "verticalUp"))
    annotations = {"thumb": points[1:5], "index": points[5:9]}
    hand = Hand(9, 0.9, 0.9, 0.9, (0, 0, 1, 1), (0, 0, 1, 1), "hand", points, annotations, fingers)
    found = find_gestures([face], [body], [hand], quirks=quirks)
    assert found[:4] == (
        Gesture("face", ids[0], "facing center"),
        Gesture("body", ids[1], "raise left hand"),
        Gesture("hand", ids[2], "thumb forward"),
        Gesture("hand", ids[2], "thumb up"),
    )
    assert {(gesture.part, gesture.id) for gesture in found[4:]} == {("iris", ids[0])}
    assert found[-1].to_human() == {"iris": ids[0], "gesture": "looking center"}


def test_nothing_does_nothing():
    assert find_gestures([], [], [], quirks=False) == find_gestures([], [], [], quirks=True) == ()
