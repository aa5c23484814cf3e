"""What can be set about faces; names, defaults and meaning are Human's."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from humanrt.config.section import Between, Natural, Positive, Ratio, Section


@dataclass(frozen=True)
class FaceDetectorConfig(Section):
    """Finding faces.

    ``skip_frames`` and ``skip_time`` act only in streams; here and below they change nothing in detect().
    """

    path: ClassVar[str] = "face.detector"
    enabled: bool = True
    model_path: str = "blazeface.json"
    rotation: bool = False  # turn each face upright before the mesh looks at it
    max_detected: Annotated[int, Between(1)] = 1
    skip_frames: Natural = 99
    skip_time: Natural = 2500  # milliseconds
    min_confidence: Ratio = 0.2
    min_size: Natural = 0  # pixels of the original; smaller boxes are dropped
    iou_threshold: Ratio = 0.1
    scale: Positive = 1.4  # how much larger than the detected box a face's crop is
    square: bool = False  # pad the picture to a square instead of squeezing it into one
    mask: bool = False  # darken what is outside of the face before the models that describe it
    return_: bool = False  # give each face's crop as `face.tensor`


@dataclass(frozen=True)
class FaceMeshConfig(Section):
    """The 468-point mesh."""

    path: ClassVar[str] = "face.mesh"
    enabled: bool = True
    model_path: str = "facemesh.json"
    skip_frames: Natural = 0
    skip_time: Natural = 0
    keep_invalid: bool = False  # keep faces that the mesh does not confirm, with the detector's six points


@dataclass(frozen=True)
class FaceAttentionConfig(Section):
    """The mesh model that refines lips and eyes."""

    path: ClassVar[str] = "face.attention"
    enabled: bool = False
    model_path: str = "facemesh-attention.json"
    skip_frames: Natural = 0
    skip_time: Natural = 0


@dataclass(frozen=True)
class FaceIrisConfig(Section):
    """The iris model."""

    path: ClassVar[str] = "face.iris"
    enabled: bool = True
    model_path: str = "iris.json"
    skip_frames: Natural = 0
    skip_time: Natural = 0
    scale: Positive = 2.3  # how much larger than the eye its crop is


@dataclass(frozen=True)
class FaceDescriptionConfig(Section):
    """Age, gender and embedding."""

    path: ClassVar[str] = "face.description"
    enabled: bool = True
    model_path: str = "faceres.json"
    skip_frames: Natural = 99
    skip_time: Natural = 3000
    min_confidence: Ratio = 0.1
    crop: Annotated[float, Between(0, 0.45)] = 0.0  # cut this part off each side of the face first


@dataclass(frozen=True)
class FaceEmotionConfig(Section):
    """Emotions."""

    path: ClassVar[str] = "face.emotion"
    enabled: bool = True
    model_path: str = "emotion.json"
    skip_frames: Natural = 99
    skip_time: Natural = 1500
    min_confidence: Ratio = 0.1
    crop: Annotated[float, Between(0, 0.45)] = 0.0  # cut this part off each side of the face first


@dataclass(frozen=True)
class FaceAntispoofConfig(Section):
    """Telling a real face from a picture of one."""

    path: ClassVar[str] = "face.antispoof"
    enabled: bool = False
    model_path: str = "antispoof.json"
    skip_frames: Natural = 99
    skip_time: Natural = 4000


@dataclass(frozen=True)
class FaceLivenessConfig(Section):
    """Telling a live face from a recording of one."""

    path: ClassVar[str] = "face.liveness"
    enabled: bool = False
    model_path: str = "liveness.json"
    skip_frames: Natural = 99
    skip_time: Natural = 4000


@dataclass(frozen=True)
class FaceGearConfig(Section):
    """The model that tells age, gender and race."""

    path: ClassVar[str] = "face.gear"
    enabled: bool = False
    model_path: str = "gear.json"
    skip_frames: Natural = 0
    skip_time: Natural = 0
    min_confidence: Ratio = 0.1
    crop: Annotated[float, Between(0, 0.45)] = 0.0  # cut this part off each side of the face first


@dataclass(frozen=True)
class FaceSsrnetConfig(Section):
    """The small age and gender models."""

    path: ClassVar[str] = "face.ssrnet"
    enabled: bool = False
    model_path_age: str = "age.json"
    model_path_gender: str = "gender.json"
    skip_frames: Natural = 0
    skip_time: Natural = 0
    min_confidence: Ratio = 0.1
    crop: Annotated[float, Between(0, 0.45)] = 0.0  # cut this part off each side of the face first


@dataclass(frozen=True)
class FaceMobilefacenetConfig(Section):
    """The MobileFaceNet embedding."""

    path: ClassVar[str] = "face.mobilefacenet"
    enabled: bool = False
    model_path: str = "mobilefacenet.json"
    skip_frames: Natural = 0
    skip_time: Natural = 0


@dataclass(frozen=True)
class FaceInsightfaceConfig(Section):
    """The InsightFace embedding."""

    path: ClassVar[str] = "face.insightface"
    enabled: bool = False
    model_path: str = "insightface-mobilenet-swish.json"
    skip_frames: Natural = 0
    skip_time: Natural = 0


@dataclass(frozen=True)
class FaceConfig(Section):
    """Everything about faces."""

    path: ClassVar[str] = "face"
    enabled: bool = True
    detector: FaceDetectorConfig = field(default_factory=FaceDetectorConfig)
    mesh: FaceMeshConfig = field(default_factory=FaceMeshConfig)
    attention: FaceAttentionConfig = field(default_factory=FaceAttentionConfig)
    iris: FaceIrisConfig = field(default_factory=FaceIrisConfig)
    description: FaceDescriptionConfig = field(default_factory=FaceDescriptionConfig)
    emotion: FaceEmotionConfig = field(default_factory=FaceEmotionConfig)
    antispoof: FaceAntispoofConfig = field(default_factory=FaceAntispoofConfig)
    liveness: FaceLivenessConfig = field(default_factory=FaceLivenessConfig)
    gear: FaceGearConfig = field(default_factory=FaceGearConfig)
    ssrnet: FaceSsrnetConfig = field(default_factory=FaceSsrnetConfig)
    mobilefacenet: FaceMobilefacenetConfig = field(default_factory=FaceMobilefacenetConfig)
    insightface: FaceInsightfaceConfig = field(default_factory=FaceInsightfaceConfig)
