"""The page ``models/README.md``: the measurements as two tables. It is generated completely."""

import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import humanrt
from humanrt.runtime.library import installed_distributions
from humanrt.tfjs import CONVERTER_VERSION
from humanrt.zoo import Card
from parity.choice import packages
from parity.comparison import TOLERANCE, Comparison, Difference
from parity.inputs import PICTURES, RANDOM
from parity.misses import MISSES
from parity.models import ROUNDS, Timing

README = Path(__file__).resolve().parents[2] / "models" / "README.md"

PAGE = """\
# Models

Written by `python tools/parity models`: do not edit. Every model of Human's npm packages, found by its card, fetched,
converted and run as users of this project do it, beside the same files in TF.js.

{models} models, which the packages hold {files} times: {packages}. Measured with {versions}, on {machine}.

"Licence" is that of the package's files, then that of the original. The differences are the largest of all the model's
outputs, which follow below. The times are milliseconds of one run on one thread, medians of {rounds} runs that took
turns; "-" says what TF.js's WASM backend lacks.

{model_table}

## Outputs

The largest difference from TF.js over {random} random inputs and {pictures} pictures: absolute, and relative to the
largest value of the output, which may be {tolerance:g}. The reference is TF.js on its CPU backend; "float64" is the
same with kernels that round nothing, for outputs that rounding alone moves so far, and beside it stands how far TF.js's
own float32 is from it.

{output_table}
"""

MISSES_SECTION = """
## Misses

{misses}
"""


@dataclass(frozen=True)
class Row:
    """The measurements of one model: the comparisons of its outputs by the card's names, and the times."""

    card: Card
    outputs: dict[str, Comparison]
    timing: Timing


def render(rows: Sequence[Row], peers: dict[str, str]) -> str:
    """Return the page. ``peers`` are the versions of Node and its packages, by name."""
    versions = {
        "humanrt": f"{humanrt.__version__} (converter {CONVERTER_VERSION})",
        **installed_distributions(),
        "numpy": np.__version__,
        **peers,
    }
    files = Counter(package for row in rows for package in packages(row.card))
    page = PAGE.format(
        models=len(rows),
        files=files.total(),
        packages=", ".join(f"{count} in `{package}`" for package, count in files.items()),
        versions=", ".join(f"{name} {version}" for name, version in versions.items()),
        machine=f"{platform.system()} {platform.machine()}",
        rounds=ROUNDS,
        model_table=_table(
            ("model", "task", "packages", "licence", "bytes", "absolute", "relative", "ONNX Runtime", "TF.js WASM"),
            map(_model_cells, rows),
        ),
        random=len(RANDOM),
        pictures=len(PICTURES),
        tolerance=TOLERANCE,
        output_table=_table(
            ("model", "output", "absolute", "relative", "reference"),
            (_output_cells(row.card, name, found) for row in rows for name, found in row.outputs.items()),
        ),
    )
    missed = [row.card.name for row in rows if not all(found.within for found in row.outputs.values())]
    if not missed:
        return page
    causes = (f"- {name}: {MISSES.get(name, 'not explained.')}" for name in missed)
    return page + MISSES_SECTION.format(misses="\n".join(causes))


def _model_cells(row: Row) -> tuple[str, ...]:
    card, timing = row.card, row.timing
    worst = Difference(0.0, 0.0)
    for found in row.outputs.values():
        worst = worst.or_worse(found.difference)
    return (
        card.name,
        card.config_key,
        ", ".join(package.partition("/")[2] for package in packages(card)),
        f"{card.licence}; {card.provenance.licence}",
        f"{card.size:,}",
        *_numbers(worst),
        f"{timing.onnxruntime:.2f}",
        f"- ({timing.reason})" if timing.wasm is None else f"{timing.wasm:.2f}",
    )


def _output_cells(card: Card, name: str, found: Comparison) -> tuple[str, ...]:
    reference = "TF.js" if found.rounding is None else f"float64 (TF.js itself: {found.rounding:.1e})"
    return card.name, name, *_numbers(found.difference), reference if found.within else f"{reference}, missed"


def _numbers(difference: Difference) -> tuple[str, str]:
    return f"{difference.absolute:.1e}", f"{difference.relative:.1e}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
