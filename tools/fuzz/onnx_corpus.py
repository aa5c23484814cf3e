"""Small valid ONNX models, with values in external files: the input of mutations."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import ArrayLike, DTypeLike
from onnx import TensorProto, helper, numpy_helper

MODEL = "model.onnx"
FLOAT, INT, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL

Value = tuple[str, int, Sequence[int | str | None] | None]


class Sketch:
    """A model in the making: initializers, and the files of external data."""

    def __init__(self) -> None:
        self.initializers: list[onnx.TensorProto] = []
        self.files: dict[str, bytes] = {}

    def stored(self, name: str, data: ArrayLike, dtype: DTypeLike = np.float32) -> None:
        """Add an initializer with its values in the model."""
        self.initializers.append(numpy_helper.from_array(np.asarray(data, dtype), name))

    def external(self, name: str, data: ArrayLike, dtype: DTypeLike = np.float32, *, file: str = "weights.bin") -> None:
        """Add an initializer with its values at the end of a file."""
        self.initializers.append(self.tensor(name, data, dtype, file=file))

    def tensor(
        self, name: str, data: ArrayLike, dtype: DTypeLike = np.float32, *, file: str = "weights.bin"
    ) -> onnx.TensorProto:
        """Return a tensor with its values at the end of a file."""
        tensor = numpy_helper.from_array(np.asarray(data, dtype), name)
        content, before = tensor.raw_data, self.files.get(file, b"")
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", file), ("offset", len(before)), ("length", len(content))):
            tensor.external_data.add(key=key, value=str(value))
        self.files[file] = before + content
        return tensor

    def model(
        self,
        nodes: Sequence[onnx.NodeProto],
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        functions: Sequence[onnx.FunctionProto] = (),
        sparse: Sequence[onnx.SparseTensorProto] = (),
    ) -> onnx.ModelProto:
        """Return the model."""
        given, made = ([helper.make_tensor_value_info(*value) for value in group] for group in (inputs, outputs))
        graph = helper.make_graph(nodes, "graph", given, made, self.initializers, sparse_initializer=list(sparse))
        opsets = [helper.make_opsetid("", 18)] + [helper.make_opsetid("own", 1)] * bool(functions)
        return helper.make_model(graph, opset_imports=opsets, ir_version=9, functions=list(functions))


node = helper.make_node


def image_network(s: Sketch) -> onnx.ModelProto:
    """Convolutions, normalization and pooling, with all weights in one file."""
    rng = np.random.default_rng(1)
    kernel, depthwise = rng.normal(size=(4, 3, 3, 3)), rng.normal(size=(4, 1, 3, 3))
    s.external("kernel", kernel)
    s.external("depthwise", depthwise)
    for name in ("scale", "bias", "mean", "variance"):
        s.external(name, np.ones(4))
    s.stored("slope", np.full((4, 1, 1), 0.1))
    nodes = [
        node("Conv", ["x", "kernel"], ["a"], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("BatchNormalization", ["a", "scale", "bias", "mean", "variance"], ["b"], epsilon=1e-3),
        node("PRelu", ["b", "slope"], ["c"]),
        node("Conv", ["c", "depthwise"], ["d"], group=4, dilations=[2, 2], auto_pad="SAME_UPPER"),
        node("MaxPool", ["d"], ["e"], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
        node("Resize", ["e", "", "scales"], ["f"], mode="linear", coordinate_transformation_mode="asymmetric"),
        node("GlobalAveragePool", ["f"], ["g"]),
        node("Flatten", ["g"], ["h"], axis=1),
        node("Softmax", ["h"], ["y"], axis=-1),
    ]
    s.stored("scales", [1, 1, 2, 2])
    return s.model(nodes, [("x", FLOAT, ["N", 3, 16, 16])], [("y", FLOAT, ["N", 4])])


def products(s: Sketch) -> onnx.ModelProto:
    """Matrix products, with each matrix in its own file."""
    s.external("first", np.ones((4, 6)), file="first.bin")
    s.external("second", np.ones((6, 3)), file="folder/second.bin")
    s.external("bias", np.ones(3), file="folder/second.bin")
    nodes = [
        node("MatMul", ["x", "first"], ["a"]),
        node("Erf", ["a"], ["b"]),
        node("Gemm", ["b", "second", "bias"], ["c"], alpha=0.5),
        node("Einsum", ["c", "c"], ["d"], equation="ij,kj->ik"),
        node("LayerNormalization", ["c", "ones"], ["e"], axis=-1),
        node("ReduceMean", ["e"], ["y"], keepdims=0),
    ]
    s.stored("ones", np.ones(3))
    return s.model(nodes, [("x", FLOAT, [2, 4])], [("d", FLOAT, [2, 2]), ("y", FLOAT, None)])


def shapes(s: Sketch) -> onnx.ModelProto:
    """Shapes as data, and constants that ONNX Runtime folds when it loads the model."""
    s.stored("minus_one", [-1], np.int64)
    s.stored("two", [2], np.int64)
    s.stored("zero", 0, np.int64)
    s.stored("five", 5, np.int64)
    s.stored("one", 1, np.int64)
    s.stored("sizes", [2, 3], np.int64)  # ONNX Runtime refuses external data that shapes depend on
    s.external("offsets", [1, 2, 3, 4, 5], np.float32)
    s.stored("pads", [0, 1, 0, 1], np.int64)
    nodes = [
        node("Shape", ["x"], ["shape"]),
        node("Gather", ["shape", "zero"], ["batch"], axis=0),
        node("Unsqueeze", ["batch", "axes"], ["rows"]),
        node("Concat", ["rows", "minus_one"], ["target"], axis=0),
        node("Reshape", ["x", "target"], ["flat"]),
        node("Range", ["zero", "five", "one"], ["numbers"]),
        node("ConstantOfShape", ["sizes"], ["filled"], value=numpy_helper.from_array(np.full(1, 7, np.float32))),
        node("Tile", ["filled", "sizes"], ["tiled"]),
        node("Expand", ["filled", "sizes"], ["expanded"]),
        node("Pad", ["filled", "pads"], ["padded"]),
        node("Slice", ["tiled", "axes", "two"], ["sliced"]),
        node("ReduceSum", ["padded"], ["sum"], keepdims=0),
        node("Cast", ["numbers"], ["floats"], to=FLOAT),
        node("Div", ["numbers", "one"], ["quotients"]),
        node("Mod", ["numbers", "five"], ["remainders"]),
        node("Add", ["floats", "offsets"], ["moved"]),
        node("TopK", ["moved", "two"], ["best", "places"]),
        node("Split", ["flat"], ["left", "right"], axis=1, num_outputs=2),
    ]
    s.stored("axes", [0], np.int64)
    outputs = [(name, FLOAT, None) for name in ("left", "sliced", "expanded", "sum", "best")]
    integers = [(name, INT, None) for name in ("quotients", "remainders", "places")]
    return s.model(nodes, [("x", FLOAT, ["N", 4])], [*outputs, *integers])


def control_flow(s: Sketch) -> onnx.ModelProto:
    """Loops and conditions, whose subgraphs have external data."""
    body = helper.make_graph(
        [
            node("Constant", [], ["step"], value=s.tensor("", np.ones(3))),
            node("Add", ["before", "step"], ["after"]),
            node("Identity", ["go"], ["go_on"]),
            node("Identity", ["after"], ["row"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", INT, []),
            helper.make_tensor_value_info("go", BOOL, []),
            helper.make_tensor_value_info("before", FLOAT, [3]),
        ],
        [
            helper.make_tensor_value_info("go_on", BOOL, []),
            helper.make_tensor_value_info("after", FLOAT, [3]),
            helper.make_tensor_value_info("row", FLOAT, [3]),
        ],
    )
    branches = [
        helper.make_graph(
            [node(op, ["ended"], ["chosen"])],
            op,
            [],
            [helper.make_tensor_value_info("chosen", FLOAT, [3])],
            [s.tensor(f"unused_{op}", np.ones(2))],
        )
        for op in ("Neg", "Exp")
    ]
    nodes = [
        node("Loop", ["times", "go", "x"], ["ended", "rows"], body=body),
        node("If", ["choice"], ["y"], then_branch=branches[0], else_branch=branches[1]),
    ]
    s.stored("times", 4, np.int64)
    s.stored("go", True, np.bool_)
    inputs: list[Value] = [("x", FLOAT, [3]), ("choice", BOOL, [])]
    return s.model(nodes, inputs, [("y", FLOAT, [3]), ("rows", FLOAT, None)])


def functions(s: Sketch) -> onnx.ModelProto:
    """Functions with external data, a sparse initializer, and attributes of several types."""
    opsets = [helper.make_opsetid("", 18)]
    shift = helper.make_function(
        "own",
        "shift",
        ["x"],
        ["y"],
        [
            node("Constant", [], ["w"], value=s.tensor("", np.ones(3), file="function.bin")),
            node("Add", ["x", "w"], ["y"]),
        ],
        opsets,
    )
    values = s.tensor("sparse", [1, 2], file="sparse.bin")
    indices = numpy_helper.from_array(np.array([0, 2], np.int64), "places")
    sparse = onnx.SparseTensorProto(values=values, indices=indices, dims=[3])
    nodes = [
        node("shift", ["x"], ["a"], domain="own"),
        node("Add", ["a", "sparse"], ["b"]),
        node("Constant", [], ["c"], value_floats=[1.0, 2.0, 3.0]),
        node("LeakyRelu", ["b"], ["d"], alpha=0.3),
        node("Mul", ["c", "d"], ["y"]),
    ]
    return s.model(nodes, [("x", FLOAT, [3])], [("y", FLOAT, [3])], [shift], [sparse])


def kinds(s: Sketch) -> onnx.ModelProto:
    """Dtypes that tensors do not have, sequences and strings."""
    numbers = [
        ("a", TensorProto.DOUBLE),
        ("b", TensorProto.INT8),
        ("c", TensorProto.UINT16),
        ("d", TensorProto.BFLOAT16),
    ]
    nodes = [node("Cast", ["x"], [name], to=kind) for name, kind in numbers]
    nodes += [
        node("Constant", [], ["text"], value_strings=[b"one", b"two"]),
        node("SequenceConstruct", ["x", "x"], ["pair"]),
        node("SequenceAt", ["pair", "zero"], ["y"]),
        node("QuantizeLinear", ["x", "scale", "point"], ["q"]),
        node("DequantizeLinear", ["q", "scale", "point"], ["z"]),
    ]
    s.stored("zero", 0, np.int64)
    s.external("scale", np.array(0.5))
    s.stored("point", 3, np.uint8)
    outputs: list[Value] = [(name, kind, [None]) for name, kind in numbers]
    outputs += [("text", TensorProto.STRING, [2]), ("y", FLOAT, None), ("z", FLOAT, [None])]
    return s.model(nodes, [("x", FLOAT, [None])], outputs)


def detections(s: Sketch) -> onnx.ModelProto:
    """Non-maximum suppression, gathering and scattering."""
    s.stored("most", [3], np.int64)
    s.stored("overlap", [0.5])
    s.stored("least", [0.1])
    s.external("places", [[0], [2]], np.int64)
    s.external("updates", [5, 6])
    s.stored("two", 2, np.int64)
    s.stored("classes", 4, np.int64)
    s.stored("off_on", [0, 1])
    nodes = [
        node("NonMaxSuppression", ["boxes", "scores", "most", "overlap", "least"], ["selected"]),
        node("Gather", ["selected", "two"], ["chosen"], axis=1),
        node("OneHot", ["chosen", "classes", "off_on"], ["hot"]),
        node("ScatterND", ["x", "places", "updates"], ["y"]),
        node("CumSum", ["y", "two_of_x"], ["sums"]),
        node("Where", ["mask", "y", "x"], ["z"]),
        node("NonZero", ["x"], ["where"]),
        node("LSTM", ["sequence", "w", "r"], ["states"], hidden_size=2),
    ]
    s.stored("two_of_x", 0, np.int64)
    s.stored("mask", [True, False, True], np.bool_)
    s.external("w", np.ones((1, 8, 3)))
    s.external("r", np.ones((1, 8, 2)))
    inputs: list[Value] = [
        ("boxes", FLOAT, [1, 5, 4]),
        ("scores", FLOAT, [1, 1, 5]),
        ("x", FLOAT, [3]),
        ("sequence", FLOAT, [4, 1, 3]),
    ]
    outputs: list[Value] = [(name, FLOAT, None) for name in ("hot", "sums", "z", "states")]
    return s.model(nodes, inputs, [*outputs, ("where", INT, None)])


DRAWINGS: Sequence[Callable[[Sketch], onnx.ModelProto]] = (
    image_network,
    products,
    shapes,
    control_flow,
    functions,
    kinds,
    detections,
)


class ValidOnnx(NamedTuple):
    """A valid model: its name, its bytes, and the content of its files of external data by name."""

    name: str
    data: bytes
    files: Mapping[str, bytes]


def draw_all() -> list[ValidOnnx]:
    """Return all models of the corpus."""
    models = []
    for draw in DRAWINGS:
        sketch = Sketch()
        models.append(ValidOnnx(draw.__name__, draw(sketch).SerializeToString(deterministic=True), sketch.files))
    return models


def write(folder: Path, data: bytes, files: Mapping[str, bytes]) -> Path:
    """Write the files of a model; return the path of its ``.onnx`` file."""
    for name, content in {MODEL: data, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / MODEL
