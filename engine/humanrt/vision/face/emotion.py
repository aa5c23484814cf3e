"""Emotion: how much a face shows of seven emotions.

Source: Arriaga and others, "Real-time Convolutional Neural Networks for Emotion and Gender Classification" (2017); the
input is made as in Human's src/gear/emotion.ts.
"""

from collections.abc import Sequence

from humanrt.config import FaceConfig
from humanrt.result import Emotion
from humanrt.vision.face.crop import Crops, Floats, Said, gray, resized
from humanrt.vision.model import InputForm
from humanrt.vision.rounding import truncated

OUTPUTS = ("emotions",)
EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def prepare(crops: Crops, form: InputForm, settings: FaceConfig) -> Floats:
    """Make the input: gray, -1..1."""
    return (gray(resized(crops, form, settings.emotion.crop)) - 0.5) * 2


def decode(rows: Sequence[Floats], settings: FaceConfig, *, quirks: bool) -> Said:
    """Read one face's row, [7]: the emotions over ``min_confidence``, strongest first."""
    (emotions,) = rows
    found = [
        Emotion(min(0.99, truncated(score, 2)) if quirks else score, name)
        for score, name in zip(emotions.tolist(), EMOTIONS, strict=True)
        if score > settings.emotion.min_confidence
    ]
    return {"emotion": tuple(sorted(found, key=lambda emotion: -emotion.score))}
