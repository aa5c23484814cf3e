"""The scores of detections and similarities, on ground truth with known answers."""

import itertools
import json
from dataclasses import replace
from math import exp, inf, isnan, nan
from pathlib import Path

import cv2
import numpy as np
import pytest
import records

from bench import accuracy as tool
from bench.calibration import Calibrated, calibrate, held_out, operating_point_of
from bench.groups import FACES, write_groups
from bench.keypoints import (
    BODY,
    HAND,
    IBUG,
    DetectedPose,
    landmark_error,
    oks,
    points_of_body,
    points_of_hand,
    score_poses,
    similarity,
)
from bench.plots import place, write_plot
from bench.scoring import Detected, Sizes, accuracy, average_precision, overlap, precision_recall, roc, score
from bench.truth import Pair, TrueFace, TruePose, Truth, TruthError, read_truth
from humanrt import Config, Human, match, read_picture
from humanrt.imaging import read_header
from humanrt.matching import OPERATING_POINTS

PICTURES = Path(__file__).resolve().parents[1] / "pictures"

ALL = Sizes("all", 0)


def face(x, size=100, **more):
    return TrueFace((x, 0, size, size), **more)


def found(score_, x, size=100):
    return Detected(score_, (x, 0, size, size))


class TestScoring:
    def test_the_overlap_of_two_boxes(self):
        assert overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1
        assert overlap((0, 0, 10, 10), (5, 0, 10, 10)) == pytest.approx(1 / 3)
        assert overlap((0, 0, 10, 10), (10, 0, 10, 10)) == 0
        assert overlap((0, 0, 0, 0), (0, 0, 0, 0)) == 0

    def test_a_face_is_found_once_and_what_is_none_is_false(self):
        result = score([([face(0), face(200)], [found(0.9, 5), found(0.8, 0), found(0.7, 500)])], ALL)
        assert (result.faces, result.found, result.false) == (2, 1, 2)
        assert (result.recall, result.precision) == (0.5, pytest.approx(1 / 3))

    def test_a_box_that_overlaps_less_than_half_does_not_find_a_face(self):
        # 100 x 100 boxes, shifted by a third: 66.7 / 133.3 is half of their union.
        assert score([([face(0)], [found(1, 33)])], ALL).found == 1
        assert score([([face(0)], [found(1, 34)])], ALL).found == 0

    def test_the_best_detection_takes_the_face_that_it_overlaps_most(self):
        result = score([([face(0), face(30)], [found(0.9, 28), found(0.8, 2)])], ALL)
        assert (result.found, result.false) == (2, 0)

    def test_faces_that_are_ignored_or_of_other_sizes_are_neither_missed_nor_found(self):
        truth = [face(0), face(200, 20), face(300, ignored=True), face(500, 40)]
        detections = [found(0.9, 0), found(0.8, 200, 20), found(0.7, 300), found(0.6, 800, 20), found(0.5, 900, 60)]
        large = score([(truth, detections)], Sizes("large", 50))
        assert (large.faces, large.found, large.false) == (1, 1, 1)
        small = score([(truth, detections)], Sizes("small", 0, 50))
        assert (small.faces, small.found, small.false) == (2, 1, 1)

    def test_the_average_precision(self):
        # Of 4 faces 3 are found, at precisions of 1, 2/3 (raised to 3/4 by the next) and 3/4.
        marks = [(0.9, True), (0.8, False), (0.7, True), (0.6, True), (0.5, False)]
        assert average_precision(marks, 4) == pytest.approx((1 + 0.75 + 0.75) / 4)
        assert average_precision([], 3) == 0
        assert isnan(average_precision(marks, 0))

    def test_nothing_to_find_and_nothing_found(self):
        result = score([([], [])], ALL)
        assert isnan(result.recall)
        assert isnan(result.precision)


