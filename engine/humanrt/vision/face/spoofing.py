"""Antispoof and liveness: whether a face is real, and whether it is live.

Source: Human's src/face/antispoof.ts and liveness.ts, two small classifiers that are used alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from humanrt.config import FaceConfig
from humanrt.vision.face.crop import Crops, Floats, Said, resized
from humanrt.vision.model import InputForm
from humanrt.vision.rounding import rounded


@dataclass(frozen=True)
class Classifier:
    """Gives one score, 0..1, which becomes the field of the Face that is called as the output is."""

    OUTPUTS: tuple[str]

    def prepare(self, crops: Crops, form: InputForm, settings: FaceConfig) -> Floats:
        """Make the input: 0..1."""
        del settings  # it says nothing about these two
        return resized(crops, form)

    def decode(self, rows: Sequence[Floats], settings: FaceConfig, *, quirks: bool) -> Said:
        """Read one face's row, whose first value is the score."""
        del settings
        (field,), score = self.OUTPUTS, float(rows[0][0])
        return {field: rounded(score, 2) if quirks else score}


ANTISPOOF = Classifier(("real",))
LIVENESS = Classifier(("live",))
