"""Containers of AVIF, built from ISO/IEC 14496-12 and 23008-12, and AV1 headers, built from the AV1 specification."""

import struct
from collections.abc import Sequence

FTYP = struct.pack(">I", 24) + b"ftypavif\0\0\0\0avifmif1"


def box(kind: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return struct.pack(">I", 8 + len(content)) + kind + content


def full_box(kind: bytes, *contents: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *contents)


def ispe(width: int, height: int) -> bytes:
    return full_box(b"ispe", struct.pack(">II", width, height))


def ipma(*pairs: tuple[int, list[int]]) -> bytes:
    entries = [struct.pack(">HB", item, len(indexes)) + bytes(indexes) for item, indexes in pairs]
    return full_box(b"ipma", struct.pack(">I", len(pairs)), *entries)


def pitm(item: int = 1) -> bytes:
    return full_box(b"pitm", struct.pack(">H", item))


def iinf(*kinds: bytes) -> bytes:
    """The types of the items 1, 2, ..."""
    entries = [
        full_box(b"infe", struct.pack(">HH4s", i, 0, kind), b"\0", version=2) for i, kind in enumerate(kinds, start=1)
    ]
    return full_box(b"iinf", struct.pack(">H", len(kinds)), *entries)


def iloc(*places: tuple[int, int]) -> bytes:
    """Offset and length of the items 1, 2, ..."""
    entries = [struct.pack(">HHHII", i, 0, 1, offset, length) for i, (offset, length) in enumerate(places, start=1)]
    return full_box(b"iloc", struct.pack(">HH", 0x4400, len(places)), *entries)


def avif(
    *properties: bytes,
    ipma: bytes,
    pitm: bytes = pitm(),
    items: Sequence[tuple[bytes, bytes]] = (),
    more: bytes = b"",
) -> bytes:
    """A file of these properties and items, the type and data of each; ``more`` are further boxes of metadata."""
    kinds, data = [kind for kind, _ in items], [content for _, content in items]

    def meta(start: int) -> bytes:
        places, position = [], start
        for content in data:
            places.append((position, len(content)))
            position += len(content)
        properties_box = box(b"iprp", box(b"ipco", *properties), ipma)
        handler = full_box(b"hdlr", bytes(4), b"pict", bytes(13))
        return full_box(b"meta", handler, pitm, iinf(*kinds), iloc(*places), properties_box, more)

    start = len(FTYP) + len(meta(0)) + 8
    return FTYP + meta(start) + box(b"mdat", *data)


def still_data(data: bytes) -> bytes:
    """The AV1 data of a file that Pillow wrote."""
    (length,) = struct.unpack_from(">I", data, data.index(b"mdat") - 4)
    return data[data.index(b"mdat") + 4 :][: length - 8]


class Bits:
    """Writes numbers of any count of bits."""

    def __init__(self) -> None:
        self.text = ""

    def add(self, *pairs: tuple[int, int]) -> "Bits":
        """Add each value in so many bits."""
        self.text += "".join(f"{value:0{count}b}" for value, count in pairs if count)
        return self

    def unit(self, kind: int) -> bytes:
        """An OBU of these bits."""
        text = self.text + "0" * (-len(self.text) % 8)
        content = bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8))
        return bytes([kind << 3 | 2, len(content)]) + content


def still_sequence(width: int, height: int) -> bytes:
    """The sequence header of a still picture with short frame headers."""
    bits = Bits().add((0, 3), (1, 1), (1, 1), (0, 5), (15, 4), (15, 4), (width - 1, 16), (height - 1, 16))
    return bits.add((0, 20)).unit(1)


def video_sequence(width: int, height: int, *, timing: bool = False, ids: bool = False, tools: int = 2) -> bytes:
    """A sequence header with long frame headers. ``tools``: screen content tools off, on, or chosen by the frame."""
    bits = Bits().add((0, 3), (0, 1), (0, 1), (int(timing), 1))
    if timing:
        bits.add((1, 32), (25, 32), (0, 1), (1, 1), (9, 5), (1, 32), (7, 5), (11, 5))
    bits.add((1, 1), (1, 5))  # display delays, two operating points
    for level in (7, 8):  # the highest without a tier, the lowest with one
        bits.add((0, 12), (level, 5))
        if level > 7:
            bits.add((0, 1))
        if timing:
            bits.add((1, 1), (3, 10), (3, 10), (0, 1))
        bits.add((1, 1), (2, 4))
    bits.add((11, 4), (10, 4), (width - 1, 12), (height - 1, 11), (int(ids), 1))
    if ids:
        bits.add((5, 4), (2, 3))
    bits.add((0, 7), (1, 1), (0, 2))
    bits.add((1, 1)) if tools == 2 else bits.add((0, 1), (tools, 1))
    if tools:
        bits.add((1, 1))
    return bits.add((0, 30)).unit(1)


def video_frame(
    *, states_size: bool, timing: bool = False, ids: bool = False, tools: int = 2, shown: bool = True
) -> bytes:
    """The header of a key frame in such a sequence."""
    bits = Bits().add((0, 1), (0, 2), (int(shown), 1))
    if shown and timing:
        bits.add((99, 12))
    if not shown:
        bits.add((1, 1), (1, 1))
    bits.add((0, 1))
    if tools == 2:
        bits.add((1, 1))
    if tools:
        bits.add((0, 1))
    if ids:
        bits.add((77, 10))
    return bits.add((int(states_size), 1), (0, 40)).unit(6)
