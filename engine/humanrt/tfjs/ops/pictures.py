"""Nodes that work on pictures, in the layout they were written for: NHWC mostly, NCHW where ``data_format`` says so."""

from collections.abc import Sequence
from typing import TypeVar

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.layout import Tensor
from humanrt.tfjs.ops.table import Call

_T = TypeVar("_T")


def picture(call: Call, x: Tensor) -> Tensor:
    """Return the operand as a tensor whose shape is [batch, height, width, channels]."""
    if x.rank != 4:
        raise ModelFormatError(f"its input has {x.rank} axes, not 4")
    return call.planar(x.logical) if _is_planar(call) else x


def as_written(call: Call, result: Tensor) -> Tensor:
    """Return a result in the layout of the node."""
    return call.logical(result.planar) if _is_planar(call) else result


def by_axis(call: Call, items: Sequence[_T]) -> tuple[_T, _T, _T, _T]:
    """Return what an attribute lists for each of four axes in the order batch, height, width, channels."""
    first, second, third, fourth = items
    return (first, third, fourth, second) if _is_planar(call) else (first, second, third, fourth)


def _is_planar(call: Call) -> bool:
    layout = call.attributes.text("data_format", "NHWC")
    if layout not in {"NHWC", "NCHW"}:
        raise UnsupportedOpError(f"is written for the layout {layout!r}; translated are NHWC and NCHW")
    return layout == "NCHW"
