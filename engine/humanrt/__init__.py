"""HumanRT: Human's models on ONNX Runtime, for asyncio, with every tensor accounted for.

::

    async with Human({"face": {"detector": {"max_detected": 20}}}) as human:
        with await human.detect("photo.jpg") as result:
            print(len(result.face), human.engine.memory().num_tensors)

The names below are public, and so are those that the modules ``config``, ``errors``, ``imaging``, ``matching``,
``pytest_plugin``, ``result``, ``tensors``, ``tfjs``, ``watch``, ``workers`` and ``zoo`` export.

The general layout, floor by floor; imports only go down:

- ``cli/``, ``pytest_plugin/``, ``ray``: the edges to the outside
- ``human_sync``, ``loop_thread``, ``workers/``: the same for programs without asyncio; detection in processes of its
  own
- ``watch/``: what a process uses over time
- ``human``, ``drawing/result``: detect(), and its result drawn onto the image
- ``many_pictures``, ``extraction``, ``stream``, ``batch``: detect() over folders, videos and many pictures
- ``compat/``: Human's behaviour where ours differs; only ``human`` imports it
- ``housekeeping``, ``human_models``, ``human_profile``: what surrounds detect(); the models of one Human
- ``vision/``: the detections of an image, one folder for each of Human's modules, listed in ``vision/modules``
- ``people/``, ``streams/``, ``matching/``: persons and gestures, computed from results; the state that a video's frames
  share; the comparison of faces by their embeddings
- ``engine``, ``pictures``: tensors, scopes, pictures and models together
- ``admission``, ``model_files/``, ``runtime/``: which calls may hold a picture in memory; the files of models;
  ``runtime/`` imports ONNX Runtime
- ``drawing/``: the detections of one module drawn onto an image
- ``result/``: the detections, as frozen records
- ``imaging/`` (OpenCV), ``tfjs/`` (onnx), ``zoo/`` (files): the outside world, each behind one module
- ``tensors/``: the core of the tensor engine
- ``config/``, ``errors``, ``tracebacks``: plain data; what a kept error holds; ``events``: the callbacks that observe a
  Human
"""

from importlib import import_module

TYPE_CHECKING = False  # type checkers take a variable of this name for True; importing it would import all of typing
if TYPE_CHECKING:
    from humanrt.batch import Batch
    from humanrt.config import (
        BodyConfig,
        BodyDetectorConfig,
        Config,
        FaceAntispoofConfig,
        FaceAttentionConfig,
        FaceConfig,
        FaceDescriptionConfig,
        FaceDetectorConfig,
        FaceEmotionConfig,
        FaceGearConfig,
        FaceInsightfaceConfig,
        FaceIrisConfig,
        FaceLivenessConfig,
        FaceMeshConfig,
        FaceMobilefacenetConfig,
        FaceSsrnetConfig,
        FilterConfig,
        GestureConfig,
        HandConfig,
        HandDetectorConfig,
        HandSkeletonConfig,
        ImageConfig,
        ObjectConfig,
        SegmentationConfig,
        TrackingConfig,
    )
    from humanrt.drawing.options import DrawOptions
    from humanrt.drawing.result import crop_faces, draw_result
    from humanrt.engine import Engine
    from humanrt.events import Event, Events
    from humanrt.extraction import Extraction
    from humanrt.housekeeping import Env
    from humanrt.human import Human
    from humanrt.human_models import ModelInfo, ModelStats, ModelsView
    from humanrt.human_profile import DetectionProfile, ModelTime
    from humanrt.human_sync import HumanSync
    from humanrt.imaging import read_picture, write_picture, write_png
    from humanrt.matching import EmbeddingStore, OperatingPoint, match
    from humanrt.pictures import Animation
    from humanrt.result import (
        Angle,
        Body,
        Emotion,
        Face,
        FaceQuality,
        Finger,
        Gaze,
        Gesture,
        Hand,
        Hands,
        Keypoint,
        Object,
        Person,
        Race,
        Result,
        Rotation,
        Row,
        Segment,
        Segmentation,
    )
    from humanrt.runtime.graph_model import GraphModel
    from humanrt.stream import Stream, StreamStatistics
    from humanrt.streams.session import Session
    from humanrt.tensors import (
        Kernel,
        LeakReport,
        LeakRow,
        Memory,
        Profile,
        Scope,
        Tensor,
        Timing,
        Variable,
    )

__version__ = "0.1.0"

