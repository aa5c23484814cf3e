"""GEAR: age, gender and race.

Source: Udolf15's GEAR-Predictor; the crop and the decoding are those of Human's src/gear/gear.ts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceConfig
from humanrt.result import Race
from humanrt.vision.face.describer import Description, FaceDescriber, GenderScore, cropped, resized
from humanrt.vision.face.facemesh import Floats
from humanrt.vision.stage import Batch, InputForm

# The part of the face's crop that works best, by Human's experiments: left, top, right, bottom.
PART = (0.1, 0.0, 0.9, 0.9)
# The centre of each of the model's ranges of age, in years.
AGES = np.array([15, 23, 28, 35.5, 45.5, 55.5, 65])
# Human's threshold where the configuration has 0.
HUMAN_THRESHOLD = 0.2
RACES = ("white", "black", "asian", "indian", "other")


@dataclass(frozen=True)
class Gear(FaceDescriber):
    """Three outputs: ages [n, 7], gender [n, 2] male and female, races [n, 5]; the input is 0..1."""

    outputs: tuple[str, ...] = ("age", "gender", "race")

    def prepare(self, source: NDArray[Any], form: InputForm, task: FaceConfig) -> Batch:
        """Resize the crops, without the margin of the configuration, or else the part that works best."""
        margin = task.gear.crop
        return Batch(resized(source, form, margin) if margin else cropped(source, form, PART))

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Batch, task: FaceConfig) -> list[Description]:
        """Return age, gender, and the races with a score over ``min_confidence``, the highest first."""
        del prepared
        least = self.precision.threshold(task.gear.min_confidence, HUMAN_THRESHOLD)
        ages, genders, races = outputs
        return [self._describe(*rows, least) for rows in zip(ages, genders, races, strict=True)]

    def _describe(self, ages: Floats, genders: Floats, races: Floats, least: float) -> Description:
        rounded = self.precision.rounded
        scores = zip(races.tolist(), RACES, strict=True)
        found = [Race(rounded(score, 2), name) for score, name in scores if score > least]
        gender = GenderScore("male" if genders[0] > genders[1] else "female", rounded(float(genders.max()), 2))
        return Description(
            age=rounded(_years(ages), 1), gender=gender, race=tuple(sorted(found, key=lambda race: -race.score))
        )


GEAR = Gear()


def _years(ages: Floats) -> float:
    """Start at the likeliest range and move towards the others, likelier ones first, by their probability."""
    order = np.argsort(-ages, kind="stable")
    years = float(AGES[order[0]])
    for i in order[1:]:
        years += float(ages[i]) * (float(AGES[i]) - years)
    return years
