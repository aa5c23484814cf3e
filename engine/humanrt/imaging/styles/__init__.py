"""Artistic styles, without neural weights: sketch, pencil, oil, watercolor. NumPy in, NumPy out.

``apply.py`` applies one, tile by tile; each has a file of its own, above the parts that they share: ``patches.py``,
``lines.py``, ``flow.py``, ``grain.py``.
"""

from humanrt.imaging.styles.apply import STYLES, apply_style, style_memory

__all__ = ["STYLES", "apply_style", "style_memory"]
