"""Hands in images, with the real models: what each setting does, and several hands at once."""

import asyncio
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from counting import StandingClock
from records import BODY, FACE, HAND

from humanrt import Human, Keypoint, errors
from humanrt.config import HandConfig, load_config
from humanrt.imaging import scaled
from humanrt.runtime.graph_model import GraphModel
from humanrt.vision.call import Call
from humanrt.vision.hand.pipeline import HandFamilies, detect_hands, hand_models, without_faces
from humanrt.vision.hand.record import HandRecorder, Scores
from humanrt.vision.stage import family_of
from humanrt.zoo import find_card
from parity.pictures import read_picture

pytestmark = pytest.mark.usefixtures("loaded_models")

HANDTRACK = {"detector": {"model_path": "handtrack.json"}}
HANDDETECT = {"detector": {"model_path": "handdetect.json"}}
SKELETONS = ("handlandmark-lite", "handlandmark-full", "handskeleton")
NOTHING = (0, 0, 0, 0)
FAMILIES = HandFamilies()


@pytest.fixture
async def human():
    async with Human({"preset": "human"}) as human:
        yield human
        assert human.engine.memory().baseline == NOTHING


@pytest.fixture(scope="module")
def body():
    """Two hands: the left one around (905, 570), the right one around (250, 545)."""
    return read_picture("human_body")


@pytest.fixture(scope="module")
def close_up(body):
    """The left hand of the body, upside down, around (155, 170)."""
    return body[380:740, 700:1060][::-1, ::-1].copy()


async def find(human, picture, limit=4, bodies=(), **hand):
    config = load_config({"preset": "human", "hand": hand})
    models = await human._load(config, None)
    async with human.engine.scope():
        call = Call(human.engine, models, human.engine.from_numpy(picture), config)
        return await detect_hands(call, FAMILIES, limit, bodies)


def middle(hand):
    x, y, width, height = hand.box
    return np.array([x + width / 2, y + height / 2])


@pytest.mark.parametrize(
    ("hand", "expected"),
    [
        ({}, {"hand.detector": "handtrack.json", "hand.skeleton": "handlandmark-lite.json"}),
        ({"landmarks": False}, {"hand.detector": "handtrack.json"}),
        ({"enabled": False}, {}),
        (
            {**HANDDETECT, "skeleton": {"model_path": "handskeleton.json"}},
            {"hand.detector": "handdetect.json", "hand.skeleton": "handskeleton.json"},
        ),
    ],
)
def test_only_models_that_are_used_are_loaded(hand, expected):
    assert hand_models(load_config({"preset": "human", "hand": hand}).hand) == expected


def test_a_detector_without_known_outputs_is_refused():
    card = replace(find_card("handtrack"), outputs=MappingProxyType({}))
    with pytest.raises(errors.ConfigError, match="a hand detector has raw_boxes, raw_scores; palms"):
        family_of(card, FAMILIES.detectors, "a hand detector")


@pytest.mark.parametrize("skeleton", SKELETONS)
@pytest.mark.parametrize("detector", [HANDTRACK, HANDDETECT], ids=["handtrack", "handdetect"])
async def test_every_detector_works_with_every_skeleton(human, close_up, detector, skeleton):
    (hand,) = await find(human, close_up, **detector, skeleton={"model_path": f"{skeleton}.json"})
    assert middle(hand) == pytest.approx([155, 170], abs=15)
    assert hand.keypoints.shape == (21, 3)
    assert hand.finger_score > 0.9
    # The hand is upside down: its fingers point up.
    assert "Up" in hand.landmarks["middle"].direction
    assert hand.keypoints[12, 1] < hand.keypoints[0, 1] - 50


async def test_the_sparse_skeleton_never_finds_a_hand(human, close_up):
    """As published its weights are of no use: the output does not depend on the image."""
    (hand,) = await find(human, close_up, skeleton={"model_path": "handlandmark-sparse.json"})
    assert hand.finger_score < 0.01
    assert hand.keypoints.shape == (0, 3)


@pytest.fixture
def runs(monkeypatch):
    """The name of each model that is run, and the size of its batch."""
    runs = []
    original = GraphModel.run

    def run(self, inputs, outputs, stop):
        runs.append((self.name, *(tensor.shape[0] for tensor in inputs.values())))
        return original(self, inputs, outputs, stop)

    monkeypatch.setattr(GraphModel, "run", run)
    return runs


