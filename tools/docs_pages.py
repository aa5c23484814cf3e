"""The pages of the documentation site that are generated, and the links between pages.

Pages in ``engine/docs`` and files at the top of the repository link to each other, and to code, by relative paths. In
the site, a path outside of ``engine/docs`` becomes a link to the page that is generated from it.
"""

import ast
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import humanrt
import humanrt.errors

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "engine" / "docs"

# What stands for a file of the repository in the site.
GENERATED_FROM: Mapping[str, str] = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "LICENSE": "licence.md",
    "examples": "examples.md",
    "models/README.md": "model-table.md",
    "engine/humanrt/__init__.py": "reference.md",
    "engine/humanrt/config/config.py": "configuration-keys.md",
}

FENCED = re.compile(r"^(?P<fence>`{3,}).*?^(?P=fence)[^\S\n]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<=\]\()(?!https?://|#)(?P<path>[^)\s#]+)(?P<anchor>#[^)\s]*)?(?=\))")
RULE = re.compile(r"^(?P<number>\d+)\. ", re.MULTILINE)
CITATION = re.compile(r"CONFORMANCE ((?:\d+(?:, (?:and )?| and | to )?)+)")


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Yield the parts of a page outside of fenced code, each with its offset."""
    start = 0
    for fenced in FENCED.finditer(text):
        yield start, text[start : fenced.start()]
        start = fenced.end()
    yield start, text[start:]


def links(text: str) -> Iterator[re.Match[str]]:
    """Yield the relative links and pictures of a page, with the groups ``path`` and ``anchor``."""
    for _, part in prose(text):
        yield from LINK.finditer(part)


def in_site(source: Path) -> str:
    """Return a page of the repository with its links as the site has them.

    Raises ``ValueError`` if a link leaves ``engine/docs`` for a file that no page is generated from.
    """
    text = source.read_text(encoding="utf-8")

    def replace(link: re.Match[str]) -> str:
        target = Path(os.path.normpath(source.parent / link["path"]))
        if target.is_relative_to(PAGES):
            return f"{target.relative_to(PAGES).as_posix()}{link['anchor'] or ''}"
        name = target.relative_to(ROOT).as_posix()
        if name not in GENERATED_FROM:
            raise ValueError(f"{source}: links to {name}, which has no page in the site; see GENERATED_FROM")
        return f"{GENERATED_FROM[name]}{link['anchor'] or ''}"

    parts, end = [], 0
    for start, part in prose(text):
        parts += [text[end:start], LINK.sub(replace, part)]
        end = start + len(part)
    return "".join(parts)


# -- conformance


def cited_rules(docstring: str) -> set[int]:
    """Return the numbers that a docstring cites: "CONFORMANCE 1 to 4, 7 and 9" cites 1, 2, 3, 4, 7 and 9."""
    found = set()
    for listed in CITATION.findall(docstring):
        for first, _, last in re.findall(r"(\d+)( to (\d+))?", listed):
            found |= set(range(int(first), int(last or first) + 1))
    return found


def rule_numbers() -> list[int]:
    """Return the numbers of the rules in ``engine/docs/conformance.md``, in their order."""
    return [int(rule["number"]) for rule in RULE.finditer((PAGES / "conformance.md").read_text(encoding="utf-8"))]


def citing_tests() -> dict[int, list[str]]:
    """Return the tests that cite each rule, as "tests/test_x.py: test_y"."""
    found: dict[int, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            # A stateful test of hypothesis is a class.
            if isinstance(node, ast.ClassDef) or (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
            ):
                for number in cited_rules(ast.get_docstring(node) or ""):
                    found.setdefault(number, []).append(f"{path.relative_to(ROOT).as_posix()}: {node.name}")
    return found


def conformance_page() -> str:
    """Return the rules, and a table of the tests that cite each."""
    rows = (
        f"| {rule} | {'<br>'.join(f'`{test}`' for test in tests)} |" for rule, tests in sorted(citing_tests().items())
    )
    table = "\n".join(["| rule | tests |", "| --- | --- |", *rows])
    return f"{in_site(PAGES / 'conformance.md')}\n## The tests of each rule\n\n{table}\n"


# -- the reference


class Reference(NamedTuple):
    """A page of the reference: the names in ``humanrt.__all__`` that are defined in ``modules``, ``first`` first."""

    title: str
    first: str
    modules: tuple[str, ...]
    text: str


REFERENCE: Mapping[str, Reference] = {
    "reference.md": Reference(
        "Human and sessions",
        "Human",
        ("humanrt.human.", "humanrt.stream.", "humanrt.batch.", "humanrt.extraction.", "humanrt.streams."),
        "`human.config` is the configuration and `human.engine` the [engine](reference-engine.md).",
    ),
    "reference-engine.md": Reference(
        "Engine and tensors",
        "Engine",
        ("humanrt.engine.", "humanrt.tensors.", "humanrt.runtime."),
        "[The engine](engine.md) is a guide to these classes.",
    ),
    "reference-results.md": Reference(
        "Results",
        "Result",
        ("humanrt.result.",),
        "[Results and coordinates](results.md) describes what the records have in common.",
    ),
    "reference-configuration.md": Reference(
        "Configuration",
        "Config",
        ("humanrt.config.",),
        "[All configuration keys](configuration-keys.md) has every key in one table for each section.",
    ),
}
MATCHING = (
    *(f"humanrt.{name}" for name in ("match", "EmbeddingStore", "OperatingPoint")),
    *(
        f"humanrt.matching.{name}"
        for name in ("OPERATING_POINTS", "point_of", "Match", "Hit", "Stored", "StoreStatistics")
    ),
)
WORKERS = (
    *(f"humanrt.workers.{name}" for name in ("WorkerPool", "Recycling", "PoolStatistics", "WorkerInfo")),
    *(f"humanrt.watch.{name}" for name in ("Monitor", "Sample", "Slope", "Growth", "slope")),
)
RAY = tuple(f"humanrt.ray.{name}" for name in ("HumanStage", "create_deployment"))
DRAWING = (
    *(f"humanrt.{name}" for name in ("draw_result", "DrawOptions", "crop_faces")),
    *(f"humanrt.{name}" for name in ("read_picture", "write_picture", "write_png")),
    *(f"humanrt.drawing.primitives.{name}" for name in ("draw_box", "draw_lines", "draw_points", "draw_label")),
)


def module_of(name: str) -> str:
    """Return the module that defines a public name."""
    return str(getattr(humanrt, name).__module__)


def reference_pages() -> dict[str, str]:
    """Return the pages of the reference; mkdocstrings replaces each ``::: NAME`` by what its docstring says.

    A public name of another module is on the first page.
    """
    names: dict[str, list[str]] = {page: [] for page in REFERENCE}
    for name in humanrt.__all__:
        if name == "__version__" or f"humanrt.{name}" in (*DRAWING, *MATCHING):
            continue
        module = f"{module_of(name)}."
        found = (page for page, reference in REFERENCE.items() if module.startswith(reference.modules))
        names[next(found, "reference.md")].append(name)
    pages = {}
    for page, reference in REFERENCE.items():
        ordered = [reference.first, *(name for name in names[page] if name != reference.first)]
        pages[page] = _reference(reference.title, reference.text, [f"humanrt.{name}" for name in ordered])
    kinds = [f"humanrt.errors.{name}" for name, kind in vars(humanrt.errors).items() if isinstance(kind, type)]
    return {
        **pages,
        "reference-drawing.md": _reference("Drawing and pictures", "[Drawing](drawing.md) is a guide.", DRAWING),
        "reference-matching.md": _reference("Matching", "[Matching faces](matching.md) is a guide.", MATCHING),
        "reference-workers.md": _reference("Workers and monitor", "[Workers](workers.md) is a guide.", WORKERS),
        "reference-ray.md": _reference("Ray", "[Ray](ray.md) is a guide.", RAY),
        "reference-errors.md": _reference(
            "Errors", "[The public API](public-api.md#errors) has them as a tree.", kinds
        ),
    }


def _reference(title: str, text: str, names: Iterable[str]) -> str:
    inherits = ("humanrt.Engine", "humanrt.Human", "humanrt.Tensor")
    entries = (f"::: {name}\n    options: {{inherited_members: {str(name in inherits).lower()}}}\n" for name in names)
    return "\n".join([f"# {title}\n", f"{text}\n", *entries])


# -- pages of code and data


def examples_page() -> str:
    """Return the files in ``examples/``, each below its docstring."""
    parts = ["# Examples\n", "The files in `examples/`, one idea each; the tests run all of them.\n"]
    for path in sorted((ROOT / "examples").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        docstring = ast.get_docstring(ast.parse(text)) or ""
        code = text.partition('"""\n')[2].strip()
        parts.append(f"## {path.name}\n\n{docstring.replace('``', '`')}\n\n```python\n{code}\n```\n")
    return "\n".join(parts)


