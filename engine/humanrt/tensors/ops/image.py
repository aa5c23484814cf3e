"""Pictures: the methods."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from humanrt.tensors.ops.kernels import image
from humanrt.tensors.ops.promotion import FLOAT32, INT32
from humanrt.tensors.ops.run import TensorLike, run
from humanrt.tensors.ops.suppression import SuppressionOperations

if TYPE_CHECKING:
    from humanrt.tensors.registry import Registry
    from humanrt.tensors.tensor import Tensor


class ImageOperations(SuppressionOperations):
    """Ops on pictures, [height, width, channels], and batches of them, [batch, height, width, channels].

    Any dtype goes in, where TF.js takes one or two. Everything said of ``Operations`` holds here.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def resize_bilinear(
        self,
        images: TensorLike,
        size: tuple[int, int],
        align_corners: bool = False,
        half_pixel_centers: bool = False,
    ) -> Tensor:
        """Return pictures, [h, w, c] or [b, h, w, c], scaled to ``size``, (height, width): float16 or else float32.

        Pixel i of the result samples the original, bilinearly, at ``i * old / new``; with ``half_pixel_centers`` at
        ``(i + 0.5) * old / new - 0.5``; with ``align_corners`` at ``i * (old - 1) / (new - 1)``. Raises InputError for
        both flags, other ranks, and sizes below 1. The result is the caller's.
        """
        scaled = partial(
            image.resize_bilinear, size=size, align_corners=align_corners, half_pixel_centers=half_pixel_centers
        )
        return run(self.registry, "resize_bilinear", scaled, images)

    def resize_nearest(
        self,
        images: TensorLike,
        size: tuple[int, int],
        align_corners: bool = False,
        half_pixel_centers: bool = False,
    ) -> Tensor:
        """Return pictures, [h, w, c] or [b, h, w, c], scaled to ``size``, (height, width), in their dtype.

        Pixel i of the result is that of the original at ``i * old / new``, with ``half_pixel_centers`` at
        ``(i + 0.5) * old / new``, both rounded down; with ``align_corners`` at ``i * (old - 1) / (new - 1)``, rounded.
        Errors are those of ``resize_bilinear``. The result is the caller's. TF.js: ``resizeNearestNeighbor``.
        """
        scaled = partial(
            image.resize_nearest, size=size, align_corners=align_corners, half_pixel_centers=half_pixel_centers
        )
        return run(self.registry, "resize_nearest", scaled, images)

    def crop_and_resize(
        self,
        images: TensorLike,
        boxes: TensorLike,
        box_indices: TensorLike,
        crop_size: tuple[int, int],
        method: Literal["bilinear", "nearest"] = "bilinear",
        extrapolation_value: float = 0.0,
    ) -> Tensor:
        """Return boxes cut out of pictures and scaled: [n, height, width, c], float16 or else float32.

        ``images`` is [b, h, w, c]. ``boxes`` is float [n, 4], (y1, x1, y2, x2) in 0..1, where 1 is the centre of the
        last pixel; a box with its sides exchanged mirrors, and where it leaves the picture there is
        ``extrapolation_value``. ``box_indices``, int [n], says which picture each is cut from. Raises InputError for
        other shapes, methods, indices out of range, and a ``crop_size`` below 1. The result is the caller's.
        """
        crops = partial(image.crop_and_resize, size=crop_size, method=method, outside=extrapolation_value)
        return run(self.registry, "crop_and_resize", crops, images, boxes, box_indices, read_as=(None, FLOAT32, INT32))

    def flip_left_right(self, images: TensorLike) -> Tensor:
        """Return pictures, [b, h, w, c], mirrored, in their dtype. The result is the caller's."""
        return run(self.registry, "flip_left_right", image.flip_left_right, images)

    def rotate_with_offset(
        self,
        images: TensorLike,
        radians: float,
        fill_value: float | Sequence[float] = 0,
        center: float | tuple[float, float] = 0.5,
    ) -> Tensor:
        """Return pictures, [b, h, w, c], turned counter-clockwise about ``center``, in their size and dtype.

        The nearest pixel is taken, without mixing; where there is none, ``fill_value``: a number, or one for each of
        three channels, with which a fourth is 255. ``center`` is a fraction of both sides, or (x, y). Raises
        InputError for other ranks, and for fill values that do not fit. The result is the caller's.
        """
        turned = partial(image.rotate_with_offset, radians=radians, fill=fill_value, center=center)
        return run(self.registry, "rotate_with_offset", turned, images)

    def rgb_to_grayscale(self, images: TensorLike) -> Tensor:
        """Return [.., 1] for [.., 3], rank 2 or more: 0.2989 R + 0.587 G + 0.114 B in ``images``' dtype.

        For integers, fractions are cut off. Raises InputError for other shapes. The result is the caller's.
        """
        return run(self.registry, "rgb_to_grayscale", image.rgb_to_grayscale, images)
