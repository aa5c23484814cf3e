"""Objects as Human detects and records them."""

import numpy as np
import pytest
from object_outputs import CENTERNET_CARD, NANODET_CARD, centernet_objects, nanodet_objects

from humanrt.compat.object import OBJECT
from humanrt.config import ObjectConfig
from humanrt.errors import ModelFormatError
from humanrt.vision.object.detector import ObjectTask
from humanrt.vision.object.pipeline import ObjectFamilies
from humanrt.vision.stage import InputForm

CENTERNET, NANODET = OBJECT.detectors


def test_each_family_stands_in_the_place_of_ours():
    ours = ObjectFamilies().detectors
    for name in ("outputs", "labeled"):
        assert [getattr(family, name) for family in OBJECT.detectors] == [getattr(family, name) for family in ours]


class TestCenterNet:
    def test_the_input_is_the_whole_image_in_gray_levels(self):
        picture = np.zeros((60, 100, 3), np.uint8)
        picture[:, 50:] = 255
        task = ObjectTask(ObjectConfig(), CENTERNET_CARD, (100, 60))
        pixels = CENTERNET.prepare(picture, InputForm(512, 512, 3), task).pixels
        assert pixels.shape == (1, 512, 512, 3)
        assert pixels.dtype == np.float32
        assert (pixels[0, :, :250] == 0).all()
        assert (pixels[0, :, 262:] == 255).all()

    def test_records_are_truncated_not_clipped_and_count_classes_from_0(self):
        """src/object/centernet.ts."""
        (found,) = centernet_objects(CENTERNET, (-130, 256, 256, 768, 0.379, 0), size=(101, 203))
        assert found.box == (-25, 101, 76, 203)
        assert found.box_raw == (-130 / 512, 0.5, 386 / 512, 1)
        assert (found.score, found.class_, found.label) == (0.37, 0, "person")

    @pytest.mark.parametrize("kind", [-1, 3, np.nan])
    def test_a_class_without_a_label_is_refused(self, kind):
        with pytest.raises(ModelFormatError, match=r"centernet returned classes .* to .*; its model card has 3 labels"):
            centernet_objects(CENTERNET, (0, 0, 100, 100, 0.9, kind))


class TestNanoDet:
    def test_the_input_is_rgb_from_0_to_1(self):
        picture = np.full((60, 100, 3), (255, 102, 0), np.uint8)
        task = ObjectTask(ObjectConfig(), NANODET_CARD, (100, 60))
        pixels = NANODET.prepare(picture, InputForm(3, 416, 416), task).pixels
        assert pixels.shape == (1, 3, 416, 416)
        assert pixels[0, :, 7, 7] == pytest.approx([1, 0.4, 0])

    def test_positions_and_sizes_are_clipped_separately(self):
        """src/object/nanodet.ts, written out: 2.5 / 32 of an image to a step."""
        (found,) = nanodet_objects(NANODET, (13, 0, 6, 3, 0.376, (2, 2, 2, 2)), size=(1000, 1000))
        x, y = 0.5 / 13 - 2 * 2.5 / 32, 6.5 / 13 - 2 * 2.5 / 32
        assert found.box_raw == pytest.approx((0, y, 4 * 2.5 / 32, 4 * 2.5 / 32))
        assert x < 0
        assert found.box == (0, 343, 312, 312)
        assert (found.id, found.score, found.class_) == (0, 0.38, 4)

    @pytest.mark.parametrize(
        ("score", "least", "found"),
        [(0.2035, 0.2, True), (0.197, 0.2, False), (0.7035, 0.7, False), (0.7051, 0.7, True)],
    )
    def test_min_confidence_is_compared_with_rounded_scores(self, score, least, found):
        """0.2 is over 0.2, because it is 0.200000003 in float32; 0.7 is 0.699999988."""
        objects = nanodet_objects(NANODET, (13, 6, 6, 3, score, (2, 2, 2, 2)), min_confidence=least)
        assert len(objects) == found

    def test_there_are_no_toilets(self):
        assert nanodet_objects(NANODET, (13, 4, 4, 61, 0.9, (1, 1, 1, 1))) == []

    def test_nothing_over_min_confidence_is_nothing(self):
        assert nanodet_objects(NANODET) == []

    def test_a_class_without_a_label_is_refused(self):
        with pytest.raises(ModelFormatError, match="nanodet returned classes 60 to 60; its model card has 60 labels"):
            nanodet_objects(NANODET, (13, 4, 4, 60, 0.9, (1, 1, 1, 1)), labels=60)
