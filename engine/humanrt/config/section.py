"""The base class of a configuration's sections: frozen dataclasses that check their values.

A section is not decorated with ``@dataclass``. ``Section`` applies it to each subclass, without the methods that it
provides itself: the ones that ``@dataclass(frozen=True)`` generates for 24 classes took 17 ms at import.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import Field, FrozenInstanceError, dataclass, field, fields, replace
from math import inf, isfinite
from numbers import Integral, Real
from pathlib import Path
from re import sub
from reprlib import Repr
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    Self,
    TypeAlias,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
)

from humanrt.errors import ConfigError, InputError

MAX_INT = 2**31 - 1
MAX_NUMBER = 2**63
MAX_NAME = 100
MAX_ENTRIES = 64

# Messages have the start of a value: one of a hostile file may have megabytes.
SHORT = Repr()
SHORT.maxstring = SHORT.maxother = SHORT.maxlong = 100

# For the methods of ``Config``, in which ``object`` is a field.
Value: TypeAlias = object


class Between(NamedTuple):
    """The closed range of a number's values, for annotations: ``Annotated[float, Between(0, 1)]``."""

    low: float
    high: float = inf


Ratio = Annotated[float, Between(0, 1)]
Positive = Annotated[float, Between(1e-6)]
Sizes = Annotated[tuple[int, ...], Between(1, 8192)]
Natural = Annotated[int, Between(0, MAX_INT)]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Section:
    """Base class of all sections. Subclasses become frozen dataclasses.

    ``path`` is the key of the section, ``face.detector`` for instance; the configuration itself has the path "".
    Each value is checked against the annotation of its field. NumPy scalars and arrays of shape ``()`` are accepted
    where a number, a bool or a string is.

    Creating a section raises ``ConfigError`` if a value has another type or lies out of range.
    """

    path: ClassVar[str] = ""
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __init_subclass__(cls) -> None:
        dataclass(eq=False, repr=False)(cls)

    def __setattr__(self, name: str, value: object) -> None:
        """Set a field once, when the section is created."""
        known = self.__dataclass_fields__.get(name)
        if known is None or name in vars(self):
            raise FrozenInstanceError(f"{self.key(name)} cannot be set: merge() returns a changed copy of a section")
        vars(self)[name] = checked(self.accept(name, plain(value)), known.type, self.key(name))

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"{self.key(name)} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if isinstance(other, type(self)) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(vars(self).values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    @classmethod
    def accept(cls, name: str, value: object) -> object:
        """Return the value to store for another spelling of it, before it is checked."""
        return value

    @classmethod
    def key(cls, name: str) -> str:
        """Return the full key of a field, as it is written in a dict or a TOML file: ``face.detector.return``."""
        return f"{cls.path}.{name}".lstrip(".").rstrip("_")

    def merge(self, overrides: Mapping[str, object]) -> Self:
        """Return a copy of this section with ``overrides`` applied, to inner sections as well.

        Keys are snake_case names or Human's camelCase names.

        Raises ``ConfigError`` if a key is unknown (the message names the nearest known one) or given in both
        spellings, or if a value has another type or lies out of range.
        """
        changes: dict[str, Any] = {}
        for key, value in overrides.items():
            name = self._field_name(key)
            if name in changes:
                raise ConfigError(f"{self.key(name)} is given twice, in snake_case and in camelCase")
            current = vars(self)[name]
            if isinstance(current, Section) and not isinstance(value, Section):
                if not isinstance(value, Mapping):
                    raise ConfigError(f"{self.key(name)} is {shown(value)}; it must be a dict or a section")
                changes[name] = current.merge(value)
            else:
                changes[name] = value
        return replace(self, **changes)

    @classmethod
    def _field_name(cls, key: object) -> str:
        known = [item.name for item in fields(cls)]
        text = key[:MAX_NAME] if isinstance(key, str) else shown(key)
        snake_case = sub(r"(?<!^)([A-Z])", r"_\1", text).lower()
        for name in (snake_case, f"{snake_case}_"):  # `return` and `async` are keywords of Python
            if name in known:
                return name
        from difflib import get_close_matches

        nearest = get_close_matches(snake_case, known, n=1, cutoff=0)
        raise ConfigError(f"unknown key {cls.key(text)!r}; the nearest known one is {cls.key(nearest[0])!r}")


