"""The weights manifest: its values, and malformed manifests."""

import numpy as np
import pytest

from humanrt.errors import ModelFormatError
from humanrt.tfjs import convert

STORED = {"uint8": np.uint8, "uint16": np.uint16}


@pytest.mark.parametrize("stored", STORED)
def test_affine_dequantisation_in_double_precision(writer, run, stored):
    """``scale`` and ``min`` are float64, as in JavaScript; in float32 the results differ."""
    content = np.arange(0, 256, 5).astype(STORED[stored])
    scale, minimum = 0.123456789012345, -7.98765432109876
    name = writer.stored_const(
        content.tobytes(), content.shape, "float32", quantization={"dtype": stored, "scale": scale, "min": minimum}
    )
    writer.node("Identity", [name], "y")
    expected = np.array([float(number) * scale + minimum for number in content]).astype(np.float32)
    np.testing.assert_array_equal(run(writer.write(), {})["y"], expected)


def test_integers_are_rounded_half_up_as_in_javascript(writer, run):
    name = writer.stored_const(
        np.uint8([0, 1, 2, 3]).tobytes(), [4], "int32", quantization={"dtype": "uint8", "scale": 0.5, "min": -1}
    )
    writer.node("Identity", [name], "y")
    np.testing.assert_array_equal(run(writer.write(), {})["y"], [-1, 0, 0, 1])


def test_half_precision(writer, run):
    stored = np.float16([0.1, -2, 65504])
    name = writer.stored_const(stored.tobytes(), [3], "float32", quantization={"dtype": "float16"})
    writer.node("Identity", [name], "y")
    np.testing.assert_array_equal(run(writer.write(), {})["y"], stored.astype(np.float32))


def test_a_group_over_several_files_and_a_scalar(writer, run):
    writer.node("Mul", [writer.const(np.float32(3)), writer.const(np.float32([1, 2]))], "y")
    document = writer.document()
    document["weightsManifest"][0]["paths"] = ["a.bin", "below/b.bin"]
    path = writer.write(document)
    (writer.folder / "below").mkdir()
    (writer.folder / "a.bin").write_bytes(writer.content[:5])
    (writer.folder / "below" / "b.bin").write_bytes(writer.content[5:])
    np.testing.assert_array_equal(run(path, {})["y"], [3, 6])


@pytest.fixture
def broken(writer):
    """Convert a model with one change to its only weight, group or file; return the error's message."""
    name = writer.const(np.float32([1, 2, 3]), "w")
    writer.node("Neg", [name], "y")

    def convert_broken(weight=None, group=None, content=None):
        document = writer.document()
        document["weightsManifest"][0] |= group or {}
        if weight:
            document["weightsManifest"][0]["weights"][0] |= weight
        path = writer.write(document)
        if content is not None:
            (writer.folder / "group1-shard1of1.bin").write_bytes(content)
        with pytest.raises(ModelFormatError) as caught:
            convert(path, writer.folder / "model.onnx")
        assert str(caught.value).startswith(str(path))
        assert not (writer.folder / "model.onnx").exists()
        return str(caught.value)

    return convert_broken


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ({"shape": [4]}, "describes 16 bytes of weights; group1-shard1of1.bin have 12"),
        ({"shape": [2**31]}, "impossible shape"),
        ({"shape": [2**30, 2**30, 2**30]}, "bytes of weights"),
        ({"shape": [-3]}, "impossible shape"),
        ({"shape": [1] * 9}, "impossible shape"),
        ({"shape": ["three"]}, "not a 64-bit integer"),
        ({"shape": [3.0]}, "not a 64-bit integer"),
        ({"shape": 3}, "not of type list"),
        ({"dtype": "string"}, "dtype 'string'"),
        ({"dtype": "complex64"}, "dtype 'complex64'"),
        ({"dtype": 7}, "not of type str"),
        ({"name": None}, "not of type str"),
        ({"quantization": {"dtype": "uint8"}, "shape": [12]}, "'scale' of the weight 'w' is None"),
        ({"quantization": {"dtype": "uint8", "scale": 1, "min": float("nan")}, "shape": [12]}, "not a finite number"),
        ({"quantization": {"dtype": "int4"}}, "quantized as 'int4'"),
        ({"quantization": {"dtype": "float16"}, "dtype": "int32"}, "quantized as 'float16'"),
        (
            {"quantization": {"dtype": "uint8", "scale": 1e9, "min": 0}, "dtype": "int32", "shape": [12]},
            "does not fit int32",
        ),
        ({"quantization": []}, "not of type dict"),
    ],
)
def test_malformed_entries(broken, weight, message):
    assert message in broken(weight=weight)


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ({"paths": ["/etc/passwd"]}, "is not a relative path inside"),
        ({"paths": ["../model.bin"]}, "is not a relative path inside"),
        ({"paths": ["a/../../b.bin"]}, "is not a relative path inside"),
        ({"paths": ["..\\b.bin"]}, "is not a relative path inside"),
        ({"paths": ["C:\\b.bin"]}, "is not a relative path inside"),
        ({"paths": [""]}, "is not a relative path inside"),
        ({"paths": ["."]}, "is not a relative path inside"),
        ({"paths": ["nothing.bin"]}, "nothing.bin: cannot be read"),
        ({"paths": ["a\0b.bin"]}, "cannot be read"),
        ({"paths": ["x" * 5000]}, "cannot be read"),
        ({"paths": [3]}, "not of type str"),
        ({"paths": "group1-shard1of1.bin"}, "not of type list"),
        ({"weights": [3]}, "not of type dict"),
    ],
)
def test_malformed_groups(broken, group, message):
    assert message in broken(group=group)


@pytest.mark.parametrize("content", [b"", b"\0" * 11, b"\0" * 13])
def test_files_of_another_length(broken, content):
    assert f"have {len(content)}" in broken(content=content)


def test_a_folder_in_place_of_a_file(broken, writer):
    (writer.folder / "folder").mkdir()
    assert "not a regular file" in broken(group={"paths": ["folder"]})


def test_a_weight_with_two_entries(broken, writer):
    entry = {"name": "w", "shape": [3], "dtype": "float32"}
    writer.content *= 2
    assert "'w' twice" in broken(group={"weights": [entry, entry]})


def test_more_weights_than_onnx_can_hold(writer, monkeypatch, broken):
    monkeypatch.setattr("humanrt.tfjs.weights.MAX_MODEL_BYTES", 11)
    assert "the weights take 12 bytes; an ONNX file can hold at most 11" in broken()
