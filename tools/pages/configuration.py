"""The page of all configuration keys: ``python -m pages.configuration`` prints it."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import fields
from types import NoneType
from typing import Annotated, Literal, get_args, get_origin

from humanrt.config import Config, Section
from humanrt.config.section import Between, describe_range
from humanrt.config.writing import field_docs

HEADING = """\
# Configuration keys

Every key, with its type, its default and its range. A key is written in snake_case, as here, or in Human's camelCase:
`face.detector.max_detected` and `face.detector.maxDetected` are the same.
"""

TYPES: Mapping[object, str] = {bool: "boolean", int: "integer", float: "number", str: "string", NoneType: "unset"}


def config_page() -> str:
    """Return the page, in Markdown: a heading and a table for each section of the configuration."""
    return "\n".join([HEADING, *_section(Config())])


def _section(section: Section) -> Iterator[str]:
    docs = field_docs(type(section))
    inner = [value for value in vars(section).values() if isinstance(value, Section)]
    yield f"## {f'`{section.path}`' if section.path else 'General'}\n"
    yield f"{_markdown(inspect.getdoc(section) or '').partition(chr(10))[0]} (`{type(section).__name__}`)\n"
    yield "| key | type | default | |\n| --- | --- | --- | --- |"
    for item in fields(section):
        default = vars(section)[item.name]
        if not isinstance(default, Section):
            key = section.key(item.name)
            yield f"| `{key}` | {_type(item.type)} | `{_toml(default)}` | {_markdown(docs[item.name])} |"
    yield ""
    for part in inner:
        yield from _section(part)


def _type(hint: object) -> str:
    """Return a field's type and range, as a reader of TOML knows them."""
    match get_origin(hint), get_args(hint):
        case (origin, (kind, Between() as bounds)) if origin is Annotated:
            return f"{_type(kind)}, {describe_range(bounds)}"
        case (origin, (kind, _)) if origin is tuple:
            return f"list of {TYPES[kind]}s"
        case (origin, choices) if origin is Literal:
            return ", ".join(f"`{_toml(choice)}`" for choice in choices)
        case (None, _):
            return TYPES[hint]
        case (_, parts) if NoneType in parts:
            return " or ".join(_type(part) for part in parts)
    return "table"


def _toml(value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return str(list(value))
    return f'"{value}"' if isinstance(value, str) else str(value)


def _markdown(text: str) -> str:
    return text.replace("``", "`").replace("|", "\\|")


if __name__ == "__main__":
    print(config_page())
