"""CenterFace: maps that the test computes, decoded alone and as those of a user's ONNX file with a model card."""

import numpy as np
import pytest
from detector_models import DETECTOR_ALONE, write_detector

from humanrt import Human
from humanrt.config import FaceDetectorConfig
from humanrt.vision.face.centerface import CENTERFACE
from humanrt.vision.stage import InputForm

SETTINGS = {"scale": 1.0, "max_detected": 9, "min_confidence": 0.5, "iou_threshold": 0.3}
# y and x of five points, as parts of the height and width of the box.
PARTS = (0.25, 0.3, 0.25, 0.7, 0.5, 0.5, 0.75, 0.3, 0.75, 0.7)


def outputs_of(height, width, *faces):
    """Return the maps by name, with a face in some cells: (row, column), score."""
    lengths = {"heatmap": 1, "scale": 2, "offset": 2, "landmarks": 10}
    outputs = {name: np.zeros((1, length, height // 4, width // 4), np.float32) for name, length in lengths.items()}
    for (row, column), score in faces:
        # A height of 10 cells and a width of 8, the centre at (0.25, -0.25) of a cell from its middle.
        for name, values in zip(lengths, (score, np.log([10, 8]), (0.25, -0.25), PARTS), strict=True):
            outputs[name][0, :, row, column] = values
    return outputs


def decode(width, height, outputs, **settings):
    task = FaceDetectorConfig(**SETTINGS | settings)
    prepared = CENTERFACE.prepare(np.zeros((height, width, 3), np.uint8), InputForm(3, 0, 0), task)
    return CENTERFACE.decode([outputs[name] for name in CENTERFACE.outputs], prepared, task)


def test_a_box_is_about_its_centre_and_points_are_parts_of_it():
    (box,) = decode(128, 96, outputs_of(96, 128, ((11, 15), 0.9)), input_size=128)
    # The centre is 4 * (15.5 - 0.25, 11.5 + 0.25), the size 4 * (8, 10).
    assert (*box.face[0], *box.face[1]) == pytest.approx((45, 27, 77, 67), abs=1e-4)
    expected = np.reshape(PARTS, (5, 2))[:, ::-1] * (32, 40) + (45, 27)
    np.testing.assert_allclose(box.landmarks, expected, atol=1e-4)
    assert box.confidence == pytest.approx(0.9)


def test_of_overlapping_faces_the_best_stays_and_coordinates_are_those_of_the_image():
    outputs = outputs_of(96, 128, ((11, 15), 0.9), ((12, 15), 0.8), ((20, 28), 0.4))
    (box,) = decode(512, 384, outputs, input_size=128)
    assert (*box.face[0], *box.face[1]) == pytest.approx((180, 108, 308, 268), abs=1e-3)
    assert decode(128, 96, outputs_of(96, 128), input_size=128) == []


def test_the_input_is_rgb():
    picture = np.full((32, 64, 3), (250, 20, 10), np.uint8)
    pixels = CENTERFACE.prepare(picture, InputForm(3, 0, 0), FaceDetectorConfig(input_size=64)).pixels
    assert pixels[0, :, 5, 5].tolist() == [250, 20, 10]


@pytest.mark.slow(1)
async def test_a_custom_file_with_a_card_runs_without_code(tmp_path):
    write_detector(tmp_path, outputs_of(96, 128, ((11, 15), 0.9 / 250)), "heatmap")
    red = np.full((96, 128, 3), (250, 0, 0), np.uint8)
    async with Human({**DETECTOR_ALONE, "cards": str(tmp_path)}) as human:
        with await human.detect(red, {"face": {"detector": {"input_size": 128}}}) as result:
            (face,) = result.face
        assert face.box == pytest.approx((45, 27, 32, 40), abs=1e-4)
        assert face.score == pytest.approx(0.9)
        assert len(face.mesh) == 5
        assert human.engine.memory().num_tensors == 0
