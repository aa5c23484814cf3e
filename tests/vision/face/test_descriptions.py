"""The models that say something about a face: what goes in, and how what comes out is read."""

import numpy as np
import pytest
from humanrt.vision.model import InputForm

from humanrt.config import FaceConfig, load_config
from humanrt.result import Emotion, Race
from humanrt.vision.face import descriptor, emotion, faceres, gear, spoofing, ssrnet

SETTINGS = FaceConfig()


def row(*values):
    return np.array(values, np.float32)


def settings(**face):
    return load_config({"face": face}).face


@pytest.fixture
def crops():
    """One face, left half red and right half white."""
    face = np.full((1, 16, 16, 3), 255, np.uint8)
    face[:, :, :8, 1:] = 0
    return face


@pytest.mark.parametrize(
    ("task", "channels", "red", "white"),
    [
        (emotion, 1, [2 * 0.2989 - 1], [2 * 0.9999 - 1]),
        (faceres, 3, [255, 0, 0], [255] * 3),
        (gear, 3, [1, 0, 0], [1] * 3),
        (ssrnet.AGE, 3, [255, 0, 0], [255] * 3),
        (ssrnet.GENDER, 3, [1, -1, -1], [1] * 3),
        (ssrnet.GENDER, 1, [2 * 0.2989 - 1], [2 * 0.9999 - 1]),
        (spoofing.ANTISPOOF, 3, [1, 0, 0], [1] * 3),
        (descriptor, 3, [1, 0, 0], [1] * 3),
    ],
)
def test_the_input(crops, task, channels, red, white):
    pixels = task.prepare(crops, InputForm(10, 10, channels), SETTINGS)
    assert pixels.shape == (1, 10, 10, channels)
    assert pixels.dtype == np.float32
    assert pixels[0, 5, 1] == pytest.approx(red, abs=1e-4)
    assert pixels[0, 5, 8] == pytest.approx(white, abs=1e-4)


def test_gear_looks_at_a_part_or_at_what_the_configuration_says():
    face = np.zeros((1, 101, 101, 3), np.float32)
    face[0, :, :, 0] = np.arange(101)
    form = InputForm(11, 11, 3)
    assert gear.prepare(face, form, SETTINGS)[0, 0, :, 0] * 255 == pytest.approx(np.linspace(10, 90, 11), abs=0.1)
    quarter = gear.prepare(face, form, settings(gear={"crop": 0.25}))
    assert quarter[0, 0, :, 0] * 255 == pytest.approx(np.linspace(25, 75, 11), abs=0.1)


class TestEmotion:
    SCORES = row(0.05, 0.0, 0.1999, 0.7, 0.0, 0.0, 0.0501)

    def test_the_strongest_first(self):
        said = emotion.decode([self.SCORES], SETTINGS, quirks=False)
        assert [each.emotion for each in said["emotion"]] == ["happy", "fear"]
        assert said["emotion"][1].score == pytest.approx(0.1999)

    def test_quirks_cut_decimals_off_and_are_never_quite_sure(self):
        said = emotion.decode([self.SCORES], SETTINGS, quirks=True)
        assert said["emotion"] == (Emotion(0.69, "happy"), Emotion(0.19, "fear"))
        assert emotion.decode([row(0, 0, 0, 1, 0, 0, 0)], SETTINGS, quirks=True)["emotion"] == (Emotion(0.99, "happy"),)

    def test_the_least_score(self):
        said = emotion.decode([self.SCORES], settings(emotion={"minConfidence": 0.0}), quirks=False)
        assert len(said["emotion"]) == 4


def ages(**years):
    probabilities = np.zeros(100, np.float32)
    for year, probability in years.items():
        probabilities[int(year[1:])] = probability
    return probabilities


