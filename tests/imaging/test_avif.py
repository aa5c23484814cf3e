"""Containers are built here from ISO/IEC 14496-12 and 23008-12; Pillow's own files are read in test_decode.py."""

import struct

import pytest

from humanrt.errors import InputError
from humanrt.imaging.avif import Turn, read_avif_size, read_avif_turn

FTYP = struct.pack(">I", 16) + b"ftypavif\0\0\0\0"


def box(kind: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return struct.pack(">I", 8 + len(content)) + kind + content


def full_box(kind: bytes, *contents: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *contents)


def ispe(width: int, height: int) -> bytes:
    return full_box(b"ispe", struct.pack(">II", width, height))


def avif(*properties: bytes, ipma: bytes, pitm: bytes | None = None) -> bytes:
    pitm = pitm or full_box(b"pitm", struct.pack(">H", 1))
    return FTYP + full_box(b"meta", pitm, box(b"iprp", box(b"ipco", *properties), ipma))


def ipma(*pairs: tuple[int, list[int]]) -> bytes:
    entries = [struct.pack(">HB", item, len(indexes)) + bytes(indexes) for item, indexes in pairs]
    return full_box(b"ipma", struct.pack(">I", len(pairs)), *entries)


def test_the_main_pictures_properties_are_told_from_those_of_others() -> None:
    thumbnail_first = avif(ispe(16, 12), box(b"irot", b"\1"), ispe(160, 120), ipma=ipma((2, [1, 2]), (1, [3])))
    assert read_avif_size(thumbnail_first) == (160, 120)
    assert read_avif_turn(thumbnail_first) == Turn(0, None)


def test_turn_and_mirror_with_the_essential_bit_set() -> None:
    data = avif(ispe(16, 12), box(b"irot", b"\3"), box(b"imir", b"\1"), ipma=ipma((1, [1, 0x82, 0x83])))
    assert read_avif_turn(data) == Turn(3, 1)


def test_wide_item_numbers_and_wide_indexes() -> None:
    wide_ipma = full_box(b"ipma", struct.pack(">IIBH", 1, 70000, 1, 0x8001), version=1, flags=1)
    wide_pitm = full_box(b"pitm", struct.pack(">I", 70000), version=1)
    assert read_avif_size(avif(ispe(16, 12), ipma=wide_ipma, pitm=wide_pitm)) == (16, 12)


def test_64_bit_and_open_ended_box_sizes() -> None:
    meta = avif(ispe(16, 12), ipma=ipma((1, [1])))[len(FTYP) :]
    long_size = struct.pack(">I4sQ", 1, b"free", 16 + 5) + bytes(5)
    assert read_avif_size(FTYP + long_size + struct.pack(">I", 0) + meta[4:]) == (16, 12)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (FTYP, "no meta box"),
        (avif(ispe(16, 12), ipma=ipma((2, [1]))), "does not tell its size"),
        (avif(ispe(16, 12), ipma=ipma((1, [0, 9]))), "does not tell its size"),
        (avif(ispe(16, 12), ipma=full_box(b"ipma", b"\xff\xff\xff\xff", bytes(60_000))), "does not tell its size"),
        (FTYP + struct.pack(">I4s", 4, b"meta"), "wrong size"),
        (FTYP + struct.pack(">I4s", 400, b"meta"), "wrong size"),
        (FTYP + box(b"free") * 20_000, "no meta box"),
    ],
)
def test_damage_is_told(data, message) -> None:
    with pytest.raises(InputError, match=message):
        read_avif_size(data)
