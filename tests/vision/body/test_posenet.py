import numpy as np
import pytest
from humanrt.vision.model import InputForm
from hypothesis import given
from hypothesis import strategies as st

from humanrt.config import BodyConfig
from humanrt.vision.body import posenet
from humanrt.vision.body.posenet import BONES, Maps
from humanrt.vision.body.skeleton import COCO

FORM = InputForm(385, 385, 3)
NOSE, LEFT_EYE, LEFT_WRIST = (COCO.parts.index(part) for part in ("nose", "leftEye", "leftWrist"))
# Where the parts of a body are that looks at us, from its nose, in pixels of the input.
SHAPE = np.array(
    [
        *((0, 0), (8, -8), (-8, -8), (16, -4), (-16, -4)),
        *((30, 40), (-30, 40), (50, 80), (-50, 80), (60, 120), (-60, 120)),
        *((20, 130), (-20, 130), (24, 190), (-24, 190), (24, 250), (-24, 250)),
    ],
    float,
)


def cell_of(point):
    column, row = np.floor(np.array(point) / 16 + 0.5).astype(int)
    return row, column


def maps_of(*bodies):
    """What a good model says of bodies: (the nose's place, the parts' scores)."""
    maps = Maps(np.zeros((25, 25, 17), np.float32), *(np.zeros((25, 25, n, 2)) for n in (17, len(BONES), len(BONES))))
    for nose, scores in bodies:
        points = SHAPE + nose
        for part, (point, score) in enumerate(zip(points, scores, strict=True)):
            row, column = cell_of(point)
            maps.scores[row, column, part] = score
            # All cells around see it too: whoever comes a little off is led to the spot.
            for y, x in np.ndindex(3, 3):
                offset = point - 16.0 * np.array([column + x - 1, row + y - 1])
                maps.offsets[row + y - 1, column + x - 1, part] = offset
        for bone, (start, end) in enumerate(BONES):
            # The bones lead only near to the parts.
            maps.forward[(*cell_of(points[start]), bone)] = points[end] - points[start] + (5, -4)
            maps.backward[(*cell_of(points[end]), bone)] = points[start] - points[end] + (-5, 4)
    return maps


def outputs_of(maps):
    """The same as the model's outputs: logits, and n y before n x."""
    clipped = np.clip(maps.scores, 1e-6, 1 - 1e-6)
    vectors = (
        vector[..., ::-1].swapaxes(2, 3).reshape(25, 25, -1) for vector in (maps.offsets, maps.forward, maps.backward)
    )
    return [array[None].astype(np.float32) for array in (np.log(clipped / (1 - clipped)), *vectors)]


def decode(maps, picture, *, limit=10, quirks=False, **settings):
    prepared = posenet.prepare(picture, FORM, quirks=quirks)
    return posenet.decode(outputs_of(maps), prepared, limit, BodyConfig(**settings), quirks=quirks)


def test_the_bones_are_a_tree_from_the_nose():
    """PersonLab, figure 2: every part but the nose hangs on one other."""
    assert len(BONES) == 16
    assert sorted(end for _, end in BONES) == list(range(1, 17))
    reached = {NOSE}
    for start, end in BONES:
        assert start in reached
        reached.add(end)


@given(st.integers(0, 16), st.tuples(st.floats(90, 290), st.floats(40, 110)))
def test_a_body_grows_from_any_of_its_parts(root, nose):
    scores = np.full(17, 0.8)
    scores[root] = 0.9
    (body,) = posenet.bodies(maps_of((nose, scores)), 0.3)
    assert body.points == pytest.approx(SHAPE + nose)
    assert body.scores == pytest.approx(scores)
    assert body.score == pytest.approx(scores.mean())


def test_bodies_come_best_first():
    left, right = ((100, 60), np.full(17, 0.7)), ((280, 60), np.full(17, 0.8))
    bodies = decode(maps_of(left, right), np.zeros((385, 385, 3), np.uint8))
    assert [(body.id, round(body.keypoints[0].position[0])) for body in bodies] == [(0, 280), (1, 100)]
    assert [body.score for body in bodies] == pytest.approx([0.8, 0.7])
    (best,) = decode(maps_of(left, right), np.zeros((385, 385, 3), np.uint8), limit=1)
    assert best.score == pytest.approx(0.8)
    assert decode(maps_of(left, right), np.zeros((385, 385, 3), np.uint8), limit=0) == ()