class TestFaceres:
    EMBEDDING = np.ones(1024, np.float32)

    def decode(self, probabilities, male, *, quirks=False, **description):
        rows = [probabilities, row(male), self.EMBEDDING]
        return faceres.decode(rows, settings(description=description), quirks=quirks)

    @pytest.mark.parametrize(
        ("probabilities", "expected"),
        [
            (ages(y30=0.5, y29=0.02, y31=0.01), 29.8),
            (ages(y30=0.5, y29=0.02, y31=0.04), 30.4),
            (ages(y0=0.5, y1=0.03), 0.3),
            (ages(y99=0.5, y98=0.03), 98.7),
        ],
    )
    def test_the_age_leans_to_the_likelier_neighbour(self, probabilities, expected):
        """Human's faceres.ts: 10 * index -+ 100 * neighbour, over 10."""
        assert self.decode(probabilities, 0.9)["age"] == pytest.approx(expected, abs=1e-5)

    @pytest.mark.parametrize(
        ("male", "gender", "score"), [(0.9, "male", 0.8), (0.2, "female", 0.6), (1.0, "male", 1.0)]
    )
    def test_gender(self, male, gender, score):
        said = self.decode(ages(y30=1), male)
        assert (said["gender"], said["gender_score"]) == (gender, pytest.approx(score))

    def test_a_gender_that_is_not_sure_is_not_said(self):
        assert set(self.decode(ages(y30=1), 0.54)) == {"age", "embedding"}
        assert self.decode(ages(y30=1), 0.54, minConfidence=0.05)["gender"] == "male"

    def test_quirks_round(self):
        said = self.decode(ages(y30=0.5, y31=0.0244), 0.9049, quirks=True)
        assert (said["age"], said["gender_score"]) == (30.2, 0.8)
        assert self.decode(ages(y30=1), 1.0, quirks=True)["gender_score"] == 0.99

    def test_the_embedding(self):
        assert self.decode(ages(y30=1), 0.9)["embedding"] is self.EMBEDDING


class TestGear:
    ROWS = (row(0.1, 0.6, 0.3, 0, 0, 0, 0), row(0.2, 0.8), row(0.05, 0.7, 0.25, 0, 0))

    def test_it_says(self):
        said = gear.decode(self.ROWS, SETTINGS, quirks=False)
        # from 23, 30 % of the way to 28, then 10 % of the way to 15
        assert said["age"] == pytest.approx(24.5 + 0.1 * (15 - 24.5), abs=1e-5)
        assert (said["gender"], said["gender_score"]) == ("female", pytest.approx(0.8))
        assert [each.race for each in said["race"]] == ["black", "asian"]

    def test_quirks_round(self):
        said = gear.decode(self.ROWS, SETTINGS, quirks=True)
        assert (said["age"], said["gender_score"]) == (23.6, 0.8)
        assert said["race"] == (Race(0.7, "black"), Race(0.25, "asian"))

    def test_a_least_score_of_zero_is_zero_and_for_human_a_fifth(self):
        zero = settings(gear={"minConfidence": 0.0})
        assert len(gear.decode(self.ROWS, zero, quirks=False)["race"]) == 3
        assert len(gear.decode(self.ROWS, zero, quirks=True)["race"]) == 2


class TestSsrnet:
    def test_age(self):
        assert ssrnet.AGE.decode([row(32.39)], SETTINGS, quirks=False)["age"] == pytest.approx(32.39)
        assert ssrnet.AGE.decode([row(32.39)], SETTINGS, quirks=True)["age"] == 32.3

    @pytest.mark.parametrize(
        ("values", "gender", "score"),
        [((0.876, 0.124), "female", 0.876), ((0.3, 0.7), "male", 0.7), ((0.9,), "male", 0.9), ((0.1,), "female", 0.9)],
    )
    def test_gender(self, values, gender, score):
        said = ssrnet.GENDER.decode([row(*values)], SETTINGS, quirks=False)
        assert (said["gender"], said["gender_score"]) == (gender, pytest.approx(score))

    def test_quirks(self):
        said = ssrnet.GENDER.decode([row(0.876, 0.124)], SETTINGS, quirks=True)
        assert said == {"gender": "female", "gender_score": 0.87}
        assert ssrnet.GENDER.decode([row(0.1)], SETTINGS, quirks=True) == {"gender": "male", "gender_score": None}


def test_spoofing():
    assert spoofing.ANTISPOOF.decode([row(0.456, 1)], SETTINGS, quirks=False) == {"real": pytest.approx(0.456)}
    assert spoofing.LIVENESS.decode([row(0.456, 1)], SETTINGS, quirks=True) == {"live": 0.46}


def test_an_embedding():
    assert descriptor.decode([row(1, 2, 3)[None]], SETTINGS, quirks=False)["embedding"].tolist() == [1, 2, 3]
