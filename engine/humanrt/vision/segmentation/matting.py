"""People before their background, in a video: alpha, their own colours, and four states for the next frame.

Source: Lin and others, "Robust High-Resolution Video Matting with Temporal Guidance" (2021); Human's
src/segmentation/rvm.ts.
"""

from collections.abc import Sequence

import numpy as np

from humanrt.config import SegmentationConfig
from humanrt.vision.segmentation.layers import Bytes, Floats, Layers
from humanrt.vision.segmentation.matte import matted
from humanrt.zoo import Card

RATIO = "downsample_ratio"
# Inputs and outputs: each goes into the next frame as it came out.
STATES = ("state_1", "state_2", "state_3", "state_4")
OUTPUTS = ("foreground", "alpha", *STATES)
# Human lays the sixteen planes of the first state out in four columns.
COLUMNS = 4
# The fewest pixels on a side of what the network looks at, if it looks at a smaller picture than it is given.
LEAST = 3


def decode(
    outputs: Sequence[Floats], picture: Bytes, card: Card, settings: SegmentationConfig, *, quirks: bool
) -> Layers:
    """Read alpha and colours, and the first state where it is asked for."""
    (foreground,), (alpha,), (state,), *_ = outputs
    has_colors = settings.mode in ("default", "foreground")
    return matted(
        alpha[..., 0].copy(),
        levels(foreground * np.float32(255), quirks=quirks) if has_colors else None,
        settings,
        quirks=quirks,
        state=levels((tiled(state) + 1) * np.float32(127.5), quirks=quirks) if settings.mode == "state" else None,
    )


def ratio_for(size: tuple[int, int], ratio: float) -> float:
    """Return the downsample ratio for a picture of this width and height: ``ratio``, or more where that is too little.

    Of a picture made too small nothing is left for the network's deeper layers, and the run would fail, as it does in
    Human. The picture as it is, a ratio of 1, may be of any size.
    """
    side = min(size)
    # One pixel over the least: whatever the rounding, enough is left.
    return ratio if int(np.float32(side) * np.float32(ratio)) >= LEAST else min(1.0, (LEAST + 1) / side)


def tiled(state: Floats) -> Floats:
    """Lay the planes of a state, [h, w, n], side by side, [4 h, n / 4 w]: down the first column, then the next."""
    height, width, planes = state.shape
    grid = state.reshape(height, width, planes // COLUMNS, COLUMNS)
    return grid.transpose(3, 0, 2, 1).reshape(COLUMNS * height, -1)


def levels(values: Floats, *, quirks: bool) -> Bytes:
    """Make numbers levels of 0..255, to the nearest; ``quirks`` cuts them off, as Human does."""
    whole = np.trunc(values) if quirks else np.rint(values)
    return np.clip(whole, 0, 255).astype(np.uint8)
