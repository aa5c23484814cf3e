"""A collection of embeddings with names, which is searched for the nearest ones."""

import json
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np

from humanrt.errors import InputError
from humanrt.matching import storage
from humanrt.matching.entries import Hit, Payload, Stored, StoreStatistics
from humanrt.matching.index import Index
from humanrt.matching.match import Embedding, complete_scale, is_finite, normalize, read_embedding
from humanrt.matching.matrix import Float32, Matrix
from humanrt.matching.points import OPERATING_POINTS, OperatingPoint

_DEFAULT = "sface"  # the embedder of the default preset
_LARGEST = 1e15


@dataclass(slots=True)
class _Entry:
    name: str
    payload: str  # as JSON, so that no thread shares an object with another
    row: int
    key: int  # in the index
    born: float


class EmbeddingStore:
    """A collection of embeddings by name, with JSON payloads, that may be used by any number of threads.

    ``point`` describes the embeddings and the options of their comparison, whose order is 2. By default it is that of
    ``sface``, whose embeddings ``Human()`` computes. With ``max_entries`` the least recently used entry is evicted for
    a new one: entries are used when they are added, got, or returned by a search. With ``ttl`` an entry is freed that
    many seconds after it was added; every call frees those that are due. What is freed is erased, and counted by
    ``statistics()``.

    ``index`` is "exact", where a search takes one product of all vectors and the embedding, or "usearch", where it is
    approximate and suits millions; both compute the distances that they return exactly. ``clock`` returns seconds.

    Calls block for as long as they compute or wait for other threads. On an event loop call them with
    ``asyncio.to_thread()``.

    Raises ``InputError`` if an argument is out of range, ``MissingDependencyError`` if usearch is not installed.
    """

    point: OperatingPoint
    """The embeddings that are stored, and how they are compared."""

    def __init__(
        self,
        point: OperatingPoint | None = None,
        *,
        max_entries: int | None = None,
        ttl: float | None = None,
        index: Literal["exact", "usearch"] = "exact",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        point = OPERATING_POINTS[_DEFAULT] if point is None else point
        self._settings = _check_settings(point, max_entries, ttl, index)
        self.point = point
        self._scale = complete_scale(point.order, point.multiplier, point.min, point.max)
        self._max_entries = max_entries
        self._ttl = ttl
        self._clock = clock
        self._lock = threading.Lock()
        self._matrix = Matrix(point.size, max_entries)
        self._index = Index(point.size) if index == "usearch" else None
        self._entries: OrderedDict[str, _Entry] = OrderedDict()  # the least recently used one first
        self._by_age: dict[str, _Entry] = {}  # the oldest one first
        self._by_row: list[_Entry] = []
        self._by_key: dict[int, _Entry] = {}
        self._next_key = 0
        self._added = self._evicted = self._expired = self._removed = 0

    def add(self, name: str, embedding: Embedding, payload: Payload = None) -> None:
        """Add an embedding, or replace that of this name.

        Raises ``InputError`` if the name is no str, the embedding is not [d] of the store's d, or the payload cannot be
        JSON.
        """
        _check_name(name)
        vector = self._read(embedding)
        text = _to_json(payload)
        with self._lock:
            self._expire()
            old = self._entries.get(name)
            if old is not None:
                self._free(old)
            elif self._max_entries is not None and len(self._entries) >= self._max_entries:
                self._free(next(iter(self._entries.values())))
                self._evicted += 1
            self._insert(_Entry(name, text, self._matrix.append(vector), self._next_key, self._clock()))
            if self._index is not None:
                self._index.add(self._next_key, vector)
            self._next_key += 1
            self._added += old is None

    def get(self, name: str) -> Stored | None:
        """Return the entry of a name, or None. Raises ``InputError`` if the name is no str."""
        _check_name(name)
        with self._lock:
            self._expire()
            entry = self._entries.get(name)
            if entry is None:
                return None
            self._entries.move_to_end(name)
            return Stored(name, self._matrix.vectors[entry.row].copy(), json.loads(entry.payload))

    def search(self, embedding: Embedding, count: int = 10, *, min_similarity: float = 0.0) -> list[Hit]:
        """Return the ``count`` nearest entries whose similarity is ``min_similarity`` or more, the nearest first.

        ``point.similarity`` is the least similarity of one person. Of equal distances the first added comes first.

        Raises ``InputError`` if the embedding is not [d] of the store's d, or ``count`` is not a positive whole
        number, or ``min_similarity`` not a finite number.
        """
        if not _is_whole(count) or count < 1:
            raise InputError(f"count is {count!r}; accepted are positive whole numbers")
        if not is_finite(min_similarity):
            raise InputError(f"min_similarity is {min_similarity!r}; accepted are finite numbers")
        vector = self._read(embedding)
        with self._lock:
            self._expire()
            if self._index is None:
                rows = self._matrix.nearest(vector, count)
            else:
                rows = np.array([self._by_key[key].row for key in self._index.nearest(vector, count)], np.intp)
            distances = self._matrix.squared_distances(rows, vector)
            keys = [self._by_row[row].key for row in rows]
            hits = []
            for i in np.lexsort((keys, distances))[:count]:
                entry = self._by_row[rows[i]]
                distance = self._scale.distance_of(float(distances[i]))
                similarity = self._scale.similarity(distance)
                if similarity >= min_similarity:
                    hits.append(Hit(entry.name, json.loads(entry.payload), distance, similarity))
            for hit in reversed(hits):
                self._entries.move_to_end(hit.name)
            return hits

    def remove(self, name: str) -> bool:
        """Free the entry of a name, and return whether there was one. Raises ``InputError`` if the name is no str."""
        _check_name(name)
        with self._lock:
            self._expire()
            entry = self._entries.get(name)
            if entry is not None:
                self._free(entry)
                self._removed += 1
            return entry is not None

    def clear(self) -> None:
        """Free all entries."""
        with self._lock:
            self._removed += len(self._entries)
            for entry in tuple(self._entries.values()):
                self._free(entry)

    def names(self) -> list[str]:
        """Return the names of all entries, the least recently used one first."""
        with self._lock:
            self._expire()
            return list(self._entries)

    def statistics(self) -> StoreStatistics:
        """Return the counts, after the entries that are due were freed."""
        with self._lock:
            self._expire()
            matrix = self._matrix
            counts = (self._added, self._evicted, self._expired, self._removed)
            return StoreStatistics(len(self._entries), matrix.capacity, matrix.num_bytes, *counts)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all entries and settings to one .npz file, which appears whole or not at all.

        Other threads wait until it is written. Raises ``OSError`` if it cannot be written.
        """
        with self._lock:
            self._expire()
            now = self._clock()
            meta = {
                **self._settings,
                "names": [entry.name for entry in self._by_row],
                "payloads": [entry.payload for entry in self._by_row],
            }
            saved = storage.Saved(
                vectors=self._matrix.vectors,
                keys=np.array([entry.key for entry in self._by_row], np.int64),
                recency=np.array([entry.row for entry in self._entries.values()], np.int64),
                ages=np.array([now - entry.born for entry in self._by_row], np.float64),
                meta=meta,
                index=None if self._index is None else self._index.save(),
            )
            storage.write(path, saved)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, clock: Callable[[], float] = time.monotonic) -> Self:
        """Return the store that ``save()`` wrote, bit for bit; entries have the age that they had then.

        Raises ``InputError`` if it is another file or damaged, ``MissingDependencyError``, ``OSError``.
        """
        saved = storage.read(path)
        settings: dict[str, Any] = {name: saved.meta.get(name) for name in ("max_entries", "ttl", "index")}
        try:
            store = cls(OperatingPoint(**saved.meta["point"]), clock=clock, **settings)
        except TypeError as error:
            raise InputError(f"{path} has settings that are unknown: {error}") from error
        if saved.index is not None:
            store._index = Index(store.point.size, saved.index)
        now = clock()
        parts = zip(saved.meta["names"], saved.meta["payloads"], saved.keys.tolist(), saved.ages.tolist(), strict=True)
        entries = [_Entry(name, text, row, key, now - age) for row, (name, text, key, age) in enumerate(parts)]
        store._restore(entries, saved)
        return store

    def __len__(self) -> int:
        with self._lock:
            self._expire()
            return len(self._entries)

    def __contains__(self, name: object) -> bool:
        with self._lock:
            self._expire()
            return isinstance(name, str) and name in self._entries

    def _read(self, embedding: Embedding) -> Float32:
        """Return an embedding as it is stored."""
        values = normalize(embedding) if self.point.normalize else read_embedding(embedding)
        if not np.abs(values).max() <= _LARGEST:
            raise InputError(f"this embedding has numbers over {_LARGEST:g}, whose squares float32 cannot hold")
        if values.size != self.point.size:
            known = next((name for name, point in OPERATING_POINTS.items() if point.size == values.size), None)
            cure = f'; EmbeddingStore(OPERATING_POINTS["{known}"]) has those of {known}' if known else ""
            raise InputError(
                f"this embedding has {values.size} numbers; this store has those of {self.point.embedder}, "
                f"{self.point.size} each{cure}"
            )
        return values.astype(np.float32)

    def _expire(self) -> None:
        """Free the entries that are too old. The lock is held, here and below."""
        if self._ttl is None or not self._by_age:
            return
        latest = self._clock() - self._ttl
        while self._by_age and (oldest := next(iter(self._by_age.values()))).born <= latest:
            self._free(oldest)
            self._expired += 1

    def _insert(self, entry: _Entry) -> None:
        self._entries[entry.name] = self._by_age[entry.name] = self._by_key[entry.key] = entry
        self._by_row.append(entry)

    def _free(self, entry: _Entry) -> None:
        del self._entries[entry.name], self._by_age[entry.name], self._by_key[entry.key]
        if self._index is not None:
            self._index.remove(entry.key)
        self._matrix.remove(entry.row)
        last = self._by_row.pop()
        if last is not entry:
            self._by_row[entry.row] = last
            last.row = entry.row

    def _restore(self, entries: list[_Entry], saved: storage.Saved) -> None:
        """Fill this new store with the entries of a file."""
        self._matrix.extend(saved.vectors)
        self._by_row = entries
        self._by_key = {entry.key: entry for entry in entries}
        self._by_age = {entry.name: entry for entry in sorted(entries, key=lambda entry: (entry.born, entry.key))}
        self._entries = OrderedDict((entries[row].name, entries[row]) for row in saved.recency)
        self._next_key = max(self._by_key, default=-1) + 1


def _check_settings(point: OperatingPoint, max_entries: int | None, ttl: float | None, index: object) -> dict[str, Any]:
    """Return the settings as a file has them. Raises ``InputError`` if one is out of range."""
    if not isinstance(point, OperatingPoint):
        raise InputError(f'point is {point!r}; accepted is an OperatingPoint, OPERATING_POINTS["sface"] for instance')
    if not _is_whole(point.size) or point.size < 1 or point.order != 2:
        raise InputError(f"point has size {point.size} and order {point.order}; accepted are a positive size, order 2")
    if max_entries is not None and not (_is_whole(max_entries) and max_entries >= 1):
        raise InputError(f"max_entries is {max_entries!r}; accepted are positive whole numbers and None")
    if ttl is not None and not (_is_real(ttl) and ttl > 0):
        raise InputError(f"ttl is {ttl!r}; accepted are positive seconds and None")
    if not (isinstance(index, str) and index in ("exact", "usearch")):
        raise InputError(f'index is {index!r}; accepted are "exact" and "usearch"')
    return {"point": asdict(point), "max_entries": max_entries, "ttl": ttl, "index": index}


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_real(value: object) -> bool:
    return isinstance(value, Real)


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise InputError(f"a name is a str; this one is {name!r}")


def _to_json(payload: Payload) -> str:
    try:
        return json.dumps(payload, allow_nan=False)
    except (RecursionError, TypeError, ValueError) as error:
        raise InputError(f"this payload cannot be JSON: {error}; accepted is what json.dumps() accepts") from error
