"""Faces as Human detects, describes and records them."""

from dataclasses import replace
from math import cos, pi, sin

import numpy as np
import pytest
from face_outputs import (
    EMOTIONS,
    GEAR_ROWS,
    attention_rows,
    blazeface_head,
    blazeface_outputs,
    described,
    face_box,
    face_config,
    mesh_with_eyes,
    row,
    years,
)
from hypothesis import given
from hypothesis import strategies as st
from records import FACE as RECORD

from humanrt.compat.face import FACE
from humanrt.compat.precision import HUMAN
from humanrt.config import FaceDetectorConfig
from humanrt.result import Emotion, Race
from humanrt.vision.face import attention, mask
from humanrt.vision.face.box import FaceBox
from humanrt.vision.face.describer import Description, GenderScore
from humanrt.vision.face.facemesh import Placed
from humanrt.vision.face.families import FaceFamilies
from humanrt.vision.face.iris import IrisTask
from humanrt.vision.face.landmarks import MESH_ANNOTATIONS
from humanrt.vision.stage import InputForm

IN_FOUR_PARTS, SHORT_RANGE, FULL_RANGE, *_ = FACE.detectors
_, ATTENTION, FACEMESH = FACE.meshes


def test_each_family_stands_in_the_place_of_ours():
    ours = FaceFamilies()
    for human, our in ((FACE.detectors, ours.detectors), (FACE.meshes, ours.meshes)):
        assert [family.outputs for family in human] == [family.outputs for family in our]
    assert FACE.iris.outputs == ours.iris.outputs
    assert {key: family.outputs for key, family in FACE.describers.items()} == {
        key: family.outputs for key, family in ours.describers.items()
    }
    assert all(family.precision is HUMAN for family in FACE.describers.values())


class TestBlazeFace:
    def test_images_are_resized_in_float32(self):
        picture = np.zeros((128, 128, 3), np.uint8)
        picture[:, 64:] = 101
        pixels = IN_FOUR_PARTS.prepare(picture, InputForm(256, 256, 3), FaceDetectorConfig(square=False)).pixels
        # Every second pixel lies between two of the image's: 50.5, which uint8 cannot hold.
        assert pixels[0, 0, 127, 0] == pytest.approx(50.5 / 127.5 - 1)

    def test_the_way_out_of_the_square(self):
        """src/face/blazeface.ts, getBoxes(), written out for an image of 400 x 200."""
        settings = FaceDetectorConfig(square=True, scale=1.0)
        prepared = IN_FOUR_PARTS.prepare(np.zeros((200, 400, 3), np.uint8), InputForm(256, 256, 3), settings)
        outputs = blazeface_outputs((300, np.array([100.0, 120.0]), 50))
        (box,) = IN_FOUR_PARTS.decode(outputs, prepared, settings)
        pad, scale, factor = (0 / 256, 100 / 256), (400 / 400, 200 / 400), (400 / 256, 200 / 256)
        start = [((100, 120)[i] - 25) * scale[i] * factor[i] - pad[i] * factor[i] for i in range(2)]
        end = [((100, 120)[i] + 25) * scale[i] * factor[i] - pad[i] * factor[i] for i in range(2)]
        center = (np.array(start) + end) / 2
        assert box.center == pytest.approx(center, abs=0.5)  # whole pixels
        assert box.size == pytest.approx(np.array(end) - start, abs=0.5)
        assert box.landmarks[0] == pytest.approx([100 * factor[0], 120 * factor[1]])

    def test_the_full_range_form_reads_the_head_for_persons(self):
        faces, persons = (blazeface_head(2304, anchor=anchor, size=20) for anchor in (0, 2303))
        settings = FaceDetectorConfig(scale=1.0, square=False)
        prepared = FULL_RANGE.prepare(np.zeros((192, 192, 3), np.uint8), InputForm(192, 192, 3), settings)
        (box,) = FULL_RANGE.decode([faces, persons], prepared, settings)
        assert box.center.tolist() == [190, 190]


