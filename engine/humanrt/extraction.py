"""The faces of a folder of pictures in one file: ``Human.extract()``.

While an extraction runs, the file ``OUTPUT.resume`` has one line of JSON for each picture that was detected. When all
are done, the output is written from these lines and replaces a file of that name; then ``OUTPUT.resume`` is deleted.
After an extraction that was killed, the next one goes on behind the last whole line. Of all pictures, only the paths
are in memory: a folder may have any size.
"""

import asyncio
import base64
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np

from humanrt.batch import Outcome, create_batch
from humanrt.config import Config
from humanrt.config.section import as_path, checked
from humanrt.errors import ConfigError
from humanrt.housekeeping import Housekeeping
from humanrt.imaging.listing import list_pictures
from humanrt.result import Result
from humanrt.result.formats.faces import FaceRow, PictureRows, check_output, write_faces
from humanrt.runtime import scheduler

if TYPE_CHECKING:
    from filelock import BaseFileLock

OFF = {"enabled": False}
FACES_ALONE = dict.fromkeys(("body", "hand", "object", "gesture", "segmentation"), OFF)
VERSION = 1  # of the lines


class Extraction(NamedTuple):
    """The numbers of pictures and faces that ``Human.extract()`` wrote.

    ``failed`` pictures could not be detected. ``resumed`` ones were detected by earlier calls, which had not ended.
    """

    pictures: int
    faces: int
    failed: int
    resumed: int


async def extract(
    human: Housekeeping,
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    config: Config,
    *,
    at_once: int | None,
    recursive: bool,
) -> Extraction:
    """Run ``Human.extract()``."""
    face = config.face
    embedders = (face.embedding, face.description, face.mobilefacenet, face.insightface)
    if not (face.enabled and any(section.enabled for section in embedders)):
        raise ConfigError(
            "extract() writes embeddings: enable face.embedding, description, insightface or mobilefacenet"
        )
    config = config.merge({**FACES_ALONE, "raise_errors": False})
    checked(recursive, bool, "recursive")
    folder, path = as_path(source, "source"), as_path(output, "output")
    await scheduler.run(check_output, path)
    journal = Journal(path, _header(folder, config))
    pictures = (each for each in list_pictures(source, recursive=recursive) if _name(each, folder) not in journal)
    batch = create_batch(human, pictures, config, bgr=False, at_once=at_once, ordered=False, recursive=False)
    try:
        resumed = await scheduler.run(journal.open)
        async with batch:
            async for picture, outcome in batch:
                await scheduler.run(journal.add, _rows(_name(picture, folder), outcome))
        stopped = threading.Event()
        extraction = await scheduler.run(journal.finish, stopped.is_set, resumed, on_cancel=stopped.set)
    finally:
        journal.close()
    return extraction


