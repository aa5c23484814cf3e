"""Damage to an encoded picture: to its bytes, and to its parts (segments, chunks, boxes, entries of a directory).

The parts are put together again with right lengths and checksums, so that damage reaches the code behind those checks.
"""

import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

from fuzz.mutation import Choose, damage_bytes
from fuzz.picture_corpus import ValidPicture

_NUMBERS = (
    0, 1, 2, 3, 7, 8, 31, 39, 41, 255, 256, 1_000, 16_384, 30_000, 65_500, 65_535, 65_536, 2**20, 2**24 - 1, 2**28,
    2**31 - 1, 2**31, 2**32 - 1,
)  # fmt: skip
_INTEGERS = (">B", ">H", "<H", ">I", "<I")
_HEAD = 48
"""The bytes of a part in which integers are replaced: sizes and counts are near its start."""

_COPIES = (1, 1, 1, 2, 30, 2_000)
_STRAY = (
    b"\xff\x01",
    b"\xff\xd0",
    b"\xff",
    b"\0",
    b"\xff\xd9",
    b"\xff\xc0\0\x11\x08\x40\0\x40\0\x03\x01\x11\0",
    b"IEND",
    b";",
)


class Layout(NamedTuple):
    """How a format is taken apart, and put together again."""

    split: Callable[[bytes], list[bytes]]
    join: Callable[[list[bytes]], bytes]


def mutate(valid: ValidPicture, choose: Choose) -> bytes:
    """Return a damaged picture."""
    if choose(5) == 0:
        return damage_bytes(valid.data, choose)
    layout = LAYOUTS[valid.format]
    parts = layout.split(valid.data)
    for _ in range(1 + choose(3)):
        _damage(parts, choose)
    data = layout.join(parts)
    return data if choose(8) else damage_bytes(data, choose)


def _damage(parts: list[bytes], choose: Choose) -> None:
    """Remove, repeat, move or change one part, or insert stray bytes."""
    if not parts:
        return
    index = choose(len(parts))
    part = parts[index]
    match choose(8):
        case 0:
            del parts[index]
        case 1:
            parts[index:index] = [part] * _COPIES[choose(len(_COPIES))]
        case 2:
            other = choose(len(parts))
            parts[index], parts[other] = parts[other], parts[index]
        case 3:
            stray = _STRAY[choose(len(_STRAY))] * _COPIES[choose(len(_COPIES))]
            parts.insert(index, stray)
        case 4:
            parts[index] = damage_bytes(part, choose)
        case 5 if part[:4] in _BOXES:
            start = 4 + _BOXES[part[:4]]
            children = _split_boxes(part[start:])
            _damage(children, choose)
            parts[index] = part[:start] + _join_boxes(children)
        case _:
            parts[index] = _with_another_number(part, choose)


def _with_another_number(part: bytes, choose: Choose) -> bytes:
    form = _INTEGERS[choose(len(_INTEGERS))]
    length = struct.calcsize(form)
    places = min(len(part), _HEAD) - length + 1
    if places < 1:
        return part
    number = _NUMBERS[choose(len(_NUMBERS))] % 2 ** (8 * length)
    damaged = bytearray(part)
    struct.pack_into(form, damaged, choose(places), number)
    return bytes(damaged)


def _split_jpeg(data: bytes) -> list[bytes]:
    """Split at the markers; the entropy-coded data stay with the header of their scan."""
    starts = [
        i for i in range(len(data) - 1) if data[i] == 0xFF and data[i + 1] not in (0, 0xFF) and data[i + 1] >> 3 != 26
    ]
    return [data[start:end] for start, end in zip(starts, [*starts[1:], len(data)], strict=True)]


def _split_png(data: bytes) -> list[bytes]:
    parts, position = [], 8
    while position < len(data):
        (length,) = struct.unpack_from(">I", data, position)
        parts.append(data[position + 4 : position + 8 + length])
        position += 12 + length
    return parts


def _join_png(parts: list[bytes]) -> bytes:
    chunks = (struct.pack(">I", max(len(part) - 4, 0)) + part + struct.pack(">I", zlib.crc32(part)) for part in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _split_riff(data: bytes) -> list[bytes]:
    parts, position = [], 12
    while position + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, position + 4)
        parts.append(data[position : position + 4] + data[position + 8 : position + 8 + length])
        position += 8 + length + length % 2
    return parts


def _join_riff(parts: list[bytes]) -> bytes:
    chunks = b"".join(
        part[:4] + struct.pack("<I", max(len(part) - 4, 0)) + part[4:] + b"\0" * (len(part) % 2) for part in parts
    )
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


_BOXES = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"iref": 4}
"""The boxes of AVIF that hold boxes, and how many bytes precede these."""


def _split_boxes(data: bytes) -> list[bytes]:
    parts, position = [], 0
    while position + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        parts.append(data[position + 4 : position + max(length, 8)])
        position += max(length, 8)
    return parts


def _join_boxes(parts: list[bytes]) -> bytes:
    return b"".join(struct.pack(">I", 4 + len(part)) + part for part in parts)


def _split_gif(data: bytes) -> list[bytes]:
    colors = 3 << (1 + (data[10] & 7)) if data[10] & 0x80 else 0
    parts, position = [data[: 13 + colors]], 13 + colors
    while position < len(data):
        end = position + 1
        if data[position] == 0x2C:
            flags = data[position + 9]
            end = position + 11 + (3 << (1 + (flags & 7)) if flags & 0x80 else 0)
        elif data[position] == 0x21:
            end = position + 2
        if data[position] in (0x2C, 0x21):
            while data[end]:
                end += 1 + data[end]
            end += 1
        parts.append(data[position:end])
        position = end
    return parts


def _split_tiff(data: bytes) -> list[bytes]:
    """Split into the bytes before the first directory, each of its entries, and the rest."""
    order = "<" if data[:2] == b"II" else ">"
    (start,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, start)
    first, last = start + 2, start + 2 + 12 * count
    return [data[:first], *(data[i : i + 12] for i in range(first, last, 12)), data[last:]]


def _split_bmp(data: bytes) -> list[bytes]:
    return [data[:14], data[14:54], data[54:]]


LAYOUTS = {
    "JPEG": Layout(_split_jpeg, b"".join),
    "PNG": Layout(_split_png, _join_png),
    "WebP": Layout(_split_riff, _join_riff),
    "AVIF": Layout(_split_boxes, _join_boxes),
    "GIF": Layout(_split_gif, b"".join),
    "TIFF": Layout(_split_tiff, b"".join),
    "BMP": Layout(_split_bmp, b"".join),
}
