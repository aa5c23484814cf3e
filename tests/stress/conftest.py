"""An engine that must be empty at the end, a small model whose runs take some time, and a watchdog."""

import faulthandler
import gc
import itertools
import sys

import pytest
from onnx import TensorProto, helper, save

from humanrt import Engine
from humanrt.tensors import watch

SIDE, PRODUCTS = 64, 100  # about two milliseconds on one core
PATIENCE = 600  # seconds; a test takes up to 100 in its long form, but hypothesis takes minutes to shrink a failure


@pytest.fixture(autouse=True)
def watchdog():
    """End the process when a test hangs, and print the stack of each thread. Yield a function that starts anew."""

    def start():
        faulthandler.dump_traceback_later(PATIENCE, exit=True, file=sys.__stderr__)

    start()
    yield start
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True)
def without_sites(monkeypatch):
    """Record no creation sites, as without the leak check: recording them takes too long for a million tensors."""
    monkeypatch.setattr(watch, "watchers", [])


@pytest.fixture
def collector():
    """Restore the garbage collector afterwards, and let it run on new objects only."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    gc.enable()


@pytest.fixture
async def engine():
    async with Engine(device="cpu") as engine:
        yield engine
        assert engine.memory().baseline == (0, 0, 0, 0)


@pytest.fixture(scope="session")
def product(tmp_path_factory):
    """The path of a model: y = x @ x @ ... @ x, for a square matrix x."""
    names = ["x", *(f"product {i}" for i in range(PRODUCTS - 1)), "y"]
    nodes = [helper.make_node("MatMul", [before, "x"], [after]) for before, after in itertools.pairwise(names)]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [SIDE, SIDE]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "product", values[:1], values[1:])
    path = tmp_path_factory.mktemp("models") / "product.onnx"
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path
