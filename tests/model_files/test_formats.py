"""Files that are not models of a supported format are named in the error, with the cure."""

import gzip
import io
import json
import pickle
import tarfile
import zipfile

import numpy as np
import onnx
import pytest
from onnx_models import model_of, plain_adder

from humanrt.engine import internals
from humanrt.errors import ModelFormatError, UnsupportedOpError


def zip_of(*names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"content")
    return buffer.getvalue()


def tar_of():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("model.json"))
    return buffer.getvalue()


def npz_of():
    buffer = io.BytesIO()
    np.savez(buffer, weights=np.zeros(3))
    return buffer.getvalue()


def field(number, content):
    """Return a field of a protocol buffer: bytes, or a small integer."""
    if isinstance(content, int):
        return bytes([number << 3, content])
    length = bytes([len(content) & 0x7F | 0x80, len(content) >> 7]) if len(content) > 127 else bytes([len(content)])
    return bytes([number << 3 | 2]) + length + content


# A NodeDef has the fields name, op and input; a MetaGraphDef begins with its MetaInfoDef.
NODE = field(1, b"image") + field(2, b"Placeholder")
GRAPH_DEF = field(1, NODE) + field(1, field(1, b"x" * 200) + field(2, b"Identity") + field(3, b"image"))
SAVED_MODEL = field(1, 1) + field(2, field(1, field(5, b"2.16")) + field(2, GRAPH_DEF))
SAFETENSORS = json.dumps({"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()

FOREIGN = {
    "model.tflite": (b"\x1c\0\0\0TFL3" + bytes(100), "TensorFlow Lite.*tf2onnx.convert --tflite"),
    "model.ort": (b"\x1c\0\0\0ORTM" + bytes(100), "ONNX Runtime model"),
    "model.h5": (b"\x89HDF\r\n\x1a\n" + bytes(100), r"HDF5.*export\('model.onnx'"),
    "model.keras": (zip_of("metadata.json", "config.json", "model.weights.h5"), r"Keras model \(.keras\)"),
    "model.pt": (zip_of("model/data.pkl", "model/version"), r"PyTorch.*torch\.onnx\.export"),
    "old.pt": (pickle.dumps({"state": 1}, 2), r"pickle.*torch\.onnx\.export"),
    "new.pt": (pickle.dumps({"state": 1}, 4), r"pickle.*torch\.onnx\.export"),
    "model.safetensors": (len(SAFETENSORS).to_bytes(8, "little") + SAFETENSORS + bytes(4), "safetensors.*optimum-cli"),
    "model.gguf": (b"GGUF\3\0\0\0", "GGUF"),
    "saved_model.pb": (SAVED_MODEL, "SavedModel.*tf2onnx.convert --saved-model"),
    "frozen.pb": (GRAPH_DEF, "frozen TensorFlow graph.*tf2onnx.convert --graphdef"),
    "weights.npz": (npz_of(), "arrays of NumPy"),
    "archive.zip": (zip_of("a.txt"), "a ZIP archive"),
    "damaged.zip": (b"PK\x03\x04" + bytes(50), "a ZIP archive"),
    "model.tar.gz": (gzip.compress(tar_of()), "a gzip archive"),
    "model.tar": (tar_of(), "a tar archive"),
    "model.xml": (b'<?xml version="1.0"?><net name="model">', "OpenVINO"),
    "page.html": (b"<!DOCTYPE html><html></html>", "an HTML page"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "empty": (b"", "is empty"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_format_is_recognized_by_its_content(engine, tmp_path, name):
    """Whatever its name: as a path, as an address of a file, and as content."""
    content, message = FOREIGN[name]
    for path in (tmp_path / name, tmp_path / "model.onnx"):
        path.write_bytes(content)
        for source in (path, path.as_uri(), content, io.BytesIO(content)):
            with pytest.raises(ModelFormatError, match=message) as caught:
                internals(engine).load(source)
            assert "ONNX model" in str(caught.value)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            {"format": "layers-model", "modelTopology": {}, "weightsManifest": []},
            "layers model.*tensorflowjs_converter",
        ),
        ({"modelTopology": {"model_config": {}}, "weightsManifest": []}, "layers model.*tensorflowjs_converter"),
        ([{"paths": ["a.bin"], "weights": []}], "weights manifest"),
        ({"weightsManifest": [{"paths": ["a.bin"], "weights": []}]}, "weights manifest"),
        ({"class_name": "Sequential", "config": {}}, "architecture of a Keras model"),
        ({"name": "package"}, "no 'weightsManifest'|no 'modelTopology'"),
        ([], "not a JSON object"),
        ([1], "not a JSON object"),
    ],
)
def test_json_that_is_not_a_graph_model(engine, tmp_path, document, message):
    for name in ("model.json", "model.onnx"):
        (tmp_path / name).write_text(json.dumps(document))
        with pytest.raises(ModelFormatError, match=message):
            internals(engine).load(tmp_path / name)


def test_json_as_content(engine):
    with pytest.raises(ModelFormatError, match=r"give the path of a TF\.js model\.json"):
        internals(engine).load(b' \n{"modelTopology": {}}')


def test_an_onnx_model_of_another_name(run, tmp_path):
    (tmp_path / "model.pb").write_bytes(plain_adder([3.0] * 4).SerializeToString())
    assert run(tmp_path / "model.pb") == [3.0] * 4


def test_a_folder_of_a_saved_model(engine, tmp_path):
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(SAVED_MODEL)
    with pytest.raises(ModelFormatError, match=r"SavedModel.*--saved-model"):
        internals(engine).load(folder)


@pytest.mark.parametrize("content", [b"garbage" * 100, bytes(1000), b"\x08", b"\x08\x09", b"\x00\x01\x02", b"\xff" * 9])
def test_other_content(engine, content):
    with pytest.raises(ModelFormatError, match="not an ONNX model, or damaged"):
        internals(engine).load(content)


def test_every_truncation(engine):
    whole = plain_adder([3.0] * 4).SerializeToString()
    for length in range(len(whole)):
        with pytest.raises(ModelFormatError):
            internals(engine).load(whole[:length])


NEG = onnx.helper.make_node("Neg", ["x"], ["y"])


@pytest.mark.parametrize(
    ("model", "error"),
    [
        (model_of([NEG], ir=99), ModelFormatError),
        (model_of([NEG], ir=0), ModelFormatError),
        (model_of([NEG], opset=99), ModelFormatError),
        (model_of([NEG], opset=0), ModelFormatError),
        (model_of([onnx.helper.make_node("Nonsense", ["x"], ["y"])]), ModelFormatError),
        (model_of([onnx.helper.make_node("Nonsense", ["x"], ["y"], domain="other")]), ModelFormatError),
        (model_of([onnx.helper.make_node("Neg", ["z"], ["y"])]), ModelFormatError),
        (model_of([onnx.helper.make_node("Neg", ["y"], ["y"])]), ModelFormatError),
    ],
)
def test_invalid_models(engine, model, error):
    with pytest.raises(error):
        internals(engine).load(model)


def test_a_model_without_an_opset(engine):
    model = model_of([NEG])
    del model.opset_import[:]
    with pytest.raises(ModelFormatError, match="has no opset"):
        internals(engine).load(model)


def test_an_op_without_a_kernel(engine):
    """ONNX Runtime knows the op and has no implementation for this dtype."""
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.INT4, [2]) for name in "xy"]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "g", values[:1], values[1:])
    with pytest.raises(UnsupportedOpError, match="Could not find an implementation"):
        internals(engine).load(model_of([], graph=graph, opset=21, ir=10))
