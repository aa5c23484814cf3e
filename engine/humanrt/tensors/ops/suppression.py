"""Non-maximum suppression: the methods."""

from __future__ import annotations

import math
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from humanrt.tensors.ops.kernels import image
from humanrt.tensors.ops.promotion import FLOAT32
from humanrt.tensors.ops.run import TensorLike, run, run_in_thread, run_many, run_many_in_thread

if TYPE_CHECKING:
    from humanrt.tensors.buffer import Array
    from humanrt.tensors.registry import Registry
    from humanrt.tensors.tensor import Tensor

_BOTH: Final = (FLOAT32, FLOAT32)


class PaddedBoxes(NamedTuple):
    """The indices of the best boxes, and how many of them are boxes: two tensors, each the caller's."""

    selected_indices: Tensor
    valid_outputs: Tensor


class ScoredBoxes(NamedTuple):
    """The indices of the best boxes, and their lowered scores: two tensors, each the caller's."""

    selected_indices: Tensor
    selected_scores: Tensor


class SuppressionOperations:
    """Of boxes that overlap, the best one stays.

    Every method has an asynchronous form, which computes the same in a thread. Its inputs are read when it is called,
    and may be disposed before it is awaited. A cancelled call leaves nothing behind.
    """

    registry: Registry

    def non_max_suppression(
        self,
        boxes: TensorLike,
        scores: TensorLike,
        max_output_size: int,
        iou_threshold: float = 0.5,
        score_threshold: float = -math.inf,
    ) -> Tensor:
        """Return int32 [k]: the best boxes, falling by score, without those that overlap a better one.

        ``boxes`` is [n, 4], two opposite corners each; ``scores`` is [n]. A score must be over ``score_threshold``; an
        overlap (intersection over union) of ``iou_threshold`` or more suppresses; k is at most ``max_output_size``.
        Raises InputError for other shapes and a threshold that is not 0..1. The result is the caller's.
        """
        chosen = _suppression(max_output_size, iou_threshold, score_threshold)
        return run(self.registry, "non_max_suppression", chosen, boxes, scores, read_as=_BOTH)

    def non_max_suppression_async(
        self,
        boxes: TensorLike,
        scores: TensorLike,
        max_output_size: int,
        iou_threshold: float = 0.5,
        score_threshold: float = -math.inf,
    ) -> Coroutine[Any, Any, Tensor]:
        """Compute ``non_max_suppression()`` in a thread: ``await engine.image.non_max_suppression_async(...)``."""
        chosen = _suppression(max_output_size, iou_threshold, score_threshold)
        return run_in_thread(self.registry, "non_max_suppression_async", chosen, boxes, scores, read_as=_BOTH)

    def non_max_suppression_with_score(
        self,
        boxes: TensorLike,
        scores: TensorLike,
        max_output_size: int,
        iou_threshold: float = 0.5,
        score_threshold: float = -math.inf,
        soft_nms_sigma: float = 0.0,
    ) -> ScoredBoxes:
        """Return int32 [k] and float32 [k]: the best boxes and their scores, each lowered by its overlaps (soft NMS).

        An overlap ``o`` with a better box, below ``iou_threshold``, multiplies a score by
        ``exp(-o ** 2 / (2 * soft_nms_sigma))``; with 0, the default, no score changes. Raises InputError for a sigma
        that is not 0..1, and as ``non_max_suppression()``. Both results are the caller's.
        """
        chosen = _soft(max_output_size, iou_threshold, score_threshold, soft_nms_sigma)
        name = "non_max_suppression_with_score"
        return ScoredBoxes(*run_many(self.registry, name, chosen, boxes, scores, read_as=_BOTH))

    def non_max_suppression_with_score_async(
        self,
        boxes: TensorLike,
        scores: TensorLike,
        max_output_size: int,
        iou_threshold: float = 0.5,
        score_threshold: float = -math.inf,
        soft_nms_sigma: float = 0.0,
    ) -> Coroutine[Any, Any, ScoredBoxes]:
        """Compute ``non_max_suppression_with_score()`` in a thread."""
        chosen = _soft(max_output_size, iou_threshold, score_threshold, soft_nms_sigma)
        name = "non_max_suppression_with_score_async"
        return run_many_in_thread(self.registry, name, chosen, boxes, scores, read_as=_BOTH, record=ScoredBoxes)

    def non_max_suppression_padded(
        self,
        boxes: TensorLike,
        scores: TensorLike,
        max_output_size: int,
        iou_threshold: float = 0.5,
        score_threshold: float = -math.inf,
        pad_to_max_output_size: bool = False,
    ) -> PaddedBoxes:
        """Return int32 [k] and int32 []: the best boxes as ``non_max_suppression()`` does, and how many there are.

        With ``pad_to_max_output_size`` zeros follow the boxes, so that k is the smaller of ``max_output_size`` and n.
        Both results are the caller's.
        """
        chosen = _padded(max_output_size, iou_threshold, score_threshold, pad_to_max_output_size)
        name = "non_max_suppression_padded"
        return PaddedBoxes(*run_many(self.registry, name, chosen, boxes, scores, read_as=_BOTH))

    def non_max_suppression_padded_async(
        self,
        boxes: TensorLike,
        scores: TensorLike,
        max_output_size: int,
        iou_threshold: float = 0.5,
        score_threshold: float = -math.inf,
        pad_to_max_output_size: bool = False,
    ) -> Coroutine[Any, Any, PaddedBoxes]:
        """Compute ``non_max_suppression_padded()`` in a thread."""
        chosen = _padded(max_output_size, iou_threshold, score_threshold, pad_to_max_output_size)
        name = "non_max_suppression_padded_async"
        return run_many_in_thread(self.registry, name, chosen, boxes, scores, read_as=_BOTH, record=PaddedBoxes)


def _suppression(most: int, iou_threshold: float, score_threshold: float) -> partial[Array]:
    return partial(image.suppress, most=most, iou_threshold=iou_threshold, score_threshold=score_threshold)


def _soft(most: int, iou_threshold: float, score_threshold: float, sigma: float) -> partial[tuple[Array, Array]]:
    return partial(
        image.suppress_softly, most=most, iou_threshold=iou_threshold, score_threshold=score_threshold, sigma=sigma
    )


def _padded(most: int, iou_threshold: float, score_threshold: float, padded: bool) -> partial[tuple[Array, Array]]:
    return partial(
        image.suppress_padded, most=most, iou_threshold=iou_threshold, score_threshold=score_threshold, padded=padded
    )
