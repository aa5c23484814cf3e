from types import SimpleNamespace

import numpy as np
import pytest

from humanrt.errors import ModelInputError
from humanrt.runtime.signature import DTYPES, Signature, TensorSpec, read_specs
from humanrt.tensors import DTYPES as TENSOR_DTYPES

IMAGE = TensorSpec("image", (1, None, None, 3), np.dtype(np.float32))
ANCHORS = TensorSpec("anchors", (2,), np.dtype(np.int32))
ANYTHING = TensorSpec("anything", None, np.dtype(np.bool_))
BOXES, SCORES = TensorSpec("boxes", None, np.dtype(np.float32)), TensorSpec("scores", (None,), np.dtype(np.float32))


@pytest.fixture
def registry(registry):
    """The registry with a scope open: what a test makes is freed with it."""
    with registry.scope():
        yield registry


@pytest.fixture
def signature():
    return Signature("blaze", (IMAGE, ANCHORS), (BOXES, SCORES))


@pytest.fixture
def image(registry):
    return registry.tensor(np.zeros((1, 4, 5, 3), np.float32))


@pytest.fixture
def anchors(registry):
    return registry.tensor([1, 2])


def test_specs_are_read_from_a_session():
    arguments = [
        SimpleNamespace(name="image", type="tensor(float)", shape=[1, "height", None, 3]),
        SimpleNamespace(name="anything", type="tensor(bool)", shape=[]),
    ]
    assert read_specs(arguments) == (IMAGE, ANYTHING)


@pytest.mark.parametrize(
    ("kind", "dtype", "held"),
    [
        ("tensor(double)", np.float64, np.float32),
        ("tensor(int8)", np.int8, np.int32),
        ("tensor(uint16)", np.uint16, np.int32),
        ("tensor(uint64)", np.uint64, np.int64),
        ("tensor(bfloat16)", object, None),
        ("tensor(string)", object, None),
        ("seq(tensor(float))", object, None),
    ],
)
def test_dtypes_that_tensors_do_not_have(kind, dtype, held):
    (spec,) = read_specs([SimpleNamespace(name="odd", type=kind, shape=[1])])
    assert (spec.dtype, spec.tensor_dtype, spec.onnx_type) == (np.dtype(dtype), held and np.dtype(held), kind)
    assert spec.accepts(np.dtype(held), (1,)) if held else not spec.accepts(np.dtype(np.float32), (1,))


class TestUnusableValues:
    TEXT = TensorSpec("text", (1,), np.dtype(object), "tensor(string)")

    def test_an_input_is_an_error(self, image):
        with pytest.raises(ModelInputError, match=r"input 'text': tensor\(string\), which cannot be a tensor"):
            Signature("blaze", (IMAGE, self.TEXT), (BOXES,)).bind([image, image], None)

    def test_an_output_is_left_out_unless_it_is_requested(self, image):
        signature = Signature("blaze", (IMAGE,), (BOXES, self.TEXT))
        assert signature.bind(image, None)[1] == ["boxes"]
        with pytest.raises(ModelInputError, match=r"output 'text': tensor\(string\), which cannot be a tensor"):
            signature.bind(image, ["boxes", "text"])

    def test_a_model_without_usable_outputs(self, image):
        with pytest.raises(ModelInputError, match=r"no output can be a tensor: 'text': tensor\(string\)"):
            Signature("blaze", (IMAGE,), (self.TEXT,)).bind(image, None)


def test_names_with_and_without_the_index_of_the_output(image, anchors):
    indexed = TensorSpec("anchors:0", ANCHORS.shape, ANCHORS.dtype)
    signature = Signature("blaze", (IMAGE, indexed), (BOXES, TensorSpec("scores:0", None, SCORES.dtype)))
    expected = {"image": image, "anchors:0": anchors}
    assert signature.bind({"image:0": image, "anchors": anchors}, ["boxes:0", "scores"]) == (
        expected,
        ["boxes", "scores:0"],
    )
    with pytest.raises(ModelInputError, match="input 'image' was given twice"):
        signature.bind({"image": image, "image:0": image, "anchors": anchors}, None)
    with pytest.raises(ModelInputError, match="output 'boxes' was requested twice"):
        signature.bind(expected, ["boxes", "boxes:0"])
    with pytest.raises(ModelInputError, match="there is no output 'boxes:1'"):
        signature.bind(expected, ["boxes:1"])


def test_the_dtypes_are_those_of_tensors():
    assert set(DTYPES.values()) == set(TENSOR_DTYPES)


