"""People before their background, from a small picture: MediaPipe's selfie and meet models.

Sources: the models' cards; Human's src/segmentation/selfie.ts and meet.ts.
"""

from collections.abc import Sequence

import numpy as np

from humanrt.config import SegmentationConfig
from humanrt.imaging import resize_into
from humanrt.vision.activation import sigmoid, softmax
from humanrt.vision.segmentation.layers import Bytes, Floats, Layers
from humanrt.vision.segmentation.matte import matted
from humanrt.zoo import Card

OUTPUTS = ("mask",)
# meet gives two planes of logits, selfie one of probabilities.
BACKGROUND, PERSON = 0, 1


def decode(
    outputs: Sequence[Floats], picture: Bytes, card: Card, settings: SegmentationConfig, *, quirks: bool
) -> Layers:
    """Scale the model's alpha to the picture, whose own colours are the foreground."""
    ((planes,),) = outputs
    alpha = np.empty(picture.shape[:2], np.float32)
    resize_into(_alpha_of(planes, quirks=quirks), alpha)
    foreground = picture.copy() if settings.mode in ("default", "foreground") else None
    return matted(alpha, foreground, settings, quirks=quirks)


def _alpha_of(planes: Floats, *, quirks: bool) -> Floats:
    """Read the model's output, [h, w, 1 or 2]."""
    if planes.shape[2] == 1:
        return planes[..., 0]
    if quirks:
        # Human takes the softmax along each line of the picture instead of over the two classes: of a person hardly
        # anything is left, the less the wider the person is.
        return softmax(planes[..., PERSON], axis=1)
    return sigmoid(planes[..., PERSON] - planes[..., BACKGROUND])
