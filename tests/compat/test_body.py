"""Bodies as Human detects and records them; MoveNet is in test_movenet.py."""

from math import inf, nan, trunc

import numpy as np
import pytest
from body_outputs import (
    SHAPE,
    blazepose_outputs,
    body_with_two_roots,
    by_part,
    heatmap,
    image,
    one_certain_wrist,
    person,
    posenet_maps,
    posenet_outputs,
    region_outputs,
)

from humanrt import Human
from humanrt.compat.body import BODY, confident_parts
from humanrt.compat.people import GESTURES
from humanrt.config import BodyConfig, BodyDetectorConfig
from humanrt.vision.body.blazepose import REFINED
from humanrt.vision.body.detector import BodyTask, Region
from humanrt.vision.body.people import RegionTask
from humanrt.vision.body.pipeline import BodyFamilies
from humanrt.vision.body.posenet import bodies
from humanrt.vision.stage import InputForm
from parity.detection import MODULES, OFF, ON
from parity.pictures import read_picture

POSENET, BLAZEPOSE, _, _, EFFICIENTPOSE = BODY.bodies


def test_each_family_stands_in_the_place_of_ours():
    ours = BodyFamilies()
    bodies = [family for family in ours.bodies if family is not REFINED]  # which Human does not do
    assert [family.outputs for family in BODY.bodies] == [family.outputs for family in bodies]
    assert [family.takes_regions for family in BODY.bodies] == [family.takes_regions for family in bodies]
    assert BODY.regions.outputs == ours.regions.outputs


class TestBlazePose:
    FORM = InputForm(256, 256, 3)

    def prepare(self, picture, regions=None):
        return BLAZEPOSE.prepare(picture, self.FORM, BodyTask(BodyConfig(), 1, regions))

    def decode(self, outputs, width, height, *, limit=10):
        return BLAZEPOSE.decode(outputs, self.prepare(image(width, height)), BodyTask(BodyConfig(), limit))

    def test_an_invented_hand_is_a_raised_one(self):
        """The wrists are at 0, above the nose, with hardly any score."""
        (body,) = self.decode(blazepose_outputs(1.0, nose=(100, 100, 0)), 256, 256)
        assert len(body.keypoints) == 39
        assert list(GESTURES.body(body)) == ["i give up"]

    def test_positions_are_truncated_twice_and_depth_is_in_the_inputs_pixels(self):
        """src/body/blazepose.ts, detectLandmarks() and rescaleKeypoints(), written out for 101 x 300."""
        outputs = blazepose_outputs(0.987, leftWrist=(100.5, 150.5, -30.5), leftIndex=(1, 1, -50))
        (body,) = self.decode(outputs, 101, 300)
        wrist = by_part(body)["leftWrist"]
        x, y, padding = trunc(101 * 100.5 / 256), trunc(300 * 150.5 / 256), 99
        assert wrist.position == (trunc(x * (101 + 2 * padding) / 101 - padding), y, -30.5)
        assert wrist.position_raw == pytest.approx((wrist.position[0] / 101, y / 300, 2 * -30.5 / 401))
        assert (body.score, wrist.score) == (0.98, 0.98)
        assert by_part(body)["leftPalm"].position[2] == (-30.5 - 50) / 2
        # Box and lines are those of all parts, most of which are at 0.
        assert body.box[:2] == (-99, 0)
        assert len(body.annotations["mouth"]) == 1

    def test_distances_are_read_by_fives(self):
        (body,) = self.decode(blazepose_outputs(1.0), 256, 256)
        values = [value for i in range(39) for value in (i, i + 0.25, i + 0.5)]
        assert body.keypoints[4].distance == tuple(values[20:23])
        assert body.keypoints[23].distance == pytest.approx((*values[115:117], nan), nan_ok=True)
        assert body.keypoints[24].distance == pytest.approx((nan, nan, nan), nan_ok=True)
        assert body.keypoints[24].to_human()["distance"] == [None, None, None]

    @pytest.mark.parametrize("limit", [0, 1])
    def test_the_flag_alone_decides(self, limit):
        assert len(self.decode(blazepose_outputs(0.31), 100, 100, limit=limit)) == 1
        assert self.decode(blazepose_outputs(0.29), 100, 100, limit=limit) == ()

    def test_regions_are_squeezed_to_the_images_shape(self):
        """src/body/blazepose.ts, prepareImage(): cropAndResize to the image's own size, then the padding."""
        picture = image(200, 100)
        picture[:, 100:] = 255
        pixels = self.prepare(picture, [Region((50.0, 0.0, 150.0, 100.0), 0.0)]).pixels
        assert pixels.shape == (1, 256, 256, 3)
        assert not pixels[0, :63].any()  # 100 x 100 became 200 x 100
        assert not pixels[0, :, :126].any()
        assert pixels[0, 65:190, 130:].min() == pytest.approx(1)


