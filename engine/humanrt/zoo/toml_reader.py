"""Reading of TOML into frozen dataclasses: the keys are the fields; errors contain the file and the key.

A field may be a string, a number, a bool, a dataclass (or None), a tuple, a mapping from strings, or ``Annotated[str,
pattern]`` with a compiled regular expression that the whole string must match. Fields with a default are optional.
Unknown keys are errors.
"""

import dataclasses
import re
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, TypeVar, cast, get_args, get_origin

from humanrt.config import toml
from humanrt.config.section import shown
from humanrt.errors import CardError

Record = TypeVar("Record")


def parse_toml(text: str, file: str) -> Mapping[str, object]:
    """Parse TOML; ``file`` is its name in messages.

    Raises ``CardError`` if the text is not TOML.
    """
    try:
        return toml.parse(text)
    except ValueError as error:
        raise CardError(f"{file}: not valid TOML: {error}") from error


def read_record(kind: type[Record], values: Mapping[str, object], file: str) -> Record:
    """Return the dataclass ``kind`` with ``values``, which are from the TOML ``file``.

    Raises ``CardError`` if a key is unknown, missing or of another type, or the dataclass raises ``ValueError``.
    """
    return cast("Record", _read(kind, values, file))


def _read(kind: object, value: object, where: str) -> object:
    """Return ``value`` as ``kind``; ``where`` is the file and the key in messages."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _read_matching(arguments[1], _read(arguments[0], value, where), where)
    if origin is tuple:
        return _read_tuple(arguments, value, where)
    if origin is Mapping:
        _require(isinstance(value, dict), where, "must be a table", value)
        entries = cast("dict[str, object]", value).items()
        return {key: _read(arguments[1], entry, _key(where, key)) for key, entry in entries}
    if origin is UnionType:  # of a dataclass and None, which TOML does not have
        kind = next(filter(dataclasses.is_dataclass, arguments), kind)
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(cast("type[object]", kind), value, where)
    accepted = arguments if origin is UnionType else (kind,)
    if type(value) is int and int not in accepted and float in accepted:
        return float(value)
    # ``type`` instead of ``isinstance``, because a bool is an int in Python.
    names = " or ".join(cast("type", one).__name__ for one in accepted)
    _require(type(value) in accepted, where, f"must be {names}", value)
    return value


def _read_dataclass(kind: type[object], value: object, where: str) -> object:
    _require(isinstance(value, dict), where, "must be a table", value)
    values = cast("dict[str, object]", value)
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]  # checked by the caller
    if unknown := values.keys() - fields.keys():
        raise CardError(f"{_key(where, min(unknown))}: unknown key; the keys are {', '.join(fields)}")
    if missing := [name for name, field in fields.items() if name not in values and _is_required(field)]:
        raise CardError(f"{_key(where, missing[0])}: this key is missing")
    parts = {name: _read(fields[name].type, entry, _key(where, name)) for name, entry in values.items()}
    try:
        return kind(**parts)
    except ValueError as error:
        raise CardError(_key(where, str(error))) from error


def _is_required(field: dataclasses.Field[object]) -> bool:
    return field.default is dataclasses.MISSING


def _read_tuple(arguments: tuple[object, ...], value: object, where: str) -> tuple[object, ...]:
    _require(isinstance(value, list), where, "must be a list", value)
    entries = cast("list[object]", value)
    kinds = [arguments[0]] * len(entries) if arguments[-1] is Ellipsis else list(arguments)
    _require(len(entries) == len(kinds), where, f"must have {len(kinds)} entries", value)
    return tuple(
        _read(kind, entry, f"{where}[{i}]") for i, (kind, entry) in enumerate(zip(kinds, entries, strict=True))
    )


def _read_matching(pattern: re.Pattern[str], value: object, where: str) -> str:
    text = cast("str", value)
    _require(pattern.fullmatch(text) is not None, where, f"must match {pattern.pattern}", value)
    return text


def _key(where: str, key: str) -> str:
    """Return ``key`` of ``where`` in the form of messages: ``file: table.key``."""
    return f"{where}.{key}" if ": " in where else f"{where}: {key}"


def _require(holds: bool, where: str, rule: str, value: object) -> None:
    if not holds:
        raise CardError(f"{where}: {rule}; it is {shown(value)}")
