"""One call of ``detect()``: its image, its models and its configuration; and the durations of its parts."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from numpy.typing import NDArray

from humanrt.config import Config
from humanrt.engine import Engine, internals
from humanrt.streams.session import SessionFrame
from humanrt.tensors import Tensor
from humanrt.vision.scaling import Original
from humanrt.vision.stage import VisionModel

# By the key of the configuration that enables each.
Models: TypeAlias = Mapping[str, VisionModel]


@dataclass(frozen=True, eq=False)
class Call:
    """One image, uint8 [h, w, 3] RGB, and what it is processed with.

    The modules of a call run concurrently in its scope, which owns every tensor they allocate. ``frame`` holds the
    state that the previous frame left in the session, and receives the state for the next one; None for an image
    without a session. ``original`` is the image in its file, if it was decoded at a smaller scale.
    """

    engine: Engine
    models: Models
    picture: Tensor
    config: Config
    frame: SessionFrame | None = None
    original: Original | None = None

    def adopt(self, array: NDArray[Any]) -> Tensor:
        """Return a tensor of a new array, in the call's scope; nothing may write to the array any more."""
        return internals(self.engine).adopt(array)

    @property
    def size(self) -> tuple[int, int]:
        """The image's width and height in pixels."""
        height, width, _ = self.picture.shape
        return width, height


class Clock:
    """Measures the parts of one call in milliseconds. The parts that run concurrently add up to more than the total."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._parts: dict[str, float] = {}

    def record(self, part: str, start: float) -> None:
        """Record the time since ``start``, of ``time.perf_counter()``, as the duration of ``part``."""
        self._parts[part] = 1000 * (time.perf_counter() - start)

    def finish(self) -> dict[str, float]:
        """Return all parts, and the total since the clock was created."""
        return {**self._parts, "total": 1000 * (time.perf_counter() - self._start)}
