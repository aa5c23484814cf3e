"""HumanRT: Human's models on ONNX Runtime, for asyncio, with every tensor accounted for.

::

    async with Human({"face": {"detector": {"max_detected": 20}}}) as human:
        with await human.detect("photo.jpg") as result:
            print(len(result.face), human.engine.memory().num_tensors)

The general layout, floor by floor; imports only go down:

- ``cli``, ``pytest_plugin/``: the edges to the outside
- ``human``: detect()
- ``vision/``, ``drawing/``: what is found in a picture, one folder for each of Human's modules; results drawn onto it
- ``people/``, ``streams/``: what people do, read from the records alone; what a video's frames leave for the next
- ``engine``, ``runtime/``: tensors, scopes and models in one hand; the only rooms that know ONNX Runtime
- ``result/``: what is found, in frozen records
- ``imaging/`` (OpenCV), ``tfjs/`` (onnx), ``zoo/`` (files): the outside world, each behind one door
- ``tensors/``: the tensor engine's core
- ``config/``, ``errors``: plain data
"""

from importlib import import_module
from typing import TYPE_CHECKING

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
    )
    from humanrt.engine import Engine
    from humanrt.human import Human
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
    from humanrt.tensors import Kernel, LeakReport, LeakRow, Memory, Profile, Scope, Tensor, Timing, Variable
else:
    _ROOMS = ("errors", "config", "tensors", "result", "engine", "streams.session", "human")

    def __getattr__(name: str) -> object:
        """Import a room when something of it is first asked for: pytest imports us in every session, for our plugin."""
        if name in _ROOMS:
            return import_module(f"{__name__}.{name}")
        if name in __all__:
            rooms = (vars(import_module(f"{__name__}.{room}")) for room in _ROOMS)
            return globals().setdefault(name, next(room[name] for room in rooms if name in room))
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *_ROOMS, *__all__})


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
    "Variable",
]
