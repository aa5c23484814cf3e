"""Segmentation as Human does it: src/segmentation/rvm.ts, selfie.ts, meet.ts."""

from dataclasses import dataclass, replace

from humanrt.compat.precision import HUMAN
from humanrt.vision.decoding import softmax
from humanrt.vision.segmentation.person import PERSON, PersonMask
from humanrt.vision.segmentation.pipeline import SegmentationFamilies
from humanrt.vision.segmentation.segmenter import Floats


@dataclass(frozen=True)
class HumanPersonMask(PersonMask):
    """Takes the softmax along each row of the image instead of over the two classes.

    Hardly anything of a person is left, the less the wider the person is.
    """

    def alpha_of(self, planes: Floats) -> Floats:
        """Return the softmax of the plane of persons."""
        return softmax(planes[..., PERSON], axis=1)


SEGMENTATION = SegmentationFamilies(
    tuple(
        HumanPersonMask(precision=HUMAN) if isinstance(family, PersonMask) else replace(family, precision=HUMAN)
        for family in SegmentationFamilies().segmenters
    )
)
