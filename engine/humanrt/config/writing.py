"""Configurations as TOML, with the documentation of every key, which is read from the sources of the sections."""

import ast
import inspect
import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from textwrap import wrap

from humanrt.config.config import DEFAULT_PRESET, Config
from humanrt.config.section import Section

WIDTH = 100
HEAD = """\
A configuration of HumanRT with every key. Keys that are left out have the value of the preset,
which is human, fast, balanced or accurate.
"""


def field_docs(section: type[Section]) -> Mapping[str, str]:
    """Return the docstring of each field of a section: the string literal that follows it in the source."""
    docs: dict[str, str] = {}
    body = next(node.body for node in ast.parse(inspect.getsource(section)).body if isinstance(node, ast.ClassDef))
    for statement, following in pairwise(body):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                docs[name] = " ".join(text.split())
    return docs


def to_toml(config: Config, *, comments: bool = False) -> str:
    """Return a configuration as TOML, every key of it; ``load_config()`` reads an equal one from that.

    TOML has no value for None: such a key is a comment, and its value that of the preset, which is written as well.
    With ``comments`` each key and section has its documentation.
    """
    preset = next(name for name in (DEFAULT_PRESET, "human") if not _differs_unset(config, Config.preset(name)))
    head = _comment(HEAD) if comments else ()
    return "\n".join([*head, f'preset = "{preset}"', "", *_section(config, comments)])


def _differs_unset(section: Section, base: Section) -> bool:
    """Return whether a value is None that is not None in ``base``."""
    pairs = ((value, vars(base)[name]) for name, value in vars(section).items())
    return any(
        _differs_unset(value, other) if isinstance(value, Section) else value is None and other is not None
        for value, other in pairs
    )


def _section(section: Section, comments: bool) -> Iterator[str]:
    docs = field_docs(type(section)) if comments else {}
    inner = [value for value in vars(section).values() if isinstance(value, Section)]
    if section.path:
        yield from _comment((inspect.getdoc(section) or "").partition("\n\n")[0]) if comments else ()
        yield f"[{section.path}]"
    for name, value in vars(section).items():
        if not isinstance(value, Section):
            yield from _comment(docs[name]) if comments else ()
            key = section.key(name).rpartition(".")[2]
            yield f"# {key} is not set" if value is None else f"{key} = {_value(value)}"
    yield ""
    for part in inner:
        yield from _section(part, comments)


def _comment(text: str) -> Iterator[str]:
    for line in text.replace("``", "").splitlines():
        yield from (f"# {part}" for part in wrap(line, WIDTH - 2, break_on_hyphens=False))


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_value(str(key))} = {_value(each)}' for key, each in value.items())}}}"
    return json.dumps(value)
