"""Finding the tensors in what a caller passes or returns."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Set
from dataclasses import fields, is_dataclass
from types import ModuleType, NoneType
from typing import TypeVar

import numpy as np

T = TypeVar("T")

_COLLECTIONS = (list, tuple, deque, Set)
_LEAVES = (str, bytes, bytearray, int, float, complex, NoneType, np.ndarray, np.generic, type, ModuleType)


def instances_in(container: object, kind: type[T]) -> list[T]:
    """Return every instance of ``kind`` that can be reached from ``container``, each once, in no particular order.

    Searches mappings (their values), lists, tuples, deques, sets, the fields of dataclasses and the attributes of other
    objects that have a ``__dict__``, but no modules and classes; cycles are followed once. TF.js:
    ``getTensorsInContainer``.
    """
    if container is None or isinstance(container, kind):  # the usual cases; the rest takes a microsecond
        return [] if container is None else [container]
    found: list[T] = []
    # Holding every object seen keeps its id from being used again by an object that is created during the search.
    seen: dict[int, object] = {}
    pending = [container]
    while pending:
        item = pending.pop()
        if isinstance(item, _LEAVES) or id(item) in seen:
            continue
        seen[id(item)] = item
        if isinstance(item, kind):
            found.append(item)
        else:
            pending.extend(_children(item))
    return found


def _children(item: object) -> Iterable[object]:
    if isinstance(item, Mapping):
        return item.values()
    if isinstance(item, _COLLECTIONS):
        return item
    if is_dataclass(item):
        return [getattr(item, field.name, None) for field in fields(item)]
    return vars(item).values() if hasattr(item, "__dict__") else ()