@pytest.mark.parametrize("skeleton", SKELETONS[:2])
async def test_both_hands_best_first(human, body, skeleton):
    left, right = await find(human, body, **HANDDETECT, skeleton={"model_path": f"{skeleton}.json"})
    assert (left.id, right.id) == (0, 1)
    assert left.score > right.score > 0.9
    assert middle(left) == pytest.approx([905, 570], abs=15)
    assert middle(right) == pytest.approx([255, 540], abs=15)


async def test_hands_that_are_detected_together_equal_each_alone(human, body):
    both = await find(human, body, **HANDDETECT)
    for hand, columns in zip(both, (slice(600, 1200), slice(0, 600)), strict=True):
        (alone,) = await find(human, body[:, columns].copy(), **HANDDETECT)
        # Not the same pixels: the detector resizes another image.
        assert alone.keypoints[:, :2] + (columns.start, 0) == pytest.approx(hand.keypoints[:, :2], abs=12)
        assert alone.landmarks["middle"] == hand.landmarks["middle"]


async def test_the_skeleton_runs_once_for_all_hands(human, body, runs):
    await find(human, body, **HANDDETECT)
    assert runs == [("handdetect", 1), ("handlandmark-lite", 2)]


class TestSecondLook:
    async def test_the_skeleton_runs_again_for_all_hands(self, human, body, runs):
        hands = await find(human, body, **HANDDETECT, second_look=True)
        assert runs == [("handdetect", 1), ("handlandmark-lite", 2), ("handlandmark-lite", 2)]
        assert sorted(middle(hand)[0] for hand in hands) == pytest.approx([255, 905], abs=15)

    async def test_it_does_not_depend_on_the_crop_of_the_first(self, human, body):
        """Of pictures that differ by their edges alone, the palms differ; the points of one look move with them."""
        spread = {}
        for second in (False, True):
            points = []
            for edge in (0, 40, 80):
                (left,) = await find(
                    human, body[380 - edge : 700, 760 - edge : 1060].copy(), **HANDDETECT, second_look=second
                )
                points.append(left.keypoints[:, :2] + (760 - edge, 380 - edge))
            spread[second] = np.std(points, axis=0).mean()
        assert spread[True] < spread[False]

    async def test_what_is_no_hand_is_not_looked_at_again(self, human, body, runs):
        assert not await find(human, body, **HANDDETECT, second_look=True, min_confidence=1)
        assert [name for name, _ in runs] == ["handdetect"]
        low = {"model_path": "handdetect.json", "min_confidence": 0.3}
        assert not await find(human, body, detector=low, second_look=True, min_confidence=1)
        assert [name for name, _ in runs[1:]] == ["handdetect", "handlandmark-lite"]

    async def test_hands_of_handtrack_too(self, human, close_up, runs):
        (hand,) = await find(human, close_up, **HANDTRACK, second_look=True)
        assert [name for name, _ in runs] == ["handtrack", "handlandmark-lite", "handlandmark-lite"]
        assert middle(hand) == pytest.approx([155, 170], abs=15)


SCALE = 0.3
PARTS = "Elbow", "Wrist"
ARMS = {"left": ((830, 390), (885, 510)), "right": ((430, 380), (285, 505))}


@pytest.fixture(scope="module")
def far(body):
    """The person so far away that a hand is 1/40 of the picture, of which the detector is given 6 pixels."""
    picture = np.full((1200, 1200, 3), 240, np.uint8)
    picture[:360, :360], _ = scaled(body, 360, 360)
    return picture


def person(scale, down=0):
    parts = {f"{side}{part}": place for side, arm in ARMS.items() for part, place in zip(PARTS, arm, strict=True)}
    places = {part: (scale * x, scale * y + down) for part, (x, y) in parts.items()}
    return replace(BODY, keypoints=tuple(Keypoint(part, 0.9, place, (0.0, 0.0)) for part, place in places.items()))


