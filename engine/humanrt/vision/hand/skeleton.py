"""The skeleton of a hand: 21 points in space, from a crop of the picture.

Source: Zhang and others, "MediaPipe Hands: On-device Real-time Hand Tracking" (2020); the crop and the way back to the
picture are those of Human's src/hand/handtrack.ts and handposepipeline.ts.
"""

from collections.abc import Sequence
from math import cos, sin
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import crop, crop_rotated, rotate
from humanrt.vision.model import InputForm

OUTPUTS = ("flag", "points")

Floats = NDArray[np.float32]
Point = NDArray[np.float64]  # [2]: x, y


class Region(NamedTuple):
    """A box of the picture after that was turned by ``-angle`` radians about ``pivot``, in pixels."""

    start: Point  # top left
    end: Point  # bottom right
    angle: float
    pivot: Point


class Seen(NamedTuple):
    """What the skeleton model says of one region."""

    flag: float  # how sure it is of a hand, 0..1
    keypoints: NDArray[np.float64]  # [21, 3] in pixels of the picture
    depths: NDArray[np.float64]  # [21]: the z of the keypoints in pixels of the model's input


def cut(picture: NDArray[np.uint8], regions: Sequence[Region], form: InputForm, *, quirks: bool) -> Floats:
    """Cut regions out of a picture, uint8 [h, w, 3], for the model: float32 [n, *form], 0..1.

    ``quirks`` turns the whole picture to the nearest pixel first, as Human does, and computes in float32 to come out
    where Human does; otherwise each crop is sampled once, in uint8.
    """
    source: NDArray[Any] = picture.astype(np.float32) if quirks else picture
    crops = []
    for start, end, angle, pivot in regions:
        corners, center = (*start, *end), (*pivot,)
        if quirks and angle:
            upright, _ = crop(rotate(source, angle, center), corners, form.height, form.width)
        else:
            upright, _ = crop_rotated(source, corners, angle, center, form.height, form.width)
        crops.append(upright)
    return np.stack(crops).astype(np.float32) * np.float32(1 / 255)


def decode(outputs: Sequence[Floats], regions: Sequence[Region], form: InputForm) -> list[Seen]:
    """Read the outputs, a row for each region."""
    flags, points = outputs
    rows = points.reshape(len(regions), -1, 3).astype(np.float64)
    return [
        Seen(flag, _placed(row, region, form), row[:, 2])
        for flag, row, region in zip(flags.reshape(-1).tolist(), rows, regions, strict=True)
    ]


def turned(points: NDArray[np.float64], angle: float, pivot: Point) -> NDArray[np.float64]:
    """Turn points, [n, 2] or [2], by ``angle`` radians about ``pivot``, clockwise in the picture."""
    cosine, sine = cos(angle), sin(angle)
    turned: NDArray[np.float64] = (points - pivot) @ np.array([[cosine, sine], [-sine, cosine]]) + pivot
    return turned


def _placed(points: NDArray[np.float64], region: Region, form: InputForm) -> NDArray[np.float64]:
    """Take points, [21, 3] in pixels of the model's input, to the picture."""
    scale = (region.end - region.start) / (form.width, form.height)
    flat = turned(points[:, :2] * scale + region.start, region.angle, region.pivot)
    return np.column_stack([flat, points[:, 2] * scale.mean()])
