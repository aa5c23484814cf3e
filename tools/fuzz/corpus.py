"""Small valid models that together use every op that the loader translates: the input of mutations."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from fuzz.writer import WEIGHTS, GraphWriter

Operand: TypeAlias = str | ArrayLike

_UNIT_STEPS = {"strides": [1, 1, 1, 1], "padding": "SAME"}


class Sketch(GraphWriter):
    """A writer that converts operands that are numbers to constants."""

    def op(self, op: str, *operands: Operand, **attributes: object) -> str:
        """Add an operation; return its name."""
        return self.node(op, [self.known(operand) for operand in operands], None, **attributes)

    def known(self, operand: Operand) -> str:
        """Return the name of an operand, a new constant for numbers; Python's numbers become int32 and float32."""
        if isinstance(operand, str):
            return operand
        array = np.asarray(operand)
        narrow = {"i": np.int32, "f": np.float32}.get(array.dtype.kind)
        return self.const(array if narrow is None else array.astype(narrow))

    def image(self, channels: int = 2) -> str:
        """Add the input x: a batch of small images."""
        return self.placeholder("x", [None, 4, 4, channels])


def write_corpus(folder: Path) -> list[Path]:
    """Write each model to its own folder; return the paths of the ``model.json`` files."""
    paths = []
    for draw in DRAWINGS:
        place = folder / draw.__name__
        place.mkdir()
        sketch = Sketch(place)
        draw(sketch)
        paths.append(sketch.write())
    return paths