class TestAroundWrists:
    async def test_small_hands_are_found(self, human, far, runs):
        assert not await find(human, far, bodies=[person(SCALE)], **HANDDETECT)
        assert not await find(human, far, **HANDDETECT, around_wrists=True)
        runs.clear()
        hands = await find(human, far, bodies=[person(SCALE)], **HANDDETECT, around_wrists=True)
        # Both wrists are in one input.
        assert [name for name, _ in runs] == ["handdetect", "handdetect", "handlandmark-lite"]
        right, left = sorted((middle(hand) / SCALE for hand in hands), key=lambda place: place[0])
        assert left == pytest.approx([905, 570], abs=20)
        assert right == pytest.approx([255, 540], abs=20)

    async def test_wrists_of_hands_that_were_found_are_not_searched(self, human, body, runs):
        assert len(await find(human, body, bodies=[person(1)], **HANDDETECT, around_wrists=True)) == 2
        assert runs == [("handdetect", 1), ("handlandmark-lite", 2)]

    @pytest.mark.parametrize("hand", [{**HANDDETECT, "landmarks": False}, HANDTRACK])
    async def test_neither_without_a_skeleton_nor_with_handtrack(self, human, far, runs, hand):
        await find(human, far, bodies=[person(SCALE)], **hand, around_wrists=True)
        assert [name for name, _ in runs].count(hand["detector"]["model_path"].removesuffix(".json")) == 1

    async def test_more_than_four_wrists_are_two_runs(self, human, far, runs):
        people = [person(SCALE, down) for down in (0, 300, 600)]
        hands = await find(human, far, bodies=people, **HANDDETECT, around_wrists=True)
        assert len(hands) == 2
        assert [name for name, _ in runs].count("handdetect") == 3

    async def test_in_a_session_the_hands_keep_their_ids_and_are_followed(self, human, far, runs, monkeypatch):
        async def find_them(*_):
            return (person(SCALE),)

        monkeypatch.setattr("humanrt.vision.modules.reuse_bodies", find_them)
        hand = {**HANDDETECT, "max_detected": 4, "around_wrists": True, "second_look": True, "skip_time": 10**6}
        config = {"face": {"enabled": False}, "hand": hand}
        ids = []
        with human.session(clock=StandingClock()) as session:
            for _ in range(3):
                with await human.detect(far, config, session=session) as result:
                    ids.append([hand.id for hand in result.hand])
        assert ids == [ids[0]] * 3
        assert len(ids[0]) == 2
        names = [name for name, _ in runs if name.startswith("hand")]
        # The detector in the whole picture and around the wrists, two looks; then the hands are followed, by one look.
        assert names == ["handdetect"] * 2 + ["handlandmark-lite"] * 4

    async def test_nothing_is_left_if_the_search_fails_or_is_cancelled(self, human, far, monkeypatch):
        settings = {**HANDDETECT, "around_wrists": True}
        await find(human, far, bodies=[person(SCALE)], **settings)
        for error in (errors.ModelRunError("broken"), asyncio.CancelledError()):

            async def fail(*_, error=error):
                raise error

            monkeypatch.setattr("humanrt.vision.hand.pipeline.run_stages", fail)
            with pytest.raises(type(error)):
                await find(human, far, bodies=[person(SCALE)], **settings)
            assert human.engine.memory().baseline == NOTHING


class TestLimit:
    @pytest.mark.parametrize(("limit", "count"), [(0, 0), (1, 1), (2, 2)])
    async def test_it_is_the_largest_number_of_hands(self, human, body, limit, count):
        assert len(await find(human, body, limit, **HANDDETECT)) == count

    async def test_a_limit_of_zero_runs_no_model(self, human, close_up):
        for detector in (HANDTRACK, HANDDETECT):
            assert await find(human, close_up, 0, **detector) == ()

    async def test_a_hand_with_two_palms_is_one(self, human, body):
        picture = body[430:650, 150:420].copy()
        assert len(await find(human, picture, **HANDDETECT)) == 1
        assert len(await find(human, picture, **HANDDETECT, iou_threshold=1.0)) > 1

    def test_only_hands_that_overlap_are_one(self):
        boxes = {"a": (100, 100, 50, 50), "b": (160, 100, 50, 50), "c": (120, 100, 50, 50)}
        scores = {"a": 0.7, "b": 0.9, "c": 0.6}  # c has 30 of 70 columns in common with a
        recorder = HandRecorder(300, 300, HandConfig())
        found = [
            recorder.without_points(name, Scores(scores[name], 0, 0), np.array(box[:2]), np.array(box[:2]) + box[2:])
            for name, box in boxes.items()
        ]

        def labels(limit, threshold):
            return [hand.label for hand in FAMILIES.choose(found, limit, HandConfig(iou_threshold=threshold))]

        assert labels(3, 0.4) == ["b", "a"]
        assert labels(3, 0.5) == ["b", "a", "c"]
        assert labels(1, 0.5) == ["b"]
        assert FAMILIES.choose([], 1, HandConfig(iou_threshold=0.5)) == []


class TestWithoutLandmarks:
    @pytest.mark.parametrize("detector", [HANDTRACK, HANDDETECT], ids=["handtrack", "handdetect"])
    async def test_hands_have_the_detectors_boxes(self, human, close_up, detector):
        (hand,) = await find(human, close_up, **detector, landmarks=False)
        assert (hand.keypoints.shape, hand.annotations, hand.landmarks) == ((0, 3), {}, {})
        assert hand.score == hand.box_score > 0.6
        assert hand.finger_score == 0
        assert middle(hand) == pytest.approx([155, 185], abs=20)


