"""Model cards agree with the published files, which are fetched if they are not in the cache."""

import json

import onnx
import pytest

from humanrt.zoo import Store, cards, default_cache_dir

DTYPES = {"float32": "DT_FLOAT", "int32": "DT_INT32", "uint8": "DT_UINT8", "bool": "DT_BOOL"}
ANY = -1


@pytest.fixture(scope="module")
def paths():
    found = Store(default_cache_dir()).pull(cards().values())
    assert not [error for error in found.values() if isinstance(error, Exception)]
    return found


def plain(name):
    return name.removesuffix(":0")


def sizes(shape):
    """Return the sizes of a shape in a file; None for an unknown rank."""
    return None if shape.get("unknownRank") else [int(dim["size"]) for dim in shape.get("dim", [])]


def placeholders(document):
    nodes = [node for node in document["modelTopology"]["node"] if node["op"] == "Placeholder"]
    return {node["name"]: (node["attr"]["dtype"]["type"], sizes(node["attr"]["shape"]["shape"])) for node in nodes}


def signature_of(document):
    return document.get("signature") or document["userDefinedMetadata"]["signature"]


def fits(card_shape, file_shape):
    """Return whether a shape in a card matches a file: a word matches an unknown size or a batch, 1 any batch."""
    if len(card_shape) != len(file_shape):
        return False
    for axis, (ours, theirs) in enumerate(zip(card_shape, file_shape, strict=True)):
        batch = axis == 0 and (ours in ("batch", 1)) and theirs in (ANY, 1)
        if not (batch or ours == theirs or theirs == ANY):
            return False
    return True


def require_onnx(card, path):
    """An ONNX model: sizes that are words on the card may be numbers in the file, and are made symbolic."""
    graph = onnx.load(path).graph
    weights = {tensor.name for tensor in graph.initializer}
    for specs, values in ((card.inputs, graph.input), (card.outputs, graph.output)):
        values = {value.name: value.type.tensor_type for value in values if value.name not in weights}
        assert {spec.node for spec in specs.values()} == values.keys()
        for spec in specs.values():
            found = values[spec.node]
            assert onnx.TensorProto.DataType.Name(found.elem_type) == {"float32": "FLOAT"}[spec.dtype]
            sizes = [axis.dim_value for axis in found.shape.dim]
            assert all(size == ours or isinstance(ours, str) for size, ours in zip(sizes, spec.shape, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("card", cards().values(), ids=lambda card: card.name)
def test_a_card_agrees_with_the_graph_and_its_signature(card, paths):
    if card.model_file.endswith(".onnx"):
        require_onnx(card, paths[card.name])
        return
    document = json.loads(paths[card.name].read_bytes())
    assert document["weightsManifest"][0]["paths"] == [file.name for file in card.files if file.name.endswith(".bin")]

    inputs = placeholders(document)
    assert {spec.node for spec in card.inputs.values()} == inputs.keys()
    for spec in card.inputs.values():
        dtype, shape = inputs[spec.node]
        assert dtype == DTYPES[spec.dtype]
        assert spec.shape == () if shape is None else fits(spec.shape, shape)

    outputs = {plain(key): tensor for key, tensor in signature_of(document)["outputs"].items()}
    assert {spec.signature or spec.node for spec in card.outputs.values()} == outputs.keys()
    for spec in card.outputs.values():
        tensor = outputs[spec.signature or spec.node]
        assert plain(tensor["name"]) == spec.node
        if "tensorShape" in tensor:
            assert tensor["dtype"] == DTYPES[spec.dtype]
            assert fits(spec.shape, sizes(tensor["tensorShape"]))
        assert len(spec.labels) in (0, spec.shape[-1])
