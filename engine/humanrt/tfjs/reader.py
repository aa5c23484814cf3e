"""Reading of ``model.json`` and its ``.bin`` files into a typed ``Graph``.

All checks of untrusted bytes are here, in ``document``, ``nodes`` and ``weights``. Later steps rely on types and names,
but not on the validity of each operation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.document import (
    JsonObject,
    checked,
    group_files,
    integer,
    member,
    optional,
    read_document,
    weight_groups,
)
from humanrt.tfjs.graph import TF_DTYPES, Graph, GraphInput, GraphOutput, Node, Reference
from humanrt.tfjs.nodes import bare_name, read_library, read_nodes
from humanrt.tfjs.weights import MAX_RANK, read_weights

_NEVER_OUTPUTS = frozenset({"Const", "NoOp", "Placeholder"})


def read_graph(model_json: Path, outputs: Sequence[str] | None = None) -> Graph:
    """Read a whole model.

    ``outputs`` are names of nodes. Without them the outputs are those of the signature; without a signature, the nodes
    that are no input of another node.

    Raises ``ModelFormatError`` if the model is malformed.
    """
    document = read_document(model_json)
    try:
        topology = member(document, "modelTopology", dict, "the model")
        entries = [checked(entry, dict, "a node") for entry in member(topology, "node", list, "'modelTopology'")]
        nodes = read_nodes(entries)
        inner, functions = read_library(topology)
        signature = _signature(document)
        weights = read_weights(document, model_json.parent)
        return Graph(
            path=model_json,
            nodes=inner | nodes,
            functions=functions,
            constants=weights | {name: weights[bare] for name in inner if (bare := bare_name(name)) in weights},
            inputs=_inputs(nodes, {entry["name"]: entry for entry in entries}, signature),
            outputs=_outputs(nodes, signature, outputs),
        )
    except ModelFormatError as error:
        raise type(error)(f"{model_json}: {error}") from error


def source_files(model_json: Path) -> tuple[Path, ...]:
    """Return the files of a model: the ``model.json``, then its ``.bin`` files in the order of the manifest.

    Only the first is read. Raises ``ModelFormatError`` if it is not a graph model.
    """
    document = read_document(model_json)
    try:
        groups = [group_files(group, model_json.parent) for group in weight_groups(document)]
    except ModelFormatError as error:
        raise ModelFormatError(f"{model_json}: {error}") from error
    return (model_json, *(file for group in groups for file in group))


@dataclass(frozen=True, slots=True)
class Names:
    """The names in a model: all nodes, and the node outputs of the keys of its signature, written ``node:index``."""

    nodes: frozenset[str]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


def read_names(model_json: Path) -> Names:
    """Return the names in a model. Keys are without ``:0``.

    Raises ``ModelFormatError`` if the model is malformed.
    """
    document = read_document(model_json)
    try:
        topology = member(document, "modelTopology", dict, "the model")
        entries = [checked(entry, dict, "a node") for entry in member(topology, "node", list, "'modelTopology'")]
        nodes = read_nodes(entries)
        signature = _signature(document)
        inputs, outputs = (
            {_plain(key): name for key, name in _keys(signature, kind)} for kind in ("inputs", "outputs")
        )
    except ModelFormatError as error:
        raise ModelFormatError(f"{model_json}: {error}") from error
    return Names(frozenset(nodes), inputs, outputs)


def _plain(name: str) -> str:
    return name.removesuffix(":0")


def _keys(signature: JsonObject, kind: str) -> list[tuple[str, str]]:
    """Return the keys of the ``inputs`` or ``outputs`` of a signature, and the node outputs to which they refer."""
    what = kind.removesuffix("s")
    return [
        (key, optional(checked(value, dict, f"{what} {key!r} of the signature"), "name", str, f"{what} {key!r}") or key)
        for key, value in optional(signature, kind, dict, "the signature").items()
    ]


def _signature(document: JsonObject) -> JsonObject:
    """Return the signature. Its place depends on the version of the converter that wrote the model."""
    own = optional(document, "signature", dict, "the model")
    metadata = optional(document, "userDefinedMetadata", dict, "the model")
    return own or optional(metadata, "signature", dict, "'userDefinedMetadata'")


def _inputs(nodes: dict[str, Node], raw: dict[str, JsonObject], signature: JsonObject) -> tuple[GraphInput, ...]:
    described = {}
    for key, value in optional(signature, "inputs", dict, "the signature").items():
        entry = checked(value, dict, f"input {key!r} of the signature")
        described[Reference.parse(optional(entry, "name", str, f"input {key!r}") or key).node] = entry
    placeholders = [name for name, node in nodes.items() if node.op == "Placeholder"]
    ordered = [name for name in described if name in placeholders]
    ordered += [name for name in placeholders if name not in described]
    return tuple(_input(nodes[name], raw[name], described.get(name, {})) for name in ordered)


def _input(node: Node, raw: JsonObject, described: JsonObject) -> GraphInput:
    where = f"input {node.name!r}"
    shape_attribute = optional(optional(raw, "attr", dict, where), "shape", dict, where)
    own, known = _sizes(optional(shape_attribute, "shape", dict, where), where), None
    if "tensorShape" in described:
        known = _sizes(optional(described, "tensorShape", dict, where), where)
    if own is None:
        own = known
    usual = own
    if own is not None and known is not None and len(known) == len(own):
        usual = tuple(size if size is not None else other for size, other in zip(own, known, strict=True))
    tf_name = node.attributes.text("dtype")
    if tf_name not in TF_DTYPES:
        raise UnsupportedOpError(f"{where} has dtype {tf_name}; accepted are {', '.join(TF_DTYPES)}")
    dtype = np.dtype(np.uint8) if tf_name == "DT_UINT8" else TF_DTYPES[tf_name]
    return GraphInput(node.name, own, usual, dtype)


def _sizes(shape: JsonObject, where: str) -> tuple[int | None, ...] | None:
    """Return the sizes of a TensorShape, with None for -1; None if the rank is unknown."""
    if optional(shape, "unknownRank", bool, where):
        return None
    dims = [checked(dim, dict, f"a size of {where}") for dim in optional(shape, "dim", list, where)]
    sizes = [integer(dim.get("size", 0), f"a size of {where}") for dim in dims]
    if len(sizes) > MAX_RANK or any(not -1 <= size < 2**31 for size in sizes):
        raise ModelFormatError(f"{where} has the impossible shape {sizes}")
    return tuple(None if size == -1 else size for size in sizes)


def _outputs(nodes: dict[str, Node], signature: JsonObject, asked: Sequence[str] | None) -> tuple[GraphOutput, ...]:
    pairs = _keys(signature, "outputs") if asked is None else [(name, name) for name in asked]
    if not pairs and asked is None:
        used = {reference.node for node in nodes.values() for reference in node.inputs}
        pairs = [(name, name) for name, node in nodes.items() if name not in used and node.op not in _NEVER_OUTPUTS]
    if not pairs:
        raise ModelFormatError("the model has no outputs")
    outputs = tuple(GraphOutput(_plain(name), Reference.parse(reference)) for name, reference in pairs)
    names = [output.name for output in outputs]
    if len(set(names)) != len(names):
        raise ModelFormatError(f"two outputs have the same name: {', '.join(names)}")
    for output in outputs:
        if output.reference.node not in nodes:
            raise ModelFormatError(
                f"output {output.name!r} is the node {output.reference.node!r}, which does not exist"
            )
    return outputs