class TestRoc:
    def test_a_curve_with_known_points(self):
        curve = roc([0.9, 0.8, 0.6, 0.7, 0.5, 0.1], [True, True, True, False, False, False])
        # Of the nine combinations, 0.7 is before 0.6 only.
        assert curve.area == pytest.approx(8 / 9)
        assert curve.at(0.0) == (0.8, pytest.approx(2 / 3))
        assert curve.at(0.4) == (0.6, 1.0)
        assert curve.thresholds[-1] == inf

    def test_equal_similarities_count_half(self):
        assert roc([0.5, 0.5], [True, False]).area == 0.5

    def test_pairs_of_one_kind_have_no_curve(self):
        with pytest.raises(ValueError, match="pairs of one person and pairs of two"):
            roc([0.5, 0.6], [True, True])

    def test_what_a_threshold_tells_right(self):
        assert accuracy([0.4, 0.2, 0.3, 0.1], [True, True, False, False], 0.3) == 0.5


class TestTruth:
    def test_json(self, tmp_path):
        faces = [{"box": [1, 2, 3, 4]}, {"box": [0, 0, 9, 9], "identity": "a", "ignore": True}]
        document = {"images": {"a.jpg": {"faces": faces}, "b.jpg": {"faces": faces[:1]}, "c.jpg": {}}}
        path = tmp_path / "truth.json"
        path.write_text(json.dumps({**document, "pairs": [["a.jpg", "b.jpg", True]]}))
        truth = read_truth(path)
        assert truth.faces["a.jpg"] == [TrueFace((1, 2, 3, 4)), TrueFace((0, 0, 9, 9), True, "a")]
        assert "c.jpg" not in truth.faces
        assert truth.pairs == [Pair(("a.jpg", 1), ("b.jpg", 0), True)]  # the largest faces

    def test_identities_make_pairs(self, tmp_path):
        box = {"box": [0, 0, 1, 1]}
        people = [{**box, "identity": name} for name in ("anna", "bert", "anna")]
        path = tmp_path / "truth.json"
        path.write_text(json.dumps({"images": {"a.jpg": {"faces": people}}}))
        assert [(pair.one[1], pair.other[1], pair.same) for pair in read_truth(path).pairs] == [
            (0, 1, False),
            (0, 2, True),
            (1, 2, False),
        ]

    def test_the_text_of_wider(self, tmp_path):
        path = tmp_path / "wider.txt"
        path.write_text(
            "0--P/a.jpg\n2\n1 2 3 4 0 0 0 0 0 0 \n5 6 7 8 0 0 0 1 0 0 \n0--P/b.jpg\n0\n0 0 0 0 0 0 0 0 0 0 \n"
        )
        assert read_truth(path).faces == {
            "0--P/a.jpg": [TrueFace((1, 2, 3, 4)), TrueFace((5, 6, 7, 8), ignored=True)],
            "0--P/b.jpg": [],
        }

    @pytest.mark.parametrize(
        ("name", "text"), [("t.json", "[]"), ("t.json", "{}"), ("t.txt", "a\n1\n2 3\n"), ("t.txt", "a\nb")]
    )
    def test_other_files_are_refused(self, tmp_path, name, text):
        (tmp_path / name).write_text(text)
        with pytest.raises(TruthError, match="is not ground truth"):
            read_truth(tmp_path / name)
        with pytest.raises(TruthError, match="cannot be read"):
            read_truth(tmp_path / "absent.json")


COCO_PERSON = {
    "image_id": 7,
    "category_id": 1,
    "bbox": [0, 0, 20, 10],
    "area": 150.0,
    "keypoints": [1, 2, 2, *[0] * 48],
}


class TestCoco:
    def test_bodies_and_faces(self, tmp_path):
        document = {
            "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "b.jpg"}],
            "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "face"}],
            "annotations": [
                COCO_PERSON,
                {**COCO_PERSON, "iscrowd": 1, "keypoints": [0] * 51},
                {"image_id": 8, "category_id": 2, "bbox": [1, 2, 3, 4]},
            ],
        }
        path = tmp_path / "coco.json"
        path.write_text(json.dumps(document))
        truth = read_truth(path)
        assert truth.faces == {"a.jpg": [], "b.jpg": [TrueFace((1, 2, 3, 4))]}
        body, crowd = truth.bodies["a.jpg"]
        assert (body.area, body.ignored, crowd.ignored) == (150, False, True)
        assert (truth.bodies["b.jpg"], truth.hands) == ([], {})
        assert body.points[0].tolist() == [1, 2]
        assert np.isnan(body.points[1:]).all()

    def test_whole_bodies(self, tmp_path):
        whole = {
            **COCO_PERSON,
            "face_valid": True,
            "face_box": [5, 6, 7, 8],
            "face_kpts": [1, 2, 1] * 68,
            "lefthand_valid": True,
            "lefthand_box": [0, 0, 4, 5],
            "lefthand_kpts": [3, 4, 1] * 21,
            "righthand_valid": False,
            "righthand_box": [0, 0, 0, 0],
            "righthand_kpts": [0] * 63,
        }
        path = tmp_path / "coco.json"
        path.write_text(json.dumps({"images": [{"id": 7, "file_name": "a.jpg"}], "annotations": [whole]}))
        truth = read_truth(path)
        assert truth.faces["a.jpg"] == [TrueFace((5, 6, 7, 8))]
        assert truth.faces["a.jpg"][0].landmarks.shape == (68, 2)
        ((hand,),) = truth.hands.values()
        assert (hand.area, hand.points.tolist()) == (20, [[3, 4]] * 21)


