import numpy as np
import pytest

from humanrt import Engine
from humanrt.runtime.device import Device
from humanrt.tasks.model import InputForm, TaskModel
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
    assert TaskModel(None, find_card(name), None).form == InputForm(*form)


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