__all__ = [
    "Angle",
    "Animation",
    "Batch",
    "Body",
    "BodyConfig",
    "BodyDetectorConfig",
    "Config",
    "DetectionProfile",
    "DrawOptions",
    "EmbeddingStore",
    "Emotion",
    "Engine",
    "Env",
    "Event",
    "Events",
    "Extraction",
    "Face",
    "FaceAntispoofConfig",
    "FaceAttentionConfig",
    "FaceConfig",
    "FaceDescriptionConfig",
    "FaceDetectorConfig",
    "FaceEmotionConfig",
    "FaceGearConfig",
    "FaceInsightfaceConfig",
    "FaceIrisConfig",
    "FaceLivenessConfig",
    "FaceMeshConfig",
    "FaceMobilefacenetConfig",
    "FaceQuality",
    "FaceSsrnetConfig",
    "FilterConfig",
    "Finger",
    "Gaze",
    "Gesture",
    "GestureConfig",
    "GraphModel",
    "Hand",
    "HandConfig",
    "HandDetectorConfig",
    "HandSkeletonConfig",
    "Hands",
    "Human",
    "HumanSync",
    "ImageConfig",
    "Kernel",
    "Keypoint",
    "LeakReport",
    "LeakRow",
    "Memory",
    "ModelInfo",
    "ModelStats",
    "ModelTime",
    "ModelsView",
    "Object",
    "ObjectConfig",
    "OperatingPoint",
    "Person",
    "Profile",
    "Race",
    "Result",
    "Rotation",
    "Row",
    "Scope",
    "Segment",
    "Segmentation",
    "SegmentationConfig",
    "Session",
    "Stream",
    "StreamStatistics",
    "Tensor",
    "Timing",
    "TrackingConfig",
    "Variable",
    "__version__",
    "crop_faces",
    "draw_result",
    "match",
    "read_picture",
    "write_picture",
    "write_png",
]

_MODULES = (
    "config",
    "errors",
    "imaging",
    "matching",
    "pytest_plugin",
    "result",
    "tensors",
    "tfjs",
    "watch",
    "workers",
    "zoo",
)

# The module of each public name.
_HOMES = {
    "Angle": "result",
    "Animation": "pictures",
    "Batch": "batch",
    "Body": "result",
    "BodyConfig": "config",
    "BodyDetectorConfig": "config",
    "Config": "config",
    "DetectionProfile": "human_profile",
    "DrawOptions": "drawing.options",
    "EmbeddingStore": "matching",
    "Emotion": "result",
    "Engine": "engine",
    "Env": "housekeeping",
    "Event": "events",
    "Events": "events",
    "Extraction": "extraction",
    "Face": "result",
    "FaceAntispoofConfig": "config",
    "FaceAttentionConfig": "config",
    "FaceConfig": "config",
    "FaceDescriptionConfig": "config",
    "FaceDetectorConfig": "config",
    "FaceEmotionConfig": "config",
    "FaceGearConfig": "config",
    "FaceInsightfaceConfig": "config",
    "FaceIrisConfig": "config",
    "FaceLivenessConfig": "config",
    "FaceMeshConfig": "config",
    "FaceMobilefacenetConfig": "config",
    "FaceQuality": "result",
    "FaceSsrnetConfig": "config",
    "FilterConfig": "config",
    "Finger": "result",
    "Gaze": "result",
    "Gesture": "result",
    "GestureConfig": "config",
    "GraphModel": "runtime.graph_model",
    "Hand": "result",
    "HandConfig": "config",
    "HandDetectorConfig": "config",
    "HandSkeletonConfig": "config",
    "Hands": "result",
    "Human": "human",
    "HumanSync": "human_sync",
    "ImageConfig": "config",
    "Kernel": "tensors",
    "Keypoint": "result",
    "LeakReport": "tensors",
    "LeakRow": "tensors",
    "Memory": "tensors",
    "ModelInfo": "human_models",
    "ModelStats": "human_models",
    "ModelTime": "human_profile",
    "ModelsView": "human_models",
    "Object": "result",
    "ObjectConfig": "config",
    "OperatingPoint": "matching",
    "Person": "result",
    "Profile": "tensors",
    "Race": "result",
    "Result": "result",
    "Rotation": "result",
    "Row": "result",
    "Scope": "tensors",
    "Segment": "result",
    "Segmentation": "result",
    "SegmentationConfig": "config",
    "Session": "streams.session",
    "Stream": "stream",
    "StreamStatistics": "stream",
    "Tensor": "tensors",
    "Timing": "tensors",
    "TrackingConfig": "config",
    "Variable": "tensors",
    "crop_faces": "drawing.result",
    "draw_result": "drawing.result",
    "match": "matching",
    "read_picture": "imaging",
    "write_picture": "imaging",
    "write_png": "imaging",
}

if not TYPE_CHECKING:  # else a type checker would accept any name

    def __getattr__(name: str) -> object:
        """Import a name at its first use: pytest imports this package in every session, for the plugin."""
        if name in _HOMES:
            return globals().setdefault(name, getattr(import_module(f"{__name__}.{_HOMES[name]}"), name))
        if name in _MODULES:
            return import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_MODULES])
