"""Non-maximum suppression: the indices of the boxes that overlap no box of a higher score."""

import numpy as np

from humanrt.errors import UnsupportedOpError
from humanrt.tfjs.graph import FLOAT32, INT32, INT64
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.table import Call, known, translates
from humanrt.tfjs.values import Value, constant, int64


@translates("NonMaxSuppressionV3")
def suppress(
    call: Call, boxes: Tensor, scores: Tensor, most: Tensor, iou_threshold: Tensor, score_threshold: Tensor
) -> Tensor:
    """Return the int32 indices of the selected boxes, the highest score first, for boxes [n, 4] and scores [n]."""

    def one(tensor: Tensor) -> Value:
        return call.emit("Reshape", tensor.logical, np.array([1], np.int64))

    selected = call.emit(
        "NonMaxSuppression",
        call.emit("Unsqueeze", boxes.logical, np.array([0], np.int64)),
        call.emit("Unsqueeze", scores.logical, np.array([0, 1], np.int64)),
        call.builder.cast(one(most), INT64),
        one(iou_threshold),
        one(score_threshold),
    )
    # ONNX returns rows of [batch, class, box].
    return call.logical(call.builder.cast(call.emit("Gather", selected, np.int64(2), axis=1), INT32))


@translates("NonMaxSuppressionV2")
def suppress_any_score(call: Call, boxes: Tensor, scores: Tensor, most: Tensor, iou_threshold: Tensor) -> Tensor:
    """Return the indices as V3 does, without a threshold on the scores."""
    return suppress(call, boxes, scores, most, iou_threshold, call.logical(constant(-np.inf, FLOAT32)))


@translates("NonMaxSuppressionV4")
def suppress_and_pad(
    call: Call, boxes: Tensor, scores: Tensor, most: Tensor, iou_threshold: Tensor, score_threshold: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the indices as V3 does, and their number.

    The indices are padded with zeros to ``most`` elements if the attribute ``pad_to_max_output_size`` is set.
    """
    indices = suppress(call, boxes, scores, most, iou_threshold, score_threshold).logical
    count = call.emit("Shape", indices)
    total = call.emit("Squeeze", call.builder.cast(count, INT32), int64([0]))
    if call.attributes.flag("pad_to_max_output_size"):
        limit = call.emit("Reshape", call.builder.cast(most.logical, INT64), int64([1]))
        missing = call.emit("Concat", int64([0]), call.emit("Sub", limit, count), axis=0)
        indices = call.emit("Pad", indices, missing, constant(0, INT32))
    return call.logical(indices), call.logical(total)


@translates("NonMaxSuppressionV5")
def suppress_with_scores(
    call: Call,
    boxes: Tensor,
    scores: Tensor,
    most: Tensor,
    iou_threshold: Tensor,
    score_threshold: Tensor,
    soft_sigma: Tensor,
) -> tuple[Tensor, ...]:
    """Return the indices as V3 does, the scores of the selected boxes, and their number."""
    if known(soft_sigma, "soft_nms_sigma").any():
        raise UnsupportedOpError("its soft_nms_sigma is not 0: Soft-NMS is not supported")
    indices = suppress(call, boxes, scores, most, iou_threshold, score_threshold)
    best = call.emit("Gather", scores.logical, indices.logical, axis=0)
    count = call.emit("Squeeze", call.emit("Shape", indices.logical), np.array([0], np.int64))
    return indices, call.logical(best), call.logical(call.builder.cast(count, INT32))
