"""Antispoof and liveness: whether a face is real, and whether it is live.

Source: Human's src/face/antispoof.ts and liveness.ts, two small classifiers that are used in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from humanrt.config import FaceConfig
from humanrt.vision.face.describer import Description, FaceDescriber, resized
from humanrt.vision.stage import Batch, InputForm


@dataclass(frozen=True)
class Classifier(FaceDescriber):
    """One output, whose first value in each row is the score, 0..1; the input is 0..1."""

    field: Literal["real", "live"] = "real"

    def prepare(self, source: NDArray[Any], form: InputForm, task: FaceConfig) -> Batch:
        """Resize the crops."""
        del task
        return Batch(resized(source, form))

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Batch, task: FaceConfig) -> list[Description]:
        """Return the score as the ``field`` of the description."""
        del prepared, task
        scores = [self.precision.rounded(float(row[0]), 2) for row in outputs[0]]
        return [Description(real=score) if self.field == "real" else Description(live=score) for score in scores]


ANTISPOOF = Classifier(("real",), field="real")
LIVENESS = Classifier(("live",), field="live")
