"""Bodies in images, with the real models."""

import asyncio
import threading
from dataclasses import replace

import cv2
import numpy as np
import pytest

from humanrt import Body, BodyConfig, BodyDetectorConfig, Human, Keypoint
from humanrt.errors import ConfigError
from humanrt.vision.body.blazepose import REFINED
from humanrt.vision.body.efficientpose import EFFICIENTPOSE
from humanrt.vision.body.movenet import SEVERAL, SINGLE, MoveNet
from humanrt.vision.body.pipeline import BodyFamilies, body_models, is_body
from humanrt.vision.body.posenet import POSENET
from humanrt.vision.stage import family_of
from humanrt.zoo import cards, find_card
from parity.detection import MODULES, OFF, ON
from parity.pictures import read_picture

pytestmark = pytest.mark.usefixtures("own_sessions")

PERSON = read_picture("human_body")
# The same person beside the mirror image.
PAIR = np.concatenate([PERSON[:, 200:1000], PERSON[:, 1000:200:-1]], axis=1)


@pytest.fixture
async def human():
    async with Human({"preset": "human", **dict.fromkeys(MODULES, OFF), "raise_errors": True}) as human:
        yield human


@pytest.fixture
def find(human):
    """Detect bodies; afterwards no tensor is left."""

    async def find(picture, model="movenet-lightning", **body):
        config = {"body": {"enabled": True, "model_path": f"{model}.json", **body}}
        with await human.detect(picture, config) as result:
            found = result.body
        assert human.engine.memory().baseline == (0, 0, 0, 0)
        return found

    return find


def as_json(found):
    return [body.to_human() for body in found]


def place(body, part):
    return next(keypoint.position[:2] for keypoint in body.keypoints if keypoint.part == part)


class TestModels:
    def test_the_detector_is_loaded_where_it_is_enabled(self):
        body = BodyConfig()
        assert body_models(body) == {"body": "movenet-lightning.json"}
        on = replace(body, detector=BodyDetectorConfig(enabled=True))
        assert body_models(on)["body.detector"] == "blazepose-detector.json"
        assert body_models(replace(on, enabled=False)) == {}

    def test_each_model_card_is_of_one_family(self):
        body_cards = [card for card in cards().values() if card.config_key == "body"]
        found = {card.name: family_of(card, BodyFamilies().bodies, "") for card in body_cards}
        assert found == {
            "movenet-lightning": SINGLE,
            "movenet-thunder": SINGLE,
            "movenet-multipose": SEVERAL,
            "posenet": POSENET,
            "efficientpose": EFFICIENTPOSE,
            "blazepose-lite": REFINED,
            "blazepose-full": REFINED,
            "blazepose-heavy": REFINED,
        }

    def test_a_model_card_with_other_outputs_is_refused(self):
        with pytest.raises(ConfigError, match="the outputs of emotion are emotions; a body model has heatmap, "):
            family_of(find_card("emotion.json"), BodyFamilies().bodies, "a body model")


def body_of(*parts, score=1.0):
    keypoints = tuple(Keypoint(part, score, (0.0, 0.0), (0.0, 0.0)) for part in parts)
    return Body(0, 1.0, (0, 0, 1, 1), (0, 0, 1, 1), keypoints, {})


