"""MobileFaceNet, MobileFace, InsightFace and SFace: embeddings that tell faces apart.

Source: Chen and others, "MobileFaceNets: Efficient CNNs for Accurate Real-time Face Verification on Mobile Devices"
(2018); Deng and others, "ArcFace: Additive Angular Margin Loss for Deep Face Recognition" (2019); Zhong and others,
"SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition" (2021). Human crops faces, in
src/face/mobilefacenet.ts and insightface.ts. Models whose card has an alignment are given aligned faces instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from humanrt.config import FaceConfig
from humanrt.vision.face.alignment import AlignedFaces, aligned
from humanrt.vision.face.describer import Description, FaceDescriber, resized
from humanrt.vision.stage import Batch, Family, InputForm


@dataclass(frozen=True)
class Descriptor(FaceDescriber):
    """One output, the embedding; the input is 0..1."""

    outputs: tuple[str, ...] = ("descriptor",)

    def prepare(self, source: NDArray[Any], form: InputForm, task: FaceConfig) -> Batch:
        """Resize the crops."""
        del task
        return Batch(resized(source, form))

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Batch, task: FaceConfig) -> list[Description]:
        """Return each face's row."""
        del prepared, task
        return [Description(embedding=row.ravel()) for row in outputs[0]]


DESCRIPTOR = Descriptor()


@dataclass(frozen=True)
class AlignedDescriptor(Family[AlignedFaces, Batch, list[Description]]):
    """One output, the embedding; the input has the range and the order of axes of the model card."""

    outputs: tuple[str, ...] = DESCRIPTOR.outputs

    def prepare(self, source: NDArray[Any], form: InputForm, task: AlignedFaces) -> Batch:
        """Align the faces of the image."""
        return Batch(aligned(source, form, task))

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Batch, task: AlignedFaces) -> list[Description]:
        """Return each face's row."""
        del prepared, task
        return [Description(embedding=row.ravel()) for row in outputs[0]]


ALIGNED = AlignedDescriptor()
