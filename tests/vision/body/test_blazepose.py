from math import nan, pi, trunc

import numpy as np
import pytest
from humanrt.people.gestures.body import body_gestures
from humanrt.vision.model import InputForm
from hypothesis import given
from hypothesis import strategies as st

from humanrt.config import BodyConfig
from humanrt.vision.body import blazepose
from humanrt.vision.body.blazepose import SKELETON
from humanrt.vision.body.people import Region

FORM = InputForm(256, 256, 3)
SURE, UNSURE = 20.0, -20.0


def prepare(width, height, *, quirks=False):
    return blazepose.prepare(np.zeros((height, width, 3), np.uint8), FORM, quirks=quirks)


def outputs(*bodies, **parts):
    """The OUTPUTS of bodies, given by their flags; parts, given as part=(x, y, z), in all of them; the others unsure.

    In metres part i is at i, i + 0.25, i + 0.5.
    """
    points = np.zeros((len(bodies), 39, 5), np.float32)
    points[..., 3:] = UNSURE
    for part, place in parts.items():
        points[:, SKELETON.parts.index(part)] = *place, SURE, SURE
    world = np.tile(np.arange(39)[:, None] + [0, 0.25, 0.5], (len(bodies), 1, 1))
    flags = np.array(bodies)[:, None]
    return [points.reshape(-1, 195), world.reshape(-1, 117).astype(np.float32), flags.astype(np.float32)]


def decode(found, prepared, *, limit=10, quirks=False, **settings):
    return blazepose.decode(found, prepared, limit, BodyConfig(**settings), quirks=quirks)


def by_part(body):
    return {keypoint.part: keypoint for keypoint in body.keypoints}


def test_a_picture_is_padded():
    pixels = blazepose.prepare(np.full((100, 200, 3), 255, np.uint8), FORM, quirks=False).pixels
    assert pixels.shape == (1, 256, 256, 3)
    assert pixels[0, 64:192].min() == pytest.approx(1)
    assert not pixels[0, :64].any()


def test_points_come_back_to_the_picture():
    """Two pixels for each of the input's, 64 of which are padding above; depth has the same scale."""
    found = outputs(1.0, leftWrist=(100, 150, -30), leftIndex=(110, 160, -50))
    (body,) = decode(found, prepare(512, 256))
    parts = by_part(body)
    assert parts["leftWrist"].position == (200, 172, -60)
    assert parts["leftWrist"].position_raw == pytest.approx((200 / 512, 172 / 256, -60 / 384))
    assert parts["leftWrist"].score == pytest.approx(1)


def test_only_the_parts_that_the_model_is_sure_of_are_told():
    (body,) = decode(outputs(0.9, nose=(20, 30, 0), leftEar=(60, 80, 0)), prepare(256, 256))
    assert body.box == (20, 30, 40, 50)
    assert [keypoint.part for keypoint in body.keypoints] == ["nose", "leftEar"]
    assert {name for name, lines in body.annotations.items() if lines} == set()
    assert by_part(body)["nose"].score == pytest.approx(0.9)


def test_a_hand_that_the_model_invents_is_not_raised():
    """The wrists are at 0, above the nose, with hardly any score."""
    found = outputs(1.0, nose=(100, 100, 0))
    (body,) = decode(found, prepare(256, 256))
    assert list(body_gestures(body, quirks=False)) == []
    (humans,) = decode(found, prepare(256, 256, quirks=True), quirks=True)
    assert len(humans.keypoints) == 39
    assert list(body_gestures(humans, quirks=True)) == ["i give up"]


def test_what_the_model_was_not_taught_hangs_on_other_parts():
    hand = {"leftWrist": (10, 10, 4.0), "leftIndex": (20, 20, 8.0), "leftPalm": (15, 15, 99.0)}
    (body,) = decode(outputs(1.0, **hand, leftHip=(0, 0, 6), rightHip=(9, 9, -6)), prepare(256, 256))
    parts = by_part(body)
    assert parts["leftPalm"].position == (15, 15, 6)
    assert parts["leftPalm"].distance == (17, 17.25, 17.5)  # between 15 and 19
    assert parts["leftHand"].distance == parts["leftWrist"].distance == (15, 15.25, 15.5)
    assert parts["bodyCenter"].position[2] == 0
    assert [parts[part].score for part in ("leftPalm", "leftHand", "bodyCenter")] == pytest.approx([1, 1, 1])
    assert "rightPalm" not in parts
    (body,) = decode(outputs(1.0, bodyTop=(7, 8, 9)), prepare(256, 256))
    assert body.keypoints[0].distance is None


def test_distances_are_three_to_a_part():
    (body,) = decode(outputs(1.0, **dict.fromkeys(SKELETON.parts[:33], (1, 1, 1))), prepare(256, 256))
    distances = [keypoint.distance for keypoint in body.keypoints[:33]]
    assert distances == [(i, i + 0.25, i + 0.5) for i in range(33)]


