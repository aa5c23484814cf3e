"""The configuration of bodies, hands, objects, segmentation and gestures. Names and defaults are Human's."""

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Annotated, ClassVar, Literal, Self

from humanrt.config.section import MAX_INT, Between, Natural, Positive, Ratio, Section


class BodyDetectorConfig(Section):
    """The detector of people, on each of whom blazepose runs. The other models of bodies need none."""

    path: ClassVar[str] = "body.detector"

    enabled: bool = False
    """Whether people are detected first. Only for ``body.model_path="blazepose-..."``."""

    model_path: str = "blazepose-detector.json"
    """Name of the model: ``blazepose-detector``, or that of a custom model card."""

    min_confidence: Ratio = 0.5
    """The lowest score of a person, 0 to 1. The default is that of the model's authors; Human has no default and uses
    0.1."""

    iou_threshold: Ratio = 0.3
    """The largest overlap (intersection over union) of two people. The default is that of the model's authors; Human
    has no default and uses 0.1."""


class BodyConfig(Section):
    """Bodies."""

    path: ClassVar[str] = "body"

    enabled: bool = True
    """Whether bodies are detected."""

    model_path: str = "movenet-lightning.json"
    """Name of the model: ``movenet-lightning``, ``movenet-thunder``, ``movenet-multipose``, ``posenet``,
    ``efficientpose``, ``blazepose-lite``, ``blazepose-full``, ``blazepose-heavy``, or that of a custom model card."""

    input_size: Annotated[int, Between(0, 2048)] = 0
    """The longer side of the input in pixels, for ``posenet`` and ``movenet-multipose``; the input has the proportions
    of the picture. 0 is Human's: a square of 385, and 256. Human has no such key."""

    max_detected: Annotated[int, Between(-1, MAX_INT)] = -1
    """The most bodies of a picture. -1 is as many as there are faces, or 1 if faces are not detected. 0 is none."""

    min_confidence: Ratio = 0.3
    """The score, 0 to 1, above which a body, and each of its keypoints, is reported."""

    skip_frames: Natural = 1
    """The most frames of a session for which a result is reused; with ``movenet`` one less, so that 1 is none."""

    skip_time: Natural = 200
    """The longest time in milliseconds for which a result is reused in a session. ``posenet`` runs in every frame."""

    min_keypoints: Natural = 0
    """The fewest keypoints of a body. Human has no such key."""

    below_neck: bool = False
    """Whether a body must have a keypoint below the neck, so that a head alone is none. Human has no such key."""

    keypoint_confidence: Ratio = 0.0
    """The score, 0 to 1, above which a keypoint counts for ``min_keypoints`` and ``below_neck``. Others are reported
    all the same. Human has no such key."""

    tiles: bool = False
    """Whether ``movenet-multipose`` runs on the two halves of the picture as well, which overlap, unless all bodies
    that it finds are large: smaller people are found, and more than six. Other models run once. Human has no such key.
    """

    detector: BodyDetectorConfig = field(default_factory=BodyDetectorConfig)
    """The detector of people, for blazepose."""

    def merge(self, overrides: Mapping[str, object]) -> Self:
        """Return a copy with ``overrides`` applied, as ``Section.merge()`` does.

        ``input_size`` and ``keypoint_confidence`` belong to a model: if another one is named, they have their defaults
        unless ``overrides`` have them.
        """
        merged = super().merge(overrides)
        if merged.model_path == self.model_path:
            return merged
        size = merged.input_size if {"input_size", "inputSize"} & overrides.keys() else 0
        certain = {"keypoint_confidence", "keypointConfidence"} & overrides.keys()
        return replace(merged, input_size=size, keypoint_confidence=merged.keypoint_confidence if certain else 0.0)


class HandDetectorConfig(Section):
    """The detector of hands."""

    path: ClassVar[str] = "hand.detector"

    model_path: str = "handtrack.json"
    """Name of the model: ``handtrack``, ``handdetect``, or that of a custom model card."""

    min_confidence: Ratio | None = None
    """The lowest score of a detection, 0 to 1. Not set, it is ``hand.min_confidence``, as in Human, which has no such
    key. Below that it finds more hands, of which ``hand.confirmed`` keeps those that have keypoints."""


class HandSkeletonConfig(Section):
    """The 21 keypoints of a hand."""

    path: ClassVar[str] = "hand.skeleton"

    model_path: str = "handlandmark-lite.json"
    """Name of the model: ``handlandmark-lite``, ``handlandmark-full``, ``handlandmark-sparse``, ``handskeleton``, or
    that of a custom model card."""


