"""Segmentation by ``detect()``: with Human's models, and with custom parsing models."""

import asyncio

import numpy as np
import pytest
from parsing_models import write_class_map, write_instances

from humanrt import Human
from humanrt.errors import ConfigError
from parity.pictures import read_picture

NOTHING = (0, 0, 0, 0)
OFF = {"enabled": False}
OTHERS_OFF = dict.fromkeys(("face", "body", "hand", "gesture"), OFF)
FACE = read_picture("human_face")
RED, GREEN, BLUE = range(3)
COLORS = [(10, 20, 30), (40, 50, 60), (70, 80, 90)]


def segmenting(model, **settings):
    section = {"enabled": True, "model_path": model, **settings}
    return {**OTHERS_OFF, "segmentation": section, "raise_errors": True}


def picture(*boxes):
    """An image of 12 x 16 in which each channel is 255 in its box (top, bottom, left, right)."""
    pixels = np.zeros((12, 16, 3), np.uint8)
    for channel, box in enumerate(boxes):
        pixels[inside(box)] |= np.uint8([255 * (i == channel) for i in range(3)])
    return pixels


def inside(box):
    top, bottom, left, right = box
    return slice(top, bottom), slice(left, right)


def seen(box):
    """Where a box is detected that begins and ends at even pixels.

    The model's input has every second pixel. Back in the image a pixel half way from one in the box to one outside has
    (0.9 + 0.4) / 2, and where only one of four is in the box 0.525, both over a half: the box has grown by one pixel to
    the left and to the top.
    """
    top, bottom, left, right = box
    mask = np.zeros((12, 16), bool)
    mask[inside((top - 1, bottom, left - 1, right))] = True
    return mask


BOXES = (2, 10, 2, 10), (4, 8, 6, 14), (6, 12, 4, 8)


@pytest.fixture
def parsed(tmp_path):
    async def parse(pixels, name="mine", **settings):
        async with Human({**segmenting(name, **settings), "cards": str(tmp_path)}) as human:
            with await human.detect(pixels) as result:
                found = result.segmentation
                assert (found.alpha, found.foreground, found.state) == (None, None, None)
                arrays = found.labels.data_sync(), found.masks.data_sync()
            assert human.engine.memory().baseline == NOTHING
            return found.legend, *arrays

    return parse


class TestParsingByInstances:
    @pytest.mark.parametrize(
        ("scores", "order"),
        [
            ((0.9, 0.8, 0.7), (BLUE, GREEN, RED)),
            ((0.7, 0.8, 0.9), (RED, GREEN, BLUE)),
            ((0.8, 0.8, 0.8), (RED, GREEN, BLUE)),
        ],
        ids=["the first on top", "the last on top", "the smallest on top"],
    )
    async def test_in_closed_form(self, parsed, tmp_path, scores, order):
        names = ("hair", "face", "coat")
        write_instances(tmp_path, "mine", size=(6, 8), scores=scores, classes=(0, 1, 2), labels=names, colors=COLORS)
        legend, labels, masks = await parsed(picture(*BOXES))
        expected = np.zeros((12, 16), np.uint8)
        for channel in order:  # from the bottom to the top
            expected[seen(BOXES[channel])] = channel + 1
        np.testing.assert_array_equal(labels, expected)
        np.testing.assert_array_equal(masks, [seen(box) for box in BOXES])
        assert [(each.label, each.name, each.color) for each in legend] == list(
            zip((1, 2, 3), names, COLORS, strict=True)
        )
        assert [each.area for each in legend] == [int((expected == label).sum()) for label in (1, 2, 3)]
        assert [each.score for each in legend] == pytest.approx(scores)

    async def test_several_of_a_class_one_too_unlikely_and_a_background(self, parsed, tmp_path):
        labels = ("background", "coat")
        write_instances(tmp_path, "mine", size=(6, 8), scores=(0.6, 0.9, 0.4), classes=(1, 1, 0), labels=labels)
        (coat,), found, masks = await parsed(picture(*BOXES))
        union = seen(BOXES[RED]) | seen(BOXES[GREEN])
        np.testing.assert_array_equal(found, union)
        np.testing.assert_array_equal(masks, [union])
        assert (coat.name, coat.area, coat.score) == ("coat", union.sum(), pytest.approx(0.9))

    async def test_logits(self, parsed, tmp_path):
        write_instances(
            tmp_path, "mine", size=(12, 16), scores=(0.9,) * 3, classes=(0, 0, 0), labels=("all",), logits=True
        )
        _, labels, _ = await parsed(picture(BOXES[0]))
        expected = np.zeros((12, 16), bool)
        expected[inside(BOXES[0])] = True
        np.testing.assert_array_equal(labels, expected)

    async def test_a_min_confidence_over_all_scores(self, parsed, tmp_path):
        write_instances(tmp_path, "mine", size=(6, 8), scores=(0.9,) * 3, classes=(0, 0, 0), labels=("all",))
        legend, labels, masks = await parsed(picture(*BOXES), min_confidence=0.95)
        assert (legend, labels.any(), masks.shape) == ((), False, (0, 12, 16))