@given(st.floats(-3, 3), st.floats(0, 256), st.floats(0, 256))
def test_the_turn_of_a_region_is_undone(angle, x, y):
    region = Region((100.0, 100.0, 356.0, 356.0), angle)
    picture = np.zeros((400, 400, 3), np.uint8)
    prepared = blazepose.prepare_regions(picture, FORM, regions=[region], quirks=False)
    (body,) = decode(outputs(1.0, nose=(x, y, 7)), prepared)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    nose = body.keypoints[0]
    assert nose.position == pytest.approx((*(turn @ (x - 128, y - 128) + 228), 7), abs=1e-3)
    # So is that of the distances: part 0 is at 0, 0.25, 0.5.
    assert nose.distance == pytest.approx((*(turn @ (0, 0.25)), 0.5), abs=1e-5)


def test_regions_are_cut_out_together():
    picture = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    regions = [Region((0.0, 0.0, 256.0, 256.0), 0.0), Region((0.0, 0.0, 256.0, 256.0), pi)]
    prepared = blazepose.prepare_regions(picture, FORM, regions=regions, quirks=False)
    assert prepared.pixels.shape == (2, 256, 256, 3)
    np.testing.assert_allclose(prepared.pixels[0], picture[:256, :256] / 255, atol=1e-6)
    # Upside down: what was at 1 is at 255.
    np.testing.assert_allclose(prepared.pixels[1, 1:, 1:], picture[255:0:-1, 255:0:-1] / 255, atol=1e-6)
    bodies = decode(outputs(0.8, 0.9, nose=(28, 128, 0)), prepared)
    assert [(body.id, round(body.score, 1), body.box[0]) for body in bodies] == [
        (0, 0.9, pytest.approx(228)),
        (1, 0.8, pytest.approx(28)),
    ]


def test_thresholds():
    prepared = blazepose.prepare_regions(
        np.zeros((300, 300, 3), np.uint8), FORM, regions=[Region((0.0, 0.0, 256.0, 256.0), 0.0)] * 3, quirks=False
    )
    found = outputs(0.9, 0.5, 0.25, nose=(1, 1, 1))
    assert len(decode(found, prepared)) == 2
    assert len(decode(found, prepared, min_confidence=0.25)) == 2  # the third's nose is not more certain than that
    assert len(decode(found, prepared, limit=1)) == 1
    assert decode(outputs(1.0, 1.0, 1.0), prepared) == ()  # of no part the model is sure


def test_human_cuts_off_twice_and_keeps_depth_in_the_inputs_pixels():
    """src/body/blazepose.ts, detectLandmarks() and rescaleKeypoints(), written out for 101 x 300."""
    found = outputs(0.987, leftWrist=(100.5, 150.5, -30.5), leftIndex=(1, 1, -50))
    (body,) = decode(found, prepare(101, 300, quirks=True), quirks=True)
    wrist = by_part(body)["leftWrist"]
    x, y, padding = trunc(101 * 100.5 / 256), trunc(300 * 150.5 / 256), 99
    assert wrist.position == (trunc(x * (101 + 2 * padding) / 101 - padding), y, -30.5)
    assert wrist.position_raw == pytest.approx((wrist.position[0] / 101, y / 300, 2 * -30.5 / 401))
    assert (body.score, wrist.score) == (0.98, 0.98)
    assert by_part(body)["leftPalm"].position[2] == (-30.5 - 50) / 2
    # Box and lines are those of all parts, most of which are at 0.
    assert body.box[:2] == (-99, 0)
    assert len(body.annotations["mouth"]) == 1


def test_human_reads_distances_by_fives():
    (body,) = decode(outputs(1.0), prepare(256, 256, quirks=True), quirks=True)
    values = [value for i in range(39) for value in (i, i + 0.25, i + 0.5)]
    assert body.keypoints[4].distance == tuple(values[20:23])
    assert body.keypoints[23].distance == pytest.approx((*values[115:117], nan), nan_ok=True)
    assert body.keypoints[24].distance == pytest.approx((nan, nan, nan), nan_ok=True)
    assert body.keypoints[24].to_human()["distance"] == [None, None, None]


@pytest.mark.parametrize("limit", [0, 1])
def test_humans_flag_alone_decides(limit):
    prepared = prepare(100, 100, quirks=True)
    assert len(decode(outputs(0.31), prepared, quirks=True, limit=limit)) == 1
    assert decode(outputs(0.29), prepared, quirks=True, limit=limit) == ()


def test_human_squeezes_regions_to_the_pictures_shape():
    """src/body/blazepose.ts, prepareImage(): cropAndResize to the picture's own size, then the padding."""
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[:, 100:] = 255
    region = Region((50.0, 0.0, 150.0, 100.0), 0.0)
    pixels = blazepose.prepare_regions(picture, FORM, regions=[region], quirks=True).pixels
    assert pixels.shape == (1, 256, 256, 3)
    assert not pixels[0, :63].any()  # 100 x 100 became 200 x 100
    assert not pixels[0, :, :126].any()
    assert pixels[0, 65:190, 130:].min() == pytest.approx(1)
