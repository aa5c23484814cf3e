"""Damaged models: whatever the damage, ModelFormatError and its kin come out, or a model that can be checked."""

import contextlib
import json

import numpy as np
import onnx
import pytest

from humanrt.errors import ModelFormatError
from humanrt.tfjs import convert, source_digest, source_files

CASES = 40
ODD_VALUES = [None, True, -1, 0, 2**31, 2**63, 1.5, "", "x", "-1", "999999999999", [], {}, [[]], {"size": "-7"}]


@pytest.fixture
def sound(writer, rng):
    """A model with a bit of everything: convolution, loop, list, slices, shapes, quantised weights, a signature."""
    x = writer.placeholder("x", [None, 8, 8, 2])
    weights = writer.stored_const(
        rng.integers(0, 256, 36, np.uint8).tobytes(),
        [3, 3, 2, 2],
        "float32",
        quantization={"dtype": "uint8", "scale": 0.01, "min": -1.2},
    )
    bias = writer.const(np.float32([1, 2]))
    fused = {"fused_ops": ["BiasAdd", "Relu6"], "dilations": [1, 1, 1, 1], "data_format": "NHWC"}
    name = writer.node("_FusedConv2D", [x, weights, bias], strides=[1, 2, 2, 1], padding="SAME", **fused)
    name = writer.node("MaxPool", [name], ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
    name = writer.node("Prelu", [name, writer.const(np.float32([0.5, -0.5]))])
    name = writer.node("ResizeBilinear", [name, writer.const(np.int32([3, 3]))], half_pixel_centers=True)
    slices = [writer.const(np.int32(numbers)) for numbers in ([0, 0], [0, 2], [1, 1])]
    name = writer.node("StridedSlice", [name, *slices], begin_mask=3, end_mask=1)
    name = writer.node("Reshape", [name, writer.const(np.int32([-1, 12]))])
    name = writer.node("Split", [writer.const(np.int32(1)), name], num_split=3)
    name = writer.node("ConcatV2", [f"{name}:2", name, writer.const(np.int32(-1))])
    writer.node("Mean", [name, writer.const(np.int32([1]))], "y", keep_dims=True)
    writer.sign("inputs", "x", "x:0", [-1, 8, 8, 2])
    writer.sign("outputs", "y", "y:0", [-1, 1])
    return writer


def places(value, path=()):
    """Every place in a JSON document, by its path of keys."""
    if path:
        yield path
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(child, (*path, key))


def survives(path, destination):
    """Whether the model still converts; anything but a ModelFormatError is a failure of the test."""
    destination.unlink(missing_ok=True)
    for call in (source_files, source_digest):
        with contextlib.suppress(ModelFormatError):
            call(path)
    with contextlib.suppress(ModelFormatError):
        convert(path, destination)
    assert not list(destination.parent.glob(".*"))
    if destination.exists():
        onnx.checker.check_model(onnx.load(destination))
    return destination.exists()


def test_the_sound_model_converts(sound, tmp_path):
    assert survives(sound.write(), tmp_path / "sound.onnx")


@pytest.mark.parametrize("seed", range(5))
def test_values_replaced_or_removed(sound, tmp_path, seed):
    rng = np.random.default_rng(seed)
    text = json.dumps(sound.document())
    survived = 0
    for _ in range(CASES):
        document = json.loads(text)
        every = list(places(document))
        *parents, key = every[rng.integers(len(every))]
        container = document
        for parent in parents:
            container = container[parent]
        if rng.random() < 0.3:
            del container[key]
        else:
            container[key] = ODD_VALUES[rng.integers(len(ODD_VALUES))]
        survived += survives(sound.write(document), tmp_path / "mutant.onnx")
    assert survived < CASES


@pytest.mark.parametrize("seed", range(3))
def test_bits_flipped_and_text_cut(sound, tmp_path, seed):
    rng = np.random.default_rng(seed)
    path = sound.write()
    content = path.read_bytes()
    survived = 0
    for _ in range(CASES):
        damaged = bytearray(content)
        if rng.random() < 0.3:
            del damaged[rng.integers(len(content)) :]
        for _ in range(rng.integers(1, 4)):
            damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        survived += survives(path, tmp_path / "mutant.onnx")
    assert survived < CASES


def test_sizes_and_axes_in_the_weights(sound, tmp_path):
    """The bytes of constants are shapes, axes and indices too."""
    rng = np.random.default_rng(0)
    path = sound.write()
    weights = path.parent / "group1-shard1of1.bin"
    content = weights.read_bytes()
    survived = 0
    for _ in range(2 * CASES):
        damaged = bytearray(content)
        for _ in range(rng.integers(1, 4)):
            damaged[rng.integers(36, len(damaged))] ^= 1 << rng.integers(8)
        weights.write_bytes(damaged)
        survived += survives(path, tmp_path / "mutant.onnx")
    assert 0 < survived < 2 * CASES
