"""A writer of small TF.js graph models in the form of TensorFlow's converter."""

import base64
import contextlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

TF_NAMES = {"float32": "DT_FLOAT", "int32": "DT_INT32", "bool": "DT_BOOL", "uint8": "DT_UINT8"}
WEIGHTS = "group1-shard1of1.bin"


def encode_attribute(value: object) -> dict[str, Any]:
    """Return an attribute as JSON. A string ``DT_...`` is a dtype; one that ends with ``()`` is a function."""
    match value:
        case bool():
            return {"b": value}
        case int():
            return {"i": str(value)}
        case float():
            return {"f": value}
        case str() if value.startswith("DT_"):
            return {"type": value}
        case str() if value.endswith("()"):
            return {"func": {"name": value.removesuffix("()")}}
        case str():
            return {"s": base64.b64encode(value.encode()).decode()}
        case [] | ():
            return {"list": {}}
        case [str(), *_]:
            return {"list": {"s": [base64.b64encode(str(item).encode()).decode() for item in value]}}
        case [*_] | (*_,):
            return {"list": {"i": [str(item) for item in value]}}
    raise TypeError(value)


def encode_shape(shape: Sequence[int | None] | None) -> dict[str, Any]:
    """Return a shape as JSON, with -1 for an unknown size; None is an unknown rank."""
    if shape is None:
        return {"unknownRank": True}
    return {"dim": [{"size": str(-1 if size is None else size)} for size in shape]}


class GraphWriter:
    """The nodes and weights of a model, written to ``model.json`` and one ``.bin`` file in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.nodes: list[dict[str, Any]] = []
        self.weights: list[dict[str, Any]] = []
        self.content = b""
        self.signature: dict[str, Any] = {}
        self.functions: list[dict[str, Any]] = []
        self._numbers = itertools.count()

    def placeholder(self, name: str, shape: Sequence[int | None] | None, dtype: str = "DT_FLOAT") -> str:
        """Add an input; return its name."""
        attributes = {"dtype": {"type": dtype}, "shape": {"shape": encode_shape(shape)}}
        self.nodes.append({"name": name, "op": "Placeholder", "attr": attributes})
        return name

    def const(self, data: ArrayLike, name: str | None = None) -> str:
        """Add a float32, int32 or bool constant; return its name."""
        array = np.asarray(data)
        return self.stored_const(array.tobytes(), array.shape, array.dtype.name, name)

    def stored_const(
        self,
        content: bytes,
        shape: Sequence[int],
        dtype: str,
        name: str | None = None,
        quantization: Mapping[str, object] | None = None,
    ) -> str:
        """Add a constant with the given bytes in the .bin file; return its name."""
        name = name or f"const{next(self._numbers)}"
        entry: dict[str, Any] = {"name": name, "shape": list(shape), "dtype": dtype}
        if quantization:
            entry["quantization"] = quantization
        self.nodes.append({"name": name, "op": "Const", "attr": {"dtype": {"type": TF_NAMES[dtype]}}})
        self.weights.append(entry)
        self.content += content
        return name

    def node(self, op: str, inputs: Sequence[str], name: str | None = None, **attributes: object) -> str:
        """Add an operation; return its name."""
        name = name or f"{op}{next(self._numbers)}"
        encoded = {key: encode_attribute(value) for key, value in attributes.items()}
        self.nodes.append({"name": name, "op": op, "input": list(inputs), "attr": encoded})
        return name

    @contextlib.contextmanager
    def function(self, name: str, parameters: Sequence[str], results: Mapping[str, str]) -> Iterator[None]:
        """Add the nodes written in the context to a function; ``results`` maps the names of results to references."""
        outside, self.nodes = self.nodes, []
        yield
        signature = {
            "name": name,
            "inputArg": [{"name": parameter} for parameter in parameters],
            "outputArg": [{"name": result} for result in results],
        }
        self.functions.append({"signature": signature, "nodeDef": self.nodes, "ret": dict(results)})
        self.nodes = outside

    def sign(self, kind: str, key: str, name: str, shape: Sequence[int | None] = ()) -> None:
        """Describe an input or output in the signature; ``kind`` is "inputs" or "outputs"."""
        self.signature.setdefault(kind, {})[key] = {"name": name, "tensorShape": encode_shape(shape)}

    def document(self) -> dict[str, Any]:
        """Return the content of ``model.json``."""
        return {
            "format": "graph-model",
            "modelTopology": {"node": self.nodes, "library": {"function": self.functions}, "versions": {}},
            "weightsManifest": [{"paths": [WEIGHTS], "weights": self.weights}],
            "signature": self.signature,
        }

    def write(self, document: object = None) -> Path:
        """Write both files; return the path of the ``model.json``."""
        (self.folder / WEIGHTS).write_bytes(self.content)
        path = self.folder / "model.json"
        path.write_text(json.dumps(document or self.document()))
        return path

    def loop(self, turns: str, body: Callable[..., str], start: str, prefix: str = "", **kept: str) -> str:
        """Add a loop of TensorFlow 1: ``for i in range(turns): variable = body(i, variable, *kept)``.

        Return the name of the Exit of the variable. ``kept`` are variables that do not change.
        """
        variables = {"i": self.const(np.int32(0)), "x": start, **kept}
        entered = {key: self.node("Enter", [name], f"{prefix}enter_{key}") for key, name in variables.items()}
        bound = self.node("Enter", [turns], f"{prefix}enter_turns", is_constant=True)
        merged = {
            key: self.node("Merge", [name, f"{prefix}next_{key}"], f"{prefix}merge_{key}")
            for key, name in entered.items()
        }
        condition = self.node("LoopCond", [self.node("Less", [merged["i"], bound])])
        inside = {}
        for key, name in merged.items():
            switch = self.node("Switch", [name, condition], f"{prefix}switch_{key}")
            inside[key] = f"{switch}:1"
            self.node("Exit", [switch], f"{prefix}exit_{key}")
        self.node("NextIteration", [body(*inside.values())], f"{prefix}next_x")
        self.node("NextIteration", [self.node("AddV2", [inside["i"], self.const(np.int32(1))])], f"{prefix}next_i")
        for key in kept:
            self.node("NextIteration", [self.node("Identity", [inside[key]])], f"{prefix}next_{key}")
        return f"{prefix}exit_x"
