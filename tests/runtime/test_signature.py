from types import SimpleNamespace

import numpy as np
import pytest

from humanrt.errors import ModelFormatError, ModelInputError
from humanrt.runtime.signature import DTYPES, Signature, TensorSpec, read_specs
from humanrt.tensors import DTYPES as TENSOR_DTYPES
from humanrt.tensors import Registry

IMAGE = TensorSpec("image", (1, None, None, 3), np.dtype(np.float32))
ANCHORS = TensorSpec("anchors", (2,), np.dtype(np.int32))
ANYTHING = TensorSpec("anything", None, np.dtype(np.bool_))
BOXES, SCORES = TensorSpec("boxes", None, np.dtype(np.float32)), TensorSpec("scores", (None,), np.dtype(np.float32))


@pytest.fixture
def registry():
    registry = Registry()
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
    assert read_specs("blaze", arguments) == (IMAGE, ANYTHING)


@pytest.mark.parametrize("kind", ["tensor(double)", "seq(tensor(float))", "tensor(string)"])
def test_a_dtype_that_tensors_do_not_have_is_refused(kind):
    with pytest.raises(ModelFormatError, match=r"blaze: 'odd' is a .*; accepted are tensor\(float\), "):
        read_specs("blaze", [SimpleNamespace(name="odd", type=kind, shape=[1])])


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


def test_outputs_are_in_the_requested_order(signature, image, anchors):
    assert signature.bind([image, anchors], ["scores", "boxes"])[1] == ["scores", "boxes"]
    assert signature.bind([image, anchors], "scores")[1] == ["scores"]


@pytest.mark.parametrize(
    ("outputs", "problem"),
    [
        ("mask", "there is no output 'mask', only ['boxes', 'scores']"),
        (["scores", "mask"], "there is no output 'mask'"),
        ([], "no output was requested"),
        (["boxes", "boxes"], "output 'boxes' was requested twice"),
    ],
)
def test_wrong_outputs_are_refused(signature, image, anchors, outputs, problem):
    with pytest.raises(ModelInputError) as caught:
        signature.bind([image, anchors], outputs)
    assert problem in str(caught.value)


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
