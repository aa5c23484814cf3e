"""The faces of many pictures in one file: .npz of NumPy, or .parquet. Both are written without holding all of them."""

import importlib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import ConfigError, MissingDependencyError
from humanrt.result.record import Box

ROWS_AT_ONCE = 1024
INSTEAD = "write a .npz file"


class FaceRow(NamedTuple):
    """The score of a face, its box in pixels, and its embedding, float32 [d]."""

    score: float
    box: Box
    embedding: NDArray[np.float32]


class PictureRows(NamedTuple):
    """A picture with its faces, or with the error that it had."""

    path: str
    faces: Sequence[FaceRow] = ()
    error: str = ""


ReadPictures: TypeAlias = Callable[[], Iterable[PictureRows]]
"""Returns the pictures once more."""


def check_output(path: Path) -> None:
    """Raise ``ConfigError`` for an ending that ``write_faces()`` does not have, ``MissingDependencyError``."""
    if path.suffix.lower() not in WRITERS:
        raise ConfigError(f"the output is {str(path)!r}; its ending must be {' or '.join(WRITERS)}")
    if path.suffix.lower() == ".parquet":
        load_parquet(INSTEAD)


def write_faces(path: Path, read: ReadPictures) -> None:
    """Write the faces of pictures to a file of the format of its ending, which appears whole or not at all.

    Raises as ``check_output()``, and ``OSError`` if the file cannot be written.
    """
    check_output(path)
    # In the same folder, so that the rename is atomic; its one name, so that a process that is killed leaves one file.
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        WRITERS[path.suffix.lower()](temporary, read)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write_npz(path: Path, read: ReadPictures) -> None:
    """Write arrays with a row for each face, and ``pictures`` and ``errors`` with one for each picture."""
    columns: dict[str, list[Any]] = {name: [] for name in ("path", "face", "score", "box", "pictures", "errors")}
    size = 0
    for picture in read():
        columns["pictures"].append(picture.path)
        columns["errors"].append(picture.error)
        for number, face in enumerate(picture.faces):
            columns["path"].append(picture.path)
            columns["face"].append(number)
            columns["score"].append(face.score)
            columns["box"].append(face.box)
            size = len(face.embedding)
    count = len(columns["face"])
    arrays = {
        "path": np.array(columns["path"], np.str_),
        "face": np.array(columns["face"], np.int32),
        "score": np.array(columns["score"], np.float32),
        "box": np.array(columns["box"], np.float32).reshape(count, 4),
        "pictures": np.array(columns["pictures"], np.str_),
        "errors": np.array(columns["errors"], np.str_),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        with archive.open("embedding.npy", "w", force_zip64=True) as member:
            header = {"descr": "<f4", "fortran_order": False, "shape": (count, size)}
            np.lib.format.write_array_header_1_0(member, header)
            for picture in read():
                for face in picture.faces:
                    member.write(face.embedding.astype("<f4").tobytes())


def _write_parquet(path: Path, read: ReadPictures) -> None:
    """Write a row for each face, and one without a face for each picture that has none."""
    pyarrow, parquet = load_parquet(INSTEAD)
    number = pyarrow.float32()
    schema = pyarrow.schema(
        [
            ("path", pyarrow.string()),
            ("face", pyarrow.int32()),
            ("score", number),
            *((name, number) for name in ("x", "y", "width", "height")),
            ("embedding", pyarrow.list_(number)),
            ("error", pyarrow.string()),
        ]
    )
    with parquet.ParquetWriter(path, schema) as writer:
        rows = _parquet_rows(read())
        while some := list(islice(rows, ROWS_AT_ONCE)):
            writer.write_table(pyarrow.Table.from_pylist(some, schema))


def _parquet_rows(pictures: Iterable[PictureRows]) -> Iterator[dict[str, Any]]:
    for picture in pictures:
        # A name that is not UTF-8 has surrogates, which Arrow refuses.
        path = picture.path.encode(errors="backslashreplace").decode()
        for number, face in enumerate(picture.faces):
            box = dict(zip(("x", "y", "width", "height"), face.box, strict=True))
            yield {"path": path, "face": number, "score": face.score, **box, "embedding": face.embedding}
        if not picture.faces:
            yield {"path": path, "error": picture.error or None}


def load_parquet(instead: str) -> tuple[Any, Any]:
    """Return the modules ``pyarrow`` and ``pyarrow.parquet``.

    Raises ``MissingDependencyError``, whose message ends with what to do ``instead``.
    """
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingDependencyError(
            f'Parquet files need pyarrow, which cannot be imported: {error}; `pip install "humanrt[data]"`, or '
            f"{instead}",
            name="pyarrow",
        ) from error


WRITERS: dict[str, Callable[[Path, ReadPictures], None]] = {".npz": _write_npz, ".parquet": _write_parquet}
