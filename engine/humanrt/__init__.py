"""HumanRT: Human's models on ONNX Runtime, for asyncio, with every tensor accounted for.

::

    async with Human({"face": {"detector": {"max_detected": 20}}}) as human:
        with await human.detect("photo.jpg") as result:
            print(len(result.face), human.engine.memory().num_tensors)

The general layout, floor by floor; imports only go down:

- ``cli``: the edge to the outside
- ``human``, ``pipeline``, ``overlay``: detect(), and which task feeds which
- ``tasks/``: one family of model to a file
- ``engine``, ``runtime/``: tensors, scopes and models in one hand; the only rooms that know ONNX Runtime
- ``imaging/`` (OpenCV), ``tfjs/`` (onnx), ``zoo/`` (files), ``result``: the outside world, each behind one door
- ``tensors/``: the tensor engine's core
- ``config/``, ``errors``: plain data
"""

from humanrt.config import (
    BodyConfig,
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
from humanrt.tensors import Memory, Scope, Tensor

__version__ = "0.1.0"

__all__ = [
    "Angle",
    "BodyConfig",
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
    "Memory",
    "ObjectConfig",
    "Result",
    "Rotation",
    "Scope",
    "SegmentationConfig",
    "Tensor",
]