def test_inputs_by_name_and_in_order_are_equivalent(signature, image, anchors):
    """CONFORMANCE 36"""
    by_name = {"image": image, "anchors": anchors}
    assert signature.bind(by_name, None) == (by_name, ["boxes", "scores"])
    assert signature.bind([image, anchors], None) == (by_name, ["boxes", "scores"])
    assert signature.bind((image, anchors), None) == (by_name, ["boxes", "scores"])


def test_a_single_tensor_for_a_single_input(image):
    signature = Signature("blaze", (IMAGE,), (BOXES,))
    assert signature.bind(image, None) == ({"image": image}, ["boxes"])


def test_an_input_without_a_shape_accepts_any_shape(registry):
    signature = Signature("blaze", (ANYTHING,), (BOXES,))
    for data in (True, [True, False], [[True]]):
        tensor = registry.tensor(data)
        assert signature.bind(tensor, None) == ({"anything": tensor}, ["boxes"])
    with pytest.raises(ModelInputError, match=r"input 'anything': bool of any shape was given float32 \[1\]"):
        signature.bind(registry.tensor([1.0]), None)


def test_outputs_are_in_the_requested_order(signature, image, anchors):
    assert signature.bind([image, anchors], ["scores", "boxes"])[1] == ["scores", "boxes"]
    assert signature.bind([image, anchors], "scores")[1] == ["scores"]


@pytest.mark.parametrize(
    ("outputs", "problem"),
    [
        ("mask", "there is no output 'mask', only ['boxes', 'scores']"),
        (["scores", "mask"], "there is no output 'mask', only ['boxes', 'scores']"),
        ([], "no output was requested"),
        (["boxes", "boxes"], "output 'boxes' was requested twice"),
    ],
)
def test_wrong_outputs_are_refused(signature, image, anchors, outputs, problem):
    with pytest.raises(ModelInputError) as caught:
        signature.bind([image, anchors], outputs)
    assert f"{problem};" in f"{caught.value};"


@pytest.mark.parametrize(
    ("array", "description"),
    [
        (np.zeros((1, 4, 5, 3), np.int32), "int32 [1, 4, 5, 3]"),
        (np.zeros((1, 4, 5, 4), np.float32), "float32 [1, 4, 5, 4]"),
        (np.zeros((4, 5, 3), np.float32), "float32 [4, 5, 3]"),
        (np.zeros((1, 4, 5, 3, 1), np.float32), "float32 [1, 4, 5, 3, 1]"),
    ],
)
def test_a_tensor_of_another_dtype_or_shape_is_refused(signature, registry, anchors, array, description):
    with pytest.raises(ModelInputError) as caught:
        signature.bind([registry.tensor(array), anchors], None)
    assert str(caught.value) == f"blaze cannot run: input 'image': float32 [1, ?, ?, 3] was given {description}"


@pytest.mark.parametrize("given", [[], ["image"], ["image", "image", "image"]])
def test_a_wrong_number_of_tensors_is_refused(signature, image, given):
    with pytest.raises(ModelInputError, match=f"{len(given)} inputs were given, but it has 2"):
        signature.bind([image for _ in given], None)


def test_one_tensor_for_two_inputs_is_refused_with_their_specs(signature, image):
    with pytest.raises(ModelInputError, match=r"1 inputs were given, but it has 2 \('image': .*'anchors': int32 \[2\]"):
        signature.bind(image, None)


@pytest.mark.parametrize("data", [None, 5, "image", np.zeros(2, np.float32)], ids=lambda data: type(data).__name__)
def test_an_input_that_is_not_a_tensor_is_refused(data):
    with pytest.raises(ModelInputError, match=f"must be a Tensor, not {type(data).__name__}"):
        Signature("blaze", (IMAGE,), (BOXES,)).bind(data, None)


def test_one_error_lists_all_mismatches(signature, registry, image):
    """CONFORMANCE 38, 46"""
    image.dispose()
    before = registry.memory()
    with pytest.raises(ModelInputError) as caught:
        signature.bind({"image": image, "achors": image}, ["boxes", "mask"])
    assert str(caught.value) == (
        "blaze cannot run: there is no input 'achors', only ['image', 'anchors']; "
        f"input 'image': float32 [1, ?, ?, 3] was given tensor {image.id}, which is disposed; "
        "input 'anchors': int32 [2] is missing; there is no output 'mask', only ['boxes', 'scores']"
    )
    assert registry.memory() == before
