"""FaceRes: age, gender, and an embedding that tells faces apart.

Source: Savchenko, "Efficient facial representations for age, gender and identity recognition in organizing photo albums
using multi-output ConvNet" (2019); the reading is that of Human's src/face/faceres.ts.
"""

from collections.abc import Sequence

from humanrt.config import FaceConfig
from humanrt.vision.face.crop import Crops, Floats, Said, resized
from humanrt.vision.model import InputForm
from humanrt.vision.rounding import rounded, truncated

OUTPUTS = ("age", "gender", "descriptor")


def prepare(crops: Crops, form: InputForm, settings: FaceConfig) -> Floats:
    """Make the input: 0..255."""
    return resized(crops, form, settings.description.crop) * 255


def decode(rows: Sequence[Floats], settings: FaceConfig, *, quirks: bool) -> Said:
    """Read one face's rows: a probability for each year [100], gender [1] from female to male, descriptor [1024]."""
    age, gender, descriptor = rows
    male, years = float(gender[0]), _years(age)
    confidence = score = 2 * abs(male - 0.5)
    if quirks:
        confidence, years = truncated(confidence, 2), rounded(years, 1)
        score = min(0.99, confidence)
    said: Said = {"age": years, "embedding": descriptor}
    if confidence > settings.description.min_confidence:
        said |= {"gender": "male" if male > 0.5 else "female", "gender_score": score}
    return said


def _years(ages: Floats) -> float:
    """Take the likeliest year, moved towards the likelier of its neighbours by ten times that one's probability."""
    best = int(ages.argmax())
    before = float(ages[best - 1]) if best > 0 else 0.0
    after = float(ages[best + 1]) if best + 1 < len(ages) else 0.0
    return best - 10 * before if before > after else best + 10 * after
