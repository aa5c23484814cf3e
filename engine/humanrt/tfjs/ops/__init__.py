"""The translations of ops. Importing this package fills the table of operations."""

from humanrt.tfjs.ops import (
    activation,
    arrays,
    blocks,
    convolution,
    detection,
    elementwise,
    indexing,
    lists,
    reduction,
    resampling,
    shapes,
    slicing,
)

__all__ = [
    "activation",
    "arrays",
    "blocks",
    "convolution",
    "detection",
    "elementwise",
    "indexing",
    "lists",
    "reduction",
    "resampling",
    "shapes",
    "slicing",
]