class TestParsingByAMap:
    @pytest.mark.parametrize("logits", [False, True])
    async def test_in_closed_form(self, parsed, tmp_path, logits):
        names = ("background", "hair", "face")
        write_class_map(tmp_path, "mine", size=(12, 16), labels=names, colors=COLORS, logits=logits)
        boxes = (0, 12, 0, 4), (0, 12, 4, 10), (0, 12, 10, 16)
        legend, labels, masks = await parsed(picture(*boxes))
        expected = np.repeat(np.repeat([[0, 1, 2]], [4, 6, 6], axis=1), 12, axis=0)
        np.testing.assert_array_equal(labels, expected)
        np.testing.assert_array_equal(masks, [expected == 1, expected == 2])
        assert [(each.name, each.color, each.area) for each in legend] == [
            ("hair", COLORS[1], 72),
            ("face", COLORS[2], 72),
        ]
        sure = np.exp(2) / (np.exp(2) + 2 * np.exp(-2)) if logits else 0.9
        assert [each.score for each in legend] == pytest.approx([sure, sure], rel=1e-5)


class TestHumansModels:
    @pytest.mark.parametrize("name", ["rvm", "selfie", "meet"])
    async def test_a_person(self, name):
        async with Human(segmenting(f"{name}.json")) as human:
            result = await human.detect(FACE)
            found = result.segmentation
            (person,) = found.legend
            labels, alpha = found.labels.numpy(), found.alpha.numpy()
            assert (person.label, person.name, person.area) == (1, "person", labels.sum())
            # The forehead and the shirt, and the wall on both sides.
            assert alpha[60:120, 100:160].min() > 0.9
            assert alpha[:60, :30].max() < 0.1
            assert alpha[:60, -30:].max() < 0.1
            np.testing.assert_array_equal(labels, alpha >= 0.5)
            np.testing.assert_array_equal(found.masks.numpy(), [labels])
            wall = found.over((0, 0, 255))
            np.testing.assert_array_equal(wall[:30, :20], np.broadcast_to([0, 0, 255], (30, 20, 3)))
            assert np.abs(wall[60:120, 100:160].astype(int) - FACE[60:120, 100:160]).mean() < 8
            assert human.engine.memory().num_tensors == 4
            result.dispose()
            assert human.engine.memory().baseline == NOTHING

    async def test_all_three_agree(self):
        async with Human(OTHERS_OFF) as human:
            masks = []
            for name in ("rvm", "selfie", "meet"):
                with await human.detect(FACE, segmenting(name)) as result:
                    masks.append(result.segmentation.labels.data_sync().astype(bool))
        for one, other in ((0, 1), (1, 2), (0, 2)):
            assert (masks[one] & masks[other]).sum() / (masks[one] | masks[other]).sum() > 0.95

    async def test_an_image_without_a_person(self):
        async with Human(segmenting("rvm")) as human:
            with await human.detect(read_picture("black")) as result:
                assert result.segmentation.legend == ()
                assert not result.segmentation.labels.numpy().any()

    @pytest.mark.parametrize("name", ["rvm", "selfie", "meet"])
    @pytest.mark.parametrize("ratio", [0.01, 0.5, 1])
    async def test_the_smallest_images(self, name, ratio):
        async with Human(segmenting(name, ratio=ratio)) as human:
            for height, width in ((1, 1), (2, 2), (1, 40), (5, 3), (30, 30)):
                with human.session() as session:
                    for _ in range(2):
                        with await human.detect(FACE[:height, :width], session=session) as result:
                            alpha = result.segmentation.alpha.numpy()
                            assert alpha.shape == (height, width)
                            assert ((alpha >= 0) & (alpha <= 1)).all()
            assert human.engine.memory().baseline == NOTHING

    async def test_the_state(self):
        async with Human(segmenting("rvm", mode="state")) as human:
            with await human.detect(FACE) as result:
                found = result.segmentation
                assert (found.alpha, found.foreground) == (None, None)
                assert found.state.shape == (256, 256)  # the first state is 64 x 64
                assert found.state.numpy().std() > 10


