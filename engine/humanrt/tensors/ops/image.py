"""Ops on images: the methods."""

from __future__ import annotations

import math
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Any, Literal

from humanrt.tensors.buffer import Array
from humanrt.tensors.kernels import image, suppression
from humanrt.tensors.kernels.promotion import FLOAT32, INT32
from humanrt.tensors.kernels.run import TensorLike, run, run_in_thread
from humanrt.tensors.ledger import Ledger
from humanrt.tensors.tensor import Tensor


class ImageOperations:
    """Ops on images, [height, width, channels], and on batches, [batch, height, width, channels].

    Every dtype is accepted, while TF.js accepts one or two. Inputs, results and errors are as in ``Operations``.
    """

    def __init__(self, ledger: Ledger[Tensor]) -> None:
        self._ledger = ledger

    def resize_bilinear(
        self,
        images: TensorLike,
        size: tuple[int, int],
        align_corners: bool = False,
        half_pixel_centers: bool = False,
    ) -> Tensor:
        """Return images, [h, w, c] or [b, h, w, c], resized to ``size``, (height, width), by bilinear interpolation.

        Pixel i of the result samples the original at ``i * old / new``; with ``half_pixel_centers`` at
        ``(i + 0.5) * old / new - 0.5``; with ``align_corners`` at ``i * (old - 1) / (new - 1)``. The dtype is float16
        for float16, else float32. Raises ``InputError`` for both flags together, other ranks, and sizes below 1. TF.js:
        ``tf.image.resizeBilinear``.
        """
        scaled = partial(
            image.resize_bilinear, size=size, align_corners=align_corners, half_pixel_centers=half_pixel_centers
        )
        return run(self._ledger, "resize_bilinear", scaled, images)

    def resize_nearest(
        self,
        images: TensorLike,
        size: tuple[int, int],
        align_corners: bool = False,
        half_pixel_centers: bool = False,
    ) -> Tensor:
        """Return images, [h, w, c] or [b, h, w, c], resized to ``size``, (height, width), without interpolation.

        Pixel i of the result is that of the original at ``i * old / new``, with ``half_pixel_centers`` at
        ``(i + 0.5) * old / new``, both rounded down; with ``align_corners`` at ``i * (old - 1) / (new - 1)``, rounded.
        The dtype is that of the images. Errors are those of ``resize_bilinear()``. TF.js:
        ``tf.image.resizeNearestNeighbor``.
        """
        scaled = partial(
            image.resize_nearest, size=size, align_corners=align_corners, half_pixel_centers=half_pixel_centers
        )
        return run(self._ledger, "resize_nearest", scaled, images)

    def crop_and_resize(
        self,
        images: TensorLike,
        boxes: TensorLike,
        box_indices: TensorLike,
        crop_size: tuple[int, int],
        method: Literal["bilinear", "nearest"] = "bilinear",
        extrapolation_value: float = 0.0,
    ) -> Tensor:
        """Return crops of images, resized to ``crop_size``, (height, width): [n, height, width, c].

        ``images`` is [b, h, w, c]. ``boxes`` is float [n, 4], (y1, x1, y2, x2) in 0..1, where 1 is the centre of the
        last pixel; exchanged sides mirror the crop, and outside the image it has the value ``extrapolation_value``.
        ``box_indices``, int [n], is the index of each box's image. The dtype is float16 for float16, else float32.
        Raises ``InputError`` for other shapes and methods, for indices out of range, and for sizes below 1. TF.js:
        ``tf.image.cropAndResize``.
        """
        crops = partial(image.crop_and_resize, size=crop_size, method=method, outside=extrapolation_value)
        return run(self._ledger, "crop_and_resize", crops, images, boxes, box_indices, read_as=(None, FLOAT32, INT32))

    def flip_left_right(self, images: TensorLike) -> Tensor:
        """Return images, [b, h, w, c], mirrored, in their dtype. TF.js: ``tf.image.flipLeftRight``.

        Raises ``InputError`` for other ranks.
        """
        return run(self._ledger, "flip_left_right", image.flip_left_right, images)

    def rotate_with_offset(
        self,
        images: TensorLike,
        radians: float,
        fill_value: float | Sequence[float] = 0,
        center: float | tuple[float, float] = 0.5,
    ) -> Tensor:
        """Return images, [b, h, w, c], rotated counter-clockwise about ``center``, in their shape and dtype.

        Each pixel is the nearest one of the original, without interpolation, or ``fill_value`` outside the image: one
        number, or one for each channel; with three numbers, a fourth channel is 255. ``center`` is a fraction of both
        sides, or (x, y). Raises ``InputError`` for other ranks, and for fill values that do not fit. TF.js:
        ``tf.image.rotateWithOffset``.
        """
        turned = partial(image.rotate_with_offset, radians=radians, fill=fill_value, center=center)
        return run(self._ledger, "rotate_with_offset", turned, images)

    def rgb_to_grayscale(self, images: TensorLike) -> Tensor:
        """Return 0.2989 R + 0.587 G + 0.114 B, [.., 1] for [.., 3] of rank 2 or more, in the dtype of ``images``.

        Integers are truncated. Raises ``InputError`` for other shapes. TF.js: ``tf.image.rgbToGrayscale``.
        """
        return run(self._ledger, "rgb_to_grayscale", image.rgb_to_grayscale, images)

    def non_max_suppression(
        self,
        boxes: TensorLike,
        scores: TensorLike,
        max_output_size: int,
        iou_threshold: float = 0.5,
        score_threshold: float = -math.inf,
    ) -> Tensor:
        """Return the indices of boxes in descending order of score, without those that overlap one of them: int32 [k].

        ``boxes`` is [n, 4], two opposite corners each; ``scores`` is [n]. Scores must be greater than
        ``score_threshold``; an intersection over union of ``iou_threshold`` or more suppresses; k is at most
        ``max_output_size``. Raises ``InputError`` for other shapes, and for an ``iou_threshold`` outside 0..1. TF.js:
        ``tf.image.nonMaxSuppression``.
        """
        chosen = _suppression(max_output_size, iou_threshold, score_threshold)
        return run(self._ledger, "non_max_suppression", chosen, boxes, scores, read_as=(FLOAT32, FLOAT32))

    def non_max_suppression_async(
        self,
        boxes: TensorLike,
        scores: TensorLike,
        max_output_size: int,
        iou_threshold: float = 0.5,
        score_threshold: float = -math.inf,
    ) -> Coroutine[Any, Any, Tensor]:
        """Run ``non_max_suppression()`` in a thread: ``await engine.image.non_max_suppression_async(...)``.

        The inputs are read when this is called, and may be disposed before it is awaited. A cancelled call leaves
        nothing behind. TF.js: ``tf.image.nonMaxSuppressionAsync``.
        """
        chosen = _suppression(max_output_size, iou_threshold, score_threshold)
        name = "non_max_suppression_async"
        return run_in_thread(self._ledger, name, chosen, boxes, scores, read_as=(FLOAT32, FLOAT32))


def _suppression(most: int, iou_threshold: float, score_threshold: float) -> partial[Array]:
    return partial(suppression.suppress, most=most, iou_threshold=iou_threshold, score_threshold=score_threshold)