class HandConfig(Section):
    """Hands."""

    path: ClassVar[str] = "hand"

    enabled: bool = True
    """Whether hands are detected."""

    model_path: str = ""
    """Has no effect, as in Human: ``hand.detector`` and ``hand.skeleton`` name the models."""

    rotation: bool = True
    """Whether a hand is turned upright before its keypoints are computed. Only ``handdetect`` knows its angle."""

    skip_frames: Natural = 99
    """The most frames of a session for which hands are reused (``handtrack``) or followed (``handdetect``)."""

    skip_time: Natural = 1000
    """The longest time in milliseconds for that."""

    min_confidence: Ratio = 0.5
    """The lowest score, 0 to 1, of a hand, and of its keypoints."""

    iou_threshold: Ratio = 0.2
    """The largest overlap (intersection over union) of two hands; of two with more, the one with the lower score is
    dropped."""

    max_detected: Annotated[int, Between(-1, MAX_INT)] = -1
    """The most hands of a picture. -1 is two for each face, or 1 if faces are not detected. 0 is none."""

    confirmed: bool = False
    """Whether hands are dropped whose keypoints have a score below ``min_confidence``, with ``landmarks`` only, and
    those that are faces: which overlap one by more than 0.4 (intersection over union). Human has no such key."""

    landmarks: bool = True
    """Whether keypoints are computed. If not, a hand has a box and a label only."""

    second_look: bool = False
    """Whether the keypoints of a hand are computed a second time, from a crop that fits the first ones and is turned by
    them. They are more accurate; a hand that the detector found costs two runs. Human has no such key."""

    around_wrists: bool = False
    """Whether hands that the detector does not find in the whole picture, because they are small, are searched around
    the wrists of bodies. Up to four wrists cost one run of the detector. Only ``handdetect``, with ``landmarks``. Human
    has no such key."""

    detector: HandDetectorConfig = field(default_factory=HandDetectorConfig)
    """The detector of hands."""

    skeleton: HandSkeletonConfig = field(default_factory=HandSkeletonConfig)
    """The 21 keypoints of a hand."""


class ObjectConfig(Section):
    """Objects, of the 80 classes of COCO."""

    path: ClassVar[str] = "object"

    enabled: bool = False
    """Whether objects are detected."""

    model_path: str = "centernet.json"
    """Name of the model: ``centernet``, ``nanodet``, or that of a custom model card."""

    min_confidence: Ratio = 0.2
    """The score, 0 to 1, above which an object is reported."""

    iou_threshold: Ratio = 0.4
    """The largest overlap (intersection over union) of two objects, of the same or different classes; of two with more,
    the one with the lower score is dropped."""

    max_detected: Annotated[int, Between(1, MAX_INT)] = 10
    """The most objects of a picture; those with the highest scores are kept."""

    skip_frames: Natural = 99
    """The most frames of a session for which a result is reused."""

    skip_time: Natural = 2000
    """The longest time in milliseconds for which a result is reused in a session."""


class SegmentationConfig(Section):
    """Segmentation: the person or class that each pixel belongs to."""

    path: ClassVar[str] = "segmentation"

    enabled: bool = False
    """Whether the picture is segmented."""

    model_path: str = "rvm.json"
    """Name of the model: ``rvm``, ``selfie``, ``meet``, or that of a custom model card."""

    skip_frames: Natural = 0
    """Has no effect, as in Human: this model runs in every frame."""

    skip_time: Natural = 0
    """Has no effect, as in Human."""

    ratio: Annotated[float, Between(0.01, 1)] = 0.5
    """Size of the picture that ``rvm`` runs on, as a part of the original's, 0.01 to 1. It is raised for pictures of
    which less than 3 pixels would be left on a side."""

    mode: Literal["default", "alpha", "foreground", "state"] = "default"
    """Which pictures the result contains beside the label map: ``alpha``, ``foreground``, both (``default``), or the
    recurrent state of ``rvm`` (``state``)."""

    min_confidence: Ratio = 0.5
    """The lowest score, 0 to 1, of an instance, and the lowest part of a pixel that must be person for the pixel to be
    labelled so. Human has no such key."""


class TrackingConfig(Section):
    """Tracking in a session: ids that stay with a face, body, hand and person. Human has no such section."""

    path: ClassVar[str] = "tracking"

    enabled: bool = True
    """Whether ids are those of tracks. Without a session, and with ``compat="human"``, they are 0, 1, 2 and so on, in
    the order of the result."""

    lost_frames: Natural = 30
    """For how many frames a track is kept that is not there."""

    smoothing: bool = False
    """Whether positions are smoothed with the One Euro filter."""

    min_cutoff: Positive = 1.0
    """The cutoff frequency in Hz of positions that stand still: less is smoother, and later."""

    beta: Annotated[float, Between(0)] = 5.0
    """How much the cutoff frequency rises with the speed, in Hz for each size of the record in a second: more follows
    movements sooner."""


class GestureConfig(Section):
    """Gestures, computed from faces, irises, bodies and hands."""

    path: ClassVar[str] = "gesture"

    enabled: bool = True
    """Whether gestures are computed."""