class Journal:
    """The pictures that were detected, as lines of a file beside the output."""

    def __init__(self, output: Path, header: dict[str, Any]) -> None:
        self._output = output
        self._path = output.with_name(f"{output.name}.resume")
        self._header = header
        self._done: set[str] = set()
        self._lock: BaseFileLock | None = None
        self._file: BinaryIO | None = None
        self._opened = False  # and of this extraction

    def __contains__(self, picture: str) -> bool:
        return picture in self._done

    def open(self) -> int:
        """Open the file and return the number of pictures in it; a line that was not written whole is removed.

        Raises ``ConfigError`` if it was written by another extraction, or one is writing it, ``OSError``.
        """
        self._acquire()
        self._path.touch()
        self._file = self._path.open("r+b")
        end = 0
        for number, line in enumerate(self._file):
            content = _parse(line)
            if content is None or (number and _picture(content) is None):
                break
            if number == 0 and content != self._header:
                raise ConfigError(
                    f"{str(self._path)!r} is of an extraction with another folder or configuration: finish that one, "
                    "or delete the file"
                )
            end += len(line)
            if number:
                self._done.add(content["path"])
        self._file.seek(end)
        self._file.truncate()
        if end == 0:
            self._write(self._header)
        self._opened = True
        return len(self._done)

    def add(self, picture: PictureRows) -> None:
        """Write a picture."""
        faces = [
            [face.score, face.box, base64.b64encode(face.embedding.astype("<f4").tobytes()).decode()]
            for face in picture.faces
        ]
        self._write({"path": picture.path, "faces": faces, "error": picture.error})
        self._done.add(picture.path)

    def finish(self, stopped: Callable[[], bool], resumed: int) -> Extraction:
        """Write the output, and delete the file; end early, without an output, if ``stopped()``."""
        count = faces = failed = 0
        for picture in self._read(stopped):
            count += 1
            faces += len(picture.faces)
            failed += bool(picture.error)
        write_faces(self._output, lambda: self._read(stopped))
        self._done.clear()
        self.close()
        return Extraction(count, faces, failed, resumed)

    def close(self) -> None:
        """Close the file, delete it if no picture is in it, and release its lock. Idempotent."""
        lock, self._lock = self._lock, None
        if lock is None:
            return
        try:
            if self._file is not None:
                self._file.close()
            if self._opened and not self._done:
                self._path.unlink(missing_ok=True)
        finally:
            # Before the release: no other extraction may acquire the lock of a file that is about to be deleted.
            if os.name != "nt":
                Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()

    def _acquire(self) -> None:
        import filelock

        self._path.parent.stat()  # FileLock would create the folder
        # Acquired and released by different threads.
        lock = filelock.FileLock(self._path.with_name(f".{self._path.name}.lock"), thread_local=False)
        try:
            lock.acquire(blocking=False)
        except filelock.Timeout:
            raise ConfigError(
                f"{str(self._path)!r} is being written by another extraction: wait for its end, or name another output"
            ) from None
        self._lock = lock

    def _write(self, content: dict[str, Any]) -> None:
        assert self._file is not None  # noqa: S101 - for the type checker
        self._file.write(json.dumps(content).encode() + b"\n")
        self._file.flush()

    def _read(self, stopped: Callable[[], bool]) -> Iterator[PictureRows]:
        with self._path.open("rb") as lines:
            next(lines)
            for line in lines:
                if stopped():
                    raise asyncio.CancelledError
                picture = _picture(json.loads(line))
                assert picture is not None  # noqa: S101 - open() removed the others
                yield picture


def _parse(line: bytes) -> dict[str, Any] | None:
    """Return the content of a line, or None if it was not written whole."""
    try:
        content = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _picture(content: dict[str, Any]) -> PictureRows | None:
    """Return the picture of a line, or None if the line is damaged."""
    try:
        faces = [
            FaceRow(score, tuple(box), np.frombuffer(base64.b64decode(embedding), "<f4"))
            for score, box, embedding in content["faces"]
        ]
        path, error = content["path"], content["error"]
    except (KeyError, TypeError, ValueError):
        return None
    return PictureRows(path, faces, error) if isinstance(path, str) and isinstance(error, str) else None


def _header(folder: Path, config: Config) -> dict[str, Any]:
    settings = repr((config.face, config.filter, config.compat, config.image))
    return {
        "humanrt extract": VERSION,
        "source": str(folder.resolve()),
        "config": hashlib.sha256(settings.encode()).hexdigest(),
    }


def _name(picture: object, folder: Path) -> str:
    """Return the path of a picture relative to the folder, or as it is; its name if it is the whole source."""
    path = Path(str(picture))
    if path == folder:
        return path.name
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()


def _rows(name: str, outcome: Outcome) -> PictureRows:
    if not isinstance(outcome, Result):
        return PictureRows(name, error=f"{type(outcome).__name__}: {outcome}")
    with outcome:
        for error in outcome.errors.values():
            return PictureRows(name, error=f"{type(error).__name__}: {error}")
        return PictureRows(
            name,
            [FaceRow(face.score, face.box, face.embedding) for face in outcome.face if face.embedding is not None],
        )