def test_the_best_body_counts_not_the_best_part():
    whole, spot = ((100, 60), np.full(17, 0.8)), ((280, 60), np.where(np.arange(17) < 8, 0.95, 0.0))
    bodies = decode(maps_of(spot, whole), np.zeros((385, 385, 3), np.uint8), limit=1)
    assert [round(body.keypoints[0].position[0]) for body in bodies] == [100]


def test_one_part_is_no_body_but_for_human():
    maps = maps_of(((200, 100), np.eye(17)[LEFT_WRIST] * 0.9))
    # The next cell is less sure, and would have another wrist far away: only what is best around may be a wrist.
    row, column = cell_of(SHAPE[LEFT_WRIST] + (200, 100))
    maps.scores[row, column + 1, LEFT_WRIST] = 0.8
    maps.offsets[row, column + 1, LEFT_WRIST] = 100
    picture = np.zeros((385, 385, 3), np.uint8)
    assert decode(maps, picture) == ()
    (body,) = decode(maps, picture, quirks=True)
    assert [part.part for part in body.keypoints] == ["leftWrist"]
    assert body.score == 0.9


def test_what_an_earlier_body_has_counts_for_nothing():
    """Two bodies 30 pixels apart: within the radius, every part of the second is one of the first's."""
    first, second = ((150, 60), np.full(17, 0.9)), ((180, 60), np.full(17, 0.8))
    assert len(list(posenet.bodies(maps_of(first, second), 0.3))) == 1
    apart = ((150 + 64, 60), np.full(17, 0.8))
    assert len(list(posenet.bodies(maps_of(first, apart), 0.3))) == 2


def test_human_compares_noses_with_elbows():
    """src/body/posenet.ts, decode(): of each body the unsure parts are left out, and the others counted anew."""
    maps = maps_of(((150, 60), np.where(np.arange(17) < 5, 0.1, 0.9)))
    # Another cell sees the left eye better: the one body that is there may grow from it once more.
    eye = SHAPE[LEFT_EYE] + (150, 60)
    row, column = cell_of(eye)
    maps.scores[row, column + 2, LEFT_EYE] = 0.8
    maps.offsets[row, column + 2, LEFT_EYE] = eye - 16.0 * np.array([column + 2, row])
    assert len(list(posenet.bodies(maps, 0.3))) == 1
    # This time it has an eye, after which each part stands one place further, beside another part of the first's.
    first, again = posenet.bodies(maps, 0.3, quirks=True)
    assert first.points == pytest.approx(again.points)


@given(st.integers(200, 800), st.integers(200, 800))
def test_points_come_back_to_the_picture(width, height):
    side = max(width, height)
    picture = np.zeros((height, width, 3), np.uint8)
    (body,) = decode(maps_of(((192.5, 60), np.full(17, 0.9))), picture)
    # The middle of the square is the middle of the picture.
    expected = width / 2, height / 2 + (60 - 192.5) * side / 385
    assert body.keypoints[0].position == pytest.approx(expected, abs=1.5 * side / 385)


def test_human_squeezes_and_cuts_off():
    """src/body/posenetutils.ts, scalePoses(), written out for 770 x 385."""
    nose = np.array([150.4, 60.7])
    (body,) = decode(maps_of((nose, np.full(17, 0.876))), np.zeros((385, 770, 3), np.uint8), quirks=True)
    points = SHAPE + nose
    for part, (x, y) in zip(body.keypoints, points, strict=True):
        assert part.position == (int(x * 2), int(y))
        assert part.position_raw == pytest.approx((x / 385, y / 385))
        assert part.score == pytest.approx(0.876)
    assert body.score == 0.88
    low, high = points.min(axis=0), points.max(axis=0)
    assert body.box == tuple(np.trunc([low[0] * 2, low[1], (high - low)[0] * 2, (high - low)[1]]))
    assert body.box_raw == pytest.approx(np.array([*low, *(high - low)]) / 385)
    assert body.annotations == {}


def test_the_limit_is_humans_too():
    left, right = ((100, 60), np.full(17, 0.7)), ((280, 60), np.full(17, 0.8))
    picture = np.zeros((385, 385, 3), np.uint8)
    found = [decode(maps_of(left, right), picture, limit=limit, quirks=True) for limit in (0, 1, 2)]
    assert [[body.id for body in bodies] for bodies in found] == [[], [0], [0, 1]]
    assert found[1][0].score == 0.8
