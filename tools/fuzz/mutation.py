"""Damage to a model: to the text of its JSON, to values in it, to its graph, and to the bytes of its weights.

All decisions come from a ``Choose``, which a seed or a coverage-guided fuzzer implements.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeAlias

Choose: TypeAlias = Callable[[int], int]
"""A function that returns an integer from 0 up to its argument (exclusive)."""

JsonPath: TypeAlias = tuple[str | int, ...]

_ODD: Sequence[object] = (
    None, True, -1, 0, 1, 2, 7, 2**31 - 1, 2**31, 2**40, 2**63, 1.5, 1e308, "", "x", "-1", "3", "2147483647",
    "999999999999", "99999999999999999999999", "eA==", "DT_INT32", "DT_FLOAT", "DT_BOOL", "DT_UINT8", "DT_STRING",
    "float32", "int32", "bool", "uint8", "uint16", "float16", "NHWC", "NCHW", [], {}, [[]], [1, 2], {"size": "-7"},
    {"size": "1048576"}, {"unknownRank": True}, {"i": "3"}, {"b": True}, {"list": {"i": ["1", "2", "2", "1"]}},
)  # fmt: skip


@dataclass(frozen=True)
class ValidModel:
    """A valid model: the text of its JSON, and the bytes of its one .bin file."""

    name: str
    text: bytes
    weights: bytes

    @property
    def ops(self) -> list[str]:
        """The ops of its nodes."""
        return sorted({node["op"] for node in json.loads(self.text)["modelTopology"]["node"]})


def mutate(valid: ValidModel, ops: Sequence[str], choose: Choose) -> tuple[bytes, bytes]:
    """Return the text and the weights of a damaged model. ``ops`` are the ops that a node may be changed to."""
    text, weights = valid.text, valid.weights
    kind = choose(10)
    if kind == 0:
        return _flip_bits(text, choose) if choose(2) else text[: choose(len(text))], weights
    if kind <= 2:
        return text, damage_bytes(weights, choose)
    document = json.loads(text)
    for _ in range(1 + choose(3)):
        if kind <= 5:
            _damage_value(document, choose)
        else:
            _damage_graph(document, ops, choose)
    return json.dumps(document).encode(), weights if choose(8) else damage_bytes(weights, choose)


def _flip_bits(content: bytes, choose: Choose) -> bytes:
    damaged = bytearray(content)
    for _ in range(1 + choose(4)):
        damaged[choose(len(damaged))] ^= 1 << choose(8)
    return bytes(damaged)


def damage_bytes(content: bytes, choose: Choose) -> bytes:
    """Truncate or extend bytes, or flip a few of their bits."""
    match choose(6):
        case 0:
            return content[: choose(len(content) + 1)]
        case 1:
            return content + content[: choose(64)]
        case _:
            return _flip_bits(content, choose) if content else b"x"


def _damage_value(document: Any, choose: Choose) -> None:  # noqa: ANN401 - any JSON value
    """Replace or remove any value."""
    places = list(_places(document))
    if not places:
        return
    *parents, key = places[choose(len(places))]
    container = document
    for parent in parents:
        container = container[parent]
    if choose(3):
        container[key] = deepcopy(_ODD[choose(len(_ODD))])
    else:
        del container[key]


def _damage_graph(document: Any, ops: Sequence[str], choose: Choose) -> None:  # noqa: ANN401 - as above
    """Change the ops, attributes and inputs of nodes, which may create cycles."""
    topology = document["modelTopology"]
    functions = [function["nodeDef"] for function in topology.get("library", {}).get("function", [])]
    lists = [topology["node"], *(nodes for nodes in functions if nodes)]
    nodes = lists[choose(len(lists))]
    one, other = nodes[choose(len(nodes))], nodes[choose(len(nodes))]
    inputs = one.get("input", [])
    match choose(7):
        case 0:
            one["op"] = ops[choose(len(ops))]
        case 1 if inputs:
            inputs[choose(len(inputs))] = f"{other['name']}:{choose(3)}"
        case 2:
            one["input"] = [*inputs, other["name"]]
        case 3 if inputs:
            inputs.insert(choose(len(inputs)), inputs.pop(choose(len(inputs))))
        case 4:
            one["attr"], other["attr"] = deepcopy((other.get("attr", {}), one.get("attr", {})))
        case 5:
            one["op"], other["op"] = other["op"], one["op"]
        case _:
            _damage_weight(document, choose)


def _damage_weight(document: Any, choose: Choose) -> None:  # noqa: ANN401 - as above
    """Change the entry of a weight in the manifest, mostly without a change of the number of bytes."""
    weights = document["weightsManifest"][0]["weights"]
    if not weights:
        return
    weight = weights[choose(len(weights))]
    match choose(5):
        case 0:
            weight["dtype"] = ("float32", "int32", "bool")[choose(3)]
        case 1:
            weight["shape"] = weight["shape"][::-1]
        case 2:
            weight["shape"] = [1] * choose(4) + weight["shape"]
        case 3:
            weight["shape"] = [2 ** choose(40) for _ in range(choose(6))]
        case _:
            weight["quantization"] = {"dtype": ("uint8", "uint16", "float16")[choose(3)], "scale": 1e30, "min": -1}


def _places(value: object, path: JsonPath = ()) -> Iterator[JsonPath]:
    """Yield the paths of keys of all values of a JSON document."""
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _places(child, (*path, key))
