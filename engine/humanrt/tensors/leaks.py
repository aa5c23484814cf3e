"""Telling that handles vanished which nobody had freed."""

from __future__ import annotations

import warnings

UNRECORDED = "a place that was not recorded (track_sites=True records it)"


def warn_of_leak(site: str, count: int) -> None:
    """Issue a ResourceWarning that never disturbs the call that happens to find the leak.

    The finder is any later call on the registry, half-way through its work. Where warnings are errors the warning must
    not be raised into it: so it is issued in a finaliser, from which the interpreter hands errors to
    ``sys.unraisablehook``, as it does with its own ResourceWarnings about files and sockets.
    """
    what = "a tensor that was" if count == 1 else f"{count} tensors that were"
    _Notice(f"{what} made at {site} vanished without being disposed; dispose them, or make them in a scope")


class _Notice:
    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __del__(self) -> None:
        warnings.warn(self._text, ResourceWarning, stacklevel=2)
