"""The environment variables of HumanRT. No other file reads any."""

import os
from pathlib import Path
from typing import NamedTuple, Self

from humanrt.errors import ConfigError

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

    @classmethod
    def read(cls) -> Self:
        """Read the variables.

        Raises ``ConfigError`` if a switch is neither on nor off.
        """
        cache_dir = os.environ.get("HUMANRT_CACHE_DIR")
        return cls(
            cache_dir=Path(cache_dir).expanduser() if cache_dir else None,
            offline=_is_on("HUMANRT_OFFLINE"),
            cards=split_paths(os.environ.get("HUMANRT_CARDS", "")),
            track_sites=_is_on("HUMANRT_TRACK_SITES"),
        )


def split_paths(text: str) -> tuple[Path, ...]:
    """Return the paths in ``text``, which are separated as in ``PATH``: by ``:``, on Windows by ``;``. "~" is home."""
    return tuple(Path(part).expanduser() for part in text.split(os.pathsep) if part)


def _is_on(name: str) -> bool:
    value = os.environ.get(name, "")
    if value.lower() not in SWITCHES:
        raise ConfigError(f"the environment variable {name} is {value!r}; it must be 1 or 0")
    return SWITCHES[value.lower()]
