"""The families of face models, and which function records what they find."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from humanrt.config import FaceConfig
from humanrt.vision.face import descriptor, emotion, faceres, gear, spoofing, ssrnet
from humanrt.vision.face.attention import ATTENTION, ATTENTION_LOGIT
from humanrt.vision.face.blazeface import FULL_RANGE, IN_FOUR_PARTS, SHORT_RANGE
from humanrt.vision.face.centerface import CENTERFACE
from humanrt.vision.face.describer import FaceDescriber
from humanrt.vision.face.descriptor import AlignedDescriptor
from humanrt.vision.face.detector import FaceDetector
from humanrt.vision.face.faceboxes import FACEBOXES
from humanrt.vision.face.facemesh import FACEMESH, Cut, MeshFamily, Turn, cut_faces, face_angle
from humanrt.vision.face.iris import IRIS_MODEL, Iris
from humanrt.vision.face.mask import Outline, outline_in_crop
from humanrt.vision.face.record import FaceRecorder
from humanrt.vision.face.scrfd import SCRFD, WITHOUT_POINTS
from humanrt.vision.face.yunet import YUNET

# By the key of the configuration that enables them. Where two have a value for the same field, the later one's is
# taken.
DESCRIBERS: Mapping[str, FaceDescriber] = MappingProxyType(
    {
        "face.emotion": emotion.EMOTION,
        "face.antispoof": spoofing.ANTISPOOF,
        "face.liveness": spoofing.LIVENESS,
        "face.description": faceres.FACERES,
        "face.ssrnet.age": ssrnet.AGE,
        "face.ssrnet.gender": ssrnet.GENDER,
        "face.gear": gear.GEAR,
        "face.mobilefacenet": descriptor.DESCRIPTOR,
        "face.insightface": descriptor.DESCRIPTOR,
    }
)


# Models that are given aligned faces if their model card has an alignment; ``face.embedding`` is always, and
# ``face.description`` if its configuration has it so.
ALIGNED: Mapping[str, AlignedDescriptor] = MappingProxyType(
    {
        "face.description": faceres.ALIGNED,
        **dict.fromkeys(("face.mobilefacenet", "face.insightface", "face.embedding"), descriptor.ALIGNED),
    }
)


@dataclass(frozen=True)
class FaceFamilies:
    """The families that ``detect_faces()`` chooses from; ``compat/`` has another instance."""

    # The first whose outputs a model card has is taken: SCRFD has those of the form without points, too.
    detectors: tuple[FaceDetector, ...] = (
        IN_FOUR_PARTS,
        SHORT_RANGE,
        FULL_RANGE,
        YUNET,
        FACEBOXES,
        SCRFD,
        WITHOUT_POINTS,
        CENTERFACE,
    )
    # The first whose outputs a model card has is taken: attention has those of facemesh, too.
    meshes: tuple[MeshFamily, ...] = (ATTENTION_LOGIT, ATTENTION, FACEMESH)
    iris: Iris = IRIS_MODEL
    describers: Mapping[str, FaceDescriber] = field(default_factory=lambda: DESCRIBERS)
    aligned: Mapping[str, AlignedDescriptor] = field(default_factory=lambda: ALIGNED)
    recorder: Callable[[int, int, FaceConfig], FaceRecorder] = FaceRecorder
    cut: Cut = cut_faces
    angle: Turn = face_angle
    outline: Outline = outline_in_crop
