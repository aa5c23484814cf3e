"""FaceRes: age, gender, and an embedding that tells faces apart.

Source: Savchenko, "Efficient facial representations for age, gender and identity recognition in organizing photo albums
using multi-output ConvNet" (2019); the outputs are decoded as in Human's src/face/faceres.ts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from humanrt.config import FaceConfig
from humanrt.vision.face.alignment import AlignedFaces
from humanrt.vision.face.describer import Description, FaceDescriber, GenderScore, resized
from humanrt.vision.face.descriptor import AlignedDescriptor
from humanrt.vision.face.facemesh import Floats
from humanrt.vision.stage import Batch, InputForm


@dataclass(frozen=True)
class FaceRes(FaceDescriber):
    """Three outputs: a probability for each year [n, 100], gender [n, 1] from female to male, descriptor [n, 1024]."""

    outputs: tuple[str, ...] = ("age", "gender", "descriptor")

    def prepare(self, source: NDArray[Any], form: InputForm, task: FaceConfig) -> Batch:
        """Resize the crops, 0..255."""
        return Batch(resized(source, form, task.description.crop) * 255)

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Batch, task: FaceConfig) -> list[Description]:
        """Return age, embedding, and the gender if its score is over ``min_confidence``."""
        del prepared
        least = task.description.min_confidence
        ages, genders, descriptors = outputs
        return [self._describe(*rows, least) for rows in zip(ages, genders, descriptors, strict=True)]

    def _describe(self, ages: Floats, gender: Floats, descriptor: Floats, least: float) -> Description:
        male = float(gender[0])
        score = 2 * abs(male - 0.5)
        found = None
        if self.precision.truncated(score, 2) > least:
            found = GenderScore("male" if male > 0.5 else "female", self.precision.capped(score))
        return Description(age=self.precision.rounded(_years(ages), 1), gender=found, embedding=descriptor)


FACERES = FaceRes()


@dataclass(frozen=True)
class AlignedFaceRes(AlignedDescriptor):
    """The same for aligned faces."""

    outputs: tuple[str, ...] = FACERES.outputs

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Batch, task: AlignedFaces) -> list[Description]:
        """Return age, embedding and gender, as for crops."""
        return FACERES.decode(outputs, prepared, task.settings)


ALIGNED = AlignedFaceRes()


def _years(ages: Floats) -> float:
    """Return the likeliest year, moved towards the likelier of its neighbours by ten times its probability."""
    best = int(ages.argmax())
    before = float(ages[best - 1]) if best > 0 else 0.0
    after = float(ages[best + 1]) if best + 1 < len(ages) else 0.0
    return best - 10 * before if before > after else best + 10 * after