class TestOwnership:
    @pytest.fixture
    async def human(self):
        async with Human(segmenting("selfie")) as human:
            yield human

    async def test_tensors_are_freed_with_the_result(self, human):
        await human.detect(FACE)
        assert human.engine.memory().baseline == NOTHING

    async def test_a_scope_frees_them(self, human):
        async with human.engine.scope():
            result = await human.detect(FACE)
            assert not result.segmentation.alpha.is_disposed
        assert all(tensor.is_disposed for tensor in result.tensors())

    async def test_concurrent_calls_equal_each_alone(self, human):
        pictures = [FACE, read_picture("astronaut"), FACE[:100, :150], read_picture("coffee")]

        async def labels(pixels):
            with await human.detect(pixels) as result:
                return result.segmentation.labels.data_sync()

        alone = [await labels(pixels) for pixels in pictures]
        together = await asyncio.gather(*(labels(pixels) for pixels in pictures * 4))
        for one, other in zip(together, alone * 4, strict=True):
            np.testing.assert_array_equal(one, other)

    async def test_the_result_does_not_share_the_callers_memory(self, human):
        pixels = FACE.copy()
        with await human.detect(pixels) as result:
            pixels[:] = 0
            np.testing.assert_array_equal(result.segmentation.foreground.numpy(), FACE)


class TestRefusals:
    async def test_the_state_of_a_model_without_one(self):
        async with Human(segmenting("selfie", mode="state")) as human:
            with pytest.raises(ConfigError, match=r"the state of a recurrent model, which selfie is not: rvm is"):
                await human.detect(FACE)
            assert human.engine.memory().baseline == NOTHING

    async def test_outputs_of_another_kind_of_model(self, tmp_path):
        write_class_map(tmp_path, "mine", size=(6, 8), labels=("hair", "face", "coat"))
        card = tmp_path / "mine.toml"
        card.write_text(card.read_text().replace("[outputs.class_map]", "[outputs.heat]"))
        async with Human({**segmenting("mine"), "cards": str(tmp_path)}) as human:
            with pytest.raises(ConfigError, match=r"the outputs of mine are heat; a segmentation model has foreground"):
                await human.detect(FACE)

    async def test_a_failure_is_in_errors_and_leaves_no_tensor(self, tmp_path):
        labels = ("hair", "face")
        write_instances(tmp_path, "mine", size=(6, 8), scores=(0.9,) * 3, classes=(0, 1, 2), labels=labels)
        async with Human({**segmenting("mine"), "cards": str(tmp_path), "raise_errors": False}) as human:
            result = await human.detect(FACE)
            assert result.segmentation is None
            assert "mine returned classes 0 to 2; its model card has 2 labels" in str(result.errors["segmentation"])
            assert human.engine.memory().baseline == NOTHING

    @pytest.mark.parametrize("ratio", [0, 1.1])
    def test_a_ratio_out_of_range(self, ratio):
        with pytest.raises(ConfigError, match=r"segmentation\.ratio is"):
            Human(segmenting("rvm", ratio=ratio))


async def test_a_disabled_module_has_no_segmentation():
    async with Human(OTHERS_OFF) as human:
        assert (await human.detect(FACE)).segmentation is None
