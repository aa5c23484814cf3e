"""The file of a store: one .npz, without pickled objects.

It has the arrays ``vectors`` float32 [n, d], ``keys`` and ``recency`` int64 [n], ``ages`` float64 [n], ``meta``, which
is JSON in UTF-8, and ``index`` if the store has one.
"""

import errno
import json
import os
import stat
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.config.section import as_path, without_waiting
from humanrt.errors import InputError

FORMAT = 1

# What NumPy, zipfile and json raise for bytes that they did not write.
_DAMAGE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class Saved:
    """The content of a file; row i is one entry."""

    vectors: NDArray[np.float32]
    """The embeddings, [n, d]."""
    keys: NDArray[np.int64]
    """The keys in the index, [n]."""
    recency: NDArray[np.int64]
    """The rows from the least to the most recently used one, [n]."""
    ages: NDArray[np.float64]
    """The seconds since each was added, [n]."""
    meta: Mapping[str, Any]
    """``names``, ``payloads`` (JSON texts) and the arguments of the store."""
    index: NDArray[np.uint8] | None
    """The bytes of the index."""


def write(path: str | os.PathLike[str], saved: Saved) -> None:
    """Write a file, which appears whole or not at all. Raises ``OSError`` if it cannot be written."""
    path = as_path(path, "path")
    if not path.name:  # "." or "/"
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    arrays = {name: getattr(saved, name) for name in ("vectors", "keys", "recency", "ages")}
    text = json.dumps({"format": FORMAT, **saved.meta}, separators=(",", ":"))
    arrays["meta"] = np.frombuffer(text.encode(), np.uint8)
    if saved.index is not None:
        arrays["index"] = saved.index
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    try:
        with temporary.open("xb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if error.filename is not None:
            error.filename = os.fspath(path)  # not the temporary one
        raise
    finally:
        temporary.unlink(missing_ok=True)


def read(path: str | os.PathLike[str]) -> Saved:
    """Read a file. Raises ``InputError`` if it is not the file of a store, ``OSError`` if it cannot be read."""
    with open(as_path(path, "path"), "rb", opener=without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise InputError(f"{path} is not a regular file; EmbeddingStore.save() writes the file of a store")
        try:
            with np.load(file, allow_pickle=False) as archive:
                if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.zip.infolist()):
                    raise ValueError("its arrays are compressed")
                arrays = {name: archive[name] for name in archive.files}
            meta = json.loads(arrays.pop("meta").tobytes())
            saved = Saved(meta=meta, **{"index": None, **arrays})
            _check(saved)
        except _DAMAGE as error:
            raise InputError(f"{path} is not the file of an EmbeddingStore, or is damaged: {error}") from error
    return saved


def _check(saved: Saved) -> None:
    """Raise ``ValueError`` or ``KeyError`` unless the parts belong together."""
    if saved.meta["format"] != FORMAT:
        raise ValueError(f"its format is {saved.meta['format']!r}, and {FORMAT} is known")
    count, size = len(saved.meta["names"]), saved.meta["point"]["size"]
    parts: list[tuple[NDArray[Any], str, tuple[int, ...]]] = [
        (saved.vectors, "float32", (count, size)),
        (saved.keys, "int64", (count,)),
        (saved.recency, "int64", (count,)),
        (saved.ages, "float64", (count,)),
    ]
    for array, dtype, shape in parts:
        if array.shape != shape or array.dtype != dtype:
            raise ValueError(f"an array is {array.dtype} {list(array.shape)} instead of {dtype} {list(shape)}")
    if sorted(saved.recency.tolist()) != list(range(count)) or len({*saved.meta["names"]}) != count:
        raise ValueError("its entries are not in an order, or a name stands twice")
    if len(saved.meta["payloads"]) != count or len(set(saved.keys.tolist())) != count:
        raise ValueError("its payloads or keys do not belong to its names")
    for text in saved.meta["payloads"]:
        json.loads(text)
    if not np.isfinite(saved.vectors).all():
        raise ValueError("an embedding contains NaN or infinite numbers")
