"""Reading of known files from an untrusted npm package.

Members are found by the exact names in model cards, so that no name in an archive becomes a path. A member that is not
a regular file, or does not have the length in its card, is rejected before it is read.
"""

import gzip
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, cast

from humanrt.errors import FetchError, IntegrityError
from humanrt.zoo.cards import CardFile

# The largest package of Human's models unpacks to 175 MB.
UNPACKED_LIMIT = 512 * 1024 * 1024


def read_members(archive: Path, wanted: Mapping[str, CardFile]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of the members of a .tgz that are in ``wanted``, in one pass.

    Members that the archive lacks are skipped. Lengths are checked, hashes are not.

    Raises ``IntegrityError`` if a member is not a regular file or has another length than on its card, or if the
    archive unpacks to more than ``UNPACKED_LIMIT`` bytes, ``FetchError`` if the archive cannot be read.
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
        raise IntegrityError(f"{member.name} in the package is not a regular file; it was not kept")
    if member.size != file.bytes:
        raise IntegrityError(
            f"{member.name} in the package has {member.size} bytes; on its card it has {file.bytes}; it was not kept"
        )
    return stream.read()


class _Bounded:
    """A stream of which at most ``UNPACKED_LIMIT`` bytes can be read."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream
        self._left = UNPACKED_LIMIT

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise IntegrityError(f"the package unpacks to more than {UNPACKED_LIMIT} bytes; it was rejected")
        return data
