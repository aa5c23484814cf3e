"""The pictures of folders and patterns."""

import glob
import os
from collections.abc import Iterator
from pathlib import Path

from humanrt.errors import InputError

# Those of the accepted formats.
PICTURE_ENDINGS = frozenset({".avif", ".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


def list_pictures(source: str | os.PathLike[str], *, recursive: bool = False) -> Iterator[Path]:
    """Yield the path of a file; or of the pictures in a folder, by their endings; or of the files of a pattern.

    Paths of one folder are in the order of their names, files before folders. Hidden files and folders are left out.
    With ``recursive`` folders in folders are read, and links to folders are not followed. A pattern has ``*``, ``?``,
    ``[...]``, or ``**`` for any number of folders; a name that exists is not a pattern.

    Raises ``InputError`` if there is no such file or folder, the empty path included, if a folder cannot be read, or if
    nothing fits a pattern.
    """
    path = Path(os.fsdecode(source))
    if not os.fsdecode(source):  # a Path of it is the current folder
        raise InputError("the path is empty; accepted are a file, a folder and a pattern")
    if path.is_dir():
        yield from _in_folder(path, recursive)
    elif path.exists():
        yield path
    elif glob.has_magic(str(path)):
        matches = _matches(path)
        if not matches:
            raise InputError(f"no file fits the pattern {str(path)[:200]!r}; ** stands for any number of folders")
        yield from matches
    else:
        raise InputError(f"{str(path)[:200]!r} does not exist; accepted are a file, a folder and a pattern")


def _matches(pattern: Path) -> list[Path]:
    """Return the files that fit a pattern, sorted. Unlike glob.glob(), ** does not follow links, which may be loops."""
    found = Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))
    return sorted(path for path in found if path.is_file() and not _is_hidden(path, pattern))


def _is_hidden(path: Path, pattern: Path) -> bool:
    return any(part.startswith(".") and part not in pattern.parts for part in path.parts)


def _in_folder(folder: Path, recursive: bool) -> Iterator[Path]:
    folders = [folder]
    while folders:
        inner = []
        for path in _entries(folders.pop()):
            if path.suffix.lower() in PICTURE_ENDINGS and path.is_file():
                yield path
            elif recursive and path.is_dir() and not path.is_symlink():
                inner.append(path)
        folders += reversed(inner)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise InputError(f"the folder {str(folder)[:200]!r} cannot be read: {error.strerror}") from error
