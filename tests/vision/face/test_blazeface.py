import numpy as np
import pytest
from humanrt.vision.model import InputForm
from hypothesis import given
from hypothesis import strategies as st

from humanrt.config import FaceDetectorConfig
from humanrt.vision.face import blazeface
from humanrt.vision.face.blazeface import FULL_RANGE, IN_FOUR_PARTS, SHORT_RANGE

LOGIT = 2.0
CONFIDENCE = 1 / (1 + np.exp(-LOGIT))


def outputs(*faces):
    """The model's outputs with a box, in pixels of the input, at each anchor given: (anchor, center, size)."""
    logits, rows = np.full(896, -10, np.float32), np.zeros((896, 16), np.float32)
    for anchor, center, size in faces:
        logits[anchor] = LOGIT
        rows[anchor, 0:2] = center - blazeface.anchors(256)[anchor]
        rows[anchor, 2:4] = size
        # All six landmarks in the middle of the box.
        rows[anchor, 4:16] = np.tile(center - blazeface.anchors(256)[anchor], 6)
    return [logits[None, :512, None], logits[None, 512:, None], rows[None, :512], rows[None, 512:]]


def prepare(picture, *, size=256, square=False, quirks=False):
    return IN_FOUR_PARTS.prepare(picture, InputForm(size, size, 3), square=square, quirks=quirks)


def decode(found, picture, *, square=False, quirks=False, **settings):
    prepared = prepare(picture, square=square, quirks=quirks)
    return IN_FOUR_PARTS.decode(found, prepared, FaceDetectorConfig(**{"scale": 1.0, **settings}), quirks=quirks)


def test_anchors_are_the_centres_of_two_grids():
    """BlazeFace, figure 3: 16 x 16 cells with two anchors each, 8 x 8 cells with six."""
    anchors = blazeface.anchors(256)
    assert anchors.shape == (896, 2)
    assert anchors[[0, 1, 2, 32]].tolist() == [[8, 8], [8, 8], [24, 8], [8, 24]]
    assert anchors[[512, 517, 518]].tolist() == [[16, 16], [16, 16], [48, 16]]
    assert anchors[[511, 895]].tolist() == [[248, 248], [240, 240]]


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
def test_a_box_comes_back_to_the_picture(anchor, center, size, width, height):
    (box,) = decode(outputs((anchor, np.array(center), size)), np.zeros((height, width, 3), np.uint8))
    scale = np.array([width, height]) / 256
    # In whole pixels, and squared.
    assert box.center == pytest.approx(np.array(center) * scale, abs=0.51)
    assert box.size == pytest.approx(size * scale, abs=0.51)
    assert box.extent == pytest.approx([max(size * scale)] * 2, abs=1.01)
    assert box.landmarks == pytest.approx(np.tile(center * scale, (6, 1)), rel=1e-4, abs=1e-3)
    assert box.confidence == pytest.approx(CONFIDENCE, rel=1e-6)


@given(st.integers(20, 500), st.integers(20, 500))
def test_the_padding_of_the_square_is_taken_off(width, height):
    """The middle of the square is the middle of the picture; a pixel of the input is side / 256 pixels of it."""
    (box,) = decode(outputs((300, np.array([128.0, 128.0]), 64)), np.zeros((height, width, 3), np.uint8), square=True)
    side = max(width, height)
    assert box.center == pytest.approx(np.array([width, height]) / 2, abs=1.01)  # both paddings are rounded down
    assert box.size == pytest.approx([side / 4] * 2, abs=1.01)
    assert box.landmarks == pytest.approx(np.tile(np.array([width, height]) / 2, (6, 1)), abs=0.51)


