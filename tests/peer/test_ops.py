"""Results of every eager op are those of TF.js's CPU backend, for generated shapes, dtypes and arguments.

Hypothesis draws lists of cases, and each list is one request. Where TF.js throws, we must raise.
Dtypes that TF.js lacks, and deliberate differences, are tested in tests/tensors/ops.
"""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from humanrt import Engine
from humanrt.tensors.ops import ImageOperations, LinearAlgebraOperations, Operations
from humanrt.tensors.shapes import ShapeOperations
from parity.node import OpCase
from parity.ops import assert_alike, case, run_ours

ALL = ("float32", "int32", "bool")
SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan)


# -- arguments


@st.composite
def arrays(draw, shape, dtypes=ALL, *, special=False, low=-9, high=9):
    """Arrays of integers, so that ties and zeros occur, or of any floats; ``special`` adds NaN and infinities."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    dtype = draw(st.sampled_from(dtypes))
    if dtype != "float32":
        return rng.integers(0 if dtype == "bool" else low, 2 if dtype == "bool" else high + 1, shape).astype(dtype)
    if draw(st.booleans()):
        values = rng.integers(low, high + 1, shape).astype(np.float32)
    else:
        values = rng.uniform(low, high, shape).astype(np.float32)
    if special:
        chosen = rng.random(shape) < 0.2
        values = np.where(chosen, rng.choice(np.float32(SPECIAL), shape), values)
    return np.array(values, np.float32)


def shapes(min_rank=0, max_rank=4, min_side=1):
    return hnp.array_shapes(min_dims=min_rank, max_dims=max_rank, min_side=min_side, max_side=4)


# Mostly shapes that broadcast; the others must raise on both sides.
pairs = st.one_of(
    hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4).map(lambda found: found.input_shapes),
    st.tuples(shapes(max_rank=2), shapes(max_rank=2)),
)


@st.composite
def unary(draw, name, dtypes=ALL, **limits):
    return case(name, draw(arrays(draw(shapes(min_side=0)), dtypes, **limits)))


@st.composite
def binary(draw, name, dtypes=ALL, **limits):
    one, other = draw(pairs)
    return case(name, draw(arrays(one, dtypes, **limits)), draw(arrays(other, dtypes, **limits)))


@st.composite
def power(draw):
    one, other = draw(pairs)
    return case("pow", draw(arrays(one, special=True, low=-5, high=5)), draw(arrays(other, low=-3, high=6)))


@st.composite
def clip(draw):
    low, high = sorted(draw(st.tuples(st.integers(-90, 90), st.integers(-90, 90))))
    return case("clip_by_value", draw(arrays(draw(shapes()), special=True)), low / 10, high / 10)


@st.composite
def where(draw):
    found = draw(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=4, max_side=4)).input_shapes
    condition = draw(arrays(found[0], ("bool",)))
    return case("where", condition, draw(arrays(found[1], special=True)), draw(arrays(found[2])))


@st.composite
def reduction(draw, name, *, min_side=1, special=True):
    shape = draw(shapes(min_side=min_side))
    axes = draw(st.one_of(st.none(), st.just([]), st.lists(st.integers(0, 3), max_size=3, unique=True).map(sorted)))
    if axes and draw(st.booleans()):
        axes = [axis - len(shape) if axis < len(shape) else axis for axis in axes]
    return case(name, draw(arrays(shape, special=special)), axes, draw(st.booleans()))


@st.composite
def along(draw, name):
    shape = draw(shapes())
    return case(name, draw(arrays(shape, special=True)), draw(st.integers(-len(shape) - 1, len(shape))))


@st.composite
def top_k(draw):
    shape = draw(shapes())
    most = shape[-1] if shape else 1
    return case("top_k", draw(arrays(shape)), draw(st.integers(-1, most + 1)), theirs="topk")


@st.composite
def matrices(draw):
    n, k, m = (draw(st.integers(1, 5)) for _ in range(3))
    # TF.js's result is wrong if the batches of both are broadcast.
    batch, other_batch = draw(st.sampled_from([((), ()), ((2,), (2,)), ((3, 2), ()), ((), (4,)), ((1,), (3,))]))
    flip, other_flip = draw(st.booleans()), draw(st.booleans())
    inner = draw(st.sampled_from([k, k, k, k + 1]))
    one = draw(arrays((*batch, k, n) if flip else (*batch, n, k)))
    other = draw(arrays((*other_batch, m, inner) if other_flip else (*other_batch, inner, m)))
    return case("mat_mul", one, other, flip, other_flip)


@st.composite
def transpose(draw):
    shape = draw(shapes())
    order = draw(st.one_of(st.none(), st.permutations(range(len(shape))), st.just([0, 1])))
    return case("transpose", draw(arrays(shape)), order)


@st.composite
def concat(draw):
    shape, dtype = draw(shapes()), draw(st.sampled_from(ALL))
    axis = draw(st.integers(-len(shape) - 1, len(shape)))
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=3))
    parts = [(*shape[:axis], size, *shape[axis:][1:]) if -len(shape) <= axis < len(shape) else shape for size in sizes]
    return case("concat", [draw(arrays(part, (dtype,))) for part in parts], axis)


@st.composite
def stack(draw):
    shape, dtype = draw(shapes(max_rank=3)), draw(st.sampled_from(ALL))
    axis = draw(st.integers(0, len(shape) + 1))
    return case("stack", [draw(arrays(shape, (dtype,))) for _ in range(draw(st.integers(1, 3)))], axis)


@st.composite
def split(draw):
    shape = draw(shapes(min_rank=1))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    # TF.js's sizes are wrong if -1 comes first, or stands for 0.
    parts = draw(st.one_of(st.integers(1, 4), st.lists(st.integers(0, 3), min_size=1, max_size=3)))
    if isinstance(parts, list) and sum(parts) <= shape[axis] and draw(st.booleans()):
        parts = [*parts, -1]
    return case("split", draw(arrays(shape)), parts, axis)


@st.composite
def pad(draw):
    shape = draw(shapes())
    paddings = [[draw(st.integers(0, 2)), draw(st.integers(0, 2))] for _ in shape]
    return case("pad", draw(arrays(shape)), paddings, draw(st.sampled_from([0, 1])))


@st.composite
def gather(draw):
    batch_dims = draw(st.integers(0, 2))
    batch = tuple(draw(st.integers(1, 3)) for _ in range(batch_dims))
    shape = batch + draw(shapes(min_rank=1, max_rank=3))
    axis = draw(st.integers(batch_dims, len(shape) - 1))
    limit = shape[axis] - 1 if draw(st.booleans()) else shape[axis]
    numbers = draw(arrays(batch + draw(shapes(max_rank=2)), ("int32",), low=0, high=limit))
    return case("gather", draw(arrays(shape)), numbers, draw(st.sampled_from([axis, axis - len(shape)])), batch_dims)


@st.composite
def tile(draw):
    shape = draw(shapes(max_rank=3))
    return case("tile", draw(arrays(shape)), draw(st.lists(st.integers(0, 2), max_size=3)))


@st.composite
def reverse(draw):
    shape = draw(shapes())
    axes = st.lists(st.integers(-len(shape), len(shape)), max_size=2, unique_by=lambda axis: axis % (len(shape) or 1))
    return case("reverse", draw(arrays(shape)), draw(st.one_of(st.none(), axes)))


@st.composite
def part(draw):
    shape = draw(shapes())
    begin = [draw(st.integers(0, 4)) for _ in shape]
    # In TF.js -1 is a negative size if begin is at the end.
    least = [-1 if start <= length else 0 for start, length in zip(begin, shape, strict=True)]
    size = [draw(st.integers(low, 4)) for low in least]
    return case("slice", draw(arrays(shape)), begin, size)


pictures = st.tuples(*[st.integers(1, 3), st.integers(1, 7), st.integers(1, 7), st.integers(1, 4)])


@st.composite
def resize(draw, name, theirs, dtypes=("float32", "int32")):
    shape = draw(pictures)[draw(st.integers(0, 1)) :]
    size = [draw(st.integers(1, 9)), draw(st.integers(1, 9))]
    images = draw(arrays(shape, dtypes, low=-255, high=255))
    return case(f"image.{name}", images, size, draw(st.booleans()), draw(st.booleans()), theirs=theirs)


@st.composite
def crop(draw):
    images, count = draw(arrays(draw(pictures), low=0, high=255)), draw(st.integers(0, 4))
    grid = st.integers(-2, 6).map(lambda quarter: quarter / 4)
    anywhere = st.floats(-0.5, 1.5, width=32)
    boxes = [[draw(st.one_of(grid, anywhere)) for _ in range(4)] for _ in range(count)]
    numbers = draw(arrays((count,), ("int32",), low=0, high=len(images) - 1))
    size = [draw(st.integers(1, 6)), draw(st.integers(1, 6))]
    method = draw(st.sampled_from(["bilinear", "nearest", "cubic"]))
    outside = draw(st.sampled_from([0, 7.5]))
    boxes = np.array(boxes, np.float32).reshape(count, 4)
    return case("image.crop_and_resize", images, boxes, numbers, size, method, outside, theirs="image.cropAndResize")


@st.composite
def rotate(draw):
    images = draw(arrays(draw(pictures), ("float32",), low=0, high=255))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    center = draw(st.sampled_from([0.5, [0.25, 0.7]]))
    fill = [1, 2, 3] if images.shape[3] > 2 and draw(st.booleans()) else 4
    radians = draw(st.sampled_from([0.0, float(rng.uniform(-7, 7))]))
    name = "image.rotate_with_offset"
    return case(name, images, radians, fill, center, theirs="image.rotateWithOffset")


@st.composite
def grayscale(draw):
    shape = (*draw(shapes(min_rank=1, max_rank=4)), draw(st.sampled_from([3, 3, 3, 4])))
    images = draw(arrays(shape, ("float32", "int32"), low=0, high=255))
    return case("image.rgb_to_grayscale", images, theirs="image.rgbToGrayscale")


@st.composite
def suppression(draw):
    count = draw(st.integers(0, 12))
    boxes, scores = draw(arrays((count, 4), ("float32",))), draw(arrays((count,), ("float32",)))
    limits = draw(st.sampled_from([0.317, 0.683, 1.5])), draw(st.sampled_from([-100.0, 0.0]))
    most = draw(st.integers(0, 12))
    return case("image.non_max_suppression", boxes, scores, most, *limits, theirs="image.nonMaxSuppression")


@st.composite
def soft_suppression(draw, name, theirs):
    one = draw(suppression())
    sigma = draw(st.sampled_from([0, 0.25, 0.5, 1, 1.5]))
    return case(f"image.{name}", *one.arguments, sigma, theirs=f"image.{theirs}")


@st.composite
def padded_suppression(draw, name, theirs):
    one = draw(suppression())
    return case(f"image.{name}", *one.arguments, draw(st.booleans()), theirs=f"image.{theirs}")


@st.composite
def mirror_pad(draw):
    shape, mode = draw(shapes(max_rank=3)), draw(st.sampled_from(["reflect", "symmetric", "edge"]))
    paddings = [[draw(st.integers(0, min(2, side))), draw(st.integers(0, min(2, side)))] for side in shape]
    return case("mirror_pad", draw(arrays(shape)), paddings, mode)


@st.composite
def strided(draw):
    shape = draw(shapes(min_rank=1, max_rank=3))
    count = draw(st.integers(1, len(shape) + 1))
    bits = st.one_of(st.just(0), st.integers(0, 2**count - 1))
    begin_mask, end_mask, new_axes, shrunk = (draw(bits) for _ in range(4))
    ellipsis = draw(st.sampled_from([0, 0, 1, 2, 4, 3]))
    # TF.js fails for axes that are shrunk beside strides, and for parts of stride 1 that begin behind their end.
    strides = [1 if shrunk else draw(st.sampled_from([1, 1, 2, -1, -2, 0])) for _ in range(count)]
    begin, end = ([draw(st.integers(-5, 5)) for _ in range(count)] for _ in range(2))
    for i in range(count):
        if strides[i] == 1 and not shrunk & 1 << i:
            begin[i], end[i] = sorted((abs(begin[i]), abs(end[i])))
    masks = (begin_mask, end_mask, ellipsis, new_axes, shrunk)
    return case("strided_slice", draw(arrays(shape)), begin, end, strides, *masks)


@st.composite
def boolean_mask(draw):
    shape = draw(shapes(min_rank=1, max_rank=3))
    axis = draw(st.integers(0, len(shape) - 1))
    rank = draw(st.integers(0, len(shape) - axis))
    mask = shape[axis : axis + rank] if draw(st.booleans()) else draw(shapes(max_rank=2))
    return case("boolean_mask_async", draw(arrays(shape)), draw(arrays(mask, ("bool",))), axis)


@st.composite
def in_top_k(draw):
    shape = draw(shapes(min_rank=1, max_rank=3))
    targets = draw(arrays(shape[:-1], ("int32",), low=-1, high=4))
    return case("in_top_k_async", draw(arrays(shape, ("float32", "int32"))), targets, draw(st.integers(0, 4)))


@st.composite
def qr(draw):
    m, n = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    # Near a singular matrix the factors depend on rounding. TF.js has batches of square matrices only.
    shape = draw(st.sampled_from([(m, n), (m,), (2, m, m), (2, 1, m, m)]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    matrices = rng.uniform(-1, 1, shape) + 4 * np.eye(*shape[-2:])[: shape[-2]] if len(shape) > 1 else rng.random(shape)
    return case("linalg.qr", np.array(matrices, np.float32), draw(st.booleans()))


@st.composite
def reshape(draw):
    shape = draw(shapes(min_side=0))
    wanted = draw(st.one_of(shapes(), st.permutations(shape), st.just([-1]), st.just([2, -1])))
    return case("reshape", draw(arrays(shape)), list(wanted))


@st.composite
def cast(draw):
    return case("cast", draw(arrays(draw(shapes(min_side=0)))), draw(st.sampled_from(ALL)))


@st.composite
def axes_of_one(draw, name):
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, max_side=2))
    if name == "expand_dims":
        return case(name, draw(arrays(shape)), draw(st.integers(-len(shape) - 1, len(shape))))
    ones = [axis for axis, side in enumerate(shape) if side == 1]
    some = st.lists(st.sampled_from(ones), min_size=1, unique=True) if ones else st.none()
    anything = st.lists(st.integers(0, 3), min_size=1, max_size=1)
    return case(name, draw(arrays(shape)), draw(st.one_of(st.none(), some, anything)))


OPS = {
    **{name: binary(name, special=True) for name in ("add", "sub", "mul", "div", "floor_div", "minimum", "maximum")},
    "mod": binary("mod"),
    "pow": power(),
    **{name: unary(name, special=True) for name in ("neg", "abs", "square", "relu", "exp")},
    **{name: unary(name, ("float32",), special=True) for name in ("log", "sqrt", "rsqrt", "sigmoid", "tanh")},
    "clip_by_value": clip(),
    **{name: binary(name, special=True) for name in ("equal", "greater", "greater_equal", "less", "less_equal")},
    **{name: binary(name) for name in ("logical_and", "logical_or")},
    "logical_not": unary("logical_not"),
    "where": where(),
    "sum": reduction("sum", min_side=0),
    "mean": reduction("mean", min_side=0),
    "max": reduction("max"),
    "min": reduction("min"),
    "arg_max": along("arg_max"),
    "arg_min": along("arg_min"),
    "top_k": top_k(),
    "softmax": unary("softmax", ("float32",), special=True),
    "mat_mul": matrices(),
    "transpose": transpose(),
    "concat": concat(),
    "stack": stack(),
    "unstack": along("unstack"),
    "split": split(),
    "pad": pad(),
    "gather": gather(),
    "tile": tile(),
    "reverse": reverse(),
    "slice": part(),
    "clone": unary("clone"),
    "reshape": reshape(),
    "cast": cast(),
    "expand_dims": axes_of_one("expand_dims"),
    "squeeze": axes_of_one("squeeze"),
    "mirror_pad": mirror_pad(),
    "strided_slice": strided(),
    "boolean_mask_async": boolean_mask(),
    "in_top_k_async": in_top_k(),
    "linalg.qr": qr(),
    "image.resize_bilinear": resize("resize_bilinear", "image.resizeBilinear", ALL),
    "image.resize_nearest": resize("resize_nearest", "image.resizeNearestNeighbor"),
    "image.crop_and_resize": crop(),
    "image.flip_left_right": pictures.flatmap(lambda shape: arrays(shape, ("float32",))).map(
        partial(case, "image.flip_left_right", theirs="image.flipLeftRight")
    ),
    "image.rotate_with_offset": rotate(),
    "image.rgb_to_grayscale": grayscale(),
    "image.non_max_suppression": suppression(),
    "image.non_max_suppression_with_score": soft_suppression(
        "non_max_suppression_with_score", "nonMaxSuppressionWithScore"
    ),
    "image.non_max_suppression_padded": padded_suppression("non_max_suppression_padded", "nonMaxSuppressionPadded"),
    "image.non_max_suppression_with_score_async": soft_suppression(
        "non_max_suppression_with_score_async", "nonMaxSuppressionWithScoreAsync"
    ),
    "image.non_max_suppression_padded_async": padded_suppression(
        "non_max_suppression_padded_async", "nonMaxSuppressionPaddedAsync"
    ),
}


@pytest.fixture(scope="session")
def engine():
    with Engine(device="cpu") as engine:
        yield engine


@pytest.mark.parametrize("name", OPS)
def test_results_are_those_of_tfjs(peer, engine, name):
    @settings(max_examples=12, deadline=None)
    @given(st.lists(OPS[name], min_size=1, max_size=20))
    def compare(cases):
        for one, theirs in zip(cases, peer.ops([one.theirs for one in cases]), strict=True):
            ours = run_ours(engine, one)
            if isinstance(theirs, str):
                assert ours is None, f"{one}: TF.js threw: {theirs}"
            else:
                assert ours is not None, f"{one}: TF.js returned {theirs}"
                assert_alike(one, ours, theirs)
        assert engine.memory().num_tensors == 0

    compare()


def test_every_op_has_cases():
    public = {name for kind in (Operations, ShapeOperations) for name in dir(kind) if not name.startswith("_")}
    public -= {"image", "linalg"}
    public |= {f"image.{name}" for name in dir(ImageOperations) if not name.startswith("_")}
    public |= {f"linalg.{name}" for name in dir(LinearAlgebraOperations) if not name.startswith("_")}
    # The awaitable form computes the same as the other.
    assert set(OPS) == public - {"image.non_max_suppression_async"}


def test_after_an_error_of_tfjs_the_next_case_runs(peer):
    good, bad = OpCase("square", [np.float32([3])]), OpCase("reshape", [np.float32([3]), [7]])
    refused, squared = peer.ops([bad, good])
    assert "shape" in refused or "size" in refused
    assert squared[0].tolist() == [9]
