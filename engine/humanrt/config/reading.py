"""Reading a configuration from a TOML file, whose errors name the line."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from humanrt.config import toml
from humanrt.config.presets import PRESETS
from humanrt.config.section import shown
from humanrt.errors import ConfigError

Merged = TypeVar("Merged")

NAME = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
DOTTED = rf"{NAME}(?:\s*\.\s*{NAME})*"
TABLE = re.compile(rf"\s*\[\s*({DOTTED})\s*\]")
ENTRY = re.compile(rf"\s*({DOTTED})\s*=")
AT_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")


def read_toml(path: Path, merge: Callable[[Mapping[str, object]], Merged]) -> Merged:
    """Return what ``merge`` makes of the content of a file.

    Raises ``ConfigError`` if the file is not TOML or ``merge`` refuses one of its keys; the message begins with
    ``FILE:LINE``.
    """
    try:
        text = toml.read_text(path)
    except ValueError as error:
        hint = f'; the preset is {{"preset": "{path}"}}' if str(path) in PRESETS else ""
        raise ConfigError(f"the configuration {shown(str(path))} cannot be read as TOML: {error}{hint}") from error
    try:
        values = toml.parse(text)
    except ValueError as error:
        place = AT_LINE.search(str(error))
        line = place[1] if place else str(text.count("\n") + 1)
        raise ConfigError(f"{path}:{line}: the configuration cannot be read as TOML: {error}") from error
    try:
        return merge(values)
    except ConfigError as error:
        refused = _refused(values, merge)
        line = "" if refused is None else f":{_line_of(text, refused)}"
        raise ConfigError(f"{path}{line}: {error}") from error


def _refused(values: Mapping[str, object], merge: Callable[[Mapping[str, object]], object]) -> tuple[str, ...] | None:
    """Return the path of the first key that ``merge`` refuses on its own; None if it refuses none."""
    for path, value in _leaves(values):
        alone: object = value
        for name in reversed(path):
            alone = {name: alone}
        try:
            merge(alone)  # type: ignore[arg-type]  # a path has a name at least
        except ConfigError:
            return path
    return None


def _leaves(values: Mapping[str, object], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*above, name))
        else:
            yield (*above, name), value


def _line_of(text: str, path: tuple[str, ...]) -> int:
    """Return the line of a key; of one in an inline table, that of the table."""
    table: tuple[str, ...] = ()
    found, best = 1, -1
    for number, line in enumerate(text.splitlines(), 1):
        if header := TABLE.match(line):
            table = place = _names(header[1])
        elif entry := ENTRY.match(line):
            place = (*table, *_names(entry[1]))
        else:
            continue
        if path[: len(place)] == place and len(place) > best:
            found, best = number, len(place)
    return found


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(name.strip("\"'") for name in re.findall(NAME, dotted))
