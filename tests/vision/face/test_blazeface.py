import numpy as np
import pytest
from face_outputs import CONFIDENCE, LOGIT, blazeface_head, blazeface_outputs
from hypothesis import given
from hypothesis import strategies as st

from humanrt.config import FaceDetectorConfig
from humanrt.vision.face.blazeface import FULL_RANGE, IN_FOUR_PARTS, SHORT_RANGE, anchors
from humanrt.vision.stage import InputForm


def prepare(picture, *, size=256, square=False):
    return IN_FOUR_PARTS.prepare(picture, InputForm(size, size, 3), FaceDetectorConfig(square=square))


def decode(outputs, picture, *, square=False, **settings):
    config = FaceDetectorConfig(**{"scale": 1.0, **settings})
    return IN_FOUR_PARTS.decode(outputs, prepare(picture, square=square), config)


def test_anchors_are_the_centres_of_two_grids():
    """BlazeFace, figure 3: 16 x 16 cells with two anchors each, 8 x 8 cells with six."""
    centers = anchors(256)
    assert centers.shape == (896, 2)
    assert centers[[0, 1, 2, 32]].tolist() == [[8, 8], [8, 8], [24, 8], [8, 24]]
    assert centers[[512, 517, 518]].tolist() == [[16, 16], [16, 16], [48, 16]]
    assert centers[[511, 895]].tolist() == [[248, 248], [240, 240]]


@pytest.mark.parametrize("square", [False, True])
def test_the_input_is_scaled_to_minus_one_to_one(square):
    picture = np.zeros((60, 100, 3), np.uint8)
    picture[:, 50:] = 255
    pixels = prepare(picture, square=square).pixels
    assert pixels.shape == (1, 256, 256, 3)
    assert pixels.dtype == np.float32
    assert (pixels.min(), pixels.max()) == pytest.approx((-1, 1), abs=1e-6)
    assert (pixels[0, :40] == -1).all() == square  # the padding above


@given(
    st.integers(0, 895),
    st.tuples(st.floats(40, 216), st.floats(40, 216)),
    st.floats(10, 60),
    st.integers(20, 500),
    st.integers(20, 500),
)
def test_boxes_are_transformed_to_the_image(anchor, center, size, width, height):
    (box,) = decode(blazeface_outputs((anchor, np.array(center), size)), np.zeros((height, width, 3), np.uint8))
    scale = np.array([width, height]) / 256
    # In whole pixels, and squared.
    assert box.center == pytest.approx(np.array(center) * scale, abs=0.51)
    assert box.size == pytest.approx(size * scale, abs=0.51)
    assert box.extent == pytest.approx([max(size * scale)] * 2, abs=1.01)
    assert box.landmarks == pytest.approx(np.tile(center * scale, (6, 1)), rel=1e-4, abs=1e-3)
    assert box.confidence == pytest.approx(CONFIDENCE, rel=1e-6)


@given(st.integers(20, 500), st.integers(20, 500))
def test_the_padding_of_the_square_is_subtracted(width, height):
    """The middle of the square is the middle of the image; a pixel of the input is side / 256 pixels of it."""
    outputs = blazeface_outputs((300, np.array([128.0, 128.0]), 64))
    (box,) = decode(outputs, np.zeros((height, width, 3), np.uint8), square=True)
    side = max(width, height)
    assert box.center == pytest.approx(np.array([width, height]) / 2, abs=1.01)  # both paddings are rounded down
    assert box.size == pytest.approx([side / 4] * 2, abs=1.01)
    assert box.landmarks == pytest.approx(np.tile(np.array([width, height]) / 2, (6, 1)), abs=0.51)


def test_the_best_boxes_come_first_up_to_max_detected():
    outputs = blazeface_outputs(
        (10, np.array([50.0, 50.0]), 20), (600, np.array([200.0, 200.0]), 20), (300, np.array([100.0, 100.0]), 20)
    )
    outputs[1][0, 600 - 512, 0] = LOGIT + 1
    picture = np.zeros((256, 256, 3), np.uint8)
    assert [box.center[0] for box in decode(outputs, picture, max_detected=20)] == [200, 50, 100]
    assert [box.center[0] for box in decode(outputs, picture, max_detected=1)] == [200]


def test_thresholds():
    outputs, picture = blazeface_outputs((300, np.array([100.0, 100.0]), 50)), np.zeros((256, 256, 3), np.uint8)
    assert len(decode(outputs, picture, min_confidence=0.88)) == 1
    assert len(decode(outputs, picture, min_confidence=0.89)) == 0
    assert len(decode(outputs, picture, min_size=49)) == 1
    assert len(decode(outputs, picture, min_size=50)) == 0
    # The box of the other anchor overlaps the first by a half.
    pair = blazeface_outputs((300, np.array([100.0, 100.0]), 60), (301, np.array([120.0, 100.0]), 60))
    assert len(decode(pair, picture, max_detected=2, iou_threshold=0.4)) == 1
    assert len(decode(pair, picture, max_detected=2, iou_threshold=0.6)) == 2


def test_extreme_scores_do_not_overflow():
    outputs = blazeface_outputs((300, np.array([100.0, 100.0]), 50))
    outputs[0][0, :, 0] = -500
    assert decode(outputs, np.zeros((256, 256, 3), np.uint8)) == []


@pytest.mark.parametrize(("size", "count"), [(128, 896), (256, 896), (192, 2304)])
def test_every_form_has_its_anchors(size, count):
    """src/face/facemeshutil.ts, generateAnchors(): cells in the middle of which the anchors lie."""
    centers = anchors(size)
    assert centers.shape == (count, 2)
    assert centers.mean() == size / 2
    assert centers[0].tolist() == [2, 2] if size == 192 else centers[0].tolist() == [size / 32] * 2


def test_the_short_range_form_has_one_output():
    picture = np.zeros((256, 512, 3), np.uint8)
    prepared = prepare(picture, size=128)
    assert prepared.pixels.shape == (1, 128, 128, 3)
    (box,) = SHORT_RANGE.decode([blazeface_head(896, anchor=0, size=20)], prepared, FaceDetectorConfig(scale=1.0))
    assert box.center.tolist() == [16, 8]  # the first cell's middle, 4 of 128 pixels, in the image's
    assert box.size.tolist() == [80, 40]


def test_the_full_range_form_has_two_heads_of_which_the_first_detects_faces():
    faces, persons = (blazeface_head(2304, anchor=anchor, size=20) for anchor in (0, 2303))
    prepared = prepare(np.zeros((192, 192, 3), np.uint8), size=192)
    (box,) = FULL_RANGE.decode([faces, persons], prepared, FaceDetectorConfig(scale=1.0))
    assert box.center.tolist() == [2, 2]
