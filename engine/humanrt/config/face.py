"""The configuration of faces. Names and defaults are Human's."""

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Annotated, ClassVar, Self

from humanrt.config.section import MAX_INT, Between, Natural, Positive, Ratio, Section, Sizes

Margin = Annotated[float, Between(0, 0.45)]


class FaceDetectorConfig(Section):
    """The detector, which finds the faces of a picture. Every other model of faces runs on its boxes."""

    path: ClassVar[str] = "face.detector"

    enabled: bool = True
    """Whether faces are detected. If not, no model of faces runs."""

    model_path: str = "blazeface.json"
    """Name of the model: ``blazeface``, ``blazeface-back``, ``blazeface-front``, ``facemesh-detection-short``,
    ``facemesh-detection-full``, ``faceboxes``, ``yunet``, or that of a custom model card."""

    input_size: Sizes = ()
    """The longer side of the picture for the detector, in pixels, or several: then it runs at each, and of overlapping
    faces, and of one in another, the one with the highest score is kept. Only for detectors of any size, ``yunet`` and
    ``faceboxes``; not set, it is 640 for ``yunet``, and the picture's own but at most 1024 for ``faceboxes``. Human has
    no such key."""

    rotation: bool = False
    """Whether each face is turned upright, by the line between its eyes, before the other models run on it. Human takes
    the line from the mouth to the nose, and turns no face by less than 0.2 radians."""

    max_detected: Annotated[int, Between(1, MAX_INT)] = 1
    """The most faces that are detected in a picture; those with the highest scores are kept."""

    skip_frames: Natural = 99
    """The most frames of a session that follow faces by their mesh, without the detector, until it runs again."""

    skip_time: Natural = 2500
    """The longest time in milliseconds for which faces are followed without the detector."""

    min_confidence: Ratio = 0.2
    """The lowest score of a face, 0 to 1; faces below it are dropped."""

    min_size: Natural = 0
    """Faces are dropped if their detected width or height times ``scale``, in pixels of the picture, is not larger than
    this. 0 keeps all."""

    iou_threshold: Ratio = 0.1
    """The largest overlap (intersection over union) of two faces; of two with more, the one with the lower score is
    dropped."""

    scale: Positive = 1.4
    """Side of a face's crop, as a multiple of the longer side of its detected box."""

    square: bool = False
    """Whether the picture is padded to a square for the detector. If not, it is resized to one, which distorts it."""

    mask: bool = False
    """Whether the pixels outside of a face's outline are darkened to one half for the models that run after the
    mesh."""

    return_: bool = False
    """Whether the crop of each face is returned as ``face.tensor``, float32 [1, h, w, 3], 0 to 1. Written ``return`` in
    dicts and files."""

    def merge(self, overrides: Mapping[str, object]) -> Self:
        """Return a copy with ``overrides`` applied, as ``Section.merge()`` does.

        ``input_size`` belongs to a model: if another one is named, it is not set unless ``overrides`` have it.
        """
        merged = super().merge(overrides)
        if merged.model_path != self.model_path and not {"input_size", "inputSize"} & overrides.keys():
            return replace(merged, input_size=())
        return merged


class FaceMeshConfig(Section):
    """The mesh of 468 points, and with it the rotation of a face."""

    path: ClassVar[str] = "face.mesh"

    enabled: bool = True
    """Whether the mesh runs. If not, neither iris nor attention run."""

    model_path: str = "facemesh.json"
    """Name of the model: ``facemesh``, or that of a custom model card."""

    skip_frames: Natural = 0
    """Has no effect, as in Human: this model runs in every frame."""

    skip_time: Natural = 0
    """Has no effect, as in Human."""

    keep_invalid: bool = False
    """Whether faces are kept for which the mesh's score is below ``min_confidence``; they have the detector's points
    instead of a mesh."""

    min_confidence: Ratio | None = None
    """The lowest score of the mesh, 0 to 1. Not set, it is ``face.detector.min_confidence``, as in Human, which has no
    such key."""

    keep_above: Ratio = 1.0
    """The detector's score, 0 to 1, above which a face is kept as with ``keep_invalid``. Human has no such key."""

    min_size: Natural = 0
    """The longer side of a face in pixels of the image, from which on the mesh's score counts. Smaller faces are kept
    as with ``keep_invalid``: the model has low scores for faces of few pixels. Human has no such key."""

    second_look: bool = False
    """Whether the model runs a second time on each face, on a crop that fits the first mesh and is turned by its eyes.
    Points are more accurate; a face costs two runs. The model of ``face.attention`` as well. Human has no such key."""


