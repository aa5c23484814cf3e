"""The models that describe a face: how their input is prepared, their outputs decoded and their descriptions merged."""

import numpy as np
import pytest
from face_outputs import EMOTIONS, GEAR_ROWS, described, face_config, row, years

from humanrt.config import FaceConfig
from humanrt.vision.face.describer import Description, GenderScore, cropped, gray, resized
from humanrt.vision.face.descriptor import DESCRIPTOR
from humanrt.vision.face.emotion import EMOTION
from humanrt.vision.face.faceres import FACERES
from humanrt.vision.face.gear import GEAR
from humanrt.vision.face.spoofing import ANTISPOOF, LIVENESS
from humanrt.vision.face.ssrnet import AGE, GENDER
from humanrt.vision.stage import InputForm


class TestCrops:
    FORM = InputForm(8, 8, 3)

    @pytest.fixture
    def crops(self):
        """Two faces, float32 [16, 16], the first brighter to the right and downwards."""
        y, x = np.mgrid[:16, :16]
        return np.stack([np.stack([x, y, x + y], axis=-1), np.full((16, 16, 3), 255)]).astype(np.float32)

    def test_they_are_resized_on_the_grid_of_tfjs(self, crops):
        """Every second pixel."""
        pixels = resized(crops, self.FORM)
        assert pixels.shape == (2, 8, 8, 3)
        assert pixels.dtype == np.float32
        assert pixels[0] == pytest.approx(crops[0, ::2, ::2] / 255, abs=1e-6)
        assert (pixels[1] == 1).all()

    def test_a_margin_is_cut_off_each_side(self, crops):
        """cropAndResize of [0.25, 0.25, 0.75, 0.75] runs over the pixels' centres: from 3.75 to 11.25."""
        pixels = resized(crops, self.FORM, 0.25)
        assert pixels[0, 0, :, 0] * 255 == pytest.approx(np.linspace(3.75, 11.25, 8), abs=0.05)
        assert pixels[0, :, 0, 1] * 255 == pytest.approx(np.linspace(3.75, 11.25, 8), abs=0.05)

    def test_a_part_is_cut_out(self, crops):
        pixels = cropped(crops, self.FORM, (0.0, 0.5, 1.0, 1.0))
        assert pixels[0, 0, :, 0] * 255 == pytest.approx(np.linspace(0, 15, 8), abs=0.05)
        assert pixels[0, :, 0, 1] * 255 == pytest.approx(np.linspace(7.5, 15, 8), abs=0.05)

    def test_gray_has_humans_weights(self):
        pixels = gray(np.eye(3, dtype=np.float32)[None, None])
        assert pixels[0, 0, :, 0].tolist() == pytest.approx([0.2989, 0.587, 0.114])


@pytest.mark.parametrize(
    ("family", "channels", "red", "white"),
    [
        (EMOTION, 1, [2 * 0.2989 - 1], [2 * 0.9999 - 1]),
        (FACERES, 3, [255, 0, 0], [255] * 3),
        (GEAR, 3, [1, 0, 0], [1] * 3),
        (AGE, 3, [255, 0, 0], [255] * 3),
        (GENDER, 3, [1, -1, -1], [1] * 3),
        (GENDER, 1, [2 * 0.2989 - 1], [2 * 0.9999 - 1]),
        (ANTISPOOF, 3, [1, 0, 0], [1] * 3),
        (DESCRIPTOR, 3, [1, 0, 0], [1] * 3),
    ],
    ids=["emotion", "faceres", "gear", "age", "gender", "gray gender", "antispoof", "descriptor"],
)
def test_the_input_of_each_family(family, channels, red, white):
    """Of one face, whose left half is red and whose right half is white."""
    crops = np.full((1, 16, 16, 3), 255, np.uint8)
    crops[:, :, :8, 1:] = 0
    pixels = family.prepare(crops, InputForm(10, 10, channels), FaceConfig()).pixels
    assert pixels.shape == (1, 10, 10, channels)
    assert pixels.dtype == np.float32
    assert pixels[0, 5, 1] == pytest.approx(red, abs=1e-4)
    assert pixels[0, 5, 8] == pytest.approx(white, abs=1e-4)


def test_gear_cuts_out_a_fixed_part_or_the_margin_of_the_configuration():
    face = np.zeros((1, 101, 101, 3), np.float32)
    face[0, :, :, 0] = np.arange(101)
    form = InputForm(11, 11, 3)
    fixed = GEAR.prepare(face, form, FaceConfig()).pixels
    assert fixed[0, 0, :, 0] * 255 == pytest.approx(np.linspace(10, 90, 11), abs=0.1)
    quarter = GEAR.prepare(face, form, face_config(gear={"crop": 0.25})).pixels
    assert quarter[0, 0, :, 0] * 255 == pytest.approx(np.linspace(25, 75, 11), abs=0.1)


