"""Non-maximum suppression: the methods."""

from __future__ import annotations

import math
from collections.abc import Coroutine
from functools import partial
from typing import Any, Final, Generic, NamedTuple, TypeVar

from humanrt.tensors.buffer import Array
from humanrt.tensors.handle import Handle
from humanrt.tensors.kernels import suppression
from humanrt.tensors.kernels.promotion import FLOAT32
from humanrt.tensors.kernels.run import TensorLike, run, run_in_thread, run_many, run_many_in_thread
from humanrt.tensors.ledger import Ledger

H = TypeVar("H", bound=Handle[Any])

_BOTH: Final = (FLOAT32, FLOAT32)


class PaddedBoxes(NamedTuple, Generic[H]):
    """The result of ``non_max_suppression_padded()``; both tensors have the same owner.

    Attributes:
        selected_indices: int32 [k], the indices of the best boxes, then zeros if padded.
        valid_outputs: int32 [], how many of them are boxes.

    """

    selected_indices: H
    valid_outputs: H


class ScoredBoxes(NamedTuple, Generic[H]):
    """The result of ``non_max_suppression_with_score()``; both tensors have the same owner.

    Attributes:
        selected_indices: int32 [k], the indices of the best boxes.
        selected_scores: float32 [k], their lowered scores.

    """

    selected_indices: H
    selected_scores: H


class SuppressionOperations(Generic[H]):
    """Ops that choose the best ones of boxes that overlap.

    Every method has an asynchronous form, which computes the same in a thread. Its inputs are read when it is called,
    and may be disposed before it is awaited. A cancelled call leaves nothing behind.
    """

    _ledger: Ledger[H]

    def non_max_suppression(
        self,
        boxes: TensorLike,
        scores: TensorLike,
        max_output_size: int,
        iou_threshold: float = 0.5,
        score_threshold: float = -math.inf,
    ) -> H:
        """Return the indices of boxes in descending order of score, without those that overlap one of them: int32 [k].

        ``boxes`` is [n, 4], two opposite corners each; ``scores`` is [n]. Scores must be greater than
        ``score_threshold``; an intersection over union of ``iou_threshold`` or more suppresses; k is at most
        ``max_output_size``. Raises ``InputError`` for other shapes, and for an ``iou_threshold`` outside 0..1. TF.js:
        ``tf.image.nonMaxSuppression``.
        """
        chosen = _suppression(max_output_size, iou_threshold, score_threshold)
        return run(self._ledger, "non_max_suppression", chosen, boxes, scores, read_as=_BOTH)

    def non_max_suppression_async(
        self,
        boxes: TensorLike,
        scores: TensorLike,
        max_output_size: int,
        iou_threshold: float = 0.5,
        score_threshold: float = -math.inf,
    ) -> Coroutine[Any, Any, H]:
        """Run ``non_max_suppression()`` in a thread: ``await engine.image.non_max_suppression_async(...)``.

        TF.js: ``tf.image.nonMaxSuppressionAsync``.
        """
        chosen = _suppression(max_output_size, iou_threshold, score_threshold)
        name = "non_max_suppression_async"
        return run_in_thread(self._ledger, name, chosen, boxes, scores, read_as=_BOTH)

    def non_max_suppression_with_score(
        self,
        boxes: TensorLike,
        scores: TensorLike,
        max_output_size: int,
        iou_threshold: float = 0.5,
        score_threshold: float = -math.inf,
        soft_nms_sigma: float = 0.0,
    ) -> ScoredBoxes[H]:
        """Return the indices of the best boxes, int32 [k], and their scores lowered by overlaps (soft NMS), float32.

        An overlap ``o`` with a better box, below ``iou_threshold``, multiplies a score by
        ``exp(-o ** 2 / (2 * soft_nms_sigma))``; with 0, the default, no score changes. Raises ``InputError`` for a
        sigma outside 0..1, and as ``non_max_suppression()``. TF.js: ``tf.image.nonMaxSuppressionWithScore``.
        """
        chosen = _soft(max_output_size, iou_threshold, score_threshold, soft_nms_sigma)
        name = "non_max_suppression_with_score"
        return ScoredBoxes(*run_many(self._ledger, name, chosen, boxes, scores, read_as=_BOTH))

    def non_max_suppression_with_score_async(
        self,
        boxes: TensorLike,
        scores: TensorLike,
        max_output_size: int,
        iou_threshold: float = 0.5,
        score_threshold: float = -math.inf,
        soft_nms_sigma: float = 0.0,
    ) -> Coroutine[Any, Any, ScoredBoxes[H]]:
        """Run ``non_max_suppression_with_score()`` in a thread. TF.js: ``tf.image.nonMaxSuppressionWithScoreAsync``."""
        chosen = _soft(max_output_size, iou_threshold, score_threshold, soft_nms_sigma)
        name = "non_max_suppression_with_score_async"
        return run_many_in_thread(self._ledger, name, chosen, boxes, scores, read_as=_BOTH, record=ScoredBoxes)

    def non_max_suppression_padded(
        self,
        boxes: TensorLike,
        scores: TensorLike,
        max_output_size: int,
        iou_threshold: float = 0.5,
        score_threshold: float = -math.inf,
        pad_to_max_output_size: bool = False,
    ) -> PaddedBoxes[H]:
        """Return what ``non_max_suppression()`` does, int32 [k], and how many boxes it has, int32 [].

        With ``pad_to_max_output_size`` zeros follow the boxes, so that k is the smaller of ``max_output_size`` and n.
        Errors are those of ``non_max_suppression()``. TF.js: ``tf.image.nonMaxSuppressionPadded``.
        """
        chosen = _padded(max_output_size, iou_threshold, score_threshold, pad_to_max_output_size)
        name = "non_max_suppression_padded"
        return PaddedBoxes(*run_many(self._ledger, name, chosen, boxes, scores, read_as=_BOTH))

    def non_max_suppression_padded_async(
        self,
        boxes: TensorLike,
        scores: TensorLike,
        max_output_size: int,
        iou_threshold: float = 0.5,
        score_threshold: float = -math.inf,
        pad_to_max_output_size: bool = False,
    ) -> Coroutine[Any, Any, PaddedBoxes[H]]:
        """Run ``non_max_suppression_padded()`` in a thread. TF.js: ``tf.image.nonMaxSuppressionPaddedAsync``."""
        chosen = _padded(max_output_size, iou_threshold, score_threshold, pad_to_max_output_size)
        name = "non_max_suppression_padded_async"
        return run_many_in_thread(self._ledger, name, chosen, boxes, scores, read_as=_BOTH, record=PaddedBoxes)


def _suppression(most: int, iou_threshold: float, score_threshold: float) -> partial[Array]:
    return partial(suppression.suppress, most=most, iou_threshold=iou_threshold, score_threshold=score_threshold)


def _soft(most: int, iou_threshold: float, score_threshold: float, sigma: float) -> partial[tuple[Array, Array]]:
    return partial(
        suppression.suppress_softly,
        most=most,
        iou_threshold=iou_threshold,
        score_threshold=score_threshold,
        sigma=sigma,
    )


def _padded(most: int, iou_threshold: float, score_threshold: float, padded: bool) -> partial[tuple[Array, Array]]:
    return partial(
        suppression.suppress_padded,
        most=most,
        iou_threshold=iou_threshold,
        score_threshold=score_threshold,
        padded=padded,
    )
