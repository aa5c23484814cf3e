"""The families and rules of one call. ``human.py`` chooses between ours and those of ``compat/``."""

from dataclasses import dataclass, field

from humanrt.people.gestures import GestureRules
from humanrt.people.persons import Join, join_parts
from humanrt.vision.body.pipeline import BodyFamilies
from humanrt.vision.face.families import FaceFamilies
from humanrt.vision.hand.pipeline import HandFamilies
from humanrt.vision.object.pipeline import ObjectFamilies
from humanrt.vision.segmentation.pipeline import SegmentationFamilies


@dataclass(frozen=True)
class Families:
    """What each module's pipeline chooses from."""

    face: FaceFamilies = field(default_factory=FaceFamilies)
    body: BodyFamilies = field(default_factory=BodyFamilies)
    hand: HandFamilies = field(default_factory=HandFamilies)
    object: ObjectFamilies = field(default_factory=ObjectFamilies)
    segmentation: SegmentationFamilies = field(default_factory=SegmentationFamilies)
    gestures: GestureRules = field(default_factory=GestureRules)
    join: Join = join_parts


FAMILIES = Families()
