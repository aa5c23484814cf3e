"""SSR-Net: age and gender, by two small models.

Source: Yang and others, "SSR-Net: A Compact Soft Stagewise Regression Network for Age Estimation" (2018); the outputs
are decoded as in Human's src/gear/ssrnet-age.ts and ssrnet-gender.ts. Of Human's two models for gender one is the
paper's and takes RGB, the other, from Arriaga and others (2017), takes gray.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from humanrt.config import FaceConfig
from humanrt.vision.face.describer import Description, FaceDescriber, GenderScore, gray, resized
from humanrt.vision.face.facemesh import Floats
from humanrt.vision.stage import Batch, InputForm


@dataclass(frozen=True)
class SsrnetAge(FaceDescriber):
    """One output, years [n, 1]; the input is 0..255."""

    outputs: tuple[str, ...] = ("age",)

    def prepare(self, source: NDArray[Any], form: InputForm, task: FaceConfig) -> Batch:
        """Resize the crops."""
        return Batch(resized(source, form, task.ssrnet.crop) * 255)

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Batch, task: FaceConfig) -> list[Description]:
        """Return the age."""
        del prepared, task
        return [Description(age=self.precision.truncated(float(row[0]), 1)) for row in outputs[0]]


@dataclass(frozen=True)
class SsrnetGender(FaceDescriber):
    """One output: female and male, [n, 2], or 0 for female to 1 for male, [n, 1]; the input is RGB or gray, -1..1."""

    outputs: tuple[str, ...] = ("gender",)

    def prepare(self, source: NDArray[Any], form: InputForm, task: FaceConfig) -> Batch:
        """Resize the crops and convert them to gray if the model has one channel."""
        pixels = resized(source, form, task.ssrnet.crop)
        return Batch(((gray(pixels) if form.channels == 1 else pixels) - 0.5) * 2)

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Batch, task: FaceConfig) -> list[Description]:
        """Return the gender and its score."""
        del prepared, task
        return [Description(gender=self.gender(row)) for row in outputs[0]]

    def gender(self, row: Floats) -> GenderScore:
        """Decode one face's row."""
        female, male = (float(value) for value in row) if len(row) > 1 else (1 - float(row[0]), float(row[0]))
        if female > male:
            return GenderScore("female", self.precision.truncated(female, 2))
        return GenderScore("male", self.precision.truncated(male, 2))


AGE = SsrnetAge()
GENDER = SsrnetGender()
