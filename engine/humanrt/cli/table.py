"""A result as a table, with a line for each detection."""

from collections.abc import Iterator

from humanrt.result import Result
from humanrt.vision.modules import MODULES


def headline(result: Result) -> str:
    """Return the size of the image and the number of detections of each module."""
    summaries = [module.summarize(result) for module in MODULES]
    counts = ", ".join(f"{summary.noun}: {summary.number}" for summary in summaries if summary.number)
    found = counts or ("failed" if result.errors else "nothing found")
    return f"{result.width} x {result.height}, {found}, {result.performance['total']:.1f} ms"


def table(result: Result) -> Iterator[str]:
    """Yield the lines of the table."""
    summaries = [module.summarize(result) for module in MODULES]
    rows = [row for summary in summaries for row in summary.rows]
    if rows:
        yield f"{'':6}  {'score':>5}  {'x':>6} {'y':>6} {'width':>6} {'height':>6}"
        for row in rows:
            yield f"{row.kind:6}  {row.score:5.2f}  {' '.join(f'{value:6.0f}' for value in row.box)}  {row.text}"
    yield from (summary.note for summary in summaries if summary.note)
    for module, error in result.errors.items():
        yield f"{module} failed: {error}"