class TestRequired:
    @pytest.mark.parametrize(
        ("parts", "settings", "expected"),
        [
            (("nose", "leftEye"), {"min_keypoints": 3}, False),
            (("nose", "leftEye", "rightEar"), {"min_keypoints": 3}, True),
            (("nose", "leftEye", "rightEar"), {"below_neck": True}, False),
            (("leftEyeInside", "rightEyeOutside", "leftMouth", "bodyTop"), {"below_neck": True}, False),
            (("head", "neck"), {"below_neck": True}, False),
            (("nose", "leftShoulder"), {"below_neck": True}, True),
            (("head", "chest"), {"below_neck": True}, True),
            (("leftHand",), {"below_neck": True}, True),
            ((), {"below_neck": True}, False),
            ((), {}, True),
        ],
    )
    def test_the_keypoints_of_a_body(self, parts, settings, expected):
        assert is_body(body_of(*parts), BodyConfig(**settings)) is expected

    @pytest.mark.parametrize("required", [{"min_keypoints": 1}, {"below_neck": True}])
    def test_keypoints_of_a_low_score_do_not_count(self, required):
        settings = BodyConfig(**required, keypoint_confidence=0.4)
        assert is_body(body_of("leftHip", score=0.41), settings)
        assert not is_body(body_of("leftHip", score=0.4), settings)

    async def test_keypoints_that_do_not_count_are_reported(self, find):
        (body,) = await find(PERSON)
        second = sorted(keypoint.score for keypoint in body.keypoints)[-2]
        (same,) = await find(PERSON, min_keypoints=1, keypoint_confidence=second)
        assert same.to_human() == body.to_human()
        assert await find(PERSON, min_keypoints=2, keypoint_confidence=second) == ()

    async def test_a_face_alone_has_no_body_and_a_body_keeps_its_own(self, find):
        head = read_picture("human_face")
        required = {"min_keypoints": 3, "below_neck": True}
        assert len(await find(head)) == 1
        assert await find(head, **required) == ()
        assert as_json(await find(PERSON, **required)) == as_json(await find(PERSON))


class TestLimit:
    async def test_a_limit_of_zero_is_zero(self, find):
        assert await find(PERSON, max_detected=0) == ()

    async def test_an_image_without_a_body_has_no_record(self, find):
        assert await find(read_picture("black"), max_detected=5) == ()

    @pytest.mark.parametrize("model", ["movenet-multipose", "posenet"])
    async def test_the_best_bodies_come_first_up_to_the_limit(self, find, model):
        both = await find(PAIR, model, max_detected=5)
        assert [body.id for body in both] == [0, 1]
        assert both[0].score >= both[1].score
        noses = sorted(place(body, "nose") for body in both)
        # The nose of the mirror image is mirrored.
        assert noses[0] == pytest.approx((1600 - noses[1][0], noses[1][1]), abs=12)
        assert as_json(await find(PAIR, model, max_detected=1)) == as_json(both[:1])


class TestTiles:
    """Groups of the same person."""

    ONE = cv2.resize(PERSON[:, 200:1000], (200, 300), interpolation=cv2.INTER_AREA)

    @pytest.mark.slow(1)
    async def test_the_halves_have_more_people_than_a_run_of_the_model_finds(self, find):
        group = np.ascontiguousarray(np.tile(self.ONE, (2, 4, 1)))
        settings = {"model": "movenet-multipose", "max_detected": 20, "tiles": True}
        assert len(await find(group, **{**settings, "tiles": False})) == 6
        bodies = await find(group, **settings)
        assert [body.id for body in bodies] == list(range(8))
        # One in each cell, at the same place.
        (alone,) = await find(self.ONE, "movenet-multipose")
        x, y = place(alone, "leftShoulder")
        cells = {tuple(np.floor_divide(place(body, "leftShoulder"), (200, 300)).tolist()) for body in bodies}
        assert cells == {(column, row) for column in range(4) for row in range(2)}
        for body in bodies:
            across, down = np.mod(place(body, "leftShoulder"), (200, 300))
            assert (across, down) == pytest.approx((x, y), abs=12)
        assert len(await find(group, **{**settings, "max_detected": 7})) == 7

    @pytest.mark.parametrize("phase", ["prepare", "decode"])
    async def test_a_call_that_is_cancelled_in_a_half_frees_its_tensors(self, human, find, monkeypatch, phase):
        loop, cancelled = asyncio.get_running_loop(), threading.Event()
        original = getattr(MoveNet, phase)

        def cancel():
            calling.cancel()
            cancelled.set()

        def cancelling(family, *arguments):
            if arguments[-1].tile is not None:
                loop.call_soon_threadsafe(cancel)
                assert cancelled.wait(30)
            return original(family, *arguments)

        monkeypatch.setattr(MoveNet, phase, cancelling)
        calling = asyncio.ensure_future(find(self.ONE[:, :40].copy(), "movenet-multipose", tiles=True))
        with pytest.raises(asyncio.CancelledError):
            await calling
        assert cancelled.is_set()
        assert human.engine.memory().baseline == (0, 0, 0, 0)

    async def test_large_bodies_are_those_of_the_whole_picture(self, find):
        assert as_json(await find(PERSON, "movenet-multipose", tiles=True)) == as_json(
            await find(PERSON, "movenet-multipose")
        )

    async def test_other_models_run_once(self, find):
        small = np.pad(self.ONE, ((0, 300), (0, 500), (0, 0)))
        assert as_json(await find(small, "posenet", tiles=True)) == as_json(await find(small, "posenet"))
        assert len(await find(small, "posenet")) == 1


