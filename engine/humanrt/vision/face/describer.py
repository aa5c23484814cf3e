"""What models that describe a face have in common: their input, and how their descriptions are merged."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceConfig
from humanrt.imaging import crop, resize
from humanrt.result import Emotion, Race
from humanrt.result.face import Gender
from humanrt.vision.face.facemesh import Crops, Floats, to_unit
from humanrt.vision.precision import EXACT, Precision
from humanrt.vision.stage import Batch, Family, InputForm

# Human's weights of red, green and blue.
LUMINANCE = np.array([[0.2989], [0.5870], [0.1140]], np.float32)


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

    @property
    def is_complete(self) -> bool:
        """Whether no number is 0 and no list is empty: others are not reused in a later frame of a video."""
        gender = self.gender is None or self.gender.score != 0
        return gender and all(each is None or each for each in (self.age, self.emotion, self.real, self.live))

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


def resized(crops: Crops, form: InputForm, margin: float = 0.0) -> Floats:
    """Resize crops to a model's input, float32 [n, height, width, 3], 0..1.

    ``margin`` is the part of the width and height that is cut off each side first: ``crop`` of Human's configuration.
    """
    if margin:
        return cropped(crops, form, (margin, margin, 1 - margin, 1 - margin))
    return to_unit(np.stack([resize(face, form.height, form.width)[0] for face in crops]))


def cropped(crops: Crops, form: InputForm, part: tuple[float, float, float, float]) -> Floats:
    """Resize a part of each crop, given by left, top, right, bottom over the crop's size, as ``resized()`` does."""
    height, width = crops.shape[1:3]
    left, top, right, bottom = part
    box = (left * width, top * height, right * width, bottom * height)
    return to_unit(np.stack([crop(face, box, form.height, form.width)[0] for face in crops]))


def gray(pixels: Floats) -> Floats:
    """Convert [n, h, w, 3] to luminance, [n, h, w, 1]."""
    return pixels @ LUMINANCE
