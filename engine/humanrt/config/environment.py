"""The environment variables that HumanRT reads. No other file reads one."""

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from humanrt.errors import ConfigError

Number = TypeVar("Number", int, float)

SWITCHES = {**dict.fromkeys(("1", "true", "yes", "on"), True), **dict.fromkeys(("", "0", "false", "no", "off"), False)}


@dataclass(frozen=True)
class Environment:
    """The variables, as they were when they were read."""

    cache_dir: Path | None  # HUMANRT_CACHE_DIR: where models are kept; None: the user's cache folder
    offline: bool  # HUMANRT_OFFLINE=1: never fetch
    cards: tuple[Path, ...]  # HUMANRT_CARDS: cards of one's own, or folders of them, apart as in PATH
    track_sites: bool  # HUMANRT_TRACK_SITES=1: record where tensors are made and freed
    download_bytes: int | None = None  # HUMANRT_DOWNLOAD_BYTES: the most bytes of one download
    download_seconds: float | None = None  # HUMANRT_DOWNLOAD_SECONDS: the most time of one download
    download_idle_seconds: float | None = None  # HUMANRT_DOWNLOAD_IDLE_SECONDS: the most time without data

    @classmethod
    def read(cls) -> Self:
        """Read the current variables.

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
        )


def split_paths(text: str) -> tuple[Path, ...]:
    """Return the paths that stand in ``text`` as in PATH, apart by ``:`` (on Windows ``;``); each may start with ~."""
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
