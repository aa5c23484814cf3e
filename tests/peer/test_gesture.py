"""Gestures and persons are those of Human 3.3.6: its own functions, which it does not export, on the same records."""

from dataclasses import replace

import numpy as np
import pytest

from humanrt.compat import HUMAN
from humanrt.compat.people import POSES
from humanrt.people.persons import join_persons
from humanrt.people.poses import FINGERS
from humanrt.result import Body, Face, Finger, Gesture, Hand, Keypoint
from parity.detection import ON, detect_both
from parity.errors import RefusedError
from parity.faces import DEFAULT_FACE_MODELS
from parity.gestures import compare_gestures
from parity.persons import compare_persons
from parity.pictures import read_picture

FINGERPOSE = ["src/hand/fingerdef.ts", "src/hand/fingergesture.ts", "src/hand/fingerpose.ts"]
GESTURE = [*FINGERPOSE, "src/gesture/gesture.ts"]
PERSONS = ["src/util/persons.ts"]

CURLS = ("none", "half", "full")
DIRECTIONS = (
    "verticalUp",
    "verticalDown",
    "horizontalLeft",
    "horizontalRight",
    "diagonalUpRight",
    "diagonalUpLeft",
    "diagonalDownRight",
    "diagonalDownLeft",
)
PARTS = ("nose", "leftWrist", "rightWrist", "leftElbow", "leftShoulder", "rightShoulder")
# Human's annotations with handtrack; with handdetect there is no "base", and the palm is the wrist alone.
HAND = {
    **{finger: range(4 * i + 1, 4 * i + 5) for i, finger in enumerate(FINGERS)},
    "base": [0],
    "palm": [0, 17, 13, 9, 5, 1, 0],
}
WIDTH, HEIGHT = 400, 300
MANY = 300


def some_box(numbers):
    x, y, width, height = numbers.integers(0, 200, 4).tolist()
    return x, y, width + 1, height + 1


def some_face(numbers, i):
    """A face of integer coordinates in a small square: many are equal, and lead to divisions by zero."""
    count, size = numbers.choice([6, 468, 478, 478, 478]), numbers.choice([3, 12, 40])
    mesh = (numbers.integers(0, size, (count, 3)) - [0, 0, 12]).astype(np.float32)
    irises = {"leftEyeIris": mesh[468:473], "rightEyeIris": mesh[473:478]}
    return Face(i, 1.0, 1.0, 1.0, some_box(numbers), (0, 0, 0, 0), (1, 1), mesh, mesh, irises)


def some_body(numbers, i):
    keypoints = []
    for part in numbers.permutation(PARTS)[: numbers.integers(2, 7)].tolist():
        x, y = numbers.integers(0, 90, 2).tolist()
        keypoints.append(Keypoint(part, 0.5, (x, y), (x / WIDTH, y / HEIGHT)))
    return Body(i, 0.5, some_box(numbers), (0, 0, 0, 0), tuple(keypoints), {})


def some_hand(numbers, i):
    keypoints = numbers.integers(0, 9, (21, 3)).astype(np.float32)
    straight = numbers.random()
    for finger in list(HAND.values())[:5]:
        if (
            numbers.random() < straight
        ):  # almost straight, up and to the left: Human classifies exactly straight fingers as bent
            keypoints[finger] += keypoints[0] - np.arange(4, 8)[:, None] * [9, 20, 0]
    annotations = {name: keypoints[list(rows)] for name, rows in HAND.items()}
    return Hand(i, 1.0, 1.0, 1.0, some_box(numbers), (0, 0, 0, 0), "hand", keypoints, annotations, {})


def with_fingers(peer, hands):
    """The hands with Human's curls and directions of their fingers."""
    of_all = peer.inside_human(FINGERPOSE, "(hands) => hands.map(analyze)", [hand.keypoints.tolist() for hand in hands])
    return [
        replace(hand, landmarks={name: Finger(**finger) for name, finger in fingers.items()})
        for hand, fingers in zip(hands, of_all, strict=True)
    ]


def as_human(face):
    annotations = {name: points.tolist() for name, points in face.annotations.items()}
    return {"id": face.id, "box": face.box, "mesh": face.mesh.tolist(), "annotations": annotations}


@pytest.mark.parametrize("seed", range(3))
def test_the_gestures_of_faces_and_irises(peer, seed):
    numbers = np.random.default_rng(seed)
    faces = [some_face(numbers, i) for i in range(MANY)]
    theirs = [
        gesture
        for function in ("face2", "iris2")
        for gesture in peer.inside_human(GESTURE, function, [as_human(face) for face in faces])
    ]
    assert [gesture.to_human() for gesture in HUMAN.gestures.find(faces, [], [])] == theirs
    words = {gesture["gesture"] for gesture in theirs}
    assert words >= {"facing left", "facing right", "blink left eye", "mouth 100% open", "head up", "head down"}
    assert words >= {f"looking {where}" for where in ("left", "right", "up", "down")}


