"""Importing this package fills the table of operations."""

from humanrt.tfjs.ops import arrays, convolution, detection, elementwise, lists, reduction, resampling, shapes, slicing

__all__ = ["arrays", "convolution", "detection", "elementwise", "lists", "reduction", "resampling", "shapes", "slicing"]
