from dataclasses import replace

import numpy as np
import pytest
from humanrt.vision.model import InputForm, TaskModel

from humanrt import Engine
from humanrt.errors import ConfigError
from humanrt.runtime.device import Device
from humanrt.zoo import find_card

NOTHING = (0, 0, 0, 0)


class Graph:
    """A model that doubles, and that notes how many it was given at a time."""

    def __init__(self, engine, device):
        self.engine = engine
        self.device = device
        self.batches = []

    async def execute_async(self, inputs, outputs):
        (batch,) = inputs
        self.batches.append(batch.shape[0])
        assert outputs == ["output_faceflag", "output_mesh_identity"] or outputs == ["Identity"]
        return [self.engine.adopt(batch.data_sync() * 2) for _ in outputs]


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("facemesh", (192, 192, 3)),
        ("gender", (64, 64, 1)),
        ("blazeface-front", (128, 128, 3)),
        ("faceboxes", (0, 0, 3)),
    ],
)
def test_the_form_of_the_input(name, form):
    model = TaskModel(None, find_card(name), None)
    assert model.form == InputForm(*form)
    if 0 not in form:
        assert model.fixed_form == InputForm(*form)


def test_a_size_left_open_where_it_must_be_fixed():
    model = TaskModel(None, find_card("faceboxes"), None)
    with pytest.raises(
        ConfigError, match=r"the card faceboxes has an input of \[1, 'height', 'width', 3\]; all but the"
    ):
        _ = model.fixed_form


def inputs_of(*shapes):
    """A card with inputs of these shapes."""
    card = find_card("emotion")
    (spec,) = card.inputs.values()
    return replace(card, inputs={f"input {i}": replace(spec, shape=shape) for i, shape in enumerate(shapes)})


@pytest.mark.parametrize(
    "shapes",
    [[], [(1, 8, 8, 3), (1, 8, 8, 3)], [(1, 8, 8)], [(1, 8, 8, 3, 1)]],
    ids=["none", "two", "three axes", "five"],
)
def test_other_inputs_than_one_picture(shapes):
    model = TaskModel(None, inputs_of(*shapes), None)
    said = "the card emotion has inputs of .*; a model for face.emotion has one, of four axes"
    for form in ("form", "fixed_form"):
        with pytest.raises(ConfigError, match=said):
            getattr(model, form)


async def test_what_the_card_does_not_name():
    with Engine("cpu") as engine:
        async with engine.scope():
            picture = np.zeros((1, 8, 8, 1), np.float32)
            model = TaskModel(engine, find_card("emotion"), Graph(engine, CPU))
            with pytest.raises(
                ConfigError, match=r"the outputs of emotion are emotions; its use for face\.emotion needs age"
            ):
                await model.run(picture, ["age"])
            with pytest.raises(
                ConfigError, match=r"the inputs of emotion are face; its use for face\.emotion needs image"
            ):
                await model.execute({"image": engine.tensor(picture)}, ["emotions"])
        assert engine.memory().baseline == NOTHING


CPU = Device("cpu", "cpu", 0, "CPUExecutionProvider")
CUDA = Device("cuda:0", "cuda", 0, "CUDAExecutionProvider")


@pytest.mark.parametrize(
    ("device", "name", "meanings", "batches"),
    [
        (CPU, "emotion", ["emotions"], [3]),
        (CPU, "facemesh-attention", ["flag", "mesh"], [1, 1, 1]),
        (CUDA, "emotion", ["emotions"], [1, 1, 1]),
    ],
)
async def test_all_at_once_or_one_by_one(device, name, meanings, batches):
    batch = np.arange(6, dtype=np.float32).reshape(3, 2)
    with Engine("cpu") as engine:
        graph = Graph(engine, device)
        async with engine.scope():
            outputs = await TaskModel(engine, find_card(name), graph).run(batch.copy(), meanings)
        assert graph.batches == batches
        assert [output.tolist() for output in outputs] == [(batch * 2).tolist()] * len(meanings)
        assert engine.memory().baseline == NOTHING


async def test_several_inputs_by_their_names_and_outputs_that_stay_tensors():
    class Sum:
        async def execute_async(self, inputs, outputs):
            assert (set(inputs), outputs) == ({"src", "r1i"}, ["pha", "r1o"])
            return [inputs["src"] + inputs["r1i"], inputs["r1i"].clone()]

    with Engine("cpu") as engine:
        async with engine.scope():
            inputs = {"image": engine.tensor([1.0, 2.0]), "state_1": engine.scalar(3.0)}
            alpha, state = await TaskModel(engine, find_card("rvm"), Sum()).execute(inputs, ["alpha", "state_1"])
            assert (alpha.array(), state.array()) == ([4, 5], 3)
        assert engine.memory().baseline == NOTHING


async def test_one_output_comes_in_a_list_too():
    class Same:
        async def execute_async(self, inputs, outputs):
            return inputs["input_1"].clone()

    with Engine("cpu") as engine, engine.scope():
        (mask,) = await TaskModel(engine, find_card("selfie"), Same()).execute({"image": engine.scalar(1.0)}, ["mask"])
        assert mask.array() == 1
