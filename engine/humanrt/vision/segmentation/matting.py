"""Video matting: alpha, the foreground's own colours, and four states for the next frame.

Source: Lin and others, "Robust High-Resolution Video Matting with Temporal Guidance" (2021); Human's
src/segmentation/rvm.ts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.vision.segmentation.matte import matted
from humanrt.vision.segmentation.segmenter import Floats, Layers, Prepared, SegmentationTask, Segmenter

RATIO = "downsample_ratio"
# Inputs and outputs: each output is an input of the next frame.
STATES = ("state_1", "state_2", "state_3", "state_4")
# Human lays the sixteen planes of the first state out in four columns.
COLUMNS = 4
# The fewest pixels on a side of the downsampled image, if the network downsamples it.
LEAST = 3


@dataclass(frozen=True)
class Matting(Segmenter):
    """The recurrent model: foreground [1, h, w, 3], alpha [1, h, w, 1], and the states."""

    outputs: tuple[str, ...] = ("foreground", "alpha", *STATES)

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: SegmentationTask) -> Layers:
        """Decode alpha and colours, and with ``mode="state"`` the first state."""
        del prepared
        (foreground,), (alpha,), (state,), *_ = outputs
        mode, levels = task.settings.mode, self.precision.levels
        return matted(
            self.precision.alpha(alpha[..., 0].copy()),
            levels(foreground * np.float32(255)) if mode in ("default", "foreground") else None,
            task.settings,
            levels((tiled(state) + 1) * np.float32(127.5)) if mode == "state" else None,
        )


MATTING = Matting()


def ratio_for(size: tuple[int, int], ratio: float) -> float:
    """Return the downsample ratio for an image of this width and height: ``ratio``, or more where that is too little.

    An image made too small has no pixels left in the network's deeper layers, and the run would fail, as it does in
    Human. At a ratio of 1 the image may have any size.
    """
    side = min(size)
    # One pixel over the least: whatever the rounding, enough is left.
    return ratio if int(np.float32(side) * np.float32(ratio)) >= LEAST else min(1.0, (LEAST + 1) / side)


def tiled(state: Floats) -> Floats:
    """Lay the planes of a state, [h, w, n], side by side, [4 h, n / 4 w]: down the first column, then the next."""
    height, width, planes = state.shape
    grid = state.reshape(height, width, planes // COLUMNS, COLUMNS)
    return grid.transpose(3, 0, 2, 1).reshape(COLUMNS * height, -1)