class TestDetector:
    async def test_every_person_is_detected(self, find):
        (alone,) = await find(PERSON, "blazepose-lite", max_detected=5, detector=ON)
        both = await find(PAIR, "blazepose-lite", max_detected=5, detector=ON)
        assert [body.id for body in both] == [0, 1]
        left, right = sorted(both, key=lambda body: body.box[0])
        for part in ("nose", "leftShoulder", "rightElbow", "leftWrist", "rightKnee", "leftAnkle"):
            x, y = place(alone, part)
            assert place(left, part) == pytest.approx((x - 200, y), abs=15)
            mirrored = part.replace("left", "?").replace("right", "left").replace("?", "right")
            assert place(right, mirrored) == pytest.approx((1600 - (x - 200), y), abs=35)

    async def test_a_person_who_lies_has_the_points_of_one_who_stands(self, find):
        """The region is rotated upright, and the points are rotated back."""
        (standing,) = await find(PERSON, "blazepose-lite", detector=ON)
        (lying,) = await find(np.rot90(PERSON).copy(), "blazepose-lite", detector=ON)
        for part in ("nose", "leftShoulder", "rightElbow", "leftWrist", "rightKnee", "leftAnkle"):
            x, y = place(standing, part)
            assert place(lying, part) == pytest.approx((y, 1200 - x), abs=30)

    @pytest.mark.slow(2)
    async def test_points_follow_a_person_who_is_moved_turned_and_smaller(self, find):
        """In pixels of the image, whose sides are 1200; without the detector the model is run on all of it."""

        async def scatter(**detector):
            async def points(picture):
                (body,) = await find(picture, "blazepose-lite", **detector)
                return {keypoint.part: keypoint.position[:2] for keypoint in body.keypoints}

            expected, distances = await points(PERSON), []
            for angle, scale, shift in ((0, 0.5, (250, 150)), (-20, 0.6, (100, 0)), (0, 0.5, (-250, -100))):
                affine = cv2.getRotationMatrix2D((600, 600), angle, scale)
                affine[:, 2] += shift
                moved = cv2.warpAffine(PERSON, affine, (1200, 1200), borderMode=cv2.BORDER_REPLICATE)
                for part, found in (await points(moved)).items():
                    back = np.linalg.solve(affine[:, :2], np.array(found) - affine[:, 2])
                    distances.append(np.linalg.norm(back - expected[part]))
            return np.mean(distances)

        with_detector, without = await scatter(detector=ON), await scatter()
        assert with_detector < 6.5
        assert without > 3 * with_detector

    async def test_an_image_without_a_person_has_no_body(self, find):
        assert await find(read_picture("black"), "blazepose-lite", max_detected=5, detector=ON) == ()

    async def test_it_is_refused_for_other_models(self, find):
        with pytest.raises(ConfigError, match="regions of bodies for blazepose, and movenet-lightning needs none: "):
            await find(PERSON, detector=ON)


async def test_concurrent_calls_with_other_padding_equal_each_alone(human):
    """Human keeps the padding of all calls in one place."""
    pictures = [PERSON, PAIR, PERSON[:701], PERSON[:, 301:900].copy()]

    async def find(picture):
        with await human.detect(picture, {"body": {"enabled": True}}) as result:
            return as_json(result.body)

    one_by_one = [await find(picture) for picture in pictures]
    together = await asyncio.gather(*(find(picture) for picture in pictures * 3))
    assert together == one_by_one * 3
