"""Where tensors were made and freed, and which handles vanished undisposed."""

from __future__ import annotations

import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import FrameType

from humanrt.tensors.buffer import DataBuffer
from humanrt.tensors.reports import LeakRow

UNRECORDED = "a place that was not recorded (track_sites=True records it)"

_PACKAGE = __name__.partition(".")[0]


class Sites:
    """The history of one tensor, shared by its handle and the ledger; places are "file:line in function"."""

    __slots__ = ("created", "created_at", "disposed", "shape")

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.created: str = call_site()
        self.created_at: float = time.monotonic()
        self.shape: tuple[int, ...] = shape
        self.disposed: str | None = None


def call_site() -> str:
    """Return the innermost place outside this package from which the current call was made."""
    frame = sys._getframe()  # noqa: SLF001 - documented; inspect.currentframe() is the same, typed as optional
    while frame.f_back is not None and _is_ours(frame):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_qualname}"


def _is_ours(frame: FrameType) -> bool:
    module: str = frame.f_globals.get("__name__", "")
    return module.partition(".")[0] == _PACKAGE


@dataclass
class _Loss:
    count: int = 0
    nbytes: int = 0
    shape: tuple[int, ...] = ()
    dtype: str = ""
    last_lost_at: float = 0.0


class Losses:
    """The handles that vanished undisposed, grouped by site: the size does not grow with the process's lifetime."""

    def __init__(self) -> None:
        self._by_site: dict[str, _Loss] = {}

    def by_site(self) -> dict[str, int]:
        """Return the number of lost handles by site."""
        return {site: loss.count for site, loss in self._by_site.items()}

    def note(self, buffer: DataBuffer, sites: Sites | None) -> str:
        """Record one handle that vanished, before its buffer is freed; return its site."""
        site = sites.created if sites else UNRECORDED
        loss = self._by_site.setdefault(site, _Loss())
        loss.count += 1
        loss.nbytes += buffer.nbytes if buffer.handles == 1 else 0
        loss.shape = _shape(buffer, sites)
        loss.dtype = str(buffer.dtype)
        loss.last_lost_at = time.monotonic()
        return site

    def rows(self) -> Iterator[LeakRow]:
        """Yield one row for each site."""
        now = time.monotonic()
        for site, loss in self._by_site.items():
            age = now - loss.last_lost_at
            yield LeakRow("lost", loss.count, loss.nbytes, age, loss.shape, loss.dtype, "caller", site)


def live_rows(
    live: Iterable[tuple[int, DataBuffer]], sites: Mapping[int, Sites], owner_of: Callable[[int], str]
) -> list[LeakRow]:
    """Group live tensors, the oldest first, by site and owner; by shape, dtype and owner where no site is recorded."""
    now = time.monotonic()
    rows: dict[tuple[object, ...], LeakRow] = {}
    counted: set[int] = set()
    for tensor_id, buffer in live:
        history, owner = sites.get(tensor_id), owner_of(tensor_id)
        shape, dtype = _shape(buffer, history), str(buffer.dtype)
        site = history.created if history else UNRECORDED
        key = (site, owner) if history else (shape, dtype, owner)
        age = now - history.created_at if history else None
        nbytes = 0 if id(buffer) in counted else buffer.nbytes
        counted.add(id(buffer))
        row = rows.setdefault(key, LeakRow("live", 0, 0, age, shape, dtype, owner, site))
        rows[key] = row._replace(tensors=row.tensors + 1, nbytes=row.nbytes + nbytes, shape=shape, dtype=dtype)
    return list(rows.values())


def warn_of_leaks(sites: Iterable[str]) -> None:
    """Issue a ResourceWarning for each site, without ever raising into the call that found the leak.

    That call is any later call on the engine, in the middle of its work. Where warnings are errors, the warning must
    not be raised into it. So it is issued in a finaliser, from which the interpreter passes errors to
    ``sys.unraisablehook``, as it does with its own ResourceWarnings about files and sockets.
    """
    for site, count in Counter(sites).items():
        what = "a tensor that was" if count == 1 else f"{count} tensors that were"
        _Notice(f"{what} made at {site} vanished without being disposed; dispose them, or make them in a scope")


class _Notice:
    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __del__(self) -> None:
        warnings.warn(self._text, ResourceWarning, stacklevel=2)


def _shape(buffer: DataBuffer, sites: Sites | None) -> tuple[int, ...]:
    if sites:
        return sites.shape
    return () if buffer.array is None else buffer.array.shape