class FaceAttentionConfig(Section):
    """The mesh of 478 points with refined lips, eyes and irises. Replaces the models of mesh and iris."""

    path: ClassVar[str] = "face.attention"

    enabled: bool = False
    """Whether this model runs instead of those of mesh and iris. Requires ``face.mesh.enabled``."""

    model_path: str = "facemesh-attention.json"
    """Name of the model: ``facemesh-attention``, ``facemesh-attention-pinto``, or that of a custom model card."""

    skip_frames: Natural = 0
    """Has no effect, as in Human: this model runs in every frame."""

    skip_time: Natural = 0
    """Has no effect, as in Human."""


class FaceIrisConfig(Section):
    """The irises: ten points more, the distance to the camera and the direction of the gaze."""

    path: ClassVar[str] = "face.iris"

    enabled: bool = True
    """Whether the model runs. Requires ``face.mesh.enabled``."""

    model_path: str = "iris.json"
    """Name of the model: ``iris``, or that of a custom model card."""

    skip_frames: Natural = 0
    """Has no effect, as in Human: this model runs in every frame."""

    skip_time: Natural = 0
    """Has no effect, as in Human."""

    scale: Positive = 2.3
    """Side of an eye's crop, as a multiple of the width of the eye in the mesh."""


class FaceDescriptionConfig(Section):
    """Age, gender and embedding (1024 numbers) of a face."""

    path: ClassVar[str] = "face.description"

    enabled: bool = True
    """Whether the model runs."""

    model_path: str = "faceres.json"
    """Name of the model: ``faceres``, ``faceres-deep``, or that of a custom model card."""

    skip_frames: Natural = 99
    """The most frames of a session for which a result is reused."""

    skip_time: Natural = 3000
    """The longest time in milliseconds for which a result is reused in a session."""

    min_confidence: Ratio = 0.1
    """The score, 0 to 1, above which the gender is reported."""

    crop: Margin = 0.0
    """Part of the crop's width and height that is cut off at each side, 0 to 0.45."""

    aligned: bool = False
    """Whether the model is given aligned faces, as its model card's ``[alignment]`` has it, instead of crops. Its
    embeddings separate faces better, and cannot be compared with those of crops. A face without landmarks has no
    description. Human has no such key."""


class FaceEmotionConfig(Section):
    """Emotions of a face."""

    path: ClassVar[str] = "face.emotion"

    enabled: bool = True
    """Whether the model runs."""

    model_path: str = "emotion.json"
    """Name of the model: ``emotion``, or that of a custom model card."""

    skip_frames: Natural = 99
    """The most frames of a session for which a result is reused."""

    skip_time: Natural = 1500
    """The longest time in milliseconds for which a result is reused in a session."""

    min_confidence: Ratio = 0.1
    """The score, 0 to 1, above which an emotion is reported."""

    crop: Margin = 0.0
    """Part of the crop's width and height that is cut off at each side, 0 to 0.45."""


class FaceAntispoofConfig(Section):
    """The score ``face.real``: whether a face is real, or a picture of one."""

    path: ClassVar[str] = "face.antispoof"

    enabled: bool = False
    """Whether the model runs."""

    model_path: str = "antispoof.json"
    """Name of the model: ``antispoof``, or that of a custom model card."""

    skip_frames: Natural = 99
    """The most frames of a session for which a result is reused."""

    skip_time: Natural = 4000
    """The longest time in milliseconds for which a result is reused in a session."""


class FaceLivenessConfig(Section):
    """The score ``face.live``: whether a face is live, or a recording of one."""

    path: ClassVar[str] = "face.liveness"

    enabled: bool = False
    """Whether the model runs."""

    model_path: str = "liveness.json"
    """Name of the model: ``liveness``, or that of a custom model card."""

    skip_frames: Natural = 99
    """The most frames of a session for which a result is reused."""

    skip_time: Natural = 4000
    """The longest time in milliseconds for which a result is reused in a session."""


class FaceGearConfig(Section):
    """Age, gender and race of a face."""

    path: ClassVar[str] = "face.gear"

    enabled: bool = False
    """Whether the model runs. Its age and gender override those of ``face.description`` and ``face.ssrnet``."""

    model_path: str = "gear.json"
    """Name of the model: ``gear``, or that of a custom model card."""

    skip_frames: Natural = 0
    """The most frames of a session for which a result is reused."""

    skip_time: Natural = 0
    """The longest time in milliseconds for which a result is reused in a session."""

    min_confidence: Ratio = 0.1
    """The score, 0 to 1, above which a race is reported."""

    crop: Margin = 0.0
    """Part of the crop's width and height that is cut off at each side, 0 to 0.45."""


