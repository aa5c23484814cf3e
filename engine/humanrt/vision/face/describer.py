"""What models that describe a face have in common, and how their descriptions are merged."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceConfig
from humanrt.result import Emotion, Race
from humanrt.result.face import Gender
from humanrt.vision.precision import EXACT, Precision
from humanrt.vision.stage import Batch, Family


class GenderScore(NamedTuple):
    """A gender and its score, 0..1; None where the model has none."""

    gender: Gender
    score: float | None


@dataclass(frozen=True)
class Description:
    """What models return for one face; None where no model was asked. Fields are those of ``humanrt.Face``."""

    age: float | None = None
    gender: GenderScore | None = None
    emotion: tuple[Emotion, ...] | None = None
    race: tuple[Race, ...] | None = None
    embedding: NDArray[np.float32] | None = None
    real: float | None = None
    live: float | None = None

    def overridden_by(self, other: "Description") -> "Description":
        """Return both merged; where both have a value, that of ``other``."""
        return Description(
            age=self.age if other.age is None else other.age,
            gender=self.gender if other.gender is None else other.gender,
            emotion=self.emotion if other.emotion is None else other.emotion,
            race=self.race if other.race is None else other.race,
            embedding=self.embedding if other.embedding is None else other.embedding,
            real=self.real if other.real is None else other.real,
            live=self.live if other.live is None else other.live,
        )


@dataclass(frozen=True)
class FaceDescriber(Family[FaceConfig, Batch, list[Description]]):
    """A family of models that describe faces: crops of all faces in, a ``Description`` of each out."""

    precision: Precision = EXACT