def pose(points, area=100.0, **more):
    return TruePose(np.array(points, float), area, **more)


class TestKeypoints:
    DEVIATIONS = np.array([0.05, 0.1, 0.2])

    def test_oks_is_cocos(self):
        """Of a point d away, exp(-d^2 / (2 area (2 deviation)^2)); unknown points do not count, undetected ones do."""
        truth = pose([(0, 0), (10, 0), (nan, nan)])
        near = exp(-(3**2) / (2 * 100 * 0.2**2))
        assert oks(truth, np.array([(0, 0), (10, 3), (99, 99.0)]), self.DEVIATIONS) == pytest.approx((1 + near) / 2)
        assert oks(truth, np.array([(0, 0), (nan, nan), (0, 0.0)]), self.DEVIATIONS) == 0.5

    def test_the_deviations_of_bodies_are_cocos(self):
        expected = [26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]
        assert (1000 * BODY).round().tolist() == expected
        assert len(HAND) == 21

    def test_poses_are_found_from_a_half_on_and_once(self):
        truth = [pose([(0, 0)] * 3), pose([(50, 0)] * 3), pose([(90, 0)] * 3, ignored=True)]
        places = [(0.9, 0), (0.8, 1), (0.7, 90), (0.6, 300)]
        found = [DetectedPose(score_, np.array([(x, 0.0)] * 3)) for score_, x in places]
        result = score_poses([(truth, found)], self.DEVIATIONS)
        # The first is found; the second detection, of the same body, and the last are false; one body is ignored.
        assert (result.faces, result.found, result.false, result.average_precision) == (2, 1, 2, 0.5)

    def test_poses_without_points_are_compared_by_their_boxes(self, tmp_path):
        """Intersection over union; of one that is ignored, the part of the detection that is in it."""
        path = tmp_path / "truth.json"
        box = {"box": [10, 20, 30, 40]}
        path.write_text(json.dumps({"images": {"a.jpg": {"hands": [box, {**box, "ignore": True}]}}}))
        hand, ignored = read_truth(path).hands["a.jpg"]
        points = np.array([(20, 20), (50, 40), (nan, nan)])  # 30 x 20, of which 20 x 20 are in the box
        assert similarity(hand, points, self.DEVIATIONS) == pytest.approx(400 / (1200 + 600 - 400))
        assert similarity(ignored, points, self.DEVIATIONS) == pytest.approx(400 / 600)
        assert similarity(hand, points + 100, self.DEVIATIONS) == 0
        assert similarity(hand, np.full((3, 2), nan), self.DEVIATIONS) == 0
        found = [DetectedPose(0.9, np.array([(10, 20), (40, 60.0)])), DetectedPose(0.8, points)]
        result = score_poses([((hand, ignored), found)], self.DEVIATIONS)
        assert (result.faces, result.found, result.false) == (1, 1, 0)

    def test_points_of_records_are_in_the_order_of_the_truth(self):
        points = points_of_body(records.BODY)
        assert points[0].tolist() == [20, 25]
        assert points[9].tolist() == [5, 6.5]
        assert np.isnan(points[1:9]).all()
        assert points_of_hand(records.HAND).shape == (21, 2)
        assert np.isnan(points_of_hand(replace(records.HAND, keypoints=np.empty((0, 3), np.float32)))).all()

    def test_the_error_of_five_landmarks(self):
        truth = np.array([(0, 0), (40, 0), (20, 20), (5, 40), (35, 40.0)])
        assert landmark_error(truth, np.column_stack([truth + np.array([0, 4]), np.zeros(5)])) == pytest.approx(0.1)
        mesh = np.zeros((468, 3))
        mesh[[33, 133]], mesh[[362, 263]] = [(-6, 0, 0), (6, 0, 0)], [(34, 0, 0), (46, 0, 0)]
        mesh[[4, 61, 291], :2] = truth[2:]
        assert landmark_error(truth, mesh) == 0
        assert landmark_error(truth, np.zeros((6, 3))) is None

    def test_the_error_of_68_landmarks(self):
        """Without the outline, over the distance between the outer corners of the eyes."""
        mesh = np.random.default_rng(0).uniform(0, 100, (468, 3))
        mesh[33], mesh[263] = (10, 50, 0), (60, 50, 0)
        truth = mesh[[*IBUG], :2] + (3, 4)
        truth[:17] += 500
        assert landmark_error(truth, mesh) == pytest.approx(5 / 50)
        assert len(IBUG) == 68
        assert (IBUG[36], IBUG[45], IBUG[30], IBUG[48], IBUG[54]) == (33, 263, 4, 61, 291)
        assert landmark_error(truth, mesh[:6]) is None


