"""One level of a configuration: a frozen dataclass that checks its own values and takes others laid over it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from re import sub
from types import NoneType, UnionType
from typing import Annotated, ClassVar, Literal, NamedTuple, Self, Union, get_args, get_origin

from humanrt.errors import ConfigError


class Between(NamedTuple):
    """The closed range that a number must lie in; it stands in ``Annotated[float, Between(0, 1)]``."""

    low: float
    high: float = float("inf")


Ratio = Annotated[float, Between(0, 1)]
Positive = Annotated[float, Between(1e-6)]
Natural = Annotated[int, Between(0)]
Values = Mapping[str, object]


@dataclass(frozen=True)
class Section:
    """Base of every level; ``path`` is where it stands in the configuration, for messages.

    Each value is checked against its annotation when the section is made: ConfigError names the key and what it takes.
    """

    path: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = _checked(getattr(self, item.name), item.type, self.key(item.name))
            object.__setattr__(self, item.name, value)

    @classmethod
    def key(cls, name: str) -> str:
        """Name a field as a user writes it, from the top: ``face.detector.return``."""
        return f"{cls.path}.{name}".lstrip(".").rstrip("_")

    def merge(self, overrides: Values) -> Self:
        """Lay ``overrides`` over this section, inner sections included; returns a new one.

        Names may be snake_case or Human's camelCase. Raises ConfigError for an unknown key (naming the nearest known
        one), a wrong type or a value out of range.
        """
        changes: dict[str, object] = {}
        for key, value in overrides.items():
            name = self._field_name(key)
            if name in changes:
                raise ConfigError(f"{self.key(name)} is given twice, in snake_case and in camelCase")
            current = getattr(self, name)
            if isinstance(current, Section) and not isinstance(value, Section):
                if not isinstance(value, Mapping):
                    raise ConfigError(f"{self.key(name)} is a section: give a dict, not {value!r}")
                value = current.merge(value)
            changes[name] = value
        return replace(self, **changes)

    @classmethod
    def _field_name(cls, key: object) -> str:
        known = [item.name for item in fields(cls)]
        snake_case = sub(r"(?<!^)([A-Z])", r"_\1", str(key)).lower()
        for name in (snake_case, f"{snake_case}_"):  # `return` and `async` are Python keywords
            if name in known:
                return name
        nearest = get_close_matches(snake_case, known, n=1, cutoff=0)
        raise ConfigError(f"unknown key {cls.key(str(key))!r}; the nearest known one is {cls.key(nearest[0])!r}")


def _checked(value: object, hint: object, key: str) -> object:
    """Give back ``value`` if it is what ``hint`` says, an int for a float made one; ConfigError otherwise."""
    alternatives = tuple(_alternatives(hint))
    for kind, bounds in alternatives:
        if _is_a(value, kind):
            if isinstance(value, int | float) and not isinstance(value, bool):
                _check_range(value, bounds, key)
            return float(value) if kind is float else value  # type: ignore[arg-type]  # _is_a said it is a number
    wanted = " or ".join(_described(kind) for kind, _ in alternatives)
    raise ConfigError(f"{key} is {value!r}; it must be {wanted}")


def _is_a(value: object, kind: object) -> bool:
    if get_origin(kind) is Literal:
        return any(value == choice and type(value) is type(choice) for choice in get_args(kind))
    if isinstance(value, bool):
        return kind is bool
    if kind is float:
        return isinstance(value, int | float)
    return isinstance(kind, type) and isinstance(value, kind)


def _alternatives(hint: object) -> Iterator[tuple[object, Between | None]]:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        for part in get_args(hint):
            yield from _alternatives(part)
    elif origin is Annotated:
        kind, bounds = get_args(hint)
        yield kind, bounds
    elif origin is None or origin is Literal:
        yield hint, None
    else:
        yield origin, None  # Mapping[str, object]


def _check_range(value: float, bounds: Between | None, key: str) -> None:
    # Written so that a NaN fails too.
    if bounds is not None and not bounds.low <= value <= bounds.high:
        wanted = f"at least {bounds.low:g}" if bounds.high == float("inf") else f"{bounds.low:g} to {bounds.high:g}"
        raise ConfigError(f"{key} is {value:g}; it must be {wanted}")


def _described(kind: object) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(repr(choice) for choice in get_args(kind))
    if kind is NoneType:
        return "None"
    if not isinstance(kind, type):
        return str(kind)
    return f"{'an' if kind is int else 'a'} {kind.__name__}"
