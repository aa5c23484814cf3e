"""The parts of a face's quality, each for what it measures: on drawn faces by arithmetic, and on the sample faces."""

from dataclasses import replace
from math import cos

import cv2
import numpy as np
import pytest
from records import FACE

from humanrt import Human, Result
from humanrt.result import Angle, Gaze, Rotation
from humanrt.vision.face.quality import SIDE, TEMPLATE, qualities
from parity.pictures import read_picture

OFF = {"enabled": False}
NO_MESH = np.zeros((0, 3), np.float32)
PLAIN = replace(FACE, mesh=NO_MESH, rotation=None)


def drawn():
    """An aligned face: grey, with the same checks around both eyes and the mouth."""
    picture = np.full((SIDE, SIDE, 3), 120, np.uint8)
    for x, y in np.round([*TEMPLATE[:2], TEMPLATE[3:].mean(axis=0)]).astype(int):
        picture[y - 9 : y + 9 : 2, x - 14 : x + 14] = 160
    return picture


def quality(picture, points=TEMPLATE, face=PLAIN):
    (found,) = qualities(picture, [face], [points])
    return found


def test_the_score_is_the_product_of_the_parts():
    found = quality(drawn())
    parts = [found.sharpness, found.resolution, found.frontal, found.visible, found.light]
    assert found.score == pytest.approx(np.prod(parts))
    assert found.resolution == pytest.approx(1)


def test_without_points_there_is_none():
    assert qualities(drawn(), [PLAIN], [None]) == [None]


@pytest.mark.parametrize("scale", [0.25, 0.5, 1, 3])
def test_the_resolution_is_that_of_the_picture(scale):
    picture = cv2.resize(drawn(), None, fx=scale, fy=scale)
    assert quality(picture, TEMPLATE * scale).resolution == pytest.approx(min(1, scale))


def test_the_light_is_what_is_exposed_and_how_even():
    picture = np.full((SIDE, SIDE, 3), 200, np.uint8)
    assert quality(picture).light == pytest.approx(1)
    picture[32 : 32 + 18] = 255  # of the 72 rows from 32 on
    assert quality(picture).light == pytest.approx(3 / 4, abs=0.02)
    picture[:] = 200
    picture[:, : SIDE // 2] = 50
    assert quality(picture).light == pytest.approx(1 / 4, abs=0.01)
    assert quality(np.full((SIDE, SIDE, 3), 10, np.uint8)).light == 0


def test_the_pose_is_that_of_the_mesh_or_of_the_nose():
    turned = TEMPLATE.copy()
    turned[2, 0] = TEMPLATE[0, 0] + (TEMPLATE[1, 0] - TEMPLATE[0, 0]) * 0.75
    assert quality(drawn()).frontal == pytest.approx(1, abs=0.05)
    assert quality(drawn(), turned).frontal == pytest.approx(0.5, abs=0.01)
    rotation = Rotation(Angle(roll=1.0, yaw=0.5, pitch=-0.3), (0.0,) * 9, Gaze(0.0, 0.0))
    found = quality(drawn(), face=replace(PLAIN, rotation=rotation))
    assert found.frontal == pytest.approx(cos(0.5) * cos(0.3))


def test_what_covers_a_part_has_no_detail():
    picture = drawn()
    assert quality(picture).visible == pytest.approx(1)
    x, y = TEMPLATE[0].round().astype(int)
    picture[y - 12 : y + 12, x - 16 : x + 16] = 120
    assert quality(picture).visible < 0.05


def test_points_outside_of_the_picture_are_not_visible():
    mesh = np.float32([[10, 10, 0], [20, 20, 0], [-1, 10, 0], [20, SIDE, 0]])
    assert quality(drawn(), face=replace(PLAIN, mesh=mesh)).visible == pytest.approx(1 / 2)


def test_a_flat_picture_has_numbers():
    """Without any edge, and with points that coincide."""
    flat = quality(np.zeros((9, 9, 3), np.uint8), np.zeros((5, 2)))
    assert flat.score == 0
    assert all(np.isfinite([*vars(flat).values()]))


# The sample faces.

CONFIG = {
    **dict.fromkeys(("body", "hand", "gesture"), OFF),
    "face": {
        "detector": {"model_path": "yunet", "min_confidence": 0.5, "scale": 1.2},
        "emotion": OFF,
        "description": OFF,
        "iris": OFF,
        "quality": {"enabled": True},
    },
}
BOXES = {"human_face": (46, 7, 166, 223), "astronaut": (178, 63, 90, 113)}


@pytest.fixture
async def human():
    async with Human(CONFIG) as human:
        yield human
        assert human.engine.memory().num_tensors == 0


async def of_face(human, picture, **face):
    with await human.detect(picture, {"face": face}) as result:
        return result.face[0].quality


@pytest.mark.usefixtures("loaded_models")
@pytest.mark.parametrize("name", BOXES)
async def test_each_fault_lowers_its_part_most(human, name):
    picture, (x, y, width, height) = read_picture(name)[..., :3], BOXES[name]
    good = await of_face(human, picture)
    assert good.sharpness > 0.55
    assert good.frontal > 0.85
    assert min(good.visible, good.light) > 0.6

    blurred = await of_face(human, cv2.GaussianBlur(picture, (0, 0), 0.02 * height))
    assert blurred.sharpness < 0.7 * good.sharpness
    assert abs(blurred.light - good.light) < 0.15

    half = cv2.resize(picture, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    assert (await of_face(human, half)).resolution < 0.7 <= good.resolution

    dark = (picture * 0.15).astype(np.uint8)
    assert (await of_face(human, dark)).light < good.light / 2

    covered = picture.copy()
    covered[y + height * 55 // 100 : y + height, x : x + width] = 90
    assert (await of_face(human, covered)).visible < 0.1


@pytest.mark.usefixtures("loaded_models")
async def test_it_is_written_and_off_by_default(human):
    picture = read_picture("astronaut")
    with await human.detect(picture) as result:
        assert 0 < result.face[0].quality.score < 1
        written = result.face[0].to_dict()["quality"]
        assert set(written) == {"score", "sharpness", "resolution", "frontal", "visible", "light"}
        assert result.rows()[0].quality == result.face[0].quality.score
        assert "quality" not in result.face[0].to_human()
        assert isinstance(result, Result)
    assert await of_face(human, picture, quality=OFF) is None
    with await human.detect(picture, {"face": {"detector": {"model_path": "faceboxes"}, "mesh": OFF}}) as result:
        assert [face.quality for face in result.face] == [None]
