"""The list of modules, and a new one: one family, one model card, and one entry in the list."""

import asyncio
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pytest
from onnx import helper
from switches import EVERYTHING, FACES_ALONE, HUMANS, OFF
from toy_models import toy

from humanrt.cli import table
from humanrt.config import Config, load_config
from humanrt.drawing import result as drawing
from humanrt.errors import ModelError
from humanrt.result import Result, Row
from humanrt.result.formats.rows import Summary
from humanrt.vision.call import Call, Clock
from humanrt.vision.detection import Detection
from humanrt.vision.families import FAMILIES
from humanrt.vision.modules import MODULES, Found, Module, needed_models
from humanrt.vision.stage import Batch, Family, run_stage

NAMES = ("face", "body", "hand", "object", "gesture", "segmentation")
# An unsupported section of Human's, which can be disabled only, and what is done with the records of modules.
NOT_A_MODULE = {"filter", "tracking"}


def test_there_is_one_module_for_each_section_that_can_be_enabled():
    sections = {each.name for each in fields(Config) if hasattr(getattr(Config(), each.name), "enabled")}
    assert [module.name for module in MODULES] == [*NAMES]
    assert sections - NOT_A_MODULE == set(NAMES)


def test_each_module_is_enabled_by_its_section_and_fills_a_field():
    for module in MODULES:
        for enabled in (False, True):
            assert module.enabled(load_config({module.name: {"enabled": enabled}})) is enabled
        assert module.name in {each.name for each in fields(Found)}


def test_bodies_and_hands_need_the_faces_where_their_number_is_that_of_the_faces():
    by_name = {module.name: module for module in MODULES}
    fixed = load_config({**HUMANS, "body": {"max_detected": 1}, "hand": {"max_detected": 1}})
    for name in ("body", "hand"):
        assert by_name[name].needs(Config()) == ("face",)
        assert by_name[name].needs(fixed) == ()
    for name in ("face", "object", "segmentation"):
        assert by_name[name].needs(Config()) == ()
    assert by_name["gesture"].needs(fixed) == ("face", "body", "hand")


def test_only_models_that_are_used_are_needed():
    assert set(needed_models(load_config(EVERYTHING))) == {
        *("face.detector", "face.mesh", "face.iris", "face.emotion", "face.description"),
        *("body", "hand.detector", "hand.skeleton", "object", "segmentation"),
    }
    assert needed_models(load_config({"face": OFF, **FACES_ALONE})) == {}


# -- a new module: how bright an image is


@dataclass(frozen=True)
class Brightness(Family[None, Batch, float]):
    """One output, the mean of an image, [1]."""

    outputs: tuple[str, ...] = ("mean",)

    def prepare(self, source, form, task):
        return Batch(source[None, : form.height, : form.width].astype(np.float32))

    def decode(self, outputs, prepared, task):
        (mean,) = outputs
        return float(mean[0])


BRIGHTNESS = Brightness()


@dataclass
class FoundBrightness(Found):
    """The field of ``Found`` that the module fills."""

    brightness: Any = None
    bodies_before: int | None = None


async def detect_brightness(call, families, found):
    found.bodies_before = len(found.body)
    found.brightness = await run_stage(BRIGHTNESS, call.models["brightness"], call.picture, None)


def summarize_brightness(result):
    return Summary("brightness", 1, [Row("light", 0, None, 1.0, 0, 0, result.width, result.height, label="bright")])


def draw_brightness(canvas, result):
    canvas.pixels[-1, -1] = 255


TOY = Module(
    "brightness",
    lambda config: True,
    detect_brightness,
    summarize_brightness,
    draw_brightness,
    layer=len(MODULES),
    needs=lambda config: ("body",),
)


@pytest.fixture
def call(humanrt_engine, tmp_path):
    """A call with the toy's model, whose image is 2 x 2 pixels of which one is white."""
    nodes = [helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1, 2, 3], keepdims=0)]
    model = toy(humanrt_engine, tmp_path, nodes, {"image": (1, 2, 2, 3)}, {"mean": (1,)}, name="brightness")
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[0, 0] = 255
    with humanrt_engine.from_numpy(pixels) as picture:
        yield Call(humanrt_engine, {"brightness": model}, picture, Config())


