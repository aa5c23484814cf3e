"""Where ``humanrt detect --draw`` writes its drawings."""

import os
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path

from humanrt.errors import ConfigError


def choose_drawings(paths: Sequence[str], names: Sequence[str], folder: Path) -> list[Path]:
    """Make the folder, and choose a file in it for the drawing of each picture; of one name, the later are numbered.

    ``paths`` are the pictures, ``names`` what their drawings are to be called. Raises ConfigError where the folder
    cannot be written to, or a drawing would take the place of a picture; then no drawing was written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--draw {folder}: {error.strerror}; name a folder") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(f"--draw {folder}: nothing can be written there; name another folder")
    pictures = {Path(path).resolve() for path in paths}
    drawings: list[Path] = []
    for name in names:
        numbered = (folder / f"{name}-{number}.png" for number in count(2))
        drawing = next(each for each in chain([folder / f"{name}.png"], numbered) if each not in drawings)
        if drawing.resolve() in pictures:
            raise ConfigError(f"--draw {folder}: {drawing} is one of the pictures; name another folder")
        drawings.append(drawing)
    return drawings
