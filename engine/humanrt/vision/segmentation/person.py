"""People and background, from a small image: MediaPipe's selfie and meet models.

Sources: the models' cards; Human's src/segmentation/selfie.ts and meet.ts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import resize_into
from humanrt.vision.decoding import sigmoid
from humanrt.vision.segmentation.matte import matted
from humanrt.vision.segmentation.segmenter import Floats, Layers, Prepared, SegmentationTask, Segmenter

# The planes of logits of meet; selfie has one plane of probabilities.
BACKGROUND, PERSON = 0, 1


@dataclass(frozen=True)
class PersonMask(Segmenter):
    """One output, [1, h, w, 1 or 2]."""

    outputs: tuple[str, ...] = ("mask",)

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: SegmentationTask) -> Layers:
        """Resize the model's alpha to the image, whose own colours are the foreground."""
        ((planes,),) = outputs
        picture = prepared.picture
        alpha = np.empty(picture.shape[:2], np.float32)
        resize_into(planes[..., 0] if planes.shape[2] == 1 else self.alpha_of(planes), alpha)
        foreground = picture.copy() if task.settings.mode in ("default", "foreground") else None
        return matted(self.precision.alpha(alpha), foreground, task.settings)

    def alpha_of(self, planes: Floats) -> Floats:
        """Return the probabilities of two planes of logits, [h, w, 2]."""
        return sigmoid(planes[..., PERSON] - planes[..., BACKGROUND])


PERSON_MASK = PersonMask()