class TestCalibration:
    SAME = (True, True, True, False, False, False, False)
    COSINES = (0.9, 0.7, 0.4, 0.5, 0.3, 0.1, 0.0)

    def test_the_thresholds(self):
        """One pair of four of two persons is above the weakest of one person."""
        right, none, quarter = calibrate(self.COSINES, self.SAME, (0.0, 0.25))
        assert (right.right, right.name) == (pytest.approx(6 / 7), "most right")
        assert (none.cosine, none.false_accepts, none.true_accepts) == (pytest.approx(0.6), 0, pytest.approx(2 / 3))
        assert (quarter.cosine, quarter.false_accepts, quarter.true_accepts) == (pytest.approx(0.35), 0.25, 1)
        assert quarter.name == "FAR 25 %"

    def test_the_rates_of_people_held_out(self):
        """a and c are one half, b and d the other: their thresholds are 0.7 and 0.5, between the pairs of each."""
        pairs = [("a", "a"), ("a", "c"), ("b", "b"), ("b", "d"), ("a", "b"), ("c", "d")]
        found = held_out([0.8, 0.6, 0.65, 0.35, 0.99, 0.99], pairs, (0.0,))
        # Of the first half both are above 0.5, of the second none is above 0.7.
        assert found["FAR 0 %"] == pytest.approx((0.5, 0.5))
        assert found.keys() == {"most right", "FAR 0 %"}

    def test_without_pairs_of_both_kinds_in_each_half_nobody_is_held_out(self):
        assert held_out([0.8, 0.6], [("a", "a"), ("a", "b")], (0.0,)) == {}

    @pytest.mark.parametrize("cosine", [0.0, 0.2, 0.363, 0.7, 0.95])
    def test_the_operating_point_splits_at_the_cosine(self, cosine):
        point = operating_point_of("mine", 2, Calibrated("FAR 1 %", cosine, 0.01, 0.9, 0.95), 100)
        for difference, accepted in ((0.003, True), (-0.003, False)):
            value = cosine + difference
            pair = np.array([1, 0.0]), np.array([value, (1 - value**2) ** 0.5])
            assert (match.similarity(*pair, **point.options) >= point.similarity) is accepted
        assert (point.embedder, point.size, point.normalize) == ("mine", 2, True)

    def test_that_of_sface_is_the_authors(self):
        point = operating_point_of("sface", 128, Calibrated("authors", 0.363, 0, 0, 0), 1)
        assert point.multiplier == pytest.approx(OPERATING_POINTS["sface"].multiplier, rel=0.002)


