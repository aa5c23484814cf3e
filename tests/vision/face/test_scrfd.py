"""SCRFD: outputs that the test computes, decoded alone and as those of a user's ONNX file with a model card."""

import numpy as np
import pytest
from detector_models import DETECTOR_ALONE, write_detector

from humanrt import Human
from humanrt.config import FaceDetectorConfig
from humanrt.errors import ModelFormatError
from humanrt.vision.face.detector import STRIDES
from humanrt.vision.face.scrfd import LENGTHS, SCRFD, WITHOUT_POINTS
from humanrt.vision.stage import InputForm

ANY_SIZE = InputForm(3, 0, 0)
SETTINGS = {"scale": 1.0, "max_detected": 9, "min_confidence": 0.5, "iou_threshold": 0.3}
POINTS = np.arange(10) / 10
# Distances in cells to the left, the top, the right and the bottom.
SIDES = (1, 2, 3, 4)


def outputs_of(height, width, *faces, in_cell=2, kinds=("score", "bbox", "kps")):
    """Return the outputs by name, with a face at some anchors: (stride, row, column, anchor), score."""
    outputs = {
        f"{kind}_{stride}": np.zeros((height // stride * (width // stride) * in_cell, LENGTHS[kind]), np.float32)
        for kind in kinds
        for stride in STRIDES
    }
    for (stride, row, column, anchor), score in faces:
        place = (row * (width // stride) + column) * in_cell + anchor
        for kind, values in zip(kinds, (score, SIDES, POINTS), strict=False):
            outputs[f"{kind}_{stride}"][place] = values
    return outputs


def decode(family, width, height, outputs, **settings):
    task = FaceDetectorConfig(**SETTINGS | settings)
    prepared = family.prepare(np.zeros((height, width, 3), np.uint8), ANY_SIZE, task)
    return family.decode([outputs[name] for name in family.outputs], prepared, task)


@pytest.mark.parametrize("in_cell", [1, 2])
def test_boxes_and_points_are_at_distances_from_the_corner_of_their_cell(in_cell):
    outputs = outputs_of(96, 128, ((16, 3, 5, in_cell - 1), 0.9), in_cell=in_cell)
    (box,) = decode(SCRFD, 128, 96, outputs, input_size=128)
    # The anchor is at 16 * (5, 3).
    assert (*box.face[0], *box.face[1]) == pytest.approx((64, 16, 128, 112))
    np.testing.assert_allclose(box.landmarks, np.reshape(POINTS, (5, 2)) * 16 + (80, 48), atol=1e-4)
    assert box.confidence == pytest.approx(0.9)


def test_coordinates_are_those_of_the_image_and_of_two_faces_in_one_place_the_best_stays():
    outputs = outputs_of(32, 64, ((8, 1, 2, 0), 0.8), ((8, 1, 2, 1), 0.7), ((8, 3, 7, 0), 0.4))
    (box,) = decode(SCRFD, 640, 320, outputs, input_size=64)
    assert (*box.face[0], *box.face[1]) == pytest.approx((80, -80, 400, 400))
    assert box.confidence == pytest.approx(0.8)


def test_a_form_without_points():
    outputs = outputs_of(32, 64, ((32, 0, 1, 0), 0.8), kinds=("score", "bbox"))
    (box,) = decode(WITHOUT_POINTS, 64, 32, outputs, input_size=64)
    assert box.landmarks.shape == (0, 2)
    assert decode(WITHOUT_POINTS, 64, 32, outputs, input_size=64, min_confidence=0.9) == []


def test_the_input_is_rgb_around_zero_and_padded():
    picture = np.full((20, 40, 3), (255, 127, 0), np.uint8)
    pixels = SCRFD.prepare(picture, ANY_SIZE, FaceDetectorConfig(input_size=40)).pixels
    assert pixels.shape == (1, 3, 32, 64)
    np.testing.assert_allclose(pixels[0, :, 19, 39], [127.5 / 128, -0.5 / 128, -127.5 / 128])
    np.testing.assert_allclose(pixels[0, :, 20:], -127.5 / 128)


def test_a_card_with_a_fixed_size_pads_the_image_to_it():
    prepared = SCRFD.prepare(np.zeros((30, 60, 3), np.uint8), InputForm(3, 64, 96), FaceDetectorConfig())
    assert prepared.pixels.shape == (1, 3, 64, 96)
    np.testing.assert_allclose(prepared.boxes, np.diag([60 / 96, 30 / 48, 1])[:2])


def test_other_numbers_of_anchors_are_refused():
    outputs = outputs_of(32, 64)
    outputs["score_8"] = outputs["score_8"][1:]
    with pytest.raises(ValueError, match="83 anchors for 42 cells"):
        decode(SCRFD, 64, 32, outputs, input_size=64)


@pytest.mark.slow(1)
@pytest.mark.parametrize("kinds", [("score", "bbox", "kps"), ("score", "bbox")])
async def test_a_custom_file_with_a_card_runs_without_code(tmp_path, kinds):
    write_detector(tmp_path, outputs_of(64, 96, ((16, 1, 3, 1), 0.9), kinds=kinds), "score")
    red = np.full((64, 96, 3), (255, 0, 0), np.uint8)
    async with Human({**DETECTOR_ALONE, "cards": str(tmp_path)}) as human:
        detector = {"face": {"detector": {"input_size": 96}}}
        with await human.detect(red, detector) as result:
            (face,) = result.face
        assert face.box == pytest.approx((32, 0, 64, 64))  # from -16 to 80, and the image ends at 64
        assert face.score == pytest.approx(0.9 * 127.5 / 128)
        assert len(face.mesh) == (5 if len(kinds) == len(LENGTHS) else 0)
        assert human.engine.memory().num_tensors == 0
        with pytest.raises(ModelFormatError, match="252 anchors for 420 cells"):
            await human.detect(red, {"raise_errors": True, "face": {"detector": {"input_size": 160}}})
        assert human.engine.memory().num_tensors == 0
