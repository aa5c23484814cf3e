"""Emotion: the probabilities of seven facial expressions.

Source: Arriaga and others, "Real-time Convolutional Neural Networks for Emotion and Gender Classification" (2017); the
input is prepared as in Human's src/gear/emotion.ts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from numpy.typing import NDArray

from humanrt.config import FaceConfig
from humanrt.result import Emotion
from humanrt.vision.face.describer import Description, FaceDescriber, gray, resized
from humanrt.vision.stage import Batch, InputForm

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


@dataclass(frozen=True)
class EmotionFamily(FaceDescriber):
    """One output, [n, 7]; the input is gray, -1..1."""

    outputs: tuple[str, ...] = ("emotions",)

    def prepare(self, source: NDArray[Any], form: InputForm, task: FaceConfig) -> Batch:
        """Resize the crops and convert them to gray."""
        return Batch((gray(resized(source, form, task.emotion.crop)) - 0.5) * 2)

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Batch, task: FaceConfig) -> list[Description]:
        """Return the emotions with a score over ``min_confidence``, the highest first."""
        del prepared
        return [Description(emotion=self._emotions(row.tolist(), task.emotion.min_confidence)) for row in outputs[0]]

    def _emotions(self, scores: list[float], least: float) -> tuple[Emotion, ...]:
        found = [
            Emotion(self.precision.capped(score), name)
            for score, name in zip(scores, EMOTIONS, strict=True)
            if score > least
        ]
        return tuple(sorted(found, key=attrgetter("score"), reverse=True))


EMOTION = EmotionFamily()
