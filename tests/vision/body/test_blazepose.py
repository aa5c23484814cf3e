from math import pi

import numpy as np
import pytest
from body_outputs import blazepose_outputs, by_part, image
from hypothesis import given
from hypothesis import strategies as st

from humanrt.config import BodyConfig
from humanrt.people.gestures import body_gestures
from humanrt.vision.body.blazepose import BLAZEPOSE, PARTS, REFINED, SKELETON, refined
from humanrt.vision.body.detector import BodyTask, Region
from humanrt.vision.stage import InputForm

FORM = InputForm(256, 256, 3)


def prepare(picture, regions=None):
    return BLAZEPOSE.prepare(picture, FORM, BodyTask(BodyConfig(), 1, regions))


def decode(outputs, prepared, *, limit=10, **settings):
    return BLAZEPOSE.decode(outputs, prepared, BodyTask(BodyConfig(**settings), limit))


def test_the_image_is_padded_to_a_square():
    pixels = prepare(image(200, 100, 255)).pixels
    assert pixels.shape == (1, 256, 256, 3)
    assert pixels[0, 64:192].min() == pytest.approx(1)
    assert not pixels[0, :64].any()


def test_points_are_transformed_to_the_image():
    """Two pixels for each of the input's, 64 of which are padding above; depth has the same scale."""
    outputs = blazepose_outputs(1.0, leftWrist=(100, 150, -30), leftIndex=(110, 160, -50))
    (body,) = decode(outputs, prepare(image(512, 256)))
    parts = by_part(body)
    assert parts["leftWrist"].position == (200, 172, -60)
    assert parts["leftWrist"].position_raw == pytest.approx((200 / 512, 172 / 256, -60 / 384))
    assert parts["leftWrist"].score == pytest.approx(1)


def test_only_parts_over_min_confidence_are_recorded():
    outputs = blazepose_outputs(0.9, nose=(20, 30, 0), leftEar=(60, 80, 0))
    (body,) = decode(outputs, prepare(image(256, 256)))
    assert body.box == (20, 30, 40, 50)
    assert [keypoint.part for keypoint in body.keypoints] == ["nose", "leftEar"]
    assert {name for name, lines in body.annotations.items() if lines} == set()
    assert by_part(body)["nose"].score == pytest.approx(0.9)


def test_an_invented_hand_is_not_a_raised_one():
    """The wrists are at 0, above the nose, with hardly any score."""
    (body,) = decode(blazepose_outputs(1.0, nose=(100, 100, 0)), prepare(image(256, 256)))
    assert list(body_gestures(body)) == []


def test_parts_that_the_model_was_not_trained_on_are_derived_from_others():
    hand = {"leftWrist": (10, 10, 4.0), "leftIndex": (20, 20, 8.0), "leftPalm": (15, 15, 99.0)}
    outputs = blazepose_outputs(1.0, **hand, leftHip=(0, 0, 6), rightHip=(9, 9, -6))
    (body,) = decode(outputs, prepare(image(256, 256)))
    parts = by_part(body)
    assert parts["leftPalm"].position == (15, 15, 6)
    assert parts["leftPalm"].distance == (17, 17.25, 17.5)  # between 15 and 19
    assert parts["leftHand"].distance == parts["leftWrist"].distance == (15, 15.25, 15.5)
    assert parts["bodyCenter"].position[2] == 0
    assert [parts[part].score for part in ("leftPalm", "leftHand", "bodyCenter")] == pytest.approx([1, 1, 1])
    assert "rightPalm" not in parts
    (body,) = decode(blazepose_outputs(1.0, bodyTop=(7, 8, 9)), prepare(image(256, 256)))
    assert body.keypoints[0].distance is None


def test_each_part_has_three_distances():
    outputs = blazepose_outputs(1.0, **dict.fromkeys(SKELETON.parts[:33], (1, 1, 1)))
    (body,) = decode(outputs, prepare(image(256, 256)))
    distances = [keypoint.distance for keypoint in body.keypoints[:33]]
    assert distances == [(i, i + 0.25, i + 0.5) for i in range(33)]


@given(st.floats(-3, 3), st.floats(0, 256), st.floats(0, 256))
def test_the_rotation_of_a_region_is_undone(angle, x, y):
    region = Region((100.0, 100.0, 356.0, 356.0), angle)
    (body,) = decode(blazepose_outputs(1.0, nose=(x, y, 7)), prepare(image(400, 400), [region]))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    nose = body.keypoints[0]
    assert nose.position == pytest.approx((*(turn @ (x - 128, y - 128) + 228), 7), abs=1e-3)
    # So is that of the distances: part 0 is at 0, 0.25, 0.5.
    assert nose.distance == pytest.approx((*(turn @ (0, 0.25)), 0.5), abs=1e-5)