def shown(value: object) -> str:
    """Return ``repr()`` of a value for a message, cut to some 100 characters."""
    if isinstance(value, int) and abs(value) >= MAX_NUMBER:
        return f"an integer of {value.bit_length()} bits"  # Python refuses to write one of many digits
    return SHORT.repr(value)


def plain(value: object) -> object:
    """Return the Python value of a NumPy scalar or an array of shape ``()``, and any other value as it is."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        item: object = value.item()
        return item
    return value


def checked(value: object, hint: object, key: str) -> object:
    """Return ``value``, numbers converted to the type of ``hint``.

    Raises ``ConfigError``, which names ``key``, if the value has another type or lies out of range.
    """
    alternatives = tuple(_alternatives(hint))
    for kind, bounds in alternatives:
        if get_origin(kind) is tuple and bounds is not None:
            entries = (value,) if isinstance(value, Integral) else value
            if isinstance(entries, list | tuple):
                if len(entries) > MAX_ENTRIES:
                    raise ConfigError(f"{key} has {len(entries)} entries; it must have at most {MAX_ENTRIES}")
                (entry, _) = get_args(kind)
                return tuple(checked(plain(one), Annotated[entry, bounds], key) for one in entries)
        if _is_a(value, kind):
            return _number(value, kind, bounds, key) if isinstance(value, Real) and kind in (int, float) else value
    wanted = " or ".join(_described(kind) for kind, _ in alternatives)
    raise ConfigError(f"{key} is {shown(value)}; it must be {wanted}")


def as_path(value: object, name: str) -> Path:
    """Return a path that a caller passes.

    Raises ``InputError``, which names the argument, if it is of another type.
    """
    if not isinstance(value, str | bytes | os.PathLike):
        raise InputError(f"{name} is {type(value).__name__}; it must be a path, a str or os.PathLike")
    return Path(os.fsdecode(value))


def without_waiting(path: str, flags: int) -> int:
    """Open a file for ``open(..., opener=)``. A pipe in its place is opened as an empty one, or raises ``OSError``.

    The opening would wait for the other end of the pipe otherwise. Windows has neither this flag nor such pipes.
    """
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)


def _is_a(value: object, kind: object) -> bool:
    if get_origin(kind) is Literal:
        return any(type(value) is type(choice) and value == choice for choice in get_args(kind))
    if isinstance(value, bool):
        return kind is bool
    if kind is float:
        return isinstance(value, Real)
    if kind is int:
        return isinstance(value, Integral)
    return isinstance(kind, type) and isinstance(value, kind)


def _number(value: Real, kind: object, bounds: Between | None, key: str) -> int | float:
    try:
        number = int(value) if kind is int and isinstance(value, Integral) else float(value)
    except OverflowError:
        number = inf
    low, high = bounds or Between(-inf)
    # A comparison with NaN is false.
    if low <= number <= high and (abs(number) < MAX_NUMBER if isinstance(number, int) else isfinite(number)):
        return number
    limit = " and below 2**31" if number > high == MAX_INT else " and below 2**63" if number >= MAX_NUMBER else ""
    raise ConfigError(f"{key} is {shown(number)}; it must be {describe_range(Between(low, high))}{limit}")


def describe_range(bounds: Between) -> str:
    """Return a range in words, such as "0 to 1" and "at least 1"."""
    if bounds.low == -inf:
        return "finite"
    return f"at least {bounds.low:g}" if bounds.high in (inf, MAX_INT) else f"{bounds.low:g} to {bounds.high:g}"


def _alternatives(hint: object) -> Iterator[tuple[object, Between | None]]:
    """Yield the types that an annotation allows, each with the range of its values."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        for part in get_args(hint):
            yield from _alternatives(part)
    elif origin is Annotated:
        yield get_args(hint)[:2]
    elif origin is None or origin is Literal:
        yield hint, None
    else:
        yield origin, None  # Mapping[str, object]


def _described(kind: object) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(repr(choice) for choice in get_args(kind))
    if kind is NoneType:
        return "None"
    if get_origin(kind) is tuple:
        return "a list of integers"
    if not isinstance(kind, type):
        return str(kind)
    return f"{'an' if kind is int else 'a'} {kind.__name__}"
