"""Reading of the nodes of a graph and of its library of functions: JSON -> ``Node``.

The nodes of a function ``f`` have the names ``f()/name`` among the nodes of the graph; their weights have bare names.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence

from humanrt.errors import ModelFormatError
from humanrt.tfjs.document import JsonObject, checked, integer, member, number, optional
from humanrt.tfjs.graph import Attributes, AttributeValue, Function, Node, Reference

ARGUMENT = "_Arg"
"""The op of the nodes that stand for the arguments of a function."""

_OUTPUTS: Mapping[str, tuple[str, ...]] = {
    "NonMaxSuppressionV4": ("selected_indices", "valid_outputs"),
    "NonMaxSuppressionV5": ("selected_indices", "selected_scores", "valid_outputs"),
    "TensorArrayV3": ("handle", "flow"),
    "TensorListPopBack": ("output_handle", "tensor"),
    "TopKV2": ("values", "indices"),
}
"""The names of the outputs of ops with several: functions refer to an output by name and index within that name.

All other ops have one list of outputs, whose name does not matter.
"""


def read_nodes(
    entries: Sequence[JsonObject], parse: Callable[[str], Reference] = Reference.parse, prefix: str = ""
) -> dict[str, Node]:
    """Return nodes by name; ``prefix`` is prepended to their names, and ``parse`` parses their inputs."""
    nodes: dict[str, Node] = {}
    for entry in entries:
        node = _node(entry, parse, prefix)
        if node.name in nodes:
            raise ModelFormatError(f"there are two nodes named {node.name!r}")
        nodes[node.name] = node
    return nodes


def read_library(topology: JsonObject) -> tuple[dict[str, Node], dict[str, Function]]:
    """Return the nodes of all functions, and the functions by name."""
    nodes: dict[str, Node] = {}
    functions: dict[str, Function] = {}
    library = optional(topology, "library", dict, "'modelTopology'")
    for raw in optional(library, "function", list, "the library"):
        entry = checked(raw, dict, "a function")
        signature = member(entry, "signature", dict, "a function")
        name = member(signature, "name", str, "a function's signature")
        if name in functions:
            raise ModelFormatError(f"there are two functions named {name!r}")
        own, functions[name] = _function(entry, signature, name)
        nodes.update(own)
    return nodes, functions


def bare_name(name: str) -> str:
    """Return the name of a function's node without the function."""
    return name.partition("()/")[2]


def _function(entry: JsonObject, signature: JsonObject, name: str) -> tuple[dict[str, Node], Function]:
    where, prefix = f"function {name!r}", f"{name}()/"
    entries = [checked(node, dict, f"a node of {where}") for node in optional(entry, "nodeDef", list, where)]
    ops = {member(node, "name", str, f"a node of {where}"): node.get("op") for node in entries}

    def parse(text: str) -> Reference:
        parts = text.split(":")
        if len(parts) != 3:
            return Reference.parse(prefix + text)
        reference, names = Reference.parse(f"{prefix}{parts[0]}:{parts[2]}"), _OUTPUTS.get(ops.get(parts[0]) or "", ())
        return Reference(reference.node, names.index(parts[1])) if parts[1] in names else reference

    nodes = read_nodes(entries, parse, prefix)
    parameters = _arguments(signature, "inputArg", where)
    for parameter in parameters:
        if nodes.setdefault(prefix + parameter, Node(prefix + parameter, ARGUMENT, (), Attributes({}))).op != ARGUMENT:
            raise ModelFormatError(f"{where} has a node and a parameter named {parameter!r}")
    given = optional(entry, "ret", dict, where)
    results = [parse(member(given, key, str, f"'ret' of {where}")) for key in _arguments(signature, "outputArg", where)]
    return nodes, Function(tuple(prefix + parameter for parameter in parameters), tuple(results))


def _arguments(signature: JsonObject, key: str, where: str) -> list[str]:
    arguments = [checked(argument, dict, f"{key!r} of {where}") for argument in optional(signature, key, list, where)]
    return [member(argument, "name", str, f"{key!r} of {where}") for argument in arguments]


def _node(entry: JsonObject, parse: Callable[[str], Reference], prefix: str) -> Node:
    name = member(entry, "name", str, "a node")
    where = f"node {name!r}"
    inputs = [checked(text, str, f"an input of {where}") for text in optional(entry, "input", list, where)]
    attributes = optional(entry, "attr", dict, where)
    return Node(
        name=prefix + name,
        op=member(entry, "op", str, where),
        inputs=tuple(parse(text) for text in inputs if not text.startswith("^")),
        attributes=Attributes(
            {
                key: value
                for key, raw in attributes.items()
                if (value := _attribute(checked(raw, dict, f"attribute {key!r} of {where}"), f"{key!r} of {where}"))
                is not None
            }
        ),
        controls=tuple(prefix + text[1:] for text in inputs if text.startswith("^")),
    )


def _attribute(raw: JsonObject, what: str) -> AttributeValue | None:
    """Return the value of an attribute; None for the kinds that no translation uses: tensors and shapes."""
    for kind, value in raw.items():
        if kind == "list":
            items = checked(value, dict, what)
            return tuple(
                item
                for item_kind in ("s", "i", "f", "type")
                for entry in optional(items, item_kind, list, what)
                if (item := _scalar(item_kind, entry, what)) is not None
            )  # type: ignore[return-value]  # the getter of one kind raises for a list of mixed kinds
        return _scalar(kind, value, what)
    return None


def _scalar(kind: str, value: object, what: str) -> bool | int | float | str | None:
    match kind:
        case "b":
            return checked(value, bool, what)
        case "i":
            return integer(value, what)
        case "f":
            return number(value, what)
        case "type":
            return checked(value, str, what)
        case "func":
            return optional(checked(value, dict, what), "name", str, what) or None
        case "s":
            try:
                return base64.b64decode(checked(value, str, what), validate=True).decode("latin-1")
            except (binascii.Error, ValueError) as error:
                raise ModelFormatError(f"{what} is not base64: {error}") from error
    return None