def test_several_regions_are_one_batch():
    picture = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    regions = [Region((0.0, 0.0, 256.0, 256.0), 0.0), Region((0.0, 0.0, 256.0, 256.0), pi)]
    prepared = prepare(picture, regions)
    assert prepared.pixels.shape == (2, 256, 256, 3)
    np.testing.assert_allclose(prepared.pixels[0], picture[:256, :256] / 255, atol=1e-6)
    # Upside down: row 1 is row 255.
    np.testing.assert_allclose(prepared.pixels[1, 1:, 1:], picture[255:0:-1, 255:0:-1] / 255, atol=1e-6)
    bodies = decode(blazepose_outputs(0.8, 0.9, nose=(28, 128, 0)), prepared)
    assert [(body.id, round(body.score, 1), body.box[0]) for body in bodies] == [
        (0, 0.9, pytest.approx(228)),
        (1, 0.8, pytest.approx(28)),
    ]


def test_thresholds():
    prepared = prepare(image(300, 300), [Region((0.0, 0.0, 256.0, 256.0), 0.0)] * 3)
    outputs = blazepose_outputs(0.9, 0.5, 0.25, nose=(1, 1, 1))
    assert len(decode(outputs, prepared)) == 2
    assert len(decode(outputs, prepared, min_confidence=0.25)) == 2  # the score of the third's nose is not over that
    assert len(decode(outputs, prepared, limit=1)) == 1
    assert decode(blazepose_outputs(1.0, 1.0, 1.0), prepared) == ()  # no part has a score


class TestHeatmap:
    """Of 64 x 64 cells, each 4 pixels of the input wide; the second point is that of the test."""

    @staticmethod
    def moved(cells, place=(101.0, 61.0)):
        """The second point after cells of its heatmap, (row, column, heat), have moved it; the others stay."""
        heatmap = np.zeros((64, 64, PARTS))
        for row, column, heat in cells:
            heatmap[row, column, 1] = heat
        points = np.full((PARTS, 5), 7.0)
        points[1, :2] = place
        result = refined(points, heatmap)
        assert np.array_equal(np.delete(result, 1, axis=0), np.delete(points, 1, axis=0))
        assert result[1, 2:].tolist() == [7, 7, 7]
        return result[1, :2].tolist()

    def test_a_point_moves_to_the_centre_of_the_heat_around_it(self):
        assert self.moved([(15, 26, 0.8)]) == [26 * 4, 15 * 4]
        assert self.moved([(14, 25, 0.6), (16, 27, 0.2)]) == pytest.approx([25.5 * 4, 14.5 * 4])

    def test_only_the_nearest_three_cells_count(self):
        """The point is in the cell at row 15, column 25."""
        assert self.moved([(15, 22, 0.6), (12, 28, 0.6), (15, 21, 1), (11, 25, 1)]) == pytest.approx([25 * 4, 13.5 * 4])

    def test_without_enough_heat_it_stays(self):
        assert self.moved([(15, 25, 0.49), (15, 26, 0.49)]) == [101, 61]

    @pytest.mark.parametrize("place", [(-1.0, 61.0), (256.0, 61.0), (101.0, 256.5), (1e300, 0.0)])
    def test_a_point_outside_stays(self, place):
        assert self.moved([(15, 0, 1), (15, 63, 1), (63, 25, 1)], place) == [*place]

    def test_a_point_that_is_no_number_stays(self):
        """Of a damaged model."""
        assert np.isnan(refined(np.full((PARTS, 5), np.nan), np.ones((64, 64, PARTS)))).all()

    def test_at_the_border_the_cells_are_cut_off(self):
        assert self.moved([(0, 0, 1), (63, 63, 1)], (1.0, 1.0)) == [0, 0]

    def test_points_are_refined_before_they_are_transformed(self):
        outputs = blazepose_outputs(1.0, nose=(101, 61, 0))
        heatmap = np.zeros((1, 64, 64, PARTS), np.float32)
        heatmap[0, 15, 26, 0] = 1
        task = BodyTask(BodyConfig(), 1)
        (body,) = REFINED.decode([*outputs, heatmap], prepare(image(512, 512)), task)
        assert by_part(body)["nose"].position[:2] == (208, 120)
        (plain,) = decode(outputs, prepare(image(512, 512)))
        assert by_part(plain)["nose"].position[:2] == (202, 122)
