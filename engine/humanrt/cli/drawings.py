"""The pictures that commands write: those of ``--draw``, and one that is named."""

import os
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path

from humanrt.errors import ConfigError
from humanrt.imaging.encode import LOSSLESS, LOSSY


def choose_drawings(paths: Sequence[str], names: Sequence[str], folder: Path) -> list[Path]:
    """Create the folder, and choose a file in it for the drawing of each picture; equal names are numbered.

    ``paths`` are the pictures, ``names`` the names of their drawings. Raises ``ConfigError`` if the folder cannot be
    written to, or if a drawing would replace a picture; no drawing is written then.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--draw {folder}: {error.strerror}; name a folder") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(f"--draw {folder}: it cannot be written to; name another folder")
    pictures = {Path(path).resolve() for path in paths}
    drawings: list[Path] = []
    chosen: set[Path] = set()
    next_numbers: dict[str, int] = {}
    for name in names:
        numbered = (folder / f"{name}-{number}.png" for number in count(next_numbers.get(name, 2)))
        drawing = next(each for each in chain([folder / f"{name}.png"], numbered) if each not in chosen)
        if drawing.resolve() in pictures:
            raise ConfigError(f"--draw {folder}: {drawing} is one of the pictures; name another folder")
        next_numbers[name] = next_numbers.get(name, 1) + 1
        drawings.append(drawing)
        chosen.add(drawing)
    return drawings


def check_output(output: Path, picture: Path) -> None:
    """Raise ``ConfigError`` if a picture cannot be written to ``output``, or would replace ``picture``, which is read.

    Call it before anything is computed.
    """
    endings = (*LOSSLESS, *LOSSY)
    if output.suffix.lower() not in endings:
        raise ConfigError(f"--output {output}: its ending must be {', '.join(endings[:-1])} or {endings[-1]}")
    if output.is_dir() or not output.parent.is_dir():
        raise ConfigError(f"--output {output}: name a file in a folder that exists")
    check_kept(output, [output], picture)


def check_kept(output: Path, written: Sequence[Path], picture: Path) -> None:
    """Raise ``ConfigError`` if a picture that is read is one of the files that are written."""
    if picture.resolve() in {path.resolve() for path in written}:
        raise ConfigError(f"--output {output}: {picture} would be replaced; name another")
