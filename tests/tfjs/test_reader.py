"""``model.json``: signatures, inputs, outputs, and malformed files."""

import json

import numpy as np
import pytest

from humanrt.errors import ModelFormatError
from humanrt.tfjs import convert, source_files
from humanrt.tfjs.graph import Attributes, Reference
from humanrt.tfjs.reader import read_graph


@pytest.fixture
def two_outputs(writer):
    x = writer.placeholder("x", [None, 4])
    writer.node("Neg", [x], "negative")
    writer.node("Split", [writer.const(np.int32(1)), x], "halves", num_split=2)
    return writer


def test_outputs_have_the_keys_of_the_signature_in_its_order(two_outputs):
    two_outputs.sign("outputs", "second:0", "halves:1")
    two_outputs.sign("outputs", "first", "negative:0")
    graph = read_graph(two_outputs.write())
    assert [(output.name, output.reference) for output in graph.outputs] == [
        ("second", Reference("halves", 1)),
        ("first", Reference("negative", 0)),
    ]


def test_a_signature_in_the_metadata(two_outputs):
    two_outputs.sign("outputs", "negative", "negative:0")
    document = two_outputs.document()
    document["userDefinedMetadata"] = {"signature": document.pop("signature")}
    graph = read_graph(two_outputs.write(document))
    assert [output.name for output in graph.outputs] == ["negative"]


def test_without_a_signature_the_unused_nodes_are_the_outputs(two_outputs):
    assert [output.name for output in read_graph(two_outputs.write()).outputs] == ["negative", "halves"]


def test_outputs_by_node(two_outputs):
    graph = read_graph(two_outputs.write(), ["halves:1", "negative:0"])
    assert [output.name for output in graph.outputs] == ["halves:1", "negative"]


def test_inputs_have_the_order_and_the_sizes_of_the_signature(writer):
    writer.placeholder("a", [1, None, None, 3], "DT_UINT8")
    writer.placeholder("b", [None, 2], "DT_INT64")
    writer.placeholder("c", [])
    writer.node("Neg", ["c"], "y")
    writer.sign("inputs", "the b", "b:0", [-1, 2])
    writer.sign("inputs", "a:0", "a:0", [1, 320, 320, 3])
    inputs = read_graph(writer.write()).inputs
    assert [(given.name, given.shape, given.usual_shape, given.dtype) for given in inputs] == [
        ("b", (None, 2), (None, 2), np.int32),
        ("a", (1, None, None, 3), (1, 320, 320, 3), np.uint8),
        ("c", (), (), np.float32),
    ]


def test_an_input_of_unknown_rank(writer):
    writer.placeholder("x", None)
    writer.node("Neg", ["x"], "y")
    given = read_graph(writer.write()).inputs[0]
    assert (given.shape, given.usual_shape) == (None, None)
    writer.sign("inputs", "x", "x:0", [1, 5])
    assert read_graph(writer.write()).inputs[0].shape == (1, 5)


def test_source_files(writer):
    document = writer.document()
    document["weightsManifest"] = [{"paths": ["b.bin", "a.bin"], "weights": []}, {"paths": ["c.bin"], "weights": []}]
    path = writer.write(document)
    assert source_files(path) == (path, *(writer.folder / name for name in ("b.bin", "a.bin", "c.bin")))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a JSON object"),
        (b"{", "not a JSON object"),
        (b"[]", "not of type dict"),
        (b"\xff\xfe\x00", "not a JSON object"),
        (b"[" * 100_000, "not a JSON object"),
        (b'{"a": ' + b"1" * 5000 + b"}", "not a JSON object"),
        (b"{}", "no 'modelTopology'"),
        (b'{"modelTopology": 3}', "not of type dict"),
        (b'{"modelTopology": {}}', "no 'node'"),
        (b'{"modelTopology": {"node": {}}}', "not of type list"),
        (b'{"modelTopology": {"node": [3]}}', "not of type dict"),
        (b'{"modelTopology": {"node": []}}', "no 'weightsManifest'"),
        (b'{"modelTopology": {"node": []}, "weightsManifest": {}}', "not of type list"),
        (b'{"modelTopology": {"node": []}, "weightsManifest": [3]}', "not of type dict"),
        (b'{"modelTopology": {"node": []}, "weightsManifest": []}', "has no outputs"),
        (b'{"modelTopology": {"node": [{"name": "x"}]}}', "no 'op'"),
        (b'{"modelTopology": {"node": [{"op": "x"}]}}', "no 'name'"),
    ],
)
def test_documents_that_are_not_graph_models(tmp_path, content, message):
    path = tmp_path / "model.json"
    path.write_bytes(content)
    with pytest.raises(ModelFormatError) as caught:
        read_graph(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "document", [{"format": "layers-model"}, {"modelTopology": {"model_config": {"class_name": "Sequential"}}}]
)
def test_a_layers_model_is_refused_with_the_cure(tmp_path, document):
    path = tmp_path / "model.json"
    path.write_text(json.dumps(document))
    with pytest.raises(ModelFormatError, match="tensorflowjs_converter --input_format=tfjs_layers_model"):
        convert(path, tmp_path / "model.onnx")


