import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from humanrt import Human
from humanrt.config import FaceDetectorConfig
from humanrt.vision.face.faceboxes import FACEBOXES
from humanrt.vision.stage import InputForm
from parity.pictures import read_picture

ANY_SIZE = InputForm(0, 0, 3)
ALONE = {
    "preset": "human",
    "face": {
        "detector": {"model_path": "faceboxes", "max_detected": 20, "min_confidence": 0.3, "iou_threshold": 0.3},
        **{name: {"enabled": False} for name in ("mesh", "iris", "emotion", "description")},
    },
    **{name: {"enabled": False} for name in ("body", "hand", "gesture")},
}


def prepare(width, height, *, square=False):
    return FACEBOXES.prepare(np.zeros((height, width, 3), np.uint8), ANY_SIZE, FaceDetectorConfig(square=square))


def decode(prepared, *boxes, **settings):
    """Boxes are (y1, x1, y2, x2, score), as in the model's output, among its zeros."""
    rows = np.zeros((1, 200, 5), np.float32)
    for i, box in enumerate(boxes):
        rows[0, i] = box
    config = FaceDetectorConfig(**{"scale": 1.0, "max_detected": 20, **settings})
    return FACEBOXES.decode([rows[..., :4], rows[..., 4]], prepared, config)


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(300, 200, (200, 300)), (2048, 1000, (500, 1024)), (1024, 3000, (1024, 350)), (3000, 1, (1, 1024))],
)
def test_large_images_are_scaled_down_and_keep_their_proportions(width, height, expected):
    pixels = prepare(width, height).pixels
    assert pixels.dtype == np.uint8
    assert pixels.shape == (1, *expected, 3)


def test_square_pads_the_image():
    picture = np.full((100, 300, 3), 255, np.uint8)
    pixels = FACEBOXES.prepare(picture, ANY_SIZE, FaceDetectorConfig(square=True)).pixels
    assert pixels.shape == (1, 300, 300, 3)
    assert not pixels[0, :100].any()
    assert pixels[0, 100:200].all()


@given(st.integers(50, 3000), st.integers(50, 3000))
def test_boxes_are_transformed_to_the_image(width, height):
    (box,) = decode(prepare(width, height), (0.25, 0.5, 0.75, 0.875, 0.9))
    assert box.size == pytest.approx([0.375 * width, 0.5 * height], abs=0.51)
    assert box.center == pytest.approx([0.6875 * width, 0.5 * height], abs=0.51)
    assert box.confidence == pytest.approx(0.9)
    assert box.landmarks.shape == (0, 2)


def test_the_padding_of_the_square_is_subtracted():
    (box,) = decode(prepare(400, 200, square=True), (0.5, 0.25, 0.75, 0.5, 0.9))
    assert (*box.start, *box.end) == (100, 100, 200, 200)


def test_thresholds():
    prepared = prepare(100, 100)
    left, overlapping, right = (0.2, 0.1, 0.6, 0.5, 0.9), (0.2, 0.2, 0.6, 0.6, 0.8), (0.2, 0.6, 0.6, 1.0, 0.3)
    assert [box.start[0] for box in decode(prepared, left, overlapping, right)] == [10, 60]
    assert len(decode(prepared, left, overlapping, right, iou_threshold=0.7)) == 3
    assert len(decode(prepared, left, overlapping, right, min_confidence=0.5)) == 1
    assert len(decode(prepared, left, overlapping, right, max_detected=1)) == 1
    assert len(decode(prepared, left, min_size=40)) == 0
    assert decode(prepared, min_confidence=0.0) == []


@pytest.mark.slow(4)
async def test_several_sizes_find_small_and_large_faces():
    """Faces 40 and 440 pixels high: one size finds the one, another size the other, and both sizes both."""
    face = read_picture("human_face")[..., :3]
    canvas = np.full((1200, 1200, 3), 127, np.uint8)
    canvas[60:572, 60:572] = np.repeat(np.repeat(face, 2, axis=0), 2, axis=1)
    small = np.ascontiguousarray(face[::5, ::5])
    canvas[900 : 900 + small.shape[0], 900 : 900 + small.shape[1]] = small
    async with Human(ALONE) as human:

        async def large(*sizes):
            with await human.detect(canvas, {"face": {"detector": {"input_size": sizes}}}) as result:
                return sorted(face.box[3] > 200 for face in result.face)

        assert await large(96) == [True]
        assert await large(96, 1200) == [False, True]
        assert human.engine.memory().num_tensors == 0
