"""A cache: a plain folder, which may be copied from machine to machine.

::

    models/NAME/             the files of the model NAME, each with a note FILE.verified; FILE.part while it arrives
    samples/NAME/            sample pictures, in the same way
    onnx/NAME/DIGEST.onnx    converted models, each with a note
    npm/                     packages while they are unpacked
    locks/

Why a pull may be killed at any moment: a file gets its name only when it is complete and verified, by one atomic step;
everything else is continued or overwritten (.part), hashed again (a file without its note), made again (a conversion
without its note), or swept by the next pull that asks npm (npm/). The locks are the operating system's, and end with
the process that holds them.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from humanrt.errors import StoreError
from humanrt.zoo.cards import Asset, CardFile
from humanrt.zoo.integrity import file_access, install, is_intact, is_recorded, part_of, record

# Longer than any fetch should take: whoever holds a lock for so long has stopped.
LOCK_TIMEOUT_S = 1800.0


class Cache:
    """Where files lie in the folder `root`, and who may write them. For any number of threads and processes.

    Every call may raise StoreError for a folder that cannot be read or written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, asset: Asset) -> Path:
        """Return where the files of `asset` lie."""
        return self.root / asset.folder

    def lacking(self, asset: Asset) -> list[CardFile]:
        """Return the files of `asset` that are not there, or are damaged."""
        folder = self.folder(asset)
        return [file for file in asset.files if not is_intact(folder / file.name, file)]

    def put(self, asset: Asset, file: CardFile, content: bytes | Path) -> None:
        """Install `content`, or a copy of the file there, as `file`. For whoever holds the asset's lock.

        Raises IntegrityError: it is not `file`; nothing was kept.
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
        """Return the ONNX files that were made of the model `name`."""
        return sorted((self.root / "onnx" / name).glob("*.onnx"))

    def convert(self, name: str, digest: str, convert: Callable[[Path], object]) -> Path:
        """Return the ONNX file of `digest`, of the model `name`; `convert` makes it where it is missing or damaged."""
        path = self.root / "onnx" / name / f"{digest}.onnx"
        if not is_recorded(path):
            with self.lock(f"onnx-{digest}"):
                if not is_recorded(path):  # another may have made it while this one waited
                    with file_access(path):
                        path.parent.mkdir(parents=True, exist_ok=True)
                        convert(path)
                    record(path)
        return path

    def remove(self, asset: Asset) -> int:
        """Delete the files of `asset` and what was made of them; return how many bytes that were."""
        freed = 0
        with self.lock_of(asset):
            for folder in (self.folder(asset), self.root / "onnx" / asset.name):
                with file_access(folder):
                    if folder.exists():
                        freed += sum(path.stat().st_size for path in folder.iterdir())
                        shutil.rmtree(folder)
        return freed

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Keep every other thread and process that locks `name` in this cache waiting.

        Raises StoreError: somebody has held it for half an hour, or the cache cannot be written.
        """
        import filelock

        path = self.root / "locks" / f"{name}.lock"
        with file_access(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(path)
            try:
                lock.acquire(timeout=LOCK_TIMEOUT_S)
            except filelock.Timeout as error:
                raise StoreError(
                    f"another process has held {path} for {LOCK_TIMEOUT_S:g} s: end it, then try again"
                ) from error
        try:
            yield
        finally:
            lock.release()

    def lock_of(self, asset: Asset) -> AbstractContextManager[None]:
        """Lock the files of `asset`."""
        return self.lock(f"{asset.kind}-{asset.name}")
