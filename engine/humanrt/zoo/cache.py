"""A cache of model files: a plain folder, which may be copied to other machines.

::

    models/NAME/             the files of the model NAME, each with a note FILE.verified; FILE.part while it arrives
    samples/NAME/            sample images, in the same form
    onnx/NAME/DIGEST.onnx    converted models, each with a note
    graphs/DIGEST/           copies of ONNX models of users, read-only, each file with a note
    addresses/DIGEST/        models fetched from addresses
    npm/ pip/                packages while they are unpacked
    locks/

A process that fetches may be killed at any time. A file gets its name only when it is complete and verified, by one
atomic rename. Everything else is resumed or overwritten (``.part``), hashed again (a file without its note), converted
again (a conversion without its note), or deleted by the next fetch of the package (``npm/``, ``pip/``). The locks
belong to the operating system, which releases them when the process ends.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from humanrt.errors import IntegrityError, StoreError
from humanrt.zoo.cards import Asset, CardFile
from humanrt.zoo.integrity import file_access, install, is_intact, is_recorded, part_of, record
from humanrt.zoo.transfer import POLL_S, Cancelled, FetchEndedError, never

if TYPE_CHECKING:
    from filelock import BaseFileLock

# Longer than any fetch takes: a process that holds a lock for so long hangs.
LOCK_TIMEOUT_S = 1800.0


READ_ONLY = 0o444

# Copies of users' models that were not loaded for so long are deleted: a model that is exported again and again would
# fill the disk.
KEPT_S = 30 * 24 * 3600.0


class Copy(NamedTuple):
    """A file to copy into the cache: its relative path there, its length and hash, and the path or bytes to copy."""

    name: str
    file: CardFile
    source: Path | bytes


class Cache:
    """The paths and locks of the files in the folder ``root``, for any number of threads and processes.

    Every method may raise ``StoreError`` if a folder cannot be read or written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, asset: Asset) -> Path:
        """Return the folder of the files of ``asset``."""
        return self.root / asset.folder

    def lacking(self, asset: Asset) -> list[CardFile]:
        """Return the files of ``asset`` that are missing or damaged."""
        folder = self.folder(asset)
        return [file for file in asset.files if not is_intact(folder / file.name, file)]

    def put(self, asset: Asset, file: CardFile, content: bytes | Path) -> None:
        """Install ``content``, or a copy of the file at that path, as ``file``. The caller holds the asset's lock.

        Raises ``IntegrityError`` if the content is not that of ``file``; nothing is kept.
        """
        destination = self.folder(asset) / file.name
        arrived = part_of(destination)
        with file_access(arrived):
            arrived.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                shutil.copyfile(content, arrived)
            else:
                arrived.write_bytes(content)
        install(arrived, destination, file)

    def conversions(self, name: str) -> list[Path]:
        """Return the ONNX files that were converted from the model ``name``."""
        return sorted((self.root / "onnx" / name).glob("*.onnx"))

    def convert(self, name: str, digest: str, convert: Callable[[Path], object]) -> Path:
        """Return the ONNX file of ``digest``, of the model ``name``; ``convert`` writes it if missing or damaged."""
        path = self.root / "onnx" / name / f"{digest}.onnx"
        if not is_recorded(path):
            with self.lock(f"onnx-{digest}"):
                if not is_recorded(path):  # another thread or process may have written it during the wait
                    with file_access(path):
                        path.parent.mkdir(parents=True, exist_ok=True)
                        convert(path)
                    record(path)
        return path

    def keep(self, digest: str, files: Sequence[Copy]) -> Path:
        """Return the folder of copies of ``files``, which ``digest`` identifies; it is created if missing or damaged.

        The copies are read-only. A folder is replaced as a whole, never changed: sessions may map its files to memory.

        Raises ``IntegrityError`` if a source does not have the described content (it changed after it was hashed).
        """
        folder = self.root / "graphs" / digest
        if not _is_kept(folder, files):
            with self.lock(f"graph-{digest}"):
                if not _is_kept(folder, files):
                    _copy(files, folder)
                    self._delete_old_copies()
        with suppress(OSError):  # the folder may belong to another user
            os.utime(folder)
        return folder

    def remove(self, asset: Asset) -> int:
        """Delete the files of ``asset`` and their conversions; return the number of bytes freed."""
        freed = 0
        with self.lock_of(asset):
            for folder in (self.folder(asset), self.root / "onnx" / asset.name):
                with file_access(folder):
                    if folder.exists():
                        freed += sum(path.stat().st_size for path in folder.iterdir())
                        shutil.rmtree(folder)
        return freed

    def _delete_old_copies(self) -> None:
        """Delete copies that were not loaded for a long time; sessions that still use them are not affected."""
        oldest = time.time() - KEPT_S
        for folder in (self.root / "graphs").iterdir():
            with suppress(OSError):
                if folder.stat().st_mtime < oldest:
                    shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def lock(self, name: str, cancelled: Cancelled = never) -> Iterator[None]:
        """Hold the lock ``name`` of this cache, which excludes other threads and processes.

        Raises ``StoreError`` if another process holds it for ``LOCK_TIMEOUT_S``, or the cache cannot be written,
        ``FetchEndedError`` if the wait is cancelled.
        """
        import filelock

        path = self.root / "locks" / f"{name}.lock"
        with file_access(path):
            lock = filelock.FileLock(path)
            _wait_for(lock, path, cancelled)
        try:
            yield
        finally:
            lock.release()

    def lock_of(self, asset: Asset, cancelled: Cancelled = never) -> AbstractContextManager[None]:
        """Return the lock of the files of ``asset``."""
        return self.lock(f"{asset.kind}-{asset.name}", cancelled)


def _is_kept(folder: Path, files: Sequence[Copy]) -> bool:
    return all(is_intact(folder / copy.name, copy.file) for copy in files)


def _copy(files: Sequence[Copy], folder: Path) -> None:
    part, old = (folder.with_name(f"{folder.name}.{suffix}") for suffix in ("part", "old"))
    with file_access(folder):
        for left in (part, old):  # of a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        part.mkdir(parents=True)
    try:
        for copy in files:
            path = part / copy.name
            with file_access(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(copy.source, Path):
                    shutil.copyfile(copy.source, path)
                else:
                    path.write_bytes(copy.source)
            if not is_intact(path, copy.file):
                raise IntegrityError(f"{copy.name} changed while it was copied")
            with file_access(path):
                path.chmod(READ_ONLY)
        with file_access(folder):
            if folder.exists():
                folder.rename(old)
            part.rename(folder)
    finally:
        for left in (part, old):
            shutil.rmtree(left, ignore_errors=True)


def _wait_for(lock: "BaseFileLock", path: Path, cancelled: Cancelled) -> None:
    from filelock import Timeout

    end = time.monotonic() + LOCK_TIMEOUT_S
    while True:
        try:
            lock.acquire(timeout=POLL_S)
        except Timeout:
            if cancelled():
                raise FetchEndedError from None
            if time.monotonic() > end:
                raise StoreError(
                    f"another process has held {path} for {LOCK_TIMEOUT_S:g} s; end that process and try again"
                ) from None
        else:
            return
