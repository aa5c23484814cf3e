"""What ``memory()`` shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Baseline(NamedTuple):
    """The four numbers that must be the same before and after a piece of work that leaks nothing."""

    num_tensors: int
    num_data_buffers: int
    num_bytes: int
    num_leaked: int


class Memory(NamedTuple):
    """A snapshot of one engine's tensors.

    Unlike TF.js, which counts the bytes of a clone again, every buffer is counted once.

    Attributes:
        num_tensors: live handles.
        num_data_buffers: live buffers; handles made by ``clone()`` or ``reshape()`` share one.
        num_bytes: bytes of the live buffers, on all devices.
        peak_bytes: the highest ``num_bytes`` so far.
        num_leaked: handles that vanished outside any scope without being disposed; their memory was reclaimed.
        pooled_bytes: bytes of freed buffers that are kept for reuse; not part of ``num_bytes``.
        devices: bytes of the live buffers by device, read-only.
        unreliable: memory may be in use that ``num_bytes`` does not count; ``reasons`` says which.
        reasons: one sentence each; empty when the numbers are reliable.

    """

    num_tensors: int
    num_data_buffers: int
    num_bytes: int
    peak_bytes: int
    num_leaked: int
    pooled_bytes: int
    devices: Mapping[str, int]
    unreliable: bool
    reasons: tuple[str, ...]

    @property
    def baseline(self) -> Baseline:
        """The numbers that "back at baseline" means."""
        return Baseline(self.num_tensors, self.num_data_buffers, self.num_bytes, self.num_leaked)