def test_missing_and_oversized_files(tmp_path, monkeypatch):
    path = tmp_path / "model.json"
    with pytest.raises(ModelFormatError, match=r"model\.json: cannot be read"):
        source_files(path)
    path.write_text("{}")
    monkeypatch.setattr("humanrt.tfjs.document.MAX_JSON_BYTES", 1)
    with pytest.raises(ModelFormatError, match="2 bytes; at most 1"):
        source_files(path)


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = tmp_path / "model.json"
    path.write_text("{}")

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "read_bytes", refuse)
    with pytest.raises(ModelFormatError, match=r"model\.json: cannot be read: Permission denied"):
        source_files(path)


def test_source_files_names_the_malformed_file(tmp_path):
    path = tmp_path / "model.json"
    path.write_text('{"weightsManifest": [{"paths": ["../x"]}]}')
    with pytest.raises(ModelFormatError) as caught:
        source_files(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "negative"}, "two nodes named 'negative'"),
        ({"input": "x"}, "not of type list"),
        ({"input": [3]}, "not of type str"),
        ({"input": ["x:y"]}, "is neither the name of a node"),
        ({"input": [":1"]}, "is neither the name of a node"),
        ({"attr": []}, "not of type dict"),
        ({"attr": {"a": 3}}, "not of type dict"),
        ({"attr": {"a": {"s": "no base64!"}}}, "is not base64"),
        ({"attr": {"a": {"i": "12x"}}}, "not a 64-bit integer"),
        ({"attr": {"a": {"i": "9" * 19}}}, "not a 64-bit integer"),
        ({"attr": {"a": {"i": True}}}, "not a 64-bit integer"),
        ({"attr": {"a": {"b": 1}}}, "not of type bool"),
        ({"attr": {"a": {"f": "x"}}}, "not a finite number"),
        ({"attr": {"a": {"f": True}}}, "not a finite number"),
        ({"attr": {"a": {"list": []}}}, "not of type dict"),
        ({"attr": {"a": {"list": {"i": 3}}}}, "not of type list"),
    ],
)
def test_malformed_nodes(two_outputs, change, message):
    two_outputs.nodes.append({"name": "z", "op": "Neg", "input": ["x"]} | change)
    with pytest.raises(ModelFormatError) as caught:
        read_graph(two_outputs.write())
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"dtype": {"type": "DT_STRING"}}, "DT_STRING"),
        ({}, "'dtype' is missing"),
        ({"dtype": {"type": "DT_FLOAT"}, "shape": {"shape": {"dim": [{"size": "-2"}]}}}, "impossible shape"),
        ({"dtype": {"type": "DT_FLOAT"}, "shape": {"shape": {"dim": [{"size": "1"}] * 9}}}, "impossible shape"),
        ({"dtype": {"type": "DT_FLOAT"}, "shape": {"shape": {"dim": [{"size": "x"}]}}}, "not a 64-bit integer"),
        ({"dtype": {"type": "DT_FLOAT"}, "shape": {"shape": {"dim": [3]}}}, "not of type dict"),
    ],
)
def test_malformed_placeholders(writer, attributes, message):
    writer.nodes.append({"name": "x", "op": "Placeholder", "attr": attributes})
    writer.node("Neg", ["x"], "y")
    with pytest.raises(ModelFormatError) as caught:
        read_graph(writer.write())
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "message"),
    [(["nothing"], "which does not exist"), ([], "no outputs"), (["x", "x:0"], "two outputs have the same name")],
)
def test_missing_outputs(two_outputs, asked, message):
    with pytest.raises(ModelFormatError) as caught:
        read_graph(two_outputs.write(), asked)
    assert message in str(caught.value)


def test_types_of_attributes():
    attributes = Attributes({"i": 3, "f": 0.5, "s": "SAME", "b": True, "is": (1, 2), "ss": ("a",), "none": ()})
    assert (attributes.integer("i"), attributes.number("f", 0), attributes.number("i", 0)) == (3, 0.5, 3.0)
    assert (attributes.flag("b"), attributes.flag("missing"), attributes.text("s")) == (True, False, "SAME")
    assert (attributes.integers("is"), attributes.texts("ss"), attributes.texts("none")) == ((1, 2), ("a",), ())
    for wrong in (
        lambda: attributes.integer("b"),
        lambda: attributes.integer("missing"),
        lambda: attributes.number("s", 0),
        lambda: attributes.number("b", 0),
        lambda: attributes.integers("missing"),
        lambda: attributes.integers("ss"),
        lambda: attributes.integers("i"),
        lambda: attributes.dtype("s"),
    ):
        with pytest.raises(ModelFormatError):
            wrong()


def test_attributes_that_no_translation_uses_are_ignored(writer):
    writer.node("Neg", [writer.placeholder("x", [1])], "y")
    writer.nodes[-1]["attr"] = {
        "value": {"tensor": {"dtype": "DT_FLOAT"}},
        "shape": {"shape": {}},
        "f": {"func": {}},
        "l": {"list": {"shape": [{}]}},
        "e": {},
    }
    assert read_graph(writer.write()).nodes["y"].attributes.values == {"l": ()}