class TestCrops:
    FORM = InputForm(192, 192, 3)

    def test_each_face_is_cut_out_in_float32(self):
        picture = np.zeros((100, 200, 3), np.uint8)
        picture[20:60, 40:80] = 255
        placed = Placed([face_box((45, 25), (75, 55)), face_box((120, 20), (160, 60))], [0.0, 0.0])
        prepared = FACEMESH.prepare(picture, self.FORM, placed)
        assert prepared.pixels.shape == (2, 192, 192, 3)
        assert prepared.pixels.dtype == prepared.crops.dtype == np.float32
        assert (prepared.pixels[0] == 1).all()
        assert (prepared.pixels[1] == 0).all()
        assert FACE.cut(picture, [face_box()], [0.0], 256).shape == (1, 256, 256, 3)

    def test_a_face_is_rotated_upright(self):
        """The image is a bar to the right of the centre; a face rotated by 90 degrees clockwise has its top there."""
        picture = np.zeros((100, 100, 3), np.uint8)
        picture[45:56, 50:] = 255
        (crop,) = FACEMESH.prepare(picture, self.FORM, Placed([face_box((10, 10), (90, 90))], [pi / 2])).pixels
        assert crop[40, 96].min() > 0.9
        assert crop[150, 96].max() < 0.1
        assert crop[96, 40].max() < 0.1


class TestMeshes:
    def test_each_iris_has_the_depth_of_the_other_eye(self):
        refined = ATTENTION.refine(*attention_rows().values())
        left, right = (refined[list(MESH_ANNOTATIONS[f"{side}EyeIris"])] for side in ("left", "right"))
        assert left[:, :2].tolist() == [[500, i] for i in range(5)]
        assert right[:, :2].tolist() == [[400, i] for i in range(5)]
        depths = np.mean(attention.RIGHT_EYE), np.mean(attention.LEFT_EYE)
        assert (left[0, 2], right[0, 2]) == pytest.approx(depths)

    def test_both_eyes_are_mirrored_for_the_iris_model(self):
        crop = np.zeros((192, 192, 3), np.uint8)
        crop[:, 40:60] = 255  # the left half of the right eye's crop in the image
        crop[:, 110:130] = 255  # and of the left eye's
        task = IrisTask([mesh_with_eyes()], 2.0)
        left, right = FACE.iris.prepare(crop[None], InputForm(64, 64, 3), task).pixels
        assert left.shape == (64, 64, 3)
        for eye in (left, right):
            assert (eye[32, 10, 0], eye[32, 50, 0]) == (0, 1)


class TestDescribers:
    def test_emotions_are_truncated_and_capped(self):
        emotion = FACE.describers["face.emotion"]
        assert described(emotion, [EMOTIONS]).emotion == (Emotion(0.69, "happy"), Emotion(0.19, "fear"))
        assert described(emotion, [row(0, 0, 0, 1, 0, 0, 0)]).emotion == (Emotion(0.99, "happy"),)

    def test_faceres_rounds_the_age_and_truncates_the_score(self):
        def describe(ages, male):
            return described(FACE.describers["face.description"], [ages, row(male), np.ones((1, 1024), np.float32)])

        found = describe(years(y30=0.5, y31=0.0244), 0.9049)
        assert (found.age, found.gender.score) == (30.2, 0.8)
        assert describe(years(y30=1), 1.0).gender.score == 0.99

    def test_gear_rounds(self):
        found = described(FACE.describers["face.gear"], GEAR_ROWS)
        assert (found.age, found.gender.score) == (23.6, 0.8)
        assert found.race == (Race(0.7, "black"), Race(0.25, "asian"))

    def test_gears_min_confidence_of_zero_is_a_fifth(self):
        assert len(described(FACE.describers["face.gear"], GEAR_ROWS, gear={"minConfidence": 0.0}).race) == 2

    def test_ssrnet_truncates(self):
        assert described(FACE.describers["face.ssrnet.age"], [row(32.39)]).age == 32.3
        found = described(FACE.describers["face.ssrnet.gender"], [row(0.876, 0.124)])
        assert found == Description(gender=GenderScore("female", 0.87))

    def test_by_ssrnets_model_for_gray_every_face_is_male(self):
        found = described(FACE.describers["face.ssrnet.gender"], [row(0.1)])
        assert found == Description(gender=GenderScore("male", None))

    def test_antispoof_and_liveness_are_rounded(self):
        assert described(FACE.describers["face.antispoof"], [row(0.456, 1)]) == Description(real=0.46)
        assert described(FACE.describers["face.liveness"], [row(0.456, 1)]) == Description(live=0.46)


