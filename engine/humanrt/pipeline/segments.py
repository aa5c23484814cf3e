"""Segmentation."""

from humanrt.config import SegmentationConfig
from humanrt.pipeline.call import Call
from humanrt.result import Segmentation


def segmentation_models(segmentation: SegmentationConfig) -> dict[str, str]:
    """Tell which models segmentation needs: the path of each, by its key of the configuration."""
    return {}


async def detect_segments(call: Call) -> Segmentation | None:
    """Tell what every pixel of a picture belongs to.

    Runs in the caller's scope, which owns every tensor made here, those of the result included.
    """
    return None
