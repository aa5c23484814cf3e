"""The configuration: Human's, key for key, as frozen dataclasses.

A configuration is written as ``Config(face=FaceConfig(...))``, as a dict or as a TOML file. Dicts and files take
snake_case names and Human's camelCase names. Each value is checked for its type and range.

Differences from Human 3.3.6: filters, and their automatic brightness, are off by default; settings that only have a
meaning in JavaScript are refused; ``device``, ``compat``, ``tracking``, ``image``, ``style``, ``cards``,
``raise_errors``, ``segmentation.min_confidence``, ``face.detector.input_size``, ``face.embedding``,
``face.mesh.min_confidence``, ``face.mesh.keep_above``, ``face.mesh.min_size``, ``face.mesh.second_look``,
``face.description.aligned``, ``face.quality``, ``body.input_size``, ``body.min_keypoints``, ``body.below_neck``,
``body.keypoint_confidence``, ``body.tiles``, ``hand.confirmed``, ``hand.second_look``, ``hand.around_wrists``,
``hand.detector.min_confidence`` and the defaults of ``body.detector`` are HumanRT's own, and so are presets. The
defaults of the dataclasses are Human's; a dict or a file changes the preset ``balanced``.
"""

from humanrt.config.config import Config, ConfigSource, default_config, load_config
from humanrt.config.environment import Environment, split_paths
from humanrt.config.face import (
    FaceAntispoofConfig,
    FaceAttentionConfig,
    FaceConfig,
    FaceDescriptionConfig,
    FaceDetectorConfig,
    FaceEmbeddingConfig,
    FaceEmotionConfig,
    FaceGearConfig,
    FaceInsightfaceConfig,
    FaceIrisConfig,
    FaceLivenessConfig,
    FaceMeshConfig,
    FaceMobilefacenetConfig,
    FaceQualityConfig,
    FaceSsrnetConfig,
)
from humanrt.config.filter import FilterConfig
from humanrt.config.image import ImageConfig
from humanrt.config.modules import (
    BodyConfig,
    BodyDetectorConfig,
    GestureConfig,
    HandConfig,
    HandDetectorConfig,
    HandSkeletonConfig,
    ObjectConfig,
    SegmentationConfig,
    TrackingConfig,
)
from humanrt.config.section import Section
from humanrt.config.style import OilConfig, PencilConfig, SketchConfig, StyleConfig, StyleName, WatercolorConfig

__all__ = [
    "BodyConfig",
    "BodyDetectorConfig",
    "Config",
    "ConfigSource",
    "Environment",
    "FaceAntispoofConfig",
    "FaceAttentionConfig",
    "FaceConfig",
    "FaceDescriptionConfig",
    "FaceDetectorConfig",
    "FaceEmbeddingConfig",
    "FaceEmotionConfig",
    "FaceGearConfig",
    "FaceInsightfaceConfig",
    "FaceIrisConfig",
    "FaceLivenessConfig",
    "FaceMeshConfig",
    "FaceMobilefacenetConfig",
    "FaceQualityConfig",
    "FaceSsrnetConfig",
    "FilterConfig",
    "GestureConfig",
    "HandConfig",
    "HandDetectorConfig",
    "HandSkeletonConfig",
    "ImageConfig",
    "ObjectConfig",
    "OilConfig",
    "PencilConfig",
    "Section",
    "SegmentationConfig",
    "SketchConfig",
    "StyleConfig",
    "StyleName",
    "TrackingConfig",
    "WatercolorConfig",
    "default_config",
    "load_config",
    "split_paths",
]
