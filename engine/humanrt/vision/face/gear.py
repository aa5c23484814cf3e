"""GEAR: age, gender and race.

Source: Udolf15's GEAR-Predictor; the crop and the reading are those of Human's src/gear/gear.ts.
"""

from collections.abc import Sequence

import numpy as np

from humanrt.config import FaceConfig
from humanrt.result import Race
from humanrt.vision.face.crop import Crops, Floats, Said, cropped, resized
from humanrt.vision.model import InputForm
from humanrt.vision.rounding import rounded

OUTPUTS = ("age", "gender", "race")
# The part of the face's crop that the model looks at, as it was found to work best: left, top, right, bottom.
PART = (0.1, 0.0, 0.9, 0.9)
# The middle of each of the model's ranges of age, in years.
AGES = np.array([15, 23, 28, 35.5, 45.5, 55.5, 65])
# Human takes a least score of 0 for "not set", and that for this one.
HUMAN_LEAST_SCORE = 0.2
RACES = ("white", "black", "asian", "indian", "other")


def prepare(crops: Crops, form: InputForm, settings: FaceConfig) -> Floats:
    """Make the input: 0..1."""
    margin = settings.gear.crop
    return resized(crops, form, margin) if margin else cropped(crops, form, PART)


def decode(rows: Sequence[Floats], settings: FaceConfig, *, quirks: bool) -> Said:
    """Read one face's rows: ages [7], gender [2] male and female, races [5]."""
    ages, genders, races = rows
    least = settings.gear.min_confidence or (HUMAN_LEAST_SCORE if quirks else 0.0)
    years, gender_score = _years(ages), float(genders.max())
    found = [
        Race(rounded(score, 2) if quirks else score, name)
        for score, name in zip(races.tolist(), RACES, strict=True)
        if score > least
    ]
    return {
        "age": rounded(years, 1) if quirks else years,
        "gender": "male" if genders[0] > genders[1] else "female",
        "gender_score": rounded(gender_score, 2) if quirks else gender_score,
        "race": tuple(sorted(found, key=lambda race: -race.score)),
    }


def _years(ages: Floats) -> float:
    """Start at the likeliest range and move towards the others, likelier ones first, by their probability."""
    order = np.argsort(-ages, kind="stable")
    years = float(AGES[order[0]])
    for i in order[1:]:
        years += float(ages[i]) * (float(AGES[i]) - years)
    return years
