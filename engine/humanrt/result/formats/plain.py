"""Records as plain dicts, ready for JSON: the fields by their names in Python.

By default the form is slim, some kilobytes for each person: without ``LARGE`` and tensors, with three decimals. In a
Result, a person refers to its face, body and hands by their ``id`` instead of repeating them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from math import isfinite
from typing import Any, TypeAlias, get_args, get_origin, get_type_hints

import numpy as np

from humanrt.errors import InputError
from humanrt.result.body import Body, Keypoint
from humanrt.result.face import Face, Rotation
from humanrt.result.hand import Hand
from humanrt.result.object import Object
from humanrt.result.person import Hands, Person
from humanrt.tensors import Tensor

Json: TypeAlias = dict[str, Any]
Paths: TypeAlias = str | Iterable[str]
Tree: TypeAlias = dict[str, "Tree"]

LARGE: Mapping[type, frozenset[str]] = {
    Face: frozenset({"mesh", "mesh_raw", "annotations", "embedding", "box_raw"}),
    Rotation: frozenset({"matrix"}),
    Body: frozenset({"annotations", "box_raw"}),
    Keypoint: frozenset({"position_raw", "distance"}),
    Hand: frozenset({"annotations", "box_raw"}),
    Object: frozenset({"box_raw"}),
    Person: frozenset({"box_raw"}),
}
"""The fields of each record that are left out unless ``only`` names them."""

_REFERENCES = ("face", "body", "hands")
_WHOLE = ""  # the key of a Tree that stands for all fields that are not LARGE


def to_dict(record: object, only: Paths | None, without: Paths, decimals: object) -> Json:
    """Return a record as a dict; see ``Record.to_dict()``."""
    if not (decimals is None or (isinstance(decimals, int) and decimals >= 0)):
        raise InputError(f"decimals is {decimals!r}; accepted are 0 and more, and None")
    kind = type(record)
    left_out = {".".join(path) for path in _parse(kind, without)}
    tree: Tree = {} if only is not None else {_WHOLE: {}}
    for path in _parse(kind, () if only is None else only):
        node = tree
        for name in path:
            node = node.setdefault(name, {})
        node[_WHOLE] = {}
    return _Writer(left_out, decimals).record(record, tree, "")


class _Writer:
    """Writes the values of one ``to_dict()``."""

    def __init__(self, left_out: set[str], decimals: int | None) -> None:
        self._left_out = left_out
        self._decimals = decimals

    def record(self, record: object, tree: Tree, path: str) -> Json:
        """Return a record; ``path`` is "" or ends in a dot."""
        written = {}
        kind: type = type(record)
        large = LARGE.get(kind, frozenset())
        for name, (attribute, _) in _schema(kind).items():
            wanted = name in tree or (_WHOLE in tree and name not in large)
            if not wanted or f"{path}{name}" in self._left_out:
                continue
            value = getattr(record, attribute)
            if path and isinstance(record, Person) and name in _REFERENCES and name not in tree:
                written[name] = _reference(value)
            else:
                written[name] = self.value(value, tree.get(name, {_WHOLE: {}}), f"{path}{name}.")
        return written

    def value(self, value: Any, tree: Tree, path: str) -> Any:  # noqa: ANN401  # any field
        """Return the value of a field."""
        if is_dataclass(value):
            return self.record(value, tree, path)
        if isinstance(value, np.ndarray):
            return self.value(value.tolist(), tree, path)
        if isinstance(value, Mapping):
            return {key: self.value(each, tree, path) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(each, tree, path) for each in value]
        if isinstance(value, Exception):
            return str(value)
        return self.number(value) if isinstance(value, float) else value

    def number(self, value: float) -> float | None:
        """Return a number with so many decimals; None for inf and NaN, which JSON does not have."""
        if not isfinite(value):
            return None
        return float(value) if self._decimals is None else round(float(value), self._decimals) + 0.0  # no -0.0


def _reference(value: Any) -> Any:  # noqa: ANN401  # an id, a dict of ids or None
    if isinstance(value, Hands):
        return {"left": _reference(value.left), "right": _reference(value.right)}
    return None if value is None else value.id


@cache
def _schema(kind: type) -> Mapping[str, tuple[str, type | None]]:
    """Return the attribute of each field, by its name in the dict, and the record that it holds, if it holds any.

    Fields that hold nothing but tensors have no name.
    """
    hints = get_type_hints(kind)
    schema = {}
    for field in fields(kind):
        held = [each for each in _types_in(hints[field.name]) if each is not type(None)]
        if Tensor not in held:
            record = next((each for each in held if is_dataclass(each)), None)
            schema[field.name.rstrip("_")] = (field.name, record)
    return schema


def _types_in(hint: Any) -> Iterator[type]:  # noqa: ANN401  # any annotation
    """Yield the classes of which values and tuples of a field are; values of mappings have no names of their own."""
    origin, arguments = get_origin(hint), get_args(hint)
    if not arguments:
        yield hint
    elif not (isinstance(origin, type) and issubclass(origin, Mapping)):
        for argument in arguments:
            yield from _types_in(argument)


def _parse(kind: type, paths: Paths) -> Iterator[list[str]]:
    """Yield the names of each path. Raises ``InputError`` if a record has no such field, or a path is no str."""
    if not isinstance(paths, Iterable):
        raise InputError(f"{paths!r} is no path of a field; accepted are a str, and several in a list")
    for path in (paths,) if isinstance(paths, str) else paths:
        if not isinstance(path, str):
            raise InputError(f'{path!r} is no path of a field; accepted is a str, "face.box" for instance')
        names = path.split(".")
        record: type | None = kind
        for i, name in enumerate(names):
            schema = {} if record is None else _schema(record)
            short = name.removesuffix("_")  # class_ is the name in Python
            if name not in schema and short in schema and schema[short][0] == name:
                names[i] = name = short
            if name not in schema:
                owner = ".".join(names[:i]) or kind.__name__
                known = f"accepted are {', '.join(schema)}" if schema else "it has none"
                raise InputError(f"{path!r}: {owner} has no field {name!r}; {known}")
            record = schema[name][1]
        yield names
