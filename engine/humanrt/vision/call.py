"""What one call of detect() works with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from humanrt.config import Config
from humanrt.engine import Engine
from humanrt.streams.session import SessionFrame
from humanrt.tensors import Tensor
from humanrt.vision.model import TaskModel

# By the key of the configuration that switches each on.
Models: TypeAlias = Mapping[str, TaskModel]


@dataclass(frozen=True, eq=False)
class Call:
    """One picture, uint8 [h, w, 3] RGB, and what it is looked at with.

    The modules of a call run at the same time, in its scope, which owns every tensor they make. ``turn`` is what the
    frame before has left, and takes what the next is to find; None for a picture that stands alone.
    """

    engine: Engine
    models: Models
    picture: Tensor
    config: Config
    turn: SessionFrame | None = None

    @property
    def quirks(self) -> bool:
        """Whether to come out as Human does, its faults included."""
        return self.config.compat == "human"

    @property
    def size(self) -> tuple[int, int]:
        """The picture's width and height in pixels."""
        height, width, _ = self.picture.shape
        return width, height
