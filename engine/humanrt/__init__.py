"""HumanRT: Human's models on ONNX Runtime, for asyncio, with every tensor accounted for.

::

    async with Human({"face": {"detector": {"max_detected": 20}}}) as human:
        with await human.detect("photo.jpg") as result:
            print(len(result.face), human.engine.memory().num_tensors)

The general layout, floor by floor; imports only go down:

- ``cli``, ``pytest_plugin/``: the edges to the outside
- ``human``, ``pipeline``, ``overlay``: detect(), and which task feeds which
- ``meshing``, ``description``: the models that look at the faces found
- ``tasks/``: one family of model to a file
- ``engine``, ``runtime/``: tensors, scopes and models in one hand; the only rooms that know ONNX Runtime
- ``imaging/`` (OpenCV), ``tfjs/`` (onnx), ``zoo/`` (files), ``result``: the outside world, each behind one door
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
    from humanrt.result import Angle, Face, Gaze, Result, Rotation
    from humanrt.runtime.graph_model import GraphModel
    from humanrt.tensors import Kernel, LeakReport, LeakRow, Memory, Profile, Scope, Tensor, Timing, Variable
else:
    _ROOMS = ("errors", "config", "tensors", "result", "engine", "human")

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
    "BodyConfig",
    "BodyDetectorConfig",
    "Config",
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
    "Gaze",
    "GestureConfig",
    "GraphModel",
    "HandConfig",
    "HandDetectorConfig",
    "HandSkeletonConfig",
    "Human",
    "Kernel",
    "LeakReport",
    "LeakRow",
    "Memory",
    "ObjectConfig",
    "Profile",
    "Result",
    "Rotation",
    "Scope",
    "SegmentationConfig",
    "Tensor",
    "Timing",
    "Variable",
]