def test_humans_way_out_of_the_square():
    """Src/face/blazeface.ts, getBoxes(), written out for a picture of 400 x 200."""
    found = outputs((300, np.array([100.0, 120.0]), 50))
    (box,) = decode(found, np.zeros((200, 400, 3), np.uint8), square=True, quirks=True)
    pad, scale, factor = (0 / 256, 100 / 256), (400 / 400, 200 / 400), (400 / 256, 200 / 256)
    start = [((100, 120)[i] - 25) * scale[i] * factor[i] - pad[i] * factor[i] for i in range(2)]
    end = [((100, 120)[i] + 25) * scale[i] * factor[i] - pad[i] * factor[i] for i in range(2)]
    center = (np.array(start) + end) / 2
    assert box.center == pytest.approx(center, abs=0.5)  # whole pixels
    assert box.size == pytest.approx(np.array(end) - start, abs=0.5)
    assert box.landmarks[0] == pytest.approx([100 * factor[0], 120 * factor[1]])


def test_the_best_come_first_and_no_more_than_asked_for():
    found = outputs(
        (10, np.array([50.0, 50.0]), 20), (600, np.array([200.0, 200.0]), 20), (300, np.array([100.0, 100.0]), 20)
    )
    found[1][0, 600 - 512, 0] = LOGIT + 1
    picture = np.zeros((256, 256, 3), np.uint8)
    assert [box.center[0] for box in decode(found, picture, max_detected=20)] == [200, 50, 100]
    assert [box.center[0] for box in decode(found, picture, max_detected=1)] == [200]


def test_thresholds():
    found, picture = outputs((300, np.array([100.0, 100.0]), 50)), np.zeros((256, 256, 3), np.uint8)
    assert len(decode(found, picture, min_confidence=0.88)) == 1
    assert len(decode(found, picture, min_confidence=0.89)) == 0
    assert len(decode(found, picture, min_size=49)) == 1
    assert len(decode(found, picture, min_size=50)) == 0
    # The box of the other anchor overlaps the first by a half.
    pair = outputs((300, np.array([100.0, 100.0]), 60), (301, np.array([120.0, 100.0]), 60))
    assert len(decode(pair, picture, max_detected=2, iou_threshold=0.4)) == 1
    assert len(decode(pair, picture, max_detected=2, iou_threshold=0.6)) == 2


def test_extreme_scores_do_not_overflow():
    found = outputs((300, np.array([100.0, 100.0]), 50))
    found[0][0, :, 0] = -500
    assert decode(found, np.zeros((256, 256, 3), np.uint8)) == []


@pytest.mark.parametrize(("size", "count"), [(128, 896), (256, 896), (192, 2304)])
def test_every_form_has_its_anchors(size, count):
    """src/face/facemeshutil.ts, generateAnchors(): cells in the middle of which the anchors lie."""
    anchors = blazeface.anchors(size)
    assert anchors.shape == (count, 2)
    assert anchors.mean() == size / 2
    assert anchors[0].tolist() == [2, 2] if size == 192 else anchors[0].tolist() == [size / 32] * 2


def one_head(count, *, anchor, size):
    rows = np.zeros((1, count, 17), np.float32)
    rows[..., 0] = -10
    rows[0, anchor, 0] = LOGIT
    rows[0, anchor, 3:5] = size
    return rows


def test_the_short_range_form_has_one_output():
    picture = np.zeros((256, 512, 3), np.uint8)
    prepared = prepare(picture, size=128)
    assert prepared.pixels.shape == (1, 128, 128, 3)
    (box,) = SHORT_RANGE.decode(
        [one_head(896, anchor=0, size=20)], prepared, FaceDetectorConfig(scale=1.0), quirks=False
    )
    assert box.center.tolist() == [16, 8]  # the first cell's middle, 4 of 128 pixels, in the picture's
    assert box.size.tolist() == [80, 40]


@pytest.mark.parametrize(("quirks", "center"), [(False, [2, 2]), (True, [190, 190])])
def test_the_full_range_form_has_two_heads_and_human_reads_the_wrong_one(quirks, center):
    faces, persons = one_head(2304, anchor=0, size=20), one_head(2304, anchor=2303, size=20)
    prepared = prepare(np.zeros((192, 192, 3), np.uint8), size=192)
    (box,) = FULL_RANGE.decode([faces, persons], prepared, FaceDetectorConfig(scale=1.0), quirks=quirks)
    assert box.center.tolist() == center