class TestPlots:
    def test_a_curve_lies_where_its_values_are(self, tmp_path):
        path = tmp_path / "plot.png"
        write_plot(path, "faces", ("recall", "precision"), {"one": [(0.0, 0.5), (1.0, 0.5)], "none": []})
        image = read_picture(path)
        x, y = place(0.5, 0.5)
        assert image.shape == (640, 640, 3)
        assert image[y, x].tolist() == [200, 40, 40]
        assert image[y + 20, x + 13].tolist() == [255, 255, 255]
        assert place(0, 0) == (60, 580)
        assert place(1, 1) == (580, 60)

    def test_the_curve_of_precision_over_recall(self):
        pictures = [([face(0), face(200)], [found(0.9, 0), found(0.8, 500), found(0.7, 200)])]
        assert precision_recall(pictures, ALL) == [(0.5, 1.0), (0.5, 0.5), (1.0, pytest.approx(2 / 3))]
        assert precision_recall([([face(0)], [])], ALL) == []


@pytest.mark.slow(2)
async def test_poses_and_landmarks_of_the_sample_picture(tmp_path):
    """Ground truth that is what the library finds: an error of 0, and every pose found."""
    picture = PICTURES / "human_body.png"
    config = Config().merge({"hand": {"detector": {"model_path": "handdetect"}}})
    async with Human(config) as human:
        with await human.detect(picture) as result:
            (one,), (body,), hands = result.face, result.body, result.hand
            mesh = one.mesh.astype(float)
            document = {
                "faces": [{"box": one.box, "landmarks": mesh[[*IBUG], :2].tolist()}],
                "bodies": [{"box": body.box, "points": [nulled(row) for row in points_of_body(body)]}],
                "hands": [{"box": hand.box, "points": hand.keypoints[:, :2].tolist()} for hand in hands],
            }
    (tmp_path / "truth.json").write_text(json.dumps({"images": {picture.name: document, "not marked.png": {}}}))
    truth = read_truth(tmp_path / "truth.json")
    measured = await tool.measure(picture.parent, truth, config.merge(tool.FACES_ALONE).merge(tool.NO_EMBEDDINGS))
    assert measured.landmark_errors == [pytest.approx(0, abs=1e-3)]
    scores = await tool.measure_poses(picture.parent, truth, config)
    assert {kind: (each.faces, each.found, each.false) for kind, each in scores.items()} == {
        "bodies": (1, 1, 0),
        "hands": (len(hands), len(hands), 0),
    }
    assert len(hands) == 2
    assert list(await tool.measure_poses(picture.parent, replace(truth, hands={}), config)) == ["bodies"]


def nulled(row):
    return None if np.isnan(row).any() else row.tolist()


def test_what_the_command_prints(tmp_path, capsys, monkeypatch):
    """Detections and embeddings that the test chooses, and the tables of their scores."""
    faces = [{"box": [0, 0, 100, 100], "identity": "a"}, {"box": [200, 0, 20, 20], "identity": "b"}]
    (tmp_path / "truth.json").write_text(
        json.dumps({"images": {"a.jpg": {"faces": [*faces, faces[0] | {"box": [400, 0, 100, 100]}]}}})
    )

    async def measure(folder, truth, config):
        pictures = [(truth.faces["a.jpg"], [found(0.9, 0), found(0.8, 200, 20), found(0.7, 700)])]
        vectors = {("a.jpg", 0): (1, 0), ("a.jpg", 1): (0, 1), ("a.jpg", 2): (1, 0.1)}
        return tool.Measured(config, pictures, {key: np.float32(value) for key, value in vectors.items()}, 12.3)

    monkeypatch.setattr(tool, "measure", measure)
    monkeypatch.setattr("sys.argv", ["accuracy", str(tmp_path), "--presets", "balanced"])
    assert tool.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:6] == [
        "| balanced | all | 3 | 0.667 | 0.667 | 0.667 | 1 | 12 |",
        "| balanced | 16 to 31 px | 1 | 1.000 | 1.000 | 1.000 | 0 | 12 |",
        "| balanced | 32 to 95 px | 0 | nan | nan | nan | 0 | 12 |",
        "| balanced | 96 px and more | 2 | 0.500 | 0.500 | 0.500 | 1 | 12 |",
    ]
    assert lines[-1] == "| balanced | 3 of 3 | 1.0000 | 1.0000 at 0.5 | 1.000 at 0.995 | 1.000 at 0.995 |"


