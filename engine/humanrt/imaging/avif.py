"""The size, the turn and the coded pictures of an AVIF picture.

The container holds pictures (items) and their properties. It states sizes, and so do the data of each picture, which
may differ. OpenCV does not turn the picture upright. Sources: ISO/IEC 14496-12 (boxes) and 23008-12 (items and their
properties), and read.c of libavif 1.4; for the axis of the mirror, on which editions of 23008-12 disagree, what libavif
writes.
"""

import struct
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from humanrt.errors import InputError
from humanrt.imaging.av1 import read_frames
from humanrt.imaging.header import Header

# A file has a few dozen boxes and associations. A file made to keep the reader busy has millions.
MAX_BOXES = 10_000

# Bytes a pixel of each coded picture, of colours and of alpha, for the first frame and for each one more.
# See PLAIN_BYTES.
PICTURE_BYTES, FRAME_BYTES = 17, 3


class Turn(NamedTuple):
    """The turn that makes a stored picture upright: counter-clockwise quarter turns, then a mirror along an axis."""

    quarter_turns: int = 0
    mirror_axis: int | None = None
    """0: rows change places, 1: columns do."""


class Box(NamedTuple):
    """A box: its type, and where its content starts and ends."""

    type: bytes
    start: int
    end: int


def read_avif(data: bytes) -> Header:
    """Read the size of the main picture, and the memory that all coded pictures take.

    Raises ``InputError`` if the data are damaged or no decoder should be given them; ``struct.error`` or ``IndexError``
    if they are truncated.
    """
    meta = _meta(data)
    sizes = [
        struct.unpack_from(">4xII", data, start)
        for kind, start in _main_properties(data, meta)
        if kind == b"ispe"  # of two, libavif uses one
    ]
    if not sizes:
        raise InputError("the AVIF picture does not state its size (property ispe)")
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    largest = memory = 0
    for item, kind in _items(data, meta).items():
        if kind == b"av01":
            frames = read_frames(_item_data(data, meta, item))
            largest = max(largest, frames.pixels)
            memory += frames.pixels * (PICTURE_BYTES + FRAME_BYTES * frames.number)
        elif kind == b"grid":
            largest = max(largest, _grid_pixels(_item_data(data, meta, item)))
    return Header("AVIF", width, height, memory, largest)


def read_avif_turn(data: bytes) -> Turn:
    """Read how the decoded picture must be turned (properties irot and imir; AVIF ignores the orientation of EXIF)."""
    properties = dict(reversed(_main_properties(data, _meta(data))))  # of two, libavif uses the first
    quarter_turns = data[properties[b"irot"]] & 3 if b"irot" in properties else 0
    mirror_axis = data[properties[b"imir"]] & 1 if b"imir" in properties else None
    return Turn(quarter_turns, mirror_axis)


def _meta(data: bytes) -> Box:
    """Return the box of all metadata, behind its version; like libavif, read no box after it."""
    meta = _find(data, b"meta", 0, len(data))
    return meta._replace(start=meta.start + 4)


def _main_properties(data: bytes, meta: Box) -> list[tuple[bytes, int]]:
    """Return type and place of each property of the main picture; those of a thumbnail or of alpha are others."""
    main = _find(data, b"pitm", meta.start, meta.end)
    (item,) = struct.unpack_from(">H" if data[main.start] == 0 else ">I", data, main.start + 4)
    container = _find(data, b"iprp", meta.start, meta.end)
    store = _find(data, b"ipco", container.start, container.end)
    properties = list(_boxes(data, store.start, store.end))
    return [
        (properties[index - 1].type, properties[index - 1].start)
        for box in _boxes(data, container.start, container.end)
        if box.type == b"ipma"
        for owner, index in islice(_associations(data, box), MAX_BOXES)
        if owner == item and 0 < index <= len(properties)
    ]


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
    index_format, index_mask = (">H", 0x7FFF) if flags[2] & 1 else (">B", 0x7F)  # the top bit means "essential"
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


def _items(data: bytes, meta: Box) -> Mapping[int, bytes]:
    """Return the type of each item: ``av01`` for a coded picture, ``grid`` for one that consists of others."""
    info = _find(data, b"iinf", meta.start, meta.end)
    items: dict[int, bytes] = {}
    for entry in _boxes(data, info.start + (6 if data[info.start] == 0 else 8), info.end):
        version = data[entry.start]
        if entry.type == b"infe" and version >= 2:
            item, kind = struct.unpack_from(">H2x4s" if version == 2 else ">I2x4s", data, entry.start + 4)
            if items.setdefault(item, kind) != kind:
                raise InputError(f"the AVIF picture is damaged: its item {item} has two types")
    return items


def _item_data(data: bytes, meta: Box, item: int) -> bytes:
    """Return the data of an item, which may lie in several places."""
    places = _places(data, meta).get(item, [])
    if sum(end - start for start, end in places) > len(data):
        raise InputError(f"the AVIF picture is damaged: its item {item} is longer than the file")
    return b"".join(data[start:end] for start, end in places)


def _places(data: bytes, meta: Box) -> Mapping[int, list[tuple[int, int]]]:
    """Return where the data of each item start and end (iloc)."""
    location = _find(data, b"iloc", meta.start, meta.end)
    version, sizes = struct.unpack_from(">B3xH", data, location.start)
    offset_size, length_size, base_size, index_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15
    numbers = _Numbers(data, location.start + 6)
    item_size = 4 if version == 2 else 2
    places: dict[int, list[tuple[int, int]]] = {}
    for _ in range(min(numbers.read(item_size), MAX_BOXES)):
        item = numbers.read(item_size)
        is_inside = version > 0 and numbers.read(2) & 15 == 1  # in the idat box
        numbers.read(2)
        base = numbers.read(base_size)
        if is_inside:
            base += _find(data, b"idat", meta.start, meta.end).start
        for _ in range(min(numbers.read(2), MAX_BOXES)):
            if version > 0:
                numbers.read(index_size)
            start = base + numbers.read(offset_size)
            end = start + numbers.read(length_size)
            if end > len(data):
                raise IndexError
            places.setdefault(item, []).append((start, end))
    return places


class _Numbers:
    """Reads big-endian numbers of any size, one after the other. Raises ``IndexError`` at the end."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position

    def read(self, size: int) -> int:
        start = self._position
        self._position += size
        if self._position > len(self._data):
            raise IndexError
        return int.from_bytes(self._data[start : self._position], "big")


def _grid_pixels(content: bytes) -> int:
    """Return the pixels of the picture that a grid consists of."""
    wide = content[1] & 1
    width, height = struct.unpack_from(">II" if wide else ">HH", content, 4)
    return int(width) * int(height)
