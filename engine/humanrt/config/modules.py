"""What can be set about bodies, hands, objects, segmentation, filters and gestures; as in Human."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from humanrt.config.section import Between, Natural, Ratio, Section


@dataclass(frozen=True)
class BodyDetectorConfig(Section):
    """Finding people first, for blazepose to look at each; the other models find them on their own.

    The thresholds are those of the model's makers; Human, which has no defaults here, would take 0.1 for both.
    """

    path: ClassVar[str] = "body.detector"
    enabled: bool = False
    model_path: str = "blazepose-detector.json"
    min_confidence: Ratio = 0.5
    iou_threshold: Ratio = 0.3


@dataclass(frozen=True)
class BodyConfig(Section):
    """Bodies; ``max_detected=-1`` means as many as there are faces."""

    path: ClassVar[str] = "body"
    enabled: bool = True
    model_path: str = "movenet-lightning.json"
    max_detected: Annotated[int, Between(-1)] = -1
    min_confidence: Ratio = 0.3
    skip_frames: Natural = 1
    skip_time: Natural = 200
    detector: BodyDetectorConfig = field(default_factory=BodyDetectorConfig)


@dataclass(frozen=True)
class HandDetectorConfig(Section):
    """Finding hands."""

    path: ClassVar[str] = "hand.detector"
    model_path: str = "handtrack.json"


@dataclass(frozen=True)
class HandSkeletonConfig(Section):
    """The 21 points of a hand."""

    path: ClassVar[str] = "hand.skeleton"
    model_path: str = "handlandmark-lite.json"


@dataclass(frozen=True)
class HandConfig(Section):
    """Hands; ``max_detected=-1`` means two for each face."""

    path: ClassVar[str] = "hand"
    enabled: bool = True
    model_path: str = ""
    rotation: bool = True
    skip_frames: Natural = 99
    skip_time: Natural = 1000
    min_confidence: Ratio = 0.5
    iou_threshold: Ratio = 0.2
    max_detected: Annotated[int, Between(-1)] = -1
    landmarks: bool = True
    detector: HandDetectorConfig = field(default_factory=HandDetectorConfig)
    skeleton: HandSkeletonConfig = field(default_factory=HandSkeletonConfig)


@dataclass(frozen=True)
class ObjectConfig(Section):
    """Objects; what overlaps a better one by ``iou_threshold`` is dropped, whatever kinds the two are of."""

    path: ClassVar[str] = "object"
    enabled: bool = False
    model_path: str = "centernet.json"
    min_confidence: Ratio = 0.2
    iou_threshold: Ratio = 0.4
    max_detected: Annotated[int, Between(1)] = 10
    skip_frames: Natural = 99
    skip_time: Natural = 2000


@dataclass(frozen=True)
class SegmentationConfig(Section):
    """Separating people from the background, or what they consist of.

    ``mode`` says which pictures are made beside the label map: "alpha", "foreground", both ("default"), or what a
    recurrent model remembers ("state"). ``ratio`` is how much smaller the picture is that rvm looks at; it is raised
    for a picture of which less than 3 pixels would be left on a side.
    ``min_confidence`` is ours: how sure a model must be of an instance, and how much of a pixel must be person for the
    pixel to have that label.
    """

    path: ClassVar[str] = "segmentation"
    enabled: bool = False
    model_path: str = "rvm.json"
    skip_frames: Natural = 0
    skip_time: Natural = 0
    ratio: Annotated[float, Between(0.01, 1)] = 0.5
    mode: Literal["default", "alpha", "foreground", "state"] = "default"
    min_confidence: Ratio = 0.5


@dataclass(frozen=True)
class FilterConfig(Section):
    """Filters that run before detection."""

    path: ClassVar[str] = "filter"
    enabled: bool = False
    equalization: bool = False
    width: Natural = 0
    height: Natural = 0
    return_: bool = True
    flip: bool = False
    auto_brightness: bool = True
    brightness: Annotated[float, Between(-1, 1)] = 0.0
    contrast: Annotated[float, Between(-1, 1)] = 0.0
    sharpness: Ratio = 0.0
    blur: Annotated[float, Between(0)] = 0.0
    saturation: Annotated[float, Between(-1, 1)] = 0.0
    hue: Annotated[float, Between(0, 360)] = 0.0
    negative: bool = False
    sepia: bool = False
    vintage: bool = False
    kodachrome: bool = False
    technicolor: bool = False
    polaroid: bool = False
    pixelate: Annotated[float, Between(0)] = 0.0


@dataclass(frozen=True)
class GestureConfig(Section):
    """Gestures."""

    path: ClassVar[str] = "gesture"
    enabled: bool = True