class TestMask:
    def test_the_outline_is_relative_to_the_box(self):
        mesh = np.zeros((468, 3), np.float32)
        mesh[10] = (96, 48, 5)  # the first of the silhouette
        assert FACE.outline(None, _meshed(mesh, (86, 40, 20, 16)))[0].tolist() == [0.5, 0.5]

    def test_a_box_without_area_does_not_divide_by_zero(self):
        mesh = np.random.default_rng(0).uniform(0, 100, (468, 3)).astype(np.float32)
        outline = FACE.outline(None, _meshed(mesh, (10, 10, 0, -5)))
        assert set(np.unique(mask.darkened(np.ones((8, 8, 3), np.float32), outline))) <= {0.5, 1}


def _meshed(mesh, box):
    return replace(RECORD, mesh=mesh, box=box)


class TestRecords:
    @staticmethod
    def recorder(**face):
        return FACE.recorder(400, 200, face_config(**face))

    @staticmethod
    def box(start=(50.0, 50.0)):
        points = np.linspace(10, 60, 12).reshape(-1, 2)
        return FaceBox(np.array(start), np.array(start) + 100, points, 0.9, np.array([90.0, 95.0]))

    def test_a_flag_is_rounded_before_it_is_compared(self):
        assert self.recorder().confirms(np.float32([0.196]))
        assert not self.recorder().confirms(np.float32([0.194]))

    def test_a_min_confidence_of_zero_is_one(self):
        """Human takes the 0 for "not set"."""
        assert self.recorder(detector={"minConfidence": 0}).from_detector(self.box()) is None

    def test_only_the_box_in_pixels_is_clipped_to_the_image(self):
        """src/face/facemesh.ts: clampBox() and getRawBox()."""
        face = self.recorder().from_detector(self.box(start=(-60.0, 150.0)))
        assert face.box == (0, 150, 40, 50)
        assert face.box_raw == (-0.15, 0.75, 0.25, 0.5)

    @pytest.mark.parametrize("start", [(-100.0, 50.0), (400.0, 50.0), (50.0, -200.0), (50.0, 200.0)])
    def test_a_face_outside_of_the_image_is_recorded(self, start):
        assert self.recorder().from_detector(self.box(start=start)) is not None

    @pytest.mark.parametrize(
        ("start", "end", "expected"),
        [
            ((10.5, 20.5), (30.25, 80), (10, 20, 19, 59)),
            ((-5, -5), (30, 80), (0, 0, 30, 80)),
            ((90, 40), (150, 90), (90, 40, 10, 50)),
        ],
    )
    def test_boxes_are_truncated_to_whole_pixels(self, start, end, expected):
        box = FaceBox(np.array(start, float), np.array(end, float), np.zeros((6, 2)), 0.5, np.ones(2))
        assert box.clamped(100, 200).pixels(HUMAN) == expected

    def test_meshes_are_truncated_to_whole_pixels(self):
        mesh = np.random.default_rng(0).uniform(0, 192, (468, 3)).astype(np.float32)
        mesh[0] = (10.9, 20.9, -3.9)
        face = FACE.recorder(192, 192, face_config()).from_mesh(face_box(), 0.0, np.float32([1]), mesh)
        assert face.mesh[0].tolist() == [10, 20, -3]


@given(st.floats(-pi + 0.01, pi - 0.01))
def test_a_face_is_rotated_as_the_line_from_mouth_to_nose(angle):
    """By less than 0.2 none is. An upright face has its nose above its mouth; rotating it rotates that line."""
    rotated = face_box(nose=(100 + 50 * sin(angle), 100 - 50 * cos(angle)), mouth=(100, 100))
    expected = angle if abs(angle) > 0.2 else 0.0
    assert FACE.angle(rotated) == pytest.approx(expected, abs=1e-9)
