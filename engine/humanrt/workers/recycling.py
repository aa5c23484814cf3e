"""When a worker is replaced although it works."""

import time
from typing import NamedTuple

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
            if value is not None and value <= 0:
                raise ConfigError(f"Recycling.{name} is {value}; it must be greater than 0, or None for no bound")

    def reason(self, worker: Worker) -> str | None:
        """Return the name of a bound that a worker has passed; None if it has passed none."""
        del worker.tensors[: -self.window - 1]
        grown = worker.tensors[-1] - worker.tensors[0] if len(worker.tensors) > self.window else 0
        measured = {
            "requests": worker.requests,
            "seconds": time.monotonic() - worker.started,
            "rss": worker.report.rss,
            "device_memory": worker.report.device_memory,
            "tensors": grown,
        }
        bounds = self._asdict()
        for name, value in measured.items():
            bound = bounds[name]
            if bound is not None and value >= bound:
                return name
        return None