def licence_page() -> str:
    """Return the licence of HumanRT."""
    return f"# Licence\n\n```text\n{(ROOT / 'LICENSE').read_text(encoding='utf-8').strip()}\n```\n"


def configuration_keys_page() -> str:
    """Return every key of the configuration, as ``pages/configuration.py`` reads them from the dataclasses."""
    if not (ROOT / "tools" / "pages" / "configuration.py").exists():
        return "# All configuration keys\n\nSee [the reference](reference-configuration.md).\n"
    page: str = import_module("pages.configuration").config_page()
    return page


GENERATED: Sequence[tuple[str, Callable[[], str]]] = (
    ("index.md", lambda: in_site(ROOT / "README.md")),
    ("changelog.md", lambda: in_site(ROOT / "CHANGELOG.md")),
    ("contributing.md", lambda: in_site(ROOT / "CONTRIBUTING.md")),
    ("model-table.md", lambda: in_site(ROOT / "models" / "README.md")),
    ("licence.md", licence_page),
    ("examples.md", examples_page),
    ("conformance.md", conformance_page),
    ("configuration-keys.md", configuration_keys_page),
)
"""The generated pages: name and function. ``reference_pages()`` adds those of the reference."""


def site_pages() -> dict[str, str]:
    """Return every page of the site by name."""
    written = {path.name: in_site(path) for path in sorted(PAGES.glob("*.md"))}
    return {**written, **{name: page() for name, page in GENERATED}, **reference_pages()}
