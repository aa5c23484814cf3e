"""The first run on a GPU, with models on the CPU that are taken for models on a GPU."""

import pytest
from onnx import helper
from toy_models import doubling, toy

from humanrt.runtime.graph_model import GraphModel
from humanrt.vision.stage import VisionModel
from humanrt.vision.warm_up import warm_up


@pytest.fixture
def engine(humanrt_engine):
    return humanrt_engine


@pytest.fixture
def runs(monkeypatch):
    """The shapes that models are run on."""
    shapes, run = [], GraphModel._run

    def note_and_run(model, names, feeds, stop):
        shapes.append({name: array.shape for name, array in feeds.items()})
        return run(model, names, feeds, stop)

    monkeypatch.setattr(GraphModel, "_run", note_and_run)
    return shapes


@pytest.fixture
def on_gpu(monkeypatch):
    monkeypatch.setattr(VisionModel, "on_cpu", False)


@pytest.mark.usefixtures("on_gpu")
async def test_each_model_runs_once_on_one_image(engine, tmp_path, runs):
    model = doubling(engine, tmp_path)
    before = engine.memory().baseline
    await warm_up([model, model])
    assert runs == [{"image": (1, 2, 2, 3)}]
    assert engine.memory().baseline == before


@pytest.mark.usefixtures("on_gpu")
async def test_a_model_whose_input_has_an_open_size_is_left_out(engine, tmp_path, runs):
    nodes = [helper.make_node("Neg", ["image"], ["negated"])]
    shape = (1, "height", "width", 3)
    await warm_up([toy(engine, tmp_path, nodes, {"image": shape}, {"negated": shape})])
    assert runs == []


@pytest.mark.usefixtures("on_gpu")
async def test_a_model_that_does_not_accept_zeros_is_no_error(engine, tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("zeros")

    model = doubling(engine, tmp_path)
    monkeypatch.setattr(model.graph, "_session", type("Broken", (), {"run": fail})())
    before = engine.memory().baseline
    await warm_up([model])
    assert engine.memory().baseline == before


async def test_on_the_cpu_nothing_runs(engine, tmp_path, runs):
    await warm_up([doubling(engine, tmp_path)])
    assert runs == []
