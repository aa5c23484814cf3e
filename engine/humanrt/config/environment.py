"""The environment variables of HumanRT. No other file reads any."""

import math
import os
from pathlib import Path
from typing import NamedTuple, Self, TypeVar

from humanrt.errors import ConfigError

Number = TypeVar("Number", int, float)

SWITCHES = {**dict.fromkeys(("1", "true", "yes", "on"), True), **dict.fromkeys(("", "0", "false", "no", "off"), False)}


class Environment(NamedTuple):
    """The values of the environment variables when they were read."""

    cache_dir: Path | None
    """``HUMANRT_CACHE_DIR``: the folder of downloaded and converted models. None: the user's cache folder."""

    offline: bool
    """``HUMANRT_OFFLINE=1``: nothing is fetched."""

    cards: tuple[Path, ...]
    """``HUMANRT_CARDS``: custom model cards, or folders of them, separated as in ``PATH``."""

    track_sites: bool
    """``HUMANRT_TRACK_SITES=1``: the places that create and dispose tensors are recorded."""

    download_bytes: int | None = None
    """``HUMANRT_DOWNLOAD_BYTES``: the maximum size of one download. None: the store's default."""

    download_seconds: float | None = None
    """``HUMANRT_DOWNLOAD_SECONDS``: the maximum duration of one download. None: the store's default."""

    download_idle_seconds: float | None = None
    """``HUMANRT_DOWNLOAD_IDLE_SECONDS``: the maximum time without data. None: the store's default."""

    no_color: bool = False
    """``NO_COLOR``, with any text, or ``TERM=dumb``: the command line writes no colours."""

    malloc_arena_max: bool = False
    """``MALLOC_ARENA_MAX``, of the GNU C library, is set: workers, ``humanrt serve`` and ``humanrt soak`` leave the
    number of its arenas as it is."""

    @classmethod
    def read(cls) -> Self:
        """Read the variables.

        Raises ``ConfigError`` if a switch is neither on nor off, or a limit is not a positive number.
        """
        cache_dir = os.environ.get("HUMANRT_CACHE_DIR")
        return cls(
            cache_dir=Path(cache_dir).expanduser() if cache_dir else None,
            offline=_is_on("HUMANRT_OFFLINE"),
            cards=split_paths(os.environ.get("HUMANRT_CARDS", "")),
            track_sites=_is_on("HUMANRT_TRACK_SITES"),
            download_bytes=_positive("HUMANRT_DOWNLOAD_BYTES", int),
            download_seconds=_positive("HUMANRT_DOWNLOAD_SECONDS", float),
            download_idle_seconds=_positive("HUMANRT_DOWNLOAD_IDLE_SECONDS", float),
            malloc_arena_max=bool(os.environ.get("MALLOC_ARENA_MAX")),
            no_color=bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb",
        )


def split_paths(text: str) -> tuple[Path, ...]:
    """Return the paths in ``text``, which are separated as in ``PATH``: by ``:``, on Windows by ``;``. "~" is home."""
    return tuple(Path(part).expanduser() for part in text.split(os.pathsep) if part)


def _is_on(name: str) -> bool:
    value = os.environ.get(name, "")
    if value.lower() not in SWITCHES:
        raise ConfigError(f"the environment variable {name} is {value!r}; it must be 1 or 0")
    return SWITCHES[value.lower()]


def _positive(name: str, kind: type[Number]) -> Number | None:
    """Return the number in a variable; None if it is not set."""
    text = os.environ.get(name)
    if not text:
        return None
    try:
        number = kind(text)
    except ValueError:
        number = kind(0)
    if not 0 < number < math.inf:
        raise ConfigError(f"the environment variable {name} is {text!r}; it must be a positive number")
    return number
