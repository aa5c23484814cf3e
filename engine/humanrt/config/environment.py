"""The environment variables that HumanRT reads. No other file reads one."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from humanrt.errors import ConfigError

SWITCHES = {**dict.fromkeys(("1", "true", "yes", "on"), True), **dict.fromkeys(("", "0", "false", "no", "off"), False)}


@dataclass(frozen=True)
class Environment:
    """The variables, as they were when they were read."""

    cache_dir: Path | None  # HUMANRT_CACHE_DIR: where models are kept; None: the user's cache folder
    offline: bool  # HUMANRT_OFFLINE=1: never fetch
    cards: tuple[Path, ...]  # HUMANRT_CARDS: cards of one's own, or folders of them, apart as in PATH
    track_sites: bool  # HUMANRT_TRACK_SITES=1: record where tensors are made and freed

    @classmethod
    def read(cls) -> Self:
        """Read the variables as they are now. Raises ConfigError for a switch that is neither on nor off."""
        cache_dir = os.environ.get("HUMANRT_CACHE_DIR")
        return cls(
            cache_dir=Path(cache_dir).expanduser() if cache_dir else None,
            offline=_is_on("HUMANRT_OFFLINE"),
            cards=split_paths(os.environ.get("HUMANRT_CARDS", "")),
            track_sites=_is_on("HUMANRT_TRACK_SITES"),
        )


def split_paths(text: str) -> tuple[Path, ...]:
    """Return the paths that stand in ``text`` as in PATH, apart by ``:`` (on Windows ``;``); each may start with ~."""
    return tuple(Path(part).expanduser() for part in text.split(os.pathsep) if part)


def _is_on(name: str) -> bool:
    value = os.environ.get(name, "")
    if value.lower() not in SWITCHES:
        raise ConfigError(f"the environment variable {name} is {value!r}; it must be 1 or 0")
    return SWITCHES[value.lower()]
