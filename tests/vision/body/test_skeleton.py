from math import inf

import numpy as np
import pytest

from humanrt.vision.body import blazepose, efficientpose
from humanrt.vision.body.skeleton import COCO, Pose, Skeleton, box_around, box_over
from humanrt.zoo import find_card

ARM = Skeleton(("shoulder", "elbow", "wrist"), {"arm": ("shoulder", "elbow", "wrist"), "none": ()})
POINTS = np.array([[10.0, 20.0], [30.0, 60.0], [50.0, 40.0]])
SIZE = (100, 200)


def pose(scores, points=POINTS, distances=None):
    return Pose(0.75, np.array(scores), points, distances)


@pytest.mark.parametrize(
    ("skeleton", "name"),
    [(COCO, "posenet"), (efficientpose.SKELETON, "efficientpose"), (blazepose.SKELETON, "blazepose-lite")],
)
def test_the_parts_are_those_of_the_model_card(skeleton, name):
    assert skeleton.parts == tuple(find_card(f"{name}.json").outputs["heatmap"].labels)
    assert {part for parts in skeleton.limbs.values() for part in parts} <= set(skeleton.parts)


def test_a_body_has_the_parts_over_the_least_score():
    body = ARM.body(pose([0.9, 0.3, 0.31]), SIZE, 0.3)
    assert body.score == 0.75
    assert [(part.part, part.score, part.position) for part in body.keypoints] == [
        ("shoulder", 0.9, (10, 20)),
        ("wrist", 0.31, (50, 40)),
    ]
    assert [part.position_raw for part in body.keypoints] == [(0.1, 0.1), (0.5, 0.2)]
    assert body.box == (10, 20, 40, 20)
    assert body.box_raw == pytest.approx((0.1, 0.1, 0.4, 0.1))
    # There is no elbow for a line.
    assert body.annotations == {"arm": (), "none": ()}


def test_lines_connect_parts():
    body = ARM.body(pose([0.9, 0.8, 0.1]), SIZE, 0.3)
    assert body.annotations["arm"] == (((10, 20), (30, 60)),)
    body = ARM.body(pose([0.9, 0.8, 0.7]), SIZE, 0.3)
    assert body.annotations["arm"] == (((10, 20), (30, 60)), ((30, 60), (50, 40)))


def test_no_part_over_the_least_score_is_no_body():
    assert ARM.body(pose([0.3, 0.2, 0.1]), SIZE, 0.3) is None


def test_depth_is_over_the_mean_of_width_and_height():
    """As in Human: src/body/blazepose.ts, rescaleKeypoints()."""
    points = np.column_stack([POINTS, [-30.0, 0.0, 45.0]])
    keypoints = ARM.keypoints(pose([1, 1, 1], points), SIZE)
    assert [part.position[2] for part in keypoints] == [-30, 0, 45]
    assert [part.position_raw[2] for part in keypoints] == pytest.approx([-0.2, 0, 0.3])


def test_unknown_distances_are_none():
    distances = np.array([[1.0, 2.0, 3.0], [np.nan, np.nan, np.nan], [4.0, 5.0, 6.0]])
    keypoints = ARM.keypoints(pose([1, 1, 1], distances=distances), SIZE)
    assert [part.distance for part in keypoints] == [(1, 2, 3), None, (4, 5, 6)]
    assert "distance" not in keypoints[1].to_human()
    assert keypoints[2].to_human()["distance"] == [4, 5, 6]


def test_the_box_around_no_points_is_infinite_as_in_human():
    """Math.min() is Infinity, Math.max() is -Infinity; JSON has neither."""
    assert box_around([]) == (inf, inf, -inf, -inf)
    assert box_over(box_around([]), SIZE) == (inf, inf, -inf, -inf)
