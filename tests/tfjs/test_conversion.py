"""The public functions: a file is written completely or not at all; the digest covers all inputs of the conversion."""

import os
import subprocess
import sys

import numpy as np
import onnx
import pytest

from humanrt.errors import ModelFormatError
from humanrt.tfjs import CONVERTER_VERSION, convert, source_digest


@pytest.fixture
def model(writer, rng):
    x = writer.placeholder("x", [None, 4, 4, 3])
    weights = writer.const(rng.normal(size=(3, 3, 3, 2)).astype(np.float32), "weights")
    writer.node("Conv2D", [x, weights], "features", strides=[1, 2, 2, 1], padding="SAME")
    writer.node("Relu", ["features"], "y")
    writer.sign("outputs", "result:0", "y:0")
    return writer.write()


def test_names_types_and_version(model, tmp_path):
    destination = tmp_path / "cached.onnx"
    convert(model, destination)
    written = onnx.load(destination)
    onnx.checker.check_model(written, full_check=True)
    assert [value.name for value in written.graph.input] == ["x"]
    assert [value.name for value in written.graph.output] == ["result"]
    assert written.producer_version == CONVERTER_VERSION
    assert {opset.domain for opset in written.opset_import} == {""}


def test_the_same_bytes_each_time(model, tmp_path):
    for name in ("a.onnx", "b.onnx"):
        convert(model, tmp_path / name)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_a_failure_leaves_the_old_file_and_nothing_else(model, tmp_path):
    destination = tmp_path / "model.onnx"
    destination.write_bytes(b"old")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ModelFormatError):
        convert(model, destination, outputs=["missing"])
    assert sorted(tmp_path.iterdir()) == before
    assert destination.read_bytes() == b"old"


def test_a_crash_while_writing_leaves_the_old_file_and_nothing_else(model, tmp_path, monkeypatch):
    destination = tmp_path / "model.onnx"
    destination.write_bytes(b"old")
    before = sorted(tmp_path.iterdir())

    def stop(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        convert(model, destination)
    assert sorted(tmp_path.iterdir()) == before
    assert destination.read_bytes() == b"old"


def test_a_model_that_needs_more_memory_than_available(model, tmp_path, monkeypatch):
    def exhausted(*arguments):
        raise MemoryError

    monkeypatch.setattr("humanrt.tfjs.translation.translate_graph", exhausted)
    with pytest.raises(ModelFormatError, match=r"model.json: the conversion needs more memory than is available"):
        convert(model, tmp_path / "model.onnx")


def test_a_missing_folder(model, tmp_path):
    with pytest.raises(FileNotFoundError):
        convert(model, tmp_path / "missing" / "model.onnx")


def test_names_that_collide_with_those_of_the_converter(writer, run):
    """The values of the ONNX graph are named v1, v2, ...; inputs and outputs of a model may have the same names."""
    names = [writer.placeholder(f"v{number}", [2]) for number in range(1, 4)]
    writer.sign("outputs", "v4", writer.node("AddN", names))
    writer.sign("outputs", "v5", writer.node("Neg", ["v1"]))
    feeds = {name: np.float32([number, 1]) for number, name in enumerate(names)}
    results = run(writer.write(), feeds)
    np.testing.assert_array_equal(results["v4"], [3, 3])
    np.testing.assert_array_equal(results["v5"], [0, -1])


def test_an_input_that_is_also_an_output(writer, tmp_path):
    writer.placeholder("x", [2])
    writer.sign("outputs", "x", "x:0")
    with pytest.raises(ModelFormatError, match="an input and an output have the name 'x'"):
        convert(writer.write(), tmp_path / "model.onnx")


def test_the_digest_depends_on_contents_outputs_and_version_but_not_on_the_folder(model, new_writer, monkeypatch):
    digest = source_digest(model)
    assert len(digest) == 64
    assert digest == source_digest(model)
    elsewhere = new_writer().folder
    for file in model.parent.iterdir():
        (elsewhere / file.name).write_bytes(file.read_bytes())
    assert source_digest(elsewhere / "model.json") == digest
    seen = {digest, source_digest(model, outputs=["y"]), source_digest(model, outputs=["features"])}
    weights = elsewhere / "group1-shard1of1.bin"
    weights.write_bytes(weights.read_bytes()[::-1])
    seen.add(source_digest(elsewhere / "model.json"))
    model.write_text(model.read_text() + " ")
    seen.add(source_digest(model))
    monkeypatch.setattr("humanrt.tfjs.conversion.CONVERTER_VERSION", "another")
    seen.add(source_digest(model))
    assert len(seen) == 6


def test_the_digest_of_files_that_cannot_be_read(model, monkeypatch):
    original = type(model).open

    def refuse(self, *arguments, **options):
        if self.suffix == ".bin":
            raise PermissionError(13, "Permission denied")
        return original(self, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(type(model), "open", refuse)
        with pytest.raises(ModelFormatError, match=r"shard1of1\.bin: cannot be read: Permission denied"):
            source_digest(model)
    (model.parent / "group1-shard1of1.bin").unlink()
    with pytest.raises(ModelFormatError, match=r"group1-shard1of1\.bin: cannot be read"):
        source_digest(model)


def test_onnx_is_not_imported_before_the_first_conversion():
    code = "import sys, humanrt.tfjs; sys.exit('onnx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