async def test_an_image_without_hands_has_none(human):
    for detector in (HANDTRACK, HANDDETECT):
        assert await find(human, read_picture("black"), **detector) == ()
        assert await find(human, np.zeros((1, 1, 3), np.uint8), **detector) == ()


async def test_a_rotated_hand_at_the_edge_is_found(human, close_up):
    """Rotating the whole image about the palm, as Human does, would move the rest of the hand out of it."""
    sideways = np.rot90(close_up[95:240]).copy()
    (hand,) = await find(human, sideways, **HANDDETECT)
    assert hand.finger_score > 0.9


async def test_a_hand_without_points_has_a_finite_box(human):
    """Handtrack takes the shirt for a hand, in which the skeleton model finds none."""
    (hand,) = await find(human, read_picture("human_face"))
    assert hand.finger_score < 0.01
    assert np.isfinite([*hand.box, *hand.box_raw]).all()


async def test_detect_finds_two_hands_for_each_face(human, body):
    config = {"hand": HANDDETECT, "body": {"enabled": False}}
    with await human.detect(body, config) as result:
        assert [len(result.face), len(result.hand)] == [1, 2]
    with await human.detect(body[400:], config) as result:
        assert [len(result.face), len(result.hand)] == [0, 0]


async def test_a_hand_is_confirmed_by_its_skeleton(human, body):
    loose = {**HANDTRACK, "min_confidence": 0.3}
    found = await find(human, body, **loose)
    assert sorted(len(hand.keypoints) for hand in found) == [0, 21]  # a hand, and the face
    (hand,) = await find(human, body, confirmed=True, **loose)
    assert (hand.id, len(hand.keypoints)) == (0, 21)
    assert await find(human, read_picture("human_face"), confirmed=True, **loose) == ()
    assert len(await find(human, read_picture("human_face"), confirmed=True, landmarks=False, **loose)) == 1


async def test_in_a_session_too(human, body):
    """In the first frame, and in the next one, which reuses its hands."""
    loose = {**HANDTRACK, "min_confidence": 0.3, "max_detected": 4}
    off = {"body": {"enabled": False}, "face": {"enabled": False}}
    counts = {}
    for confirmed in (False, True):
        config = {**off, "hand": {**loose, "confirmed": confirmed}}
        with human.session(clock=StandingClock()) as session:
            for _ in range(2):
                with await human.detect(body, config, session=session) as result:
                    counts.setdefault(confirmed, []).append([len(hand.keypoints) for hand in result.hand])
    assert [sorted(each) for each in counts[False]] == [[0, 21]] * 2
    assert counts[True] == [[21]] * 2


def test_a_hand_that_is_a_face_is_dropped():
    """Overlaps of 8 / 12 and 6 / 14 with a face, and 4 / 16, which a hand before a face may have."""
    face = replace(FACE, box=(10.0, 10.0, 10.0, 10.0))
    hands = tuple(replace(HAND, id=i, box=(10.0 + x, 10.0, 10.0, 10.0)) for i, x in enumerate((2, 4, 6, 30)))
    kept = without_faces(hands, (face,))
    assert [(hand.id, hand.box[0]) for hand in kept] == [(0, 16), (1, 40)]
    assert without_faces(hands, ()) is hands
    assert without_faces((), (face,)) == ()


def test_hands_that_touch_a_face_and_are_less_than_a_tenth_of_it_are_parts_of_it():
    face = replace(FACE, box=(100.0, 100.0, 100.0, 100.0))
    boxes = [(150, 150, 31, 31), (150, 150, 32, 32), (195, 195, 31, 31), (300, 150, 31, 31)]
    hands = tuple(replace(HAND, id=i, box=box) for i, box in enumerate(boxes))
    kept = without_faces(hands, (face,))
    assert [(hand.id, hand.box) for hand in kept] == [(0, boxes[1]), (1, boxes[3])]


@pytest.mark.parametrize(("confirmed", "count"), [(False, 1), (True, 0)])
async def test_with_confirmed_the_face_is_found_first(human, body, monkeypatch, confirmed, count):
    async def find_the_face(*_):
        return (replace(HAND, box=(541.0, 37.0, 96.0, 127.0)),)

    monkeypatch.setattr("humanrt.vision.modules.detect_hands", find_the_face)
    config = {"hand": {**HANDTRACK, "max_detected": 4, "confirmed": confirmed}, "body": {"enabled": False}}
    with await human.detect(body, config) as result:
        assert len(result.hand) == count
