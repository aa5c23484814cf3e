"""MobileFaceNet, MobileFace and InsightFace: embeddings that tell faces apart.

Source: Chen and others, "MobileFaceNets: Efficient CNNs for Accurate Real-time Face Verification on Mobile Devices"
(2018); Deng and others, "ArcFace: Additive Angular Margin Loss for Deep Face Recognition" (2019). Used alike, as in
Human's src/face/mobilefacenet.ts and insightface.ts.
"""

from collections.abc import Sequence

from humanrt.config import FaceConfig
from humanrt.vision.face.crop import Crops, Floats, Said, resized
from humanrt.vision.model import InputForm

OUTPUTS = ("descriptor",)


def prepare(crops: Crops, form: InputForm, settings: FaceConfig) -> Floats:
    """Make the input: 0..1."""
    del settings  # it says nothing about these
    return resized(crops, form)


def decode(rows: Sequence[Floats], settings: FaceConfig, *, quirks: bool) -> Said:
    """Read one face's row, the embedding."""
    del settings, quirks
    return {"embedding": rows[0].ravel()}
