"""Small TF.js graph models, and their results in ONNX Runtime."""

import numpy as np
import onnx
import onnxruntime
import pytest

from fuzz.worker import check
from fuzz.writer import TF_NAMES, GraphWriter
from humanrt.tfjs import convert


@pytest.fixture
def writer(tmp_path):
    return GraphWriter(tmp_path)


@pytest.fixture
def new_writer(tmp_path_factory):
    """Return a function that returns a writer in a new folder, for tests that write several models."""
    return lambda: GraphWriter(tmp_path_factory.mktemp("model"))


@pytest.fixture
def run():
    """Convert a model, check the ONNX, and run it; return the outputs by name, in the model's order."""

    def run(model_json, feeds, outputs=None):
        destination = model_json.with_suffix(".onnx")
        convert(model_json, destination, outputs=outputs)
        check(onnx.load(destination))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(destination, options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(None, feeds), strict=True))

    return run


@pytest.fixture
def evaluate(new_writer, run):
    """Run one node: arrays are inputs, ``Known`` arrays are constants of the graph.

    ``planar=True`` passes each input image through an identity convolution, so that it exists in NCHW only.
    """

    def evaluate(op, *operands, outputs=1, planar=False, **attributes):
        writer = new_writer()
        names, feeds = [], {}
        for index, operand in enumerate(operands):
            if isinstance(operand, Known):
                names.append(writer.const(operand.array))
                continue
            name = writer.placeholder(f"input{index}", operand.shape, TF_NAMES[operand.dtype.name])
            feeds[name] = np.asarray(operand)
            if planar and operand.ndim == 4:
                channels = operand.shape[3]
                weights = writer.const(np.eye(channels, dtype=np.float32).reshape(1, 1, channels, channels))
                name = writer.node("Conv2D", [name, weights], strides=[1, 1, 1, 1], padding="VALID")
            names.append(name)
        node = writer.node(op, names, "node", **attributes)
        for index in range(outputs):
            writer.sign("outputs", f"out{index}", f"{node}:{index}")
        results = list(run(writer.write(), feeds).values())
        return results[0] if outputs == 1 else results

    return evaluate


class Known:
    """An operand of ``evaluate`` that is a constant of the graph."""

    def __init__(self, data, dtype=None):
        self.array = np.asarray(data, dtype)
        if dtype is None and self.array.dtype == np.int64:
            self.array = self.array.astype(np.int32)
        if dtype is None and self.array.dtype == np.float64:
            self.array = self.array.astype(np.float32)


@pytest.fixture
def known():
    return Known


@pytest.fixture
def rng():
    return np.random.default_rng(20260101)


@pytest.fixture
def loop(writer):
    return writer.loop
