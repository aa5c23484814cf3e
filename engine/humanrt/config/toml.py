"""TOML files as text and as dicts, within limits: a file that is damaged or hostile costs little."""

import os
import stat
from pathlib import Path

from humanrt.config.section import without_waiting

MAX_BYTES = 2**20
MAX_DOTS = 500
"""The dots of a line. ``tomllib`` takes a time and memory that grow with the square of the parts of a dotted key."""


def read_text(path: Path) -> str:
    """Return the text of a TOML file, without the byte order mark that editors on Windows begin it with.

    Raises ``ValueError`` with the reason if it is not a regular file, too large or not UTF-8, or cannot be read.
    """
    try:
        with open(path, "rb", opener=without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ValueError("it is not a regular file")
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        if path.is_dir():
            raise ValueError("it is a folder") from error
        missing = isinstance(error, FileNotFoundError)
        raise ValueError("it does not exist" if missing else str(error.strerror)) from error
    if len(data) > MAX_BYTES:
        raise ValueError("it is larger than 1 MiB")
    return data.decode("utf-8-sig")


def parse(text: str) -> dict[str, object]:
    """Return the dict that a text in TOML is.

    Raises ``ValueError`` with the reason, which may end with "(at line L, column C)", if it is none.
    """
    import tomllib  # most programs read no file

    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MAX_DOTS:
            raise ValueError(f"Too many dots (at line {number}, column 1)")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("Tables or arrays are nested too deeply") from None