@pytest.fixture
def detect(call, monkeypatch):
    """Run modules of which those of Human are stand-ins that find one record each, in this order if none waits."""
    monkeypatch.setattr("humanrt.vision.detection.Found", FoundBrightness)
    monkeypatch.setattr("humanrt.vision.detection.join_persons", lambda *_, join: ())

    async def detect(*modules, fail=None, **options):
        begun = []

        def stand_in(module):
            async def find(call, families, found):
                begun.append(module.name)
                await asyncio.sleep(0)
                if module.name == fail:
                    raise ModelError("broken")
                setattr(found, module.name, (f"a {module.name}",))

            return replace(module, detect=find)

        stand_ins = tuple(stand_in(module) if module in MODULES else module for module in modules)
        clock = Clock()
        async with call.engine.scope():
            settings = replace(call, config=load_config({**HUMANS, **options}))
            found = await Detection(settings, FAMILIES, clock, stand_ins).run()
        assert call.engine.memory().num_tensors == 1  # the image
        return found, clock.finish(), begun

    return detect


async def test_a_new_module_is_one_entry_in_the_list(detect):
    found, times, _ = await detect(*MODULES, TOY)
    assert found.brightness == pytest.approx(255 / 4)
    assert found.errors == {}
    assert found.face == ("a face",)
    assert set(times) == {"face", "body", "hand", "gesture", "brightness", "total"}


async def test_a_module_begins_after_those_that_it_needs_wherever_it_is_in_the_list(detect):
    for modules in ((*MODULES, TOY), (TOY, *MODULES), (TOY, *reversed(MODULES))):
        found, _, begun = await detect(*modules)
        assert found.bodies_before == 1
        assert begun.index("face") < begun.index("body") < begun.index("gesture")


async def test_a_module_does_not_wait_for_a_needed_one_that_is_disabled(detect):
    found, _, begun = await detect(*MODULES, TOY, body={"enabled": False})
    assert "body" not in begun
    assert found.bodies_before == 0
    assert found.brightness == pytest.approx(255 / 4)


async def test_a_module_begins_after_a_needed_one_that_fails(detect):
    found, _, _ = await detect(*MODULES, TOY, fail="body")
    assert list(found.errors) == ["body"]
    assert found.bodies_before == 0
    assert found.brightness == pytest.approx(255 / 4)


async def test_the_error_of_a_new_module_is_in_errors_under_its_name(detect, monkeypatch):
    def fail(*_):
        raise ModelError("too dark")

    monkeypatch.setattr(Brightness, "decode", fail)
    found, times, _ = await detect(*MODULES, TOY)
    assert {name: str(error) for name, error in found.errors.items()} == {"brightness": "too dark"}
    assert found.brightness is None
    assert found.gesture == ("a gesture",)
    assert "brightness" in times


async def test_a_disabled_module_does_not_run(detect):
    disabled = replace(TOY, enabled=lambda config: config.object.enabled)
    found, times, _ = await detect(*MODULES, disabled)
    assert found.brightness is None
    assert "brightness" not in times
    found, _, _ = await detect(*MODULES, disabled, object={"enabled": True})
    assert found.brightness == pytest.approx(255 / 4)


def test_a_new_module_is_in_the_table_and_drawn(monkeypatch):
    result = Result(8, 6, performance={"total": 1.0})
    for reader in (table, drawing):
        monkeypatch.setattr(reader, "MODULES", (TOY, *MODULES))
    assert "brightness: 1" in table.headline(result)
    assert [line.split()[0] for line in table.table(result)][1:] == ["light"]
    pixels = np.zeros((6, 8, 3), np.uint8)
    drawn = drawing.draw_result(pixels, result)
    assert (drawn[-1, -1].tolist(), drawn.sum()) == ([255] * 3, 3 * 255)


def test_modules_are_drawn_by_layer(monkeypatch):
    """A higher layer covers a lower one, wherever it is in the list."""

    def painting(level):
        def draw(canvas, result):
            canvas.pixels[...] = level

        return draw

    below, above = replace(TOY, draw=painting(1), layer=0), replace(TOY, draw=painting(2), layer=1)
    for modules in ((below, above), (above, below)):
        monkeypatch.setattr(drawing, "MODULES", modules)
        assert (drawing.draw_result(np.zeros((2, 2, 3), np.uint8), Result(2, 2)) == 2).all()
    assert len({module.layer for module in MODULES}) == len(MODULES)
