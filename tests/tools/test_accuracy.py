"""The scores of detections and similarities, on ground truth with known answers."""

import json
from math import inf, isnan

import numpy as np
import pytest

from bench import accuracy as tool
from bench.groups import write_groups
from bench.scoring import Detected, Sizes, accuracy, average_precision, overlap, roc, score
from bench.truth import Pair, TrueFace, TruthError, read_truth
from humanrt import Config
from humanrt.imaging import read_header

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
        assert truth.faces["c.jpg"] == []
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
