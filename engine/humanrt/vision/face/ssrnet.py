"""SSR-Net: age, and gender, by two small models.

Source: Yang and others, "SSR-Net: A Compact Soft Stagewise Regression Network for Age Estimation" (2018); the reading
is that of Human's src/gear/ssrnet-age.ts and ssrnet-gender.ts. Of Human's two models for gender, one is the paper's and
takes colours, the other, from Arriaga and others (2017), takes gray.
"""

from collections.abc import Sequence

from humanrt.config import FaceConfig
from humanrt.vision.face.crop import Crops, Floats, Said, gray, resized
from humanrt.vision.model import InputForm
from humanrt.vision.rounding import truncated


class Age:
    """The model that tells the age."""

    OUTPUTS = ("age",)

    def prepare(self, crops: Crops, form: InputForm, settings: FaceConfig) -> Floats:
        """Make the input: 0..255."""
        return resized(crops, form, settings.ssrnet.crop) * 255

    def decode(self, rows: Sequence[Floats], settings: FaceConfig, *, quirks: bool) -> Said:
        """Read one face's row, [1]: years."""
        del settings
        years = float(rows[0][0])
        return {"age": truncated(years, 1) if quirks else years}


class Gender:
    """The models that tell the gender."""

    OUTPUTS = ("gender",)

    def prepare(self, crops: Crops, form: InputForm, settings: FaceConfig) -> Floats:
        """Make the input: colours or gray, as the model's form has it, -1..1."""
        pixels = resized(crops, form, settings.ssrnet.crop)
        return ((gray(pixels) if form.channels == 1 else pixels) - 0.5) * 2

    def decode(self, rows: Sequence[Floats], settings: FaceConfig, *, quirks: bool) -> Said:
        """Read one face's row: female and male, [2], or 0 for a woman to 1 for a man, [1].

        ``quirks`` compares that one value with a second that is not there, as Human does: every face is a man's, and
        how surely is not said.
        """
        del settings
        (row,) = rows
        if len(row) == 1 and quirks:
            return {"gender": "male", "gender_score": None}
        female, male = (float(value) for value in row) if len(row) > 1 else (1 - float(row[0]), float(row[0]))
        gender, score = ("female", female) if female > male else ("male", male)
        return {"gender": gender, "gender_score": truncated(score, 2) if quirks else score}


AGE = Age()
GENDER = Gender()
