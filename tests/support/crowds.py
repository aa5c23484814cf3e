"""Groups of people as ``detect()`` might return them: faces at random places, with bodies, hands and gestures."""

from math import ceil, sqrt

import numpy as np
from records import ROTATION

from humanrt import Body, Emotion, Face, Gesture, Hand, Hands, Keypoint, Person, Result

FINGERS = ("thumb", "index", "middle", "ring", "pinky")
EMOTIONS = ("happy", "neutral", "surprise", "sad")
GESTURES = ("facing center", "mouth 14% open", "blink left eye", "raise right hand", "thumb up")


def crowd(
    count: int, width: int, height: int, seed: int = 0, *, fill: float = 0.6, mesh: np.ndarray | None = None
) -> Result:
    """Return a group of people in a picture of this size.

    They stand in the cells of a grid, each shifted and scaled at random, so that boxes of neighbours overlap a little.
    ``fill`` is the height of a face over that of its cell. ``mesh``, [n, 3], is a mesh in fractions of the box.
    """
    rng = np.random.default_rng([count, width, height, seed])
    columns = min(count, max(1, ceil(sqrt(count * width / height))))
    rows = ceil(count / columns)
    cell = np.array([width / columns, height / rows])
    persons = []
    for i in range(count):
        corner = cell * (i % columns, i // columns)
        side = fill * min(cell) * rng.uniform(0.7, 1.1)
        middle = corner + cell / 2 + rng.uniform(-0.2, 0.2, 2) * cell
        persons.append(_person(i, middle, side, (width, height), rng, mesh))
    hands = [hand for each in persons for hand in (each.hands.left, each.hands.right) if hand]
    return Result(
        width,
        height,
        face=tuple(each.face for each in persons),
        body=tuple(each.body for each in persons if each.body),
        hand=tuple(hands),
        gesture=tuple(gesture for each in persons for gesture in each.gestures),
        persons=tuple(persons),
    )


def _person(i, middle, side, size, rng, mesh) -> Person:
    box = _clipped(middle - (0.42 * side, 0.5 * side), (0.84 * side, side), size)
    points = np.empty((0, 3), np.float32)
    if mesh is not None:
        points = (mesh * (*box[2:], box[2]) + (*box[:2], 0)).astype(np.float32)
    face = Face(
        id=i,
        score=0.9,
        box_score=0.9,
        face_score=0.9,
        box=box,
        box_raw=box,
        size=box[2:],
        mesh=points,
        mesh_raw=points,
        annotations={},
        rotation=ROTATION,
        age=float(rng.uniform(5, 80)),
        gender=("female", "male", "unknown")[rng.integers(3)],
        emotion=(Emotion(0.8, EMOTIONS[rng.integers(4)]),),
    )
    body = _body(i, middle, side, size)
    hand = _hand(i, np.array(body.keypoints[-1].position), side / 3, size)
    gestures = tuple(
        Gesture(("face", "iris", "body", "hand")[rng.integers(4)], i, GESTURES[each])
        for each in rng.permutation(len(GESTURES))[: rng.integers(0, 5)]
    )
    return Person(i, face, body, Hands(left=hand), gestures, box, box)


def _body(i, middle, side, size) -> Body:
    places = {
        "nose": (0, 0),
        "leftShoulder": (0.8, 0.9),
        "rightShoulder": (-0.8, 0.9),
        "leftElbow": (1.1, 1.8),
        "rightElbow": (-1.1, 1.8),
        "leftHip": (0.5, 2.6),
        "rightHip": (-0.5, 2.6),
        "rightWrist": (-0.9, 2.5),
        "leftWrist": (1.0, 1.0),
    }
    points = {part: tuple((middle + side * np.array(place)).tolist()) for part, place in places.items()}
    keypoints = tuple(Keypoint(part, 0.8, point, point) for part, point in points.items())
    limbs = [("leftShoulder", "rightShoulder"), ("leftShoulder", "leftElbow"), ("leftElbow", "leftWrist")]
    limbs += [("rightShoulder", "rightElbow"), ("rightElbow", "rightWrist"), ("leftShoulder", "leftHip")]
    limbs += [("rightShoulder", "rightHip"), ("leftHip", "rightHip")]
    box = _clipped(middle - (1.2 * side, 0.6 * side), (2.4 * side, 3.3 * side), size)
    return Body(i, 0.8, box, box, keypoints, {"all": tuple((points[a], points[b]) for a, b in limbs)})


def _hand(i, wrist, side, size) -> Hand:
    joints = [(0.0, 0.0)]
    for finger in range(5):
        joints += [((finger - 2) * 0.2 * (0.6 + 0.2 * joint), -0.3 - 0.2 * joint) for joint in range(1, 5)]
    points = np.array([(*(wrist + side * np.array(joint)), 0) for joint in joints], np.float32)
    box = _clipped(points[:, :2].min(axis=0), np.ptp(points[:, :2], axis=0), size)
    fingers = {name: points[4 * j + 1 : 4 * j + 5] for j, name in enumerate(FINGERS)}
    return Hand(i, 0.7, 0.7, 0.7, box, box, "hand", points, fingers, {})


def _clipped(corner, sides, size) -> tuple[float, float, float, float]:
    low, high = np.clip([corner, np.add(corner, sides)], 0, size)
    x, y, width, height = (*low.tolist(), *(high - low).tolist())
    return x, y, width, height
