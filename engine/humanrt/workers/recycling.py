"""When a worker is replaced although it works."""

import time
from typing import Annotated, NamedTuple

from humanrt.config.section import Between, checked
from humanrt.errors import ConfigError
from humanrt.workers.worker import Worker


class Recycling(NamedTuple):
    """The bounds of a worker. One that passes any of them is replaced: the new one is ready before the old one ends.

    None is no bound.
    """

    requests: int | None = None
    """The number of calls."""
    seconds: float | None = None
    """The age in seconds."""
    rss: int | None = None
    """Resident memory in bytes."""
    device_memory: int | None = None
    """GPU memory in bytes, which nvidia-ml-py reports (extra ``serve``)."""
    tensors: int | None = None
    """The growth of the number of live tensors over the last ``window`` calls."""
    window: int = 100
    """The number of calls over which tensors are compared."""

    def check(self) -> None:
        """Raise ``ConfigError`` if a bound is not positive."""
        for name, value in self._asdict().items():
            if value is not None and checked(value, Annotated[float, Between(0)], f"Recycling.{name}") == 0:
                raise ConfigError(f"Recycling.{name} is {value!r}; it must be greater than 0, or None for no bound")

    def is_due(self, worker: Worker) -> bool:
        """Return whether a worker has passed a bound."""
        del worker.tensors[: -self.window - 1]
        grown = worker.tensors[-1] - worker.tensors[0] if len(worker.tensors) > self.window else 0
        measured = [
            (worker.requests, self.requests),
            (time.monotonic() - worker.started, self.seconds),
            (worker.report.rss, self.rss),
            (worker.report.device_memory, self.device_memory),
            (grown, self.tensors),
        ]
        return any(bound is not None and value >= bound for value, bound in measured)
