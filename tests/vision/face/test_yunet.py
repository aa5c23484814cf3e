"""YuNet beside OpenCV's own ``FaceDetectorYN``, on the same pixels, and decoding of outputs that the test computes."""

import asyncio

import cv2
import numpy as np
import pytest

from humanrt import Engine, Human
from humanrt.config import FaceDetectorConfig
from humanrt.engine import internals
from humanrt.errors import ConfigError
from humanrt.vision.face.box import merged
from humanrt.vision.face.detector import STRIDES
from humanrt.vision.face.yunet import KINDS, YUNET
from humanrt.vision.stage import InputForm, VisionModel, run_stage
from humanrt.zoo import Store, default_cache_dir, find_card
from parity.pictures import read_picture

ANY_SIZE = InputForm(3, 0, 0)
EVERY_FACE = {"scale": 1.0, "max_detected": 1000, "min_confidence": 0.5, "iou_threshold": 0.3}


def prepare(width, height, **settings):
    picture = np.zeros((height, width, 3), np.uint8)
    return YUNET.prepare(picture, ANY_SIZE, FaceDetectorConfig(**settings))


def outputs_of(prepared, *faces):
    """Return the model's outputs with a face in some cells: (stride, row, column), score, box and points in cells."""
    height, width = prepared.pixels.shape[2:]
    lengths = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    outputs = {
        f"{kind}_{stride}": np.zeros((1, height // stride * (width // stride), lengths[kind]), np.float32)
        for kind in KINDS
        for stride in STRIDES
    }
    for (stride, row, column), score, box, points in faces:
        cell = row * (width // stride) + column
        for kind, values in zip(KINDS, (score, score, box, points), strict=True):
            outputs[f"{kind}_{stride}"][0, cell] = values
    return [outputs[name] for name in YUNET.outputs]


def decode(prepared, *faces, **settings):
    return YUNET.decode(outputs_of(prepared, *faces), prepared, FaceDetectorConfig(**EVERY_FACE | settings))


POINTS = np.arange(10) / 10
BOX = (0.5, 0.25, np.log(2), np.log(3))


@pytest.mark.parametrize(
    ("size", "settings", "expected"),
    [
        ((640, 480), {}, (480, 640)),
        ((1280, 960), {}, (480, 640)),
        ((64, 100), {}, (640, 416)),  # 640 x 409.6, and black up to the next multiple of 32
        ((64, 100), {"input_size": 96}, (96, 64)),
        ((1000, 1), {"input_size": 320}, (32, 320)),
    ],
)
def test_images_keep_their_proportions_and_are_padded(size, settings, expected):
    pixels = prepare(*size, **settings).pixels
    assert pixels.dtype == np.float32
    assert pixels.shape == (1, 3, *expected)


def test_the_input_is_bgr_with_black_at_the_right_and_below():
    picture = np.full((40, 60, 3), (10, 20, 250), np.uint8)
    pixels = YUNET.prepare(picture, ANY_SIZE, FaceDetectorConfig(input_size=60)).pixels
    assert pixels[0, :, 39, 59].tolist() == [250, 20, 10]
    assert not pixels[0, :, 40:].any()
    assert not pixels[0, :, :, 60:].any()


def test_boxes_and_points_are_relative_to_the_corner_of_their_cell():
    prepared = prepare(320, 160, input_size=320)
    (box,) = decode(prepared, ((16, 3, 7), 0.81, BOX, POINTS), min_confidence=0.8)
    # The centre is 16 * (7.5, 3.25), the size 16 * (2, 3).
    start, end = box.face
    assert (*start, *end) == pytest.approx((104, 28, 136, 76), abs=1e-4)
    assert box.confidence == pytest.approx(0.81)
    np.testing.assert_allclose(box.landmarks, 16 * np.add(np.reshape(POINTS, (5, 2)), (7, 3)), atol=1e-4)


def test_the_score_is_the_root_of_both_probabilities():
    prepared = prepare(320, 160, input_size=320)
    outputs = outputs_of(prepared, ((8, 3, 7), 0.9, BOX, POINTS))
    outputs[0][outputs[0] > 0] = 0.4
    (box,) = YUNET.decode(outputs, prepared, FaceDetectorConfig(**EVERY_FACE))
    assert box.confidence == pytest.approx(0.6)


def test_coordinates_are_those_of_the_image():
    prepared = prepare(1000, 500, input_size=320)
    (box,) = decode(prepared, ((32, 2, 4), 0.9, BOX, POINTS))
    assert (*box.face[0], *box.face[1]) == pytest.approx(np.multiply((112, 24, 176, 120), 1000 / 320), abs=1e-3)


def test_of_overlapping_faces_the_best_stays():
    prepared = prepare(320, 160, input_size=320)
    faces = [((16, 3, 7), 0.7, BOX, POINTS), ((16, 3, 8), 0.9, BOX, POINTS), ((16, 3, 17), 0.8, BOX, POINTS)]
    found = decode(prepared, *faces)
    assert [box.confidence for box in found] == pytest.approx([0.9, 0.8])
    assert len(decode(prepared, *faces, max_detected=1)) == 1
    assert len(decode(prepared, *faces, iou_threshold=0.9)) == 3


def test_the_best_boxes_of_several_runs():
    small, large = prepare(640, 320, input_size=320), prepare(640, 320, input_size=640)
    settings = FaceDetectorConfig(**EVERY_FACE)
    # The same face at both sizes, and another one at the larger.
    both = (
        decode(small, ((16, 3, 7), 0.7, BOX, POINTS)),
        decode(large, ((32, 3, 7), 0.9, BOX, POINTS), ((8, 3, 70), 0.6, BOX, POINTS)),
    )
    found = merged([box for boxes in both for box in boxes], settings)
    assert [box.confidence for box in found] == pytest.approx([0.9, 0.6])
    assert (*found[0].face[0], *found[0].face[1]) == pytest.approx((208, 56, 272, 152), abs=1e-3)
    assert merged([], settings) == []


def test_no_face():
    assert decode(prepare(320, 160)) == []


# The real model.


@pytest.fixture(scope="module")
def published():
    return str(Store(default_cache_dir()).ensure(find_card("yunet")))


def opencvs_faces(path, picture):
    """Return OpenCV's rows: x, y, width, height, five points, score."""
    height, width = picture.shape[:2]
    detector = cv2.FaceDetectorYN.create(path, "", (width, height), 0.5, 0.3, 5000)
    _, faces = detector.detect(np.ascontiguousarray(picture[..., ::-1]))
    return np.zeros((0, 15)) if faces is None else faces


def crowd():
    """Return a picture with the three sample faces at several sizes."""
    canvas = np.full((700, 1000, 3), 127, np.uint8)
    places = [("human_face", 300, (10, 20)), ("astronaut", 400, (350, 200)), ("human_body", 300, (700, 30))]
    places += [("human_face", 120, (30, 400)), ("astronaut", 150, (800, 500)), ("human_face", 60, (200, 400))]
    for name, side, (x, y) in places:
        canvas[y : y + side, x : x + side] = cv2.resize(read_picture(name), (side, side))[..., :3]
    return canvas


PICTURES = {
    "astronaut": lambda: read_picture("astronaut"),
    "another shape": lambda: cv2.resize(read_picture("human_face"), (301, 410)),
    "crowd": crowd,
    "none": lambda: read_picture("coffee"),
}
ALONE = {
    "preset": "human",
    "face": {"mesh": {"enabled": False}, "emotion": {"enabled": False}, "description": {"enabled": False}},
    **{name: {"enabled": False} for name in ("body", "hand", "gesture")},
}


@pytest.mark.slow(3)
@pytest.mark.parametrize("name", PICTURES)
async def test_faces_are_opencvs(published, name):
    picture = PICTURES[name]()
    theirs = opencvs_faces(published, picture)
    async with Engine("cpu") as engine:
        model = VisionModel(engine, find_card("yunet"), internals(engine).load(find_card("yunet")))
        settings = FaceDetectorConfig(input_size=max(picture.shape), **EVERY_FACE)
        ours = await run_stage(YUNET, model, picture, settings)
        assert engine.memory().num_tensors == 0
    rows = [[*box.face[0], *(box.face[1] - box.face[0]), *box.landmarks.ravel(), box.confidence] for box in ours]
    assert len(rows) == len(theirs) == {"crowd": 6, "none": 0}.get(name, 1)
    for ours_row, theirs_row in zip(rows, theirs, strict=True):
        np.testing.assert_allclose(ours_row[:14], theirs_row[:14], atol=0.5)
        assert ours_row[14] == pytest.approx(theirs_row[14], abs=0.005)


@pytest.mark.slow(2)
async def test_several_sizes_find_small_and_large_faces():
    picture = crowd()
    yunet = {"model_path": "yunet", "max_detected": 100, "min_confidence": 0.7, "iou_threshold": 0.3}
    async with Human(ALONE) as human:

        async def count(*sizes):
            settings = {"face": {"detector": {**yunet, "input_size": sizes}}}
            with await human.detect(picture, settings) as result:
                return len(result.face)

        small, large, both = await count(96), await count(1000), await count(96, 1000)
        assert (small, large, both) == (1, 6, 6)
        assert human.engine.memory().num_tensors == 0
        task = asyncio.ensure_future(count(320, 960))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert human.engine.memory().num_tensors == 0


@pytest.mark.slow(1)
async def test_a_detector_of_one_size_has_no_other():
    async with Human(ALONE) as human:
        with pytest.raises(ConfigError, match=r"input_size is \[320\], and the input of this detector is 256 x 256"):
            await human.detect(crowd(), {"face": {"detector": {"input_size": 320}}})
        assert human.engine.memory().num_tensors == 0