def test_pairs_without_the_faces_of_the_worst_quality():
    """Of two pictures of a and two of b, the blurred one of a is like b at the threshold of sface."""
    faces = {f"{i}.jpg": [TrueFace((0, 0, 9, 9), identity=name)] for i, name in enumerate("aabb")}
    places = [(name, 0) for name in faces]
    pairs = [
        Pair(one, other, faces[one[0]][0].identity == faces[other[0]][0].identity)
        for one, other in itertools.combinations(places, 2)
    ]
    vectors = [np.float32([1, 0]), np.float32([0.2, 1]), np.float32([0, 1]), np.float32([0.1, 1])]
    measured = tool.Measured(
        Config.preset("balanced"),
        [],
        dict(zip(places, vectors, strict=True)),
        0,
        qualities=dict(zip(places, (0.9, 0.1, 0.8, 0.7), strict=True)),
    )
    every, *fewer = tool.quality_rows("mine", Truth(faces, pairs), measured)
    assert every == "| mine | 0 % | 2, 4 | 0.62500 | 0.5000, 0.50000 |"
    assert fewer == [f"| mine | {share} % | 1, 2 | 1.00000 | 1.0000, 0.00000 |" for share in (10, 20, 30)]
    assert tool.quality_rows("mine", Truth(faces, pairs), replace(measured, qualities={})) == []


def test_errors_are_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["accuracy", str(tmp_path)])
    assert tool.main() == 1
    assert "truth.json cannot be read" in capsys.readouterr().err


@pytest.mark.slow(15)
async def test_the_presets_find_more_of_the_synthetic_groups_in_their_order(tmp_path):
    truth = read_truth(write_groups(tmp_path))
    assert {read_header((tmp_path / name).read_bytes()).width >= 300 for name in truth.faces} == {True}
    heights = [each.box[3] for faces in truth.faces.values() for each in faces]
    assert (min(heights), max(heights)) == (16, 640)
    scores = {}
    for name in ("human", "fast", "balanced", "accurate"):
        config = (
            Config.preset(name)
            .merge(tool.FACES_ALONE)
            .merge(tool.NO_EMBEDDINGS)
            .merge({"face": {"iris": {"enabled": False}}})
        )
        measured = await tool.measure(tmp_path, truth, config)
        scores[name] = score(measured.pictures, ALL)
        close_ups = [
            score([picture], ALL)
            for path, picture in zip(truth.faces, measured.pictures, strict=True)
            if "close-up" in path
        ]
        assert all(each.found == 1 for each in close_ups) or name == "human", name
    counts = [scores[name].found for name in ("human", "fast", "balanced", "accurate")]
    assert counts == sorted(set(counts)), counts  # each finds more than the one before
    assert scores["human"].average_precision < scores["fast"].average_precision < scores["balanced"].average_precision
    assert scores["accurate"].average_precision > scores["balanced"].average_precision
    assert scores["balanced"].false <= 2
    assert scores["accurate"].false <= 1


def close_ups():
    """The sample faces with little around them, and as much grey at either side."""
    for name, (x, y, width, height) in FACES.items():
        for margin in (0.05, 0.3):
            left, top = max(0, int(x - margin * width)), max(0, int(y - margin * height))
            picture = read_picture(PICTURES / f"{name}.png")[
                top : int(y + height * (1 + margin)), left : int(x + width * (1 + margin)), :3
            ]
            yield cv2.copyMakeBorder(
                picture, 0, 0, picture.shape[1] // 2, picture.shape[1] // 2, cv2.BORDER_CONSTANT, value=(127,) * 3
            )


@pytest.mark.slow(6)
async def test_close_ups_of_faces_have_neither_hands_nor_bodies_that_are_heads():
    """The nose, the eyes and the ears are no body. Human's settings find one in each, and hands in two."""
    face = {"iris": {"enabled": False}, "mesh": {"second_look": False}}
    counts = {}
    for name in ("human", "balanced"):
        async with Human(Config.preset(name).merge(tool.NO_EMBEDDINGS).merge({"face": face})) as human:
            found = [0, 0, 0]
            for picture in close_ups():
                with await human.detect(picture) as result:
                    heads = [body for body in result.body if all(part_of_head(each) for each in body.keypoints)]
                    found = np.add(found, (len(result.face), len(heads), len(result.hand))).tolist()
        counts[name] = found
    assert counts["balanced"] == [6, 0, 0]
    assert min(counts["human"][1:]) >= 2


def part_of_head(keypoint):
    return keypoint.part.endswith(("nose", "Eye", "Ear"))