def test_the_gestures_of_bodies(peer):
    numbers = np.random.default_rng(1)
    bodies = [some_body(numbers, 1000 - i) for i in range(MANY)]  # ids are not indices
    theirs = peer.inside_human(GESTURE, "body2", [body.to_human() for body in bodies])
    assert [gesture.to_human() for gesture in HUMAN.gestures.find([], bodies, [])] == theirs
    assert len({gesture["gesture"] for gesture in theirs}) == 5


def test_the_gestures_of_hands(peer):
    numbers = np.random.default_rng(2)
    hands = with_fingers(peer, [some_hand(numbers, i) for i in range(MANY)])
    theirs = peer.inside_human(GESTURE, "hand2", [hand.to_human() for hand in hands])
    assert [gesture.to_human() for gesture in HUMAN.gestures.find([], [], hands)] == theirs
    words = {gesture["gesture"] for gesture in theirs}
    assert words >= {"palm forward", "palm up", "thumb up", "point", "open palm", "middle finger"}


def test_the_poses(peer):
    """Human's confidence in each pose, for random curls and directions."""
    numbers = np.random.default_rng(3)
    held = [(numbers.integers(0, 3, 5).tolist(), numbers.integers(0, 8, 5).tolist()) for _ in range(3000)]
    match = "(pose) => pose.matchAgainst(curls, directions)"
    poses = f"(hands) => hands.map(([curls, directions]) => fingergesture_default.map({match}))"
    theirs = peer.inside_human(FINGERPOSE, poses, held)
    ours = []
    for curls, directions in held:
        fingers = {
            name: Finger(CURLS[curl], DIRECTIONS[direction])
            for name, curl, direction in zip(FINGERS, curls, directions, strict=True)
        }
        ours.append([pose.confidence(fingers) for pose in POSES])
    assert ours == theirs
    names = peer.inside_human(FINGERPOSE, "() => fingergesture_default.map((pose) => pose.name)")
    assert [pose.name for pose in POSES] == names


@pytest.mark.parametrize("seed", range(5))
def test_persons(peer, seed):
    """Crowds in a small picture, with ids that are not their indices."""
    numbers = np.random.default_rng(seed)
    faces = [replace(some_face(numbers, i), mesh=np.zeros((6, 3), np.float32)) for i in range(20)]
    bodies = [some_body(numbers, int(i)) for i in numbers.permutation(10)]
    hands = [some_hand(numbers, i) for i in range(30)]
    gestures = [
        Gesture(part, i, f"gesture {n}")
        for n, (part, i) in enumerate((part, i) for part in ("face", "body", "hand", "iris") for i in range(20))
    ]
    records = [[as_human(face) for face in faces]]
    records += [[record.to_human() for record in each] for each in (bodies, hands, gestures)]
    theirs = peer.inside_human(PERSONS, "join2", *records, [1, HEIGHT, WIDTH, 3])
    ours = join_persons(faces, bodies, hands, gestures, (WIDTH, HEIGHT), HUMAN.join)
    assert len(ours) == len(theirs) == 20
    for our, their in zip(ours, theirs, strict=True):
        assert (our.id, our.face.id, list(our.box)) == (their["id"], their["face"]["id"], their["box"])
        assert list(our.box_raw) == their["boxRaw"]
        assert (our.body and our.body.to_human()) == their["body"]
        for side in ("left", "right"):
            hand = getattr(our.hands, side)
            assert (hand and hand.to_human()) == their["hands"][side]
        assert [gesture.to_human() for gesture in our.gestures] == their["gestures"]
    assert sum(their["body"] is not None for their in theirs) > 5
    assert sum(their["hands"]["left"] is not None for their in theirs) > 3


@pytest.mark.parametrize("name", ["human_face", "human_body", "astronaut"])
async def test_gestures_and_persons_in_pictures(peer, name):
    ours, theirs = await detect_both(peer, read_picture(name), {"face": DEFAULT_FACE_MODELS, "gesture": ON})
    assert len(theirs["gesture"]) >= 4
    assert [each for each in compare_gestures(ours, theirs) if not each.within] == []
    assert [each for each in compare_persons(ours, theirs) if not each.within] == []
    assert ours["persons"][0].keys() == theirs["persons"][0].keys()


def test_an_unknown_file_or_function_of_human_raises(peer):
    with pytest.raises(RefusedError, match="Human has no src/gesture/wink"):
        peer.inside_human(["src/gesture/wink.ts"], "wink")
    with pytest.raises(RefusedError, match="wink is not defined"):
        peer.inside_human(PERSONS, "wink")
