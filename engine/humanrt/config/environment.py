"""The environment variables that HumanRT reads. No other file reads one."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Environment:
    """The variables, as they were when they were read."""

    cache_dir: Path | None  # HUMANRT_CACHE_DIR: where models are kept; None: the user's cache folder
    offline: bool  # HUMANRT_OFFLINE=1: never fetch

    @classmethod
    def read(cls) -> Self:
        """Read the variables as they are now."""
        cache_dir = os.environ.get("HUMANRT_CACHE_DIR")
        return cls(
            cache_dir=Path(cache_dir).expanduser() if cache_dir else None,
            offline=os.environ.get("HUMANRT_OFFLINE", "") not in ("", "0"),
        )
