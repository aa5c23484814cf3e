"""The size and the turn of an AVIF picture, which its container holds beside the compressed data.

OpenCV does not apply the turn. Sources: ISO/IEC 14496-12 (boxes) and 23008-12 (items and their properties); for the
mirror's axis, on which editions of the latter disagree, what libavif writes.
"""

import struct
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from humanrt.errors import InputError

# A file has a few dozen boxes and associations; one made to keep us busy has millions.
MAX_BOXES = 10_000


class Turn(NamedTuple):
    """What makes a stored picture upright: counter-clockwise quarter turns, then a mirror along a NumPy axis."""

    quarter_turns: int = 0
    mirror_axis: int | None = None


class Box(NamedTuple):
    """A box's type and where its content begins and ends."""

    type: bytes
    start: int
    end: int


def read_avif_size(data: bytes) -> tuple[int, int]:
    """Read width and height as stored, before the turn.

    Raises InputError or struct.error when the bytes hold none.
    """
    properties = _primary_item_properties(data)
    if b"ispe" not in properties:
        raise InputError("the AVIF picture does not tell its size (property ispe)")
    width, height = struct.unpack_from(">4xII", data, properties[b"ispe"])
    return width, height


def read_avif_turn(data: bytes) -> Turn:
    """Read how the picture, once decoded, is to be turned (properties irot and imir; AVIF ignores EXIF's)."""
    properties = _primary_item_properties(data)
    quarter_turns = data[properties[b"irot"]] & 3 if b"irot" in properties else 0
    mirror_axis = data[properties[b"imir"]] & 1 if b"imir" in properties else None
    return Turn(quarter_turns, mirror_axis)


def _primary_item_properties(data: bytes) -> dict[bytes, int]:
    """Map the types of the main picture's properties to where their contents begin (thumbnail and alpha have own)."""
    meta = _find(data, b"meta", 0, len(data))
    item_box = _find(data, b"pitm", meta.start + 4, meta.end)
    (item,) = struct.unpack_from(">H" if data[item_box.start] == 0 else ">I", data, item_box.start + 4)
    container = _find(data, b"iprp", meta.start + 4, meta.end)
    store = _find(data, b"ipco", container.start, container.end)
    properties = list(_boxes(data, store.start, store.end))
    associations = _find(data, b"ipma", container.start, container.end)
    return {
        properties[index - 1].type: properties[index - 1].start
        for owner, index in islice(_associations(data, associations), MAX_BOXES)
        if owner == item and 0 < index <= len(properties)
    }


def _find(data: bytes, kind: bytes, start: int, end: int) -> Box:
    for box in _boxes(data, start, end):
        if box.type == kind:
            return box
    raise InputError(f"the AVIF picture is damaged or truncated: it has no {kind.decode()} box")


def _boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    for _ in range(MAX_BOXES):
        if start >= end:
            return
        size, kind = struct.unpack_from(">I4s", data, start)
        content = start + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, content)
            content += 8
        stop = start + size if size else end  # 0: up to the end
        if not content <= stop <= end:
            raise InputError(f"the AVIF picture is damaged or truncated: its {kind!r} box has a wrong size")
        yield Box(kind, content, stop)
        start = stop


def _associations(data: bytes, box: Box) -> Iterator[tuple[int, int]]:
    """Yield each pair of an item and the number, from 1, of a property that it has."""
    version, flags, entries = struct.unpack_from(">B3sI", data, box.start)
    item_format = ">H" if version == 0 else ">I"
    index_format, index_mask = (">H", 0x7FFF) if flags[2] & 1 else (">B", 0x7F)  # the top bit says "essential"
    position = box.start + 8
    for _ in range(min(entries, MAX_BOXES)):
        (item,) = struct.unpack_from(item_format, data, position)
        position += struct.calcsize(item_format)
        count = data[position]
        position += 1
        for _ in range(count):
            (index,) = struct.unpack_from(index_format, data, position)
            position += struct.calcsize(index_format)
            yield item, index & index_mask
