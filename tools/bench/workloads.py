"""What the benches of ``detect()`` run: pictures, and configurations written out in full.

A change of the library's defaults must not change a workload, so every setting that ``detect()`` reads is here.
"""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from demo import sample_pictures

OFF: Mapping[str, Any] = {
    "device": "cpu",
    "compat": None,
    "max_pixels": 100_000_000,
    "raise_errors": True,
    "deallocate": "auto",
    "skip_allowed": False,
    "filter": {"enabled": False},
    "gesture": {"enabled": False},
    "face": {
        "enabled": False,
        "detector": {
            "enabled": True,
            "model_path": "blazeface.json",
            "rotation": False,
            "max_detected": 1,
            "min_confidence": 0.2,
            "min_size": 0,
            "iou_threshold": 0.1,
            "scale": 1.4,
            "square": False,
            "mask": False,
            "return": False,
        },
        "mesh": {"enabled": False, "model_path": "facemesh.json", "keep_invalid": False},
        "attention": {"enabled": False},
        "iris": {"enabled": False, "model_path": "iris.json", "scale": 2.3},
        "description": {"enabled": False, "model_path": "faceres.json", "min_confidence": 0.1, "crop": 0.0},
        "emotion": {"enabled": False, "model_path": "emotion.json", "min_confidence": 0.1, "crop": 0.0},
        "antispoof": {"enabled": False, "model_path": "antispoof.json"},
        "liveness": {"enabled": False, "model_path": "liveness.json"},
        "gear": {"enabled": False},
        "ssrnet": {"enabled": False},
        "mobilefacenet": {"enabled": False},
        "insightface": {"enabled": False},
    },
    "body": {
        "enabled": False,
        "model_path": "movenet-lightning.json",
        "max_detected": -1,
        "min_confidence": 0.3,
        "detector": {"enabled": False},
    },
    "hand": {
        "enabled": False,
        "model_path": "",
        "rotation": True,
        "min_confidence": 0.5,
        "iou_threshold": 0.2,
        "max_detected": -1,
        "landmarks": True,
        "detector": {"model_path": "handtrack.json"},
        "skeleton": {"model_path": "handlandmark-lite.json"},
    },
    "object": {
        "enabled": False,
        "model_path": "centernet.json",
        "min_confidence": 0.2,
        "iou_threshold": 0.4,
        "max_detected": 10,
    },
    "segmentation": {
        "enabled": False,
        "model_path": "rvm.json",
        "ratio": 0.5,
        "mode": "default",
        "min_confidence": 0.5,
    },
}
"""Every module off, and the settings that apply when one is switched on: Human's defaults."""


def configuration(*switches: str) -> dict[str, Any]:
    """Return ``OFF`` with the sections named, such as ``"face.mesh"``, switched on."""
    config = deepcopy(dict(OFF))
    for path in switches:
        section = config
        for name in path.split("."):
            section = section[name]
        section["enabled"] = True
    return config


class Workload(NamedTuple):
    """One picture of Human's samples, and the configuration that it is detected with."""

    picture: str
    config: dict[str, Any]


_DEFAULT_FACE = ("face", "face.mesh", "face.iris", "face.emotion", "face.description")
_SEVEN_MODELS = (*_DEFAULT_FACE, "face.antispoof", "face.liveness")
_DEFAULTS = (*_DEFAULT_FACE, "body", "hand", "gesture")
_EVERYTHING = (*_SEVEN_MODELS, "body", "hand", "gesture", "object", "segmentation")

WORKLOADS: Mapping[str, Workload] = {
    "detector": Workload("human_face", configuration("face")),
    "face": Workload("human_face", configuration(*_SEVEN_MODELS)),
    "body": Workload("human_body", configuration("body")),
    "everything": Workload("human_body", configuration(*_EVERYTHING)),
    "defaults": Workload("human_face", configuration(*_DEFAULTS)),
}


def read_sample(name: str) -> NDArray[np.uint8]:
    """Return one of Human's sample pictures as RGB uint8 [height, width, 3]."""
    paths = {Path(path).stem: path for path in sample_pictures()}
    pixels = cv2.imdecode(np.fromfile(paths[name], np.uint8), cv2.IMREAD_COLOR_RGB)
    assert pixels is not None  # noqa: S101 - the store has verified the file
    return np.asarray(pixels, np.uint8)
