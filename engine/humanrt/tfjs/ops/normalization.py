"""Normalisation by statistics that were gathered in training."""

from humanrt.errors import ModelFormatError
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.pictures import as_written, picture
from humanrt.tfjs.ops.table import Call, translates


@translates("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
def batch_norm(call: Call, x: Tensor, scale: Tensor, offset: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    """Compute (x - mean) / sqrt(variance + epsilon) * scale + offset for each channel."""
    pixels, statistics = picture(call, x), (scale, offset, mean, variance)
    if any(tensor.shape != (pixels.shape[3],) for tensor in statistics):
        raise ModelFormatError(f"its statistics do not fit an input of {pixels.shape[3]} channels")
    epsilon = call.attributes.number("epsilon", 1e-3)
    operands = [tensor.logical for tensor in statistics]
    return as_written(call, call.planar(call.emit("BatchNormalization", pixels.planar, *operands, epsilon=epsilon)))
