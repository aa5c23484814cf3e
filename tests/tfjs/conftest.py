"""Small TF.js graph models, written as a converter would write them, and what ONNX Runtime makes of them."""

import base64
import itertools
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from humanrt.tfjs import convert

TF_NAMES = {"float32": "DT_FLOAT", "int32": "DT_INT32", "bool": "DT_BOOL", "uint8": "DT_UINT8"}


def encode_attribute(value):
    """A Python value as the JSON of an attribute; strings that begin with DT_ are types."""
    match value:
        case bool():
            return {"b": value}
        case int():
            return {"i": str(value)}
        case float():
            return {"f": value}
        case str() if value.startswith("DT_"):
            return {"type": value}
        case str():
            return {"s": base64.b64encode(value.encode()).decode()}
        case [] | ():
            return {"list": {}}
        case [str(), *_]:
            return {"list": {"s": [base64.b64encode(item.encode()).decode() for item in value]}}
        case [*_] | (*_,):
            return {"list": {"i": [str(item) for item in value]}}
    raise TypeError(value)


def encode_shape(shape):
    return {"dim": [{"size": str(-1 if size is None else size)} for size in shape]}


class GraphWriter:
    """Collects nodes and weights, and writes ``model.json`` and one ``.bin`` file into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.nodes = []
        self.weights = []
        self.content = b""
        self.signature = {}
        self._numbers = itertools.count()

    def placeholder(self, name, shape, dtype="DT_FLOAT"):
        self.nodes.append(
            {
                "name": name,
                "op": "Placeholder",
                "attr": {"dtype": {"type": dtype}, "shape": {"shape": encode_shape(shape)}},
            }
        )
        return name

    def const(self, array, name=None):
        """A float32, int32 or bool constant, stored as it is."""
        array = np.asarray(array)
        return self.stored_const(array.tobytes(), array.shape, array.dtype.name, name)

    def stored_const(self, content, shape, dtype, name=None, quantization=None):
        """A constant with the given bytes in the .bin file."""
        name = name or f"const{next(self._numbers)}"
        entry = {"name": name, "shape": list(shape), "dtype": dtype}
        if quantization:
            entry["quantization"] = quantization
        self.nodes.append({"name": name, "op": "Const", "attr": {"dtype": {"type": TF_NAMES[dtype]}}})
        self.weights.append(entry)
        self.content += content
        return name

    def node(self, op, inputs, name=None, **attributes):
        name = name or f"{op}{next(self._numbers)}"
        encoded = {key: encode_attribute(value) for key, value in attributes.items()}
        self.nodes.append({"name": name, "op": op, "input": list(inputs), "attr": encoded})
        return name

    def sign(self, kind, key, name, shape=()):
        """Describe an input or output in the signature; ``kind`` is "inputs" or "outputs"."""
        self.signature.setdefault(kind, {})[key] = {"name": name, "tensorShape": encode_shape(shape)}

    def document(self):
        return {
            "format": "graph-model",
            "modelTopology": {"node": self.nodes, "library": {}, "versions": {}},
            "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": self.weights}],
            "signature": self.signature,
        }

    def write(self, document=None) -> Path:
        (self.folder / "group1-shard1of1.bin").write_bytes(self.content)
        path = self.folder / "model.json"
        path.write_text(json.dumps(document or self.document()))
        return path


@pytest.fixture
def writer(tmp_path):
    return GraphWriter(tmp_path)


@pytest.fixture
def new_writer(tmp_path_factory):
    """Makes a writer in a fresh folder, for tests that write several models."""
    return lambda: GraphWriter(tmp_path_factory.mktemp("model"))


@pytest.fixture
def run():
    """Convert a model, check the ONNX, run it: a dict of outputs by name, in the model's order."""

    def run(model_json, feeds, outputs=None):
        destination = model_json.with_suffix(".onnx")
        convert(model_json, destination, outputs=outputs)
        onnx.checker.check_model(onnx.load(destination), full_check=True)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(destination, options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(None, feeds), strict=True))

    return run


@pytest.fixture
def evaluate(new_writer, run):
    """Run one node: arrays are fed, ``Known`` arrays are constants of the graph.

    ``planar=True`` sends each fed picture through a convolution that changes nothing, so that it exists in NCHW only.
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
    """Marks an operand of ``evaluate`` that stands in the graph as a constant."""

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
