"""A result as a table, with a line for each detection."""

from collections.abc import Iterator

from humanrt.result import Result, Row
from humanrt.vision.modules import MODULES

PERSON_COLORS = (36, 33, 35, 32, 34)  # cyan, yellow, magenta, green, blue: readable on dark and on light
RED = 31


class Style:
    """The style of text on a terminal; none of it unless ``is_colored``."""

    def __init__(self, *, is_colored: bool = False) -> None:
        self._is_colored = is_colored

    def bold(self, text: str) -> str:
        """Return a text in bold type."""
        return self._marked(1, text)

    def error(self, text: str) -> str:
        """Return a text in red."""
        return self._marked(RED, text)

    def of_person(self, person: int | None, text: str) -> str:
        """Return a text in the colour of a person, the same for face, body and hands; others are plain."""
        return text if person is None else self._marked(PERSON_COLORS[person % len(PERSON_COLORS)], text)

    def _marked(self, code: int, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._is_colored else text


PLAIN = Style()


def headline(result: Result) -> str:
    """Return the size of the image and the number of detections of each module."""
    summaries = [module.summarize(result) for module in MODULES]
    counts = ", ".join(f"{summary.noun}: {summary.number}" for summary in summaries if summary.number)
    found = counts or ("failed" if result.errors else "nothing found")
    return f"{result.width} x {result.height}, {found}, {result.performance['total']:.1f} ms"


def table(result: Result, style: Style = PLAIN) -> Iterator[str]:
    """Yield the lines of the table."""
    summaries = [module.summarize(result) for module in MODULES]
    rows = [row for summary in summaries for row in summary.rows]
    if rows:
        yield f"{'':6} {'id':>3}  {'score':>5}  {'x':>6} {'y':>6} {'width':>6} {'height':>6}"
        yield from (style.of_person(row.person, _line(row)) for row in rows)
    yield from (summary.note for summary in summaries if summary.note)
    for module, error in result.errors.items():
        yield style.error(f"{module} failed: {error}")


def _line(row: Row) -> str:
    box = " ".join(f"{value:6.0f}" for value in row.box)
    return f"{row.kind:6} {row.id:3}  {row.score:5.2f}  {box}  {row.text}"