class TestRegions:
    def prepare(self, width, height, level=0):
        task = RegionTask(BodyDetectorConfig(), 1)
        return BODY.regions.prepare(image(width, height, level), InputForm(224, 224, 3), task)

    def test_the_input_is_0_to_1(self):
        pixels = self.prepare(100, 50, 255).pixels
        assert (pixels.min(), pixels[0, 60:160].min(), pixels.max()) == pytest.approx((0, 1, 1))

    def test_the_one_region_is_five_times_the_head_with_x_and_y_exchanged(self):
        """src/body/blazeposedetector.ts, decodeBoxes(): five times the head; blazepose.ts takes x for y."""
        outputs = region_outputs(person(head=(112, 60)), person(10, 2.0, head=(20, 200), hips=(20, 220)))
        (region,) = BODY.regions.decode(outputs, self.prepare(448, 300), RegionTask(BodyDetectorConfig(), 10))
        left, upper, right, lower = (112 - 112) / 224, (60 - 112) / 224, (112 + 112) / 224, (60 + 112) / 224
        assert region.box == pytest.approx((upper * 448, left * 300, lower * 448, right * 300), abs=1e-3)
        assert region.angle == 0


class TestEfficientPose:
    def prepare(self, width, height, level=0):
        task = BodyTask(BodyConfig(), 1)
        return EFFICIENTPOSE.prepare(image(width, height, level), InputForm(368, 368, 3), task)

    def decode(self, outputs, width, height, *, limit=10):
        return EFFICIENTPOSE.decode(outputs, self.prepare(width, height), BodyTask(BodyConfig(), limit))

    def test_the_input_is_squeezed_and_far_too_bright(self):
        assert (self.prepare(200, 100, 255).pixels == 509).all()

    def test_rows_are_further_down_to_the_right(self):
        """src/body/efficientpose.ts, max2d(): the index of the cell over the width, not truncated."""
        (body,) = self.decode(heatmap(head=(300, 100, 0.456), neck=(184, 200, 0.4)), 800, 400)
        head, neck = body.keypoints
        assert head.score == 0.46
        assert head.position_raw == pytest.approx((300 / 368, (100 + 300 / 368) / 368))
        assert head.position == (round(800 * 300 / 368), round(400 * (100 + 300 / 368) / 368))
        assert body.score == 0.46
        assert body.box == (neck.position[0], head.position[1], *np.abs(np.subtract(head.position, neck.position)))
        assert body.box_raw[:2] == (neck.position_raw[0], head.position_raw[1])

    @pytest.mark.parametrize("limit", [0, 1])
    def test_there_is_always_one_body(self, limit):
        (body,) = self.decode(heatmap(), 100, 100, limit=limit)
        assert (body.score, body.keypoints, body.box, body.box_raw) == (0, (), *((inf, inf, -inf, -inf),) * 2)


class TestPoseNet:
    def decode(self, maps, width=385, height=385, *, limit=10):
        task = BodyTask(BodyConfig(), limit)
        prepared = POSENET.prepare(image(width, height), InputForm(385, 385, 3), task)
        return POSENET.decode(posenet_outputs(maps), prepared, task)

    def test_one_part_is_a_body(self):
        (body,) = self.decode(one_certain_wrist())
        assert [part.part for part in body.keypoints] == ["leftWrist"]
        assert body.score == 0.9

    def test_noses_are_compared_with_elbows(self):
        """src/body/posenet.ts, decode(): of each body the uncertain parts are left out, and the others counted anew."""
        # The second time the body has an eye, after which each part has another number, that of another of the first's.
        first, again = bodies(body_with_two_roots(), 0.3, confident_parts)
        assert first.points == pytest.approx(again.points)

    def test_the_image_is_squeezed_and_positions_truncated(self):
        """src/body/posenetutils.ts, scalePoses(), written out for 770 x 385."""
        nose = np.array([150.4, 60.7])
        (body,) = self.decode(posenet_maps((nose, np.full(17, 0.876))), 770, 385)
        points = SHAPE + nose
        for part, (x, y) in zip(body.keypoints, points, strict=True):
            assert part.position == (int(x * 2), int(y))
            assert part.position_raw == pytest.approx((x / 385, y / 385))
            assert part.score == pytest.approx(0.876)
        assert body.score == 0.88
        low, high = points.min(axis=0), points.max(axis=0)
        assert body.box == tuple(np.trunc([low[0] * 2, low[1], (high - low)[0] * 2, (high - low)[1]]))
        assert body.box_raw == pytest.approx(np.array([*low, *(high - low)]) / 385)
        assert body.annotations == {}

    def test_the_limit_is_that_of_the_configuration(self):
        maps = posenet_maps(((100, 60), np.full(17, 0.7)), ((280, 60), np.full(17, 0.8)))
        found = [self.decode(maps, limit=limit) for limit in (0, 1, 2)]
        assert [[body.id for body in each] for each in found] == [[], [0], [0, 1]]
        assert found[1][0].score == 0.8


class TestDetect:
    """With the real models."""

    @pytest.fixture
    async def find(self):
        off = dict.fromkeys(MODULES, OFF)
        async with Human({**off, "compat": "human", "raise_errors": True}) as human:

            async def find(picture, **body):
                with await human.detect(
                    picture, {"body": {**ON, "model_path": "movenet-lightning.json", **body}}
                ) as result:
                    found = [each.to_human() for each in result.body]
                assert human.engine.memory().baseline == (0, 0, 0, 0)
                return found

            yield find

    async def test_a_limit_of_zero_is_one(self, find):
        assert len(await find(read_picture("human_body"), max_detected=0)) == 1

    async def test_an_image_without_a_body_has_one_with_an_infinite_box(self, find):
        (body,) = await find(read_picture("black"))
        assert body["box"] == [None] * 4

    async def test_a_detector_without_use_is_ignored(self, find):
        picture = read_picture("human_body")
        assert await find(picture, detector=ON) == await find(picture)
