"""Models with constant outputs, for exact comparisons of how Human decodes them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from humanrt.zoo import Card
from parity.node import Array


def write_constant_model(folder: Path, card: Card, answers: Mapping[str, Array]) -> Path:
    """Write a TF.js graph model that has a model card's input, and constant outputs: ``answers``, float32, by name.

    Returns the path of its JSON file, which has the name by which Human recognises the model.
    """
    (image,) = card.inputs.values()
    arrays = {card.outputs[name].node: np.asarray(array, np.float32) for name, array in answers.items()}
    float32 = {"dtype": {"type": "DT_FLOAT"}}
    nodes: list[dict[str, Any]] = [{"name": image.node, "op": "Placeholder", "attr": float32}]
    for node in arrays:
        nodes.append({"name": f"{node}/value", "op": "Const", "attr": float32})
        nodes.append({"name": node, "op": "Identity", "input": [f"{node}/value"], "attr": {"T": float32["dtype"]}})
    weights = [{"name": f"{node}/value", "shape": array.shape, "dtype": "float32"} for node, array in arrays.items()]
    model = {
        "format": "graph-model",
        "signature": {
            "inputs": {image.node: _signature(image.node, image.shape)},
            "outputs": {node: _signature(node, array.shape) for node, array in arrays.items()},
        },
        "modelTopology": {"node": nodes, "versions": {"producer": 1}},
        "weightsManifest": [{"paths": ["weights.bin"], "weights": weights}],
    }
    (folder / "weights.bin").write_bytes(b"".join(array.tobytes() for array in arrays.values()))
    path = folder / f"{card.name}.json"
    path.write_text(json.dumps(model), encoding="utf-8")
    return path


def _signature(node: str, shape: Sequence[int | str]) -> dict[str, Any]:
    dimensions = [{"size": str(size)} for size in shape]
    return {"name": f"{node}:0", "dtype": "DT_FLOAT", "tensorShape": {"dim": dimensions}}
