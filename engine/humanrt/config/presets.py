"""Presets: named configurations, of which each is for another need.

They are built with ``Config.preset()``; a dict or a TOML file names one under the key ``preset``. Why each has its
settings is written in ``engine/docs/accuracy.md``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

# All faces of the picture, also those that the mesh denies if the detector's score is high enough, or their size low.
_YUNET = {"model_path": "yunet.onnx", "max_detected": 100, "min_confidence": 0.5, "iou_threshold": 0.3, "scale": 1.2}
_MESH = {"min_confidence": 0.5, "keep_above": 0.8, "min_size": 32, "second_look": True}
_MOBILE = {"model_path": "mobilefacenet-repaired.json"}  # that of Human is damaged
# Not bound to the number of faces; a hand has a skeleton, and a body is more than a head.
_HANDS = {
    "detector": {"model_path": "handdetect.json", "min_confidence": 0.3},
    "max_detected": 20,
    "min_confidence": 0.7,
    "confirmed": True,
    "second_look": True,
    "around_wrists": True,
}
_BODY = {"max_detected": 20, "min_keypoints": 3, "below_neck": True}
# Twice what the detectors of "fast" and "balanced" sample, and what the one of "accurate" does. With less, boxes of
# small faces move by more than 1 % of their side: tools/bench/max_side.
_IMAGE = {"max_side": 1280}

PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "human": {},
        "fast": {
            "image": _IMAGE,
            "face": {
                "detector": {**_YUNET, "input_size": [320], "min_confidence": 0.6, "rotation": True},
                "mesh": {"min_confidence": 0.5, "keep_above": 0.7},
                "iris": {"enabled": False},
                "emotion": {"enabled": False},
                "description": {"enabled": False},
                "mobilefacenet": _MOBILE,
            },
            "body": {**_BODY, "max_detected": 1},
            "hand": {"enabled": False},
        },
        "balanced": {
            "image": _IMAGE,
            "face": {
                "detector": {**_YUNET, "input_size": [192, 640], "rotation": True},
                "mesh": _MESH,
                "embedding": {"enabled": True},
                "mobilefacenet": _MOBILE,
                "quality": {"enabled": True},
            },
            "body": {**_BODY, "model_path": "posenet.json", "input_size": 449, "keypoint_confidence": 0.5},
            "hand": _HANDS,
        },
        "accurate": {
            "image": _IMAGE,
            "face": {
                "detector": {**_YUNET, "input_size": [256, 640, 1280], "min_confidence": 0.6, "rotation": True},
                "mesh": _MESH,
                "embedding": {"enabled": True},
                "mobilefacenet": _MOBILE,
                "quality": {"enabled": True},
            },
            "body": {
                **_BODY,
                "model_path": "movenet-multipose.json",
                "min_confidence": 0.1,
                "keypoint_confidence": 0.25,
                "tiles": True,
            },
            "hand": {**_HANDS, "skeleton": {"model_path": "handlandmark-full.json"}},
        },
    }
)
"""The settings of each preset that differ from the defaults, which are Human's."""