class FaceSsrnetConfig(Section):
    """Age and gender of a face, from two small models."""

    path: ClassVar[str] = "face.ssrnet"

    enabled: bool = False
    """Whether the models run. Their age and gender override those of ``face.description``."""

    model_path_age: str = "age.json"
    """Name of the model of the age: ``age``, or that of a custom model card."""

    model_path_gender: str = "gender.json"
    """Name of the model of the gender: ``gender``, ``gender-ssrnet-imdb``, or that of a custom model card."""

    skip_frames: Natural = 0
    """The most frames of a session for which a result is reused."""

    skip_time: Natural = 0
    """The longest time in milliseconds for which a result is reused in a session."""

    min_confidence: Ratio = 0.1
    """Has no effect, as in Human."""

    crop: Margin = 0.0
    """Part of the crop's width and height that is cut off at each side, 0 to 0.45."""


class FaceMobilefacenetConfig(Section):
    """The embedding of MobileFaceNet."""

    path: ClassVar[str] = "face.mobilefacenet"

    enabled: bool = False
    """Whether the model runs. Its embedding overrides that of ``face.description``."""

    model_path: str = "mobilefacenet.json"
    """Name of the model: ``mobilefacenet-repaired`` (192 numbers), ``mobileface`` (256), ``mobilefacenet`` (192; it is
    damaged, as Human publishes it), or that of a custom model card."""

    skip_frames: Natural = 0
    """The most frames of a session for which a result is reused."""

    skip_time: Natural = 0
    """The longest time in milliseconds for which a result is reused in a session."""


class FaceInsightfaceConfig(Section):
    """The embedding of InsightFace."""

    path: ClassVar[str] = "face.insightface"

    enabled: bool = False
    """Whether the model runs. Its embedding overrides those of ``face.description`` and ``face.mobilefacenet``."""

    model_path: str = "insightface-mobilenet-swish.json"
    """Name of the model. As in Human, none comes with the package: name a custom model card."""

    skip_frames: Natural = 0
    """The most frames of a session for which a result is reused."""

    skip_time: Natural = 0
    """The longest time in milliseconds for which a result is reused in a session."""


class FaceEmbeddingConfig(Section):
    """The embedding of a model that is given aligned faces. Human has no such section."""

    path: ClassVar[str] = "face.embedding"

    enabled: bool = False
    """Whether the model runs. Its embedding overrides those of all other sections."""

    model_path: str = "sface.onnx"
    """Name of the model: ``sface`` (128 numbers), or that of a custom model card with an ``[alignment]``."""

    skip_frames: Natural = 99
    """The most frames of a session for which an embedding is reused."""

    skip_time: Natural = 3000
    """The longest time in milliseconds for which an embedding is reused."""


class FaceQualityConfig(Section):
    """The quality of a face: how well its embedding can be relied on. Human has no such section."""

    path: ClassVar[str] = "face.quality"

    enabled: bool = False
    """Whether it is measured, which needs no model and takes a fraction of a millisecond for each face."""


class FaceConfig(Section):
    """Faces."""

    path: ClassVar[str] = "face"

    enabled: bool = True
    """Whether faces are detected. If not, no model of faces runs."""

    detector: FaceDetectorConfig = field(default_factory=FaceDetectorConfig)
    """The detector."""

    mesh: FaceMeshConfig = field(default_factory=FaceMeshConfig)
    """The mesh of 468 points."""

    attention: FaceAttentionConfig = field(default_factory=FaceAttentionConfig)
    """The mesh of 478 points, instead of mesh and iris."""

    iris: FaceIrisConfig = field(default_factory=FaceIrisConfig)
    """The irises."""

    description: FaceDescriptionConfig = field(default_factory=FaceDescriptionConfig)
    """Age, gender and embedding."""

    emotion: FaceEmotionConfig = field(default_factory=FaceEmotionConfig)
    """Emotions."""

    antispoof: FaceAntispoofConfig = field(default_factory=FaceAntispoofConfig)
    """Whether a face is real."""

    liveness: FaceLivenessConfig = field(default_factory=FaceLivenessConfig)
    """Whether a face is live."""

    gear: FaceGearConfig = field(default_factory=FaceGearConfig)
    """Age, gender and race."""

    ssrnet: FaceSsrnetConfig = field(default_factory=FaceSsrnetConfig)
    """Age and gender, from two small models."""

    mobilefacenet: FaceMobilefacenetConfig = field(default_factory=FaceMobilefacenetConfig)
    """The embedding of MobileFaceNet."""

    insightface: FaceInsightfaceConfig = field(default_factory=FaceInsightfaceConfig)
    """The embedding of InsightFace."""

    embedding: FaceEmbeddingConfig = field(default_factory=FaceEmbeddingConfig)
    """The embedding of an aligned face."""

    quality: FaceQualityConfig = field(default_factory=FaceQualityConfig)
    """The quality of a face."""