def convolutions(s: Sketch) -> None:
    """Convolutions with fused ops, pooling, a signature and quantized weights."""
    quantized = {"dtype": "uint8", "scale": 0.01, "min": -1.2}
    weights = s.stored_const(bytes(range(36)), [3, 3, 2, 2], "float32", quantization=quantized)
    half = s.stored_const(np.ones(36, np.float16).tobytes(), [3, 3, 2, 2], "float32", quantization={"dtype": "float16"})
    fused = {"fused_ops": ["BiasAdd", "Prelu"], "dilations": [1, 1, 1, 1], "data_format": "NHWC"}
    y = s.op("_FusedConv2D", s.image(), weights, [1.0, 2.0], [0.5, -0.5], **_UNIT_STEPS, **fused)
    y = s.op("Conv2D", y, half, strides=[1, 2, 2, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 1, 1, 1, 1, 0, 0])
    y = s.op("DepthwiseConv2dNative", y, half, **_UNIT_STEPS, dilations=[1, 2, 2, 1])
    y = s.op(
        "FusedDepthwiseConv2dNative", y, np.ones((3, 3, 4, 1)), [1.0] * 4, fused_ops=["BiasAdd", "Relu6"], **_UNIT_STEPS
    )
    y = s.op("MaxPool", y, ksize=[1, 2, 2, 1], **_UNIT_STEPS)
    y = s.op("AvgPool", y, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
    s.sign("inputs", "x", "x:0", [-1, 4, 4, 2])
    s.sign("outputs", "y", f"{y}:0", [-1, 1, 1, 4])


def planar_convolutions(s: Sketch) -> None:
    """Images in NCHW, and each version of batch normalization."""
    nchw = {"data_format": "NCHW"}
    y = s.op("DepthwiseConv2d", s.placeholder("x", [1, 2, 4, 4]), np.ones((1, 1, 2, 1)), **_UNIT_STEPS, **nchw)
    for version in ("", "V2", "V3"):
        y = s.op(f"FusedBatchNorm{version}", y, *[[1.0, 2.0]] * 4, epsilon=0.01, **nchw)
    y = s.op("BiasAdd", y, [1.0, 2.0], **nchw)
    s.op("Conv2DBackpropInput", [1, 3, 8, 8], np.ones((2, 2, 3, 2)), y, strides=[1, 1, 2, 2], padding="SAME", **nchw)


def blocks(s: Sketch) -> None:
    """Blocks of pixels, and resized images."""
    y = s.op("SpaceToBatchND", s.placeholder("x", [1, None, None, 4]), [2, 2], [[0, 0], [0, 0]])
    y = s.op("BatchToSpaceND", y, [2, 2], [[0, 0], [0, 1]])
    y = s.op("DepthToSpace", y, block_size=2)
    y = s.op("ResizeBilinear", y, [3, 5], half_pixel_centers=True)
    s.op("ResizeNearestNeighbor", y, [6, 6], align_corners=True)


def products(s: Sketch) -> None:
    """Products of matrices."""
    y = s.op("_FusedMatMul", s.placeholder("x", [None, 2]), np.ones((2, 2)), [1.0, 2.0], fused_ops=["BiasAdd", "Relu"])
    y = s.op("MatMul", y, np.ones((3, 2)), transpose_b=True)
    y = s.op("BatchMatMul", s.op("ExpandDims", y, 1), np.ones((3, 2)))
    y = s.op("BatchMatMulV2", y, np.ones((4, 2)), adj_y=True)
    s.op("Einsum", y, np.ones((4, 3)), equation="bij,jk->bik")


def functions_of_floats(s: Sketch) -> None:
    """Element-wise functions."""
    y = s.image()
    for op in ("Abs", "Asinh", "Atan", "Cos", "Cosh", "Elu", "Erf", "Exp", "Log", "Neg", "Reciprocal", "Relu", "Relu6"):
        y = s.op(op, y)
    s.op("LeakyRelu", y, alpha=0.1)


def more_functions_of_floats(s: Sketch) -> None:
    """Other element-wise functions."""
    y = s.image()
    for op in ("Acos", "Acosh", "Asin", "Atanh", "Rsqrt", "Selu", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Sqrt"):
        y = s.op(op, y)
    for op in ("Square", "Tan", "Tanh", "Ceil", "Floor", "Round"):
        y = s.op(op, y)


def identities(s: Sketch) -> None:
    """Ops that return their operand, and casts."""
    y = s.placeholder("x", [2], "DT_UINT8")
    for op in ("EnsureShape", "FakeQuantWithMinMaxVars", "Identity", "PlaceholderWithDefault", "Print", "Snapshot"):
        y = s.op(op, y)
    y = s.op("StopGradient", f"{s.op('IdentityN', y, y)}:1")
    nothing = s.op("NoOp")
    s.op("Cast", s.op("Cast", y, f"^{nothing}", DstT="DT_FLOAT"), DstT="DT_INT64")


def arithmetic(s: Sketch) -> None:
    """Element-wise functions of two operands."""
    y = s.image()
    for op in ("Add", "AddV2", "Atan2", "Div", "DivNoNan", "FloorDiv", "FloorMod", "Maximum", "Minimum", "Mod", "Mul"):
        y = s.op(op, y, [1.5, 2.0])
    for op in ("Pow", "RealDiv", "SquaredDifference", "Sub"):
        y = s.op(op, y, 2.0)
    y = s.op("Prelu", s.op("ClipByValue", y, -1.0, 1.0), [0.5, -0.5])
    s.op("AddN", y, y, y)


def comparisons(s: Sketch) -> None:
    """Comparisons, logic, and selection."""
    x = s.image()
    y = s.op("IsNan", x)
    for op in ("Equal", "Greater", "GreaterEqual", "Less", "LessEqual", "NotEqual"):
        y = s.op("LogicalOr", s.op("LogicalAnd", y, s.op(op, x, 0.5)), s.op("IsInf", x))
    y = s.op("LogicalNot", y)
    s.op("Select", y, s.op("SelectV2", y, x, 0.0), x)
    s.op("Any", s.op("All", y, [3]), [1, 2])


def reductions(s: Sketch) -> None:
    """Reductions of whole axes."""
    x = s.image()
    for op in ("Max", "Mean", "Min", "Prod", "Sum", "EuclideanNorm"):
        s.op(op, x, [1, 2], keep_dims=op == "Mean")
    s.op("Softmax", x)
    y = s.op("Cumsum", s.op("LogSoftmax", x), 1, exclusive=True)
    s.op("TopKV2", y, 1)
    s.op("ArgMin", s.op("ArgMax", x, 3), 1)


def joins(s: Sketch) -> None:
    """Concatenation, splits and padding."""
    x = s.image()
    y = s.op("ConcatV2", x, s.op("Concat", 3, x, x), -1)
    y = s.op("Split", 3, y, num_split=3)
    y = s.op("Pack", y, f"{y}:2", axis=1)
    y = s.op("SplitV", f"{s.op('Unpack', y, axis=1, num=2)}:1", [1, -1], 1)
    y = s.op("Pad", f"{y}:1", [[0, 0], [1, 0], [0, 1], [0, 0]])
    y = s.op("PadV2", y, [[0, 0], [1, 1], [0, 0], [0, 0]], 5.0)
    s.op("MirrorPad", y, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="REFLECT")


def shapes(s: Sketch) -> None:
    """Shapes as data, and changes of shape."""
    x = s.image()
    batch = s.op("StridedSlice", s.op("Shape", x), [0], [1], [1], shrink_axis_mask=1)
    y = s.op("Reshape", x, s.op("Pack", batch, -1, 2))
    y = s.op("Squeeze", s.op("ExpandDims", y, 1), squeeze_dims=[1])
    y = s.op("Slice", s.op("Tile", s.op("Transpose", y, [0, 2, 1]), [1, 2, 1]), [0, 1, 0], [-1, 2, -1])
    s.op("StridedSlice", y, [0, 0, 0], [0, 2, 9], [1, 1, 2], begin_mask=1, end_mask=1, ellipsis_mask=0)
    s.op("AddV2", s.op("ZerosLike", y), s.op("OnesLike", y))


def constants_from_sizes(s: Sketch) -> None:
    """Tensors computed from sizes."""
    x = s.placeholder("x", [2, 3])
    count = s.op("AddV2", s.op("Size", x), s.op("Rank", x))
    row = s.op("Cast", s.op("Range", 0, count, 1), DstT="DT_FLOAT")
    y = s.op("BroadcastTo", row, [2, 8])
    for op in ("Ones", "Zeros"):
        y = s.op("AddV2", y, s.op(op, [2, 8], T="DT_FLOAT"))
    s.op("AddV2", y, s.op("Fill", [2, 8], 0.5))


def any_rank(s: Sketch) -> None:
    """Use a state of unknown rank, and an image of any size."""
    x, state = s.placeholder("x", [1, None, None, 2]), s.placeholder("state", None)
    ratio = s.op("Identity", s.placeholder("ratio", None))
    y = s.op("ConcatV2", x, s.op("BroadcastTo", state, s.op("Shape", x)), 3)
    size = s.op("StridedSlice", s.op("Shape", x), [1], [3], [1])
    half = s.op("Cast", s.op("Mul", s.op("Cast", size, DstT="DT_FLOAT"), ratio), DstT="DT_INT32")
    s.op("Conv2D", s.op("ResizeBilinear", y, half), np.ones((3, 3, 4, 1)), strides=[1, 2, 2, 1], padding="SAME")


def indices(s: Sketch) -> None:
    """Gathering and scattering."""
    x = s.placeholder("x", [3, 4])
    y = s.op("GatherV2", s.op("Gather", x, [0, 2]), [1, 1], 1, batch_dims=0)
    y = s.op("GatherV2", y, [[0], [1]], 1, batch_dims=1)
    s.op("GatherNd", s.op("ReverseV2", s.op("Reverse", x, [True, False]), [1]), [[0, 1], [2, 2]])
    s.op("TensorScatterUpdate", s.op("ScatterNd", [[0], [2]], y, [4, 1]), [[1]], [[5.0]])
    places = s.op("Where", s.op("Greater", x, 0.0))
    s.op("SparseToDense", places, [3, 4], 1.0, 0.0)
    s.op("OneHot", s.op("ArgMax", x, 1), 4, 1.0, 0.0, axis=-1)


def detections(s: Sketch) -> None:
    """Non-maximum suppression in each version."""
    boxes, scores = s.placeholder("boxes", [5, 4]), s.placeholder("scores", [5])
    s.op("NonMaxSuppressionV2", boxes, scores, 3, 0.5)
    kept = s.op("NonMaxSuppressionV3", boxes, scores, 3, 0.5, 0.1)
    s.op("GatherV2", boxes, kept, 0)
    s.op("NonMaxSuppressionV4", boxes, scores, 3, 0.5, 0.1, pad_to_max_output_size=True)
    s.op("NonMaxSuppressionV5", boxes, scores, 3, 0.5, 0.1, 0.0)


def arrays(s: Sketch) -> None:
    """Fill a TensorArray in a known loop."""
    x = s.placeholder("x", [3, 2])
    array, target = (s.op("TensorArrayV3", 3, dtype="DT_FLOAT") for _ in range(2))
    filled = s.op("TensorArrayScatterV3", array, [2, 0, 1], x, f"{array}:1")

    def body(i: str, flow: str) -> str:
        handles = [s.op("Enter", name, is_constant=True) for name in (array, filled, target)]
        row = s.op("TensorArrayReadV3", handles[0], i, handles[1])
        return s.op("TensorArrayWriteV3", handles[2], i, s.op("Neg", row), flow)

    flow = s.loop(s.const(np.int32(3)), body, f"{target}:1")
    s.op("TensorArrayGatherV3", target, s.op("Range", 0, s.op("TensorArraySizeV3", target, flow), 1), flow)
    s.op("TensorArrayConcatV3", target, flow)


def lists(s: Sketch) -> None:
    """TensorLists; a loop whose number of iterations is an input fills one of them."""
    x, n = s.placeholder("x", [3, 2]), s.placeholder("n", [], "DT_INT32")
    rows = s.op("TensorListFromTensor", x, [2])
    reserved = s.op("TensorListReserve", [2], 3, element_dtype="DT_FLOAT")
    grown = s.op("TensorListPushBack", s.op("EmptyTensorList", [2], 9, element_dtype="DT_FLOAT"), [1.0, 2.0])
    s.op("TensorListConcat", grown, [2])

    def body(i: str, written: str) -> str:
        return s.op("TensorListSetItem", written, i, s.op("TensorListGetItem", rows, i, [2]))

    out = s.loop(n, body, reserved)
    s.op("TensorListStack", out, [2])
    s.op("TensorListGather", out, [0, 1], [2])
    s.op("TensorListConcatV2", out, [2], [0])
    s.op("TensorListLength", out)


def conditions(s: Sketch) -> None:
    """Branches that an input selects, one with a known condition inside."""
    x, p = s.placeholder("x", [2]), s.placeholder("p", [], "DT_BOOL")
    switch = s.op("Switch", x, p)
    inner = s.op("Switch", f"{switch}:1", True)
    joined = s.op("Merge", s.op("Square", inner), s.op("Neg", f"{inner}:1"))
    s.op("Merge", s.op("Exp", switch), joined)


def functions(s: Sketch) -> None:
    """Loops and conditions made of functions."""
    with s.function("below", ["i", "n", "x"], {"again": "less:z:0"}):
        s.node("Less", ["i", "n"], "less")
    with s.function("step", ["i", "n", "x"], {"i": "next:z:0", "n": "n", "x": "turned:y:0"}):
        s.node("AddV2", ["i", s.const(np.int32(1), "one")], "next")
        s.node("Neg", ["x"], "turned")
    with s.function("first", ["x"], {"y": "parts:output:1"}):
        s.node("Split", [s.const(np.int32(0), "axis"), "x"], "parts", num_split=2)
    with s.function("second", ["x"], {"y": "best:values:0"}):
        s.node("TopKV2", ["x", s.const(np.int32(1), "k")], "best")
    x, n, p = s.placeholder("x", [2]), s.placeholder("n", [], "DT_INT32"), s.placeholder("p", [], "DT_BOOL")
    known = s.op("StatelessWhile", 0, 2, x, cond="below()", body="step()")
    computed = s.op("While", 0, n, f"{known}:2", cond="below()", body="step()")
    chosen = s.op("StatelessIf", True, f"{computed}:2", then_branch="first()", else_branch="second()")
    s.op("Neg", chosen)
    s.op("If", p, x, then_branch="second()", else_branch="first()")


DRAWINGS: Sequence[Callable[[Sketch], None]] = (
    convolutions,
    planar_convolutions,
    blocks,
    products,
    functions_of_floats,
    more_functions_of_floats,
    identities,
    arithmetic,
    comparisons,
    reductions,
    joins,
    shapes,
    constants_from_sizes,
    any_rank,
    indices,
    detections,
    arrays,
    lists,
    conditions,
    functions,
)


def add_model(folder: Path, name: str, model_json: Path) -> None:
    """Add a published model with one .bin file."""
    document = json.loads(model_json.read_bytes())
    (manifest,) = document["weightsManifest"]
    (weights,) = manifest["paths"]
    manifest["paths"] = [WEIGHTS]
    place = folder / name
    place.mkdir()
    (place / "model.json").write_text(json.dumps(document))
    (place / WEIGHTS).write_bytes((model_json.parent / weights).read_bytes())