class TestEmotion:
    def test_the_highest_score_comes_first(self):
        found = described(EMOTION, [EMOTIONS]).emotion
        assert [each.emotion for each in found] == ["happy", "fear"]
        assert found[1].score == pytest.approx(0.1999)

    def test_emotions_up_to_min_confidence_are_left_out(self):
        assert len(described(EMOTION, [EMOTIONS], emotion={"minConfidence": 0.0}).emotion) == 4


class TestFaceRes:
    EMBEDDING = np.ones((1, 1024), np.float32)

    def describe(self, ages, male, **description):
        return described(FACERES, [ages, row(male), self.EMBEDDING], description=description)

    @pytest.mark.parametrize(
        ("ages", "expected"),
        [
            (years(y30=0.5, y29=0.02, y31=0.01), 29.8),
            (years(y30=0.5, y29=0.02, y31=0.04), 30.4),
            (years(y0=0.5, y1=0.03), 0.3),
            (years(y99=0.5, y98=0.03), 98.7),
        ],
    )
    def test_the_age_is_moved_to_the_likelier_neighbour(self, ages, expected):
        """Human's faceres.ts: 10 * index -+ 100 * neighbour, over 10."""
        assert self.describe(ages, 0.9).age == pytest.approx(expected, abs=1e-5)

    @pytest.mark.parametrize(
        ("male", "gender", "score"), [(0.9, "male", 0.8), (0.2, "female", 0.6), (1.0, "male", 1.0)]
    )
    def test_gender(self, male, gender, score):
        assert self.describe(years(y30=1), male).gender == (gender, pytest.approx(score))

    def test_a_gender_below_min_confidence_is_left_out(self):
        found = self.describe(years(y30=1), 0.54)
        assert found == Description(age=found.age, embedding=found.embedding)
        assert self.describe(years(y30=1), 0.54, minConfidence=0.05).gender.gender == "male"

    def test_the_embedding_is_a_view_of_the_output(self):
        found = self.describe(years(y30=1), 0.9).embedding
        assert found.shape == (1024,)
        assert found.base is self.EMBEDDING


class TestGear:
    def test_age_gender_and_race(self):
        found = described(GEAR, GEAR_ROWS)
        # from 23, 30 % of the way to 28, then 10 % of the way to 15
        assert found.age == pytest.approx(24.5 + 0.1 * (15 - 24.5), abs=1e-5)
        assert found.gender == ("female", pytest.approx(0.8))
        assert [each.race for each in found.race] == ["black", "asian"]

    def test_a_min_confidence_of_zero_is_zero(self):
        assert len(described(GEAR, GEAR_ROWS, gear={"minConfidence": 0.0}).race) == 3


class TestSsrnet:
    def test_age(self):
        assert described(AGE, [row(32.39)]).age == pytest.approx(32.39)

    @pytest.mark.parametrize(
        ("values", "gender", "score"),
        [((0.876, 0.124), "female", 0.876), ((0.3, 0.7), "male", 0.7), ((0.9,), "male", 0.9), ((0.1,), "female", 0.9)],
    )
    def test_gender(self, values, gender, score):
        assert described(GENDER, [row(*values)]).gender == (gender, pytest.approx(score))


def test_antispoof_and_liveness_return_the_first_value_of_a_row():
    assert described(ANTISPOOF, [row(0.456, 1)]) == Description(real=pytest.approx(0.456))
    assert described(LIVENESS, [row(0.456, 1)]) == Description(live=pytest.approx(0.456))


def test_a_descriptor_returns_a_flat_embedding_for_each_face():
    rows = np.float32([[[1, 2, 3]], [[4, 5, 6]]])
    found = DESCRIPTOR.decode([rows], None, FaceConfig())
    assert [each.embedding.tolist() for each in found] == [[1, 2, 3], [4, 5, 6]]


def test_of_two_descriptions_the_later_ones_values_are_taken():
    first = Description(age=30.0, gender=GenderScore("male", 0.9), real=0.5)
    second = Description(age=40.0, embedding=np.ones(3, np.float32), live=0.0)
    merged = first.overridden_by(second)
    assert merged == Description(40.0, first.gender, None, None, second.embedding, 0.5, 0.0)
    assert first.overridden_by(Description()) == first
