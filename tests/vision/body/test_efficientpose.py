import numpy as np
import pytest
from body_outputs import heatmap, image
from hypothesis import given
from hypothesis import strategies as st

from humanrt.config import BodyConfig
from humanrt.vision.body.detector import BodyTask
from humanrt.vision.body.efficientpose import EFFICIENTPOSE
from humanrt.vision.stage import InputForm

FORM = InputForm(368, 368, 3)
PLACES = st.tuples(st.integers(60, 300), st.integers(60, 300))


def prepare(width, height, level=0):
    return EFFICIENTPOSE.prepare(image(width, height, level), FORM, BodyTask(BodyConfig(), 1))


def decode(outputs, prepared, *, limit=10):
    return EFFICIENTPOSE.decode(outputs, prepared, BodyTask(BodyConfig(), limit))


def test_the_input_is_that_of_the_models_authors():
    """helpers.preprocess() of github.com/daniegr/EfficientPose: padded to a square, and -1..1."""
    pixels = prepare(200, 100, 255).pixels
    assert pixels.shape == (1, 368, 368, 3)
    assert pixels.dtype == np.float32
    assert (pixels[0, 92:276] == 1).all()
    assert (pixels[0, :92] == -1).all()


@given(PLACES)
def test_a_part_is_at_the_maximum_of_its_map(place):
    x, y = place
    (body,) = decode(heatmap(leftWrist=(x, y, 0.8)), prepare(736, 368))
    (part,) = body.keypoints
    assert (part.part, part.score) == ("leftWrist", pytest.approx(0.8))
    # Two pixels for each of the input's, of which 92 are padding.
    assert part.position == (2 * x, 2 * (y - 92))


def test_the_score_of_the_body_is_the_highest_of_its_parts():
    outputs = heatmap(leftHip=(10, 10, 0.5), leftKnee=(10, 50, 1.02), leftAnkle=(10, 90, 0.25))
    (body,) = decode(outputs, prepare(368, 368))
    assert body.score == 1
    assert {part.part: part.score for part in body.keypoints} == {"leftHip": 0.5, "leftKnee": 1}
    assert body.box == (10, 10, 0, 40)
    assert body.annotations["leftLeg"] == (((10, 10), (10, 50)),)
    assert decode(outputs, prepare(368, 368), limit=0) == ()


def test_no_part_over_min_confidence_is_no_body():
    assert decode(heatmap(head=(10, 10, 0.25)), prepare(368, 368)) == ()
