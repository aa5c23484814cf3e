"""HumanRT: Human's models on ONNX Runtime, for asyncio, with every tensor accounted for.

::

    async with Human({"face": {"detector": {"max_detected": 20}}}) as human:
        with await human.detect("photo.jpg") as result:
            print(len(result.face), human.engine.memory().num_tensors)

The names below are public, and so are those that the modules ``config``, ``errors``, ``imaging``,
``pytest_plugin``, ``result``, ``tensors``, ``tfjs`` and ``zoo`` export.

The general layout, floor by floor; imports only go down:

- ``cli/``, ``pytest_plugin/``: the edges to the outside
- ``human``, ``drawing/result``: detect(), and its result drawn onto the image
- ``compat/``: Human's behaviour where ours differs; only ``human`` imports it
- ``vision/``: the detections of an image, one folder for each of Human's modules, listed in ``vision/modules``
- ``people/``, ``streams/``: persons and gestures, computed from results; the state that a video's frames share
- ``engine``, ``model_files/``, ``runtime/``: tensors, scopes and models together; ``runtime/`` imports ONNX Runtime
- ``drawing/``: the detections of one module drawn onto an image
- ``result/``: the detections, as frozen records
- ``imaging/`` (OpenCV), ``tfjs/`` (onnx), ``zoo/`` (files): the outside world, each behind one module
- ``tensors/``: the core of the tensor engine
- ``config/``, ``errors``: plain data
"""

from importlib import import_module

TYPE_CHECKING = False  # type checkers take a variable of this name for True; importing it would import all of typing
if TYPE_CHECKING:
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
        ObjectConfig,
        SegmentationConfig,
        TrackingConfig,
    )
    from humanrt.drawing.result import draw_result
    from humanrt.engine import Engine
    from humanrt.human import Human
    from humanrt.imaging import read_picture, write_png
    from humanrt.result import (
        Angle,
        Body,
        Emotion,
        Face,
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
        Segment,
        Segmentation,
    )
    from humanrt.runtime.graph_model import GraphModel
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
    "Body",
    "BodyConfig",
    "BodyDetectorConfig",
    "Config",
    "Emotion",
    "Engine",
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
    "Kernel",
    "Keypoint",
    "LeakReport",
    "LeakRow",
    "Memory",
    "Object",
    "ObjectConfig",
    "Person",
    "Profile",
    "Race",
    "Result",
    "Rotation",
    "Scope",
    "Segment",
    "Segmentation",
    "SegmentationConfig",
    "Session",
    "Tensor",
    "Timing",
    "TrackingConfig",
    "Variable",
    "__version__",
    "draw_result",
    "read_picture",
    "write_png",
]

_MODULES = ("config", "errors", "imaging", "pytest_plugin", "result", "tensors", "tfjs", "zoo")

# The module of each public name.
_HOMES = {
    "Angle": "result",
    "Body": "result",
    "BodyConfig": "config",
    "BodyDetectorConfig": "config",
    "Config": "config",
    "Emotion": "result",
    "Engine": "engine",
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
    "Kernel": "tensors",
    "Keypoint": "result",
    "LeakReport": "tensors",
    "LeakRow": "tensors",
    "Memory": "tensors",
    "Object": "result",
    "ObjectConfig": "config",
    "Person": "result",
    "Profile": "tensors",
    "Race": "result",
    "Result": "result",
    "Rotation": "result",
    "Scope": "tensors",
    "Segment": "result",
    "Segmentation": "result",
    "SegmentationConfig": "config",
    "TrackingConfig": "config",
    "Session": "streams.session",
    "Tensor": "tensors",
    "Timing": "tensors",
    "Variable": "tensors",
    "draw_result": "drawing.result",
    "read_picture": "imaging",
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
