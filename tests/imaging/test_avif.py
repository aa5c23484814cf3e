"""Containers built from ISO/IEC 14496-12 and 23008-12, around AV1 data that Pillow wrote."""

import io
import struct

import numpy as np
import pytest
from avif_files import (
    FTYP,
    avif,
    box,
    full_box,
    iinf,
    ipma,
    ispe,
    pitm,
    still_data,
    still_sequence,
)
from PIL import Image, features

from humanrt.errors import InputError
from humanrt.imaging import read_picture
from humanrt.imaging.avif import Turn, read_avif, read_avif_turn
from humanrt.imaging.decode import decode

needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow is built without AVIF")
FRAME = b"\x32\x05\0\0\0\0\0"


def coded(width: int, height: int) -> bytes:
    """AV1 data that state this size, and have no more than their headers."""
    return still_sequence(width, height) + FRAME


def one(*properties: bytes, ipma: bytes, **options: bytes) -> bytes:
    """A file with one picture of 16 x 12."""
    return avif(*properties, ipma=ipma, items=[(b"av01", coded(16, 12))], **options)


def size(data: bytes) -> tuple[int, int]:
    header = read_avif(data)
    return header.width, header.height


def test_the_properties_of_the_main_picture_are_told_from_those_of_others() -> None:
    thumbnail_first = avif(
        ispe(16, 12),
        box(b"irot", b"\1"),
        ispe(160, 120),
        ipma=ipma((2, [1, 2]), (1, [3])),
        items=[(b"av01", coded(160, 120)), (b"av01", coded(16, 12))],
    )
    assert size(thumbnail_first) == (160, 120)
    assert read_avif_turn(thumbnail_first) == Turn(0, None)


def test_turn_and_mirror_with_the_essential_bit_set() -> None:
    data = one(ispe(16, 12), box(b"irot", b"\3"), box(b"imir", b"\1"), ipma=ipma((1, [1, 0x82, 0x83])))
    assert read_avif_turn(data) == Turn(3, 1)


def test_of_two_turns_the_first_counts_as_in_libavif() -> None:
    data = one(ispe(16, 12), box(b"irot", b"\3"), box(b"irot", b"\1"), ipma=ipma((1, [1, 2, 3])))
    assert read_avif_turn(data) == Turn(3, None)


def test_of_two_sizes_the_larger_counts() -> None:
    for sizes in ([ispe(16, 12), ispe(900, 800)], [ispe(900, 800), ispe(16, 12)]):
        assert size(one(*sizes, ipma=ipma((1, [1, 2])))) == (900, 800)


def test_properties_may_be_associated_in_two_boxes() -> None:
    assert size(one(ispe(16, 12), ispe(900, 800), ipma=ipma((1, [1])) + ipma((1, [2])))) == (900, 800)


def test_wide_item_numbers_and_wide_indexes() -> None:
    wide_ipma = full_box(b"ipma", struct.pack(">IIBH", 1, 70000, 1, 0x8001), version=1, flags=1)
    wide_pitm = full_box(b"pitm", struct.pack(">I", 70000), version=1)
    assert size(one(ispe(16, 12), ipma=wide_ipma, pitm=wide_pitm)) == (16, 12)


def test_64_bit_and_open_ended_box_sizes() -> None:
    data = one(ispe(16, 12), ipma=ipma((1, [1])))
    long_size = struct.pack(">I4sQ", 1, b"free", 16 + 5) + bytes(5)
    end = struct.pack(">I4s", 0, b"mdat") + bytes(30)
    assert size(data + long_size + end) == (16, 12)


def test_data_in_pieces_and_inside_the_metadata() -> None:
    data = coded(700, 500)
    sizes = struct.pack(">HH", 0x4440, 1) + struct.pack(">HHHI", 1, 1, 0, 0)
    pieces = struct.pack(">HIIII", 2, 0, 9, 9, len(data) - 9)
    iloc = full_box(b"iloc", sizes + pieces, version=1)
    iinf = full_box(b"iinf", struct.pack(">H", 1), full_box(b"infe", struct.pack(">HH4s", 1, 0, b"av01"), version=2))
    properties = box(b"iprp", box(b"ipco", ispe(16, 12)), ipma((1, [1])))
    file = FTYP + full_box(b"meta", pitm(), iinf, iloc, properties, box(b"idat", data))
    assert read_avif(file).coded_pixels == 700 * 500


def test_locations_with_wide_item_numbers() -> None:
    """Version 2 of iloc: 32 bits for the count and for each item."""
    data = coded(700, 500)
    entry = struct.pack(">IHHHII", 1, 1, 0, 1, 0, len(data))
    iloc = full_box(b"iloc", struct.pack(">HI", 0x4400, 1), entry, version=2)
    properties = box(b"iprp", box(b"ipco", ispe(16, 12)), ipma((1, [1])))
    file = FTYP + full_box(b"meta", pitm(), iinf(b"av01"), iloc, properties, box(b"idat", data))
    assert read_avif(file).coded_pixels == 700 * 500


def test_the_largest_coded_picture_counts_and_all_take_memory() -> None:
    items = [(b"av01", coded(16, 12)), (b"av01", coded(400, 300)), (b"Exif", b"\xff" * 20)]
    header = read_avif(avif(ispe(16, 12), ipma=ipma((1, [1])), items=items))
    assert (header.width, header.height, header.coded_pixels) == (16, 12, 400 * 300)
    assert header.memory == 20 * (16 * 12 + 400 * 300)


@pytest.mark.parametrize(("wide", "content"), [(0, struct.pack(">HH", 640, 480)), (1, struct.pack(">II", 640, 480))])
def test_the_picture_of_a_grid_counts(wide, content) -> None:
    items = [(b"grid", bytes([0, wide, 0, 0]) + content), (b"av01", coded(64, 64))]
    assert read_avif(avif(ispe(16, 12), ipma=ipma((1, [1])), items=items)).coded_pixels == 640 * 480


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (FTYP, "no meta box"),
        (one(ispe(16, 12), ipma=ipma((2, [1]))), "does not state its size"),
        (one(ispe(16, 12), ipma=ipma((1, [0, 9]))), "does not state its size"),
        (one(ispe(16, 12), ipma=full_box(b"ipma", b"\xff\xff\xff\xff", bytes(60_000))), "does not state its size"),
        (FTYP + struct.pack(">I4s", 4, b"meta"), "wrong size"),
        (FTYP + struct.pack(">I4s", 400, b"meta"), "wrong size"),
        (FTYP + box(b"free") * 20_000, "no meta box"),
        (
            avif(ispe(16, 12), ipma=ipma((1, [1])), items=[(b"av01", still_sequence(16, 12) + FRAME * 100)]),
            "more than 16 frames",
        ),
    ],
)
def test_damaged_files_are_refused(data, message) -> None:
    with pytest.raises(InputError, match=message):
        read_avif(data)


def test_an_item_longer_than_the_file_is_refused() -> None:
    data = coded(16, 12)
    sizes = struct.pack(">HH", 0x4400, 1) + struct.pack(">HHH", 1, 0, 1000)
    iloc = full_box(b"iloc", sizes + struct.pack(">II", 0, 900) * 1000)
    iinf = full_box(b"iinf", struct.pack(">H", 1), full_box(b"infe", struct.pack(">HH4s", 1, 0, b"av01"), version=2))
    properties = box(b"iprp", box(b"ipco", ispe(16, 12)), ipma((1, [1])))
    with pytest.raises(InputError, match="longer than the file"):
        read_avif(FTYP + full_box(b"meta", pitm(), iinf, iloc, properties) + box(b"mdat", data))


@needs_avif
class TestDecoded:
    """Files that OpenCV decodes, whatever they state."""

    PIXI = full_box(b"pixi", bytes([3, 8, 8, 8]))

    def file(self, width: int, height: int, *sizes: bytes) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", (width, height), (200, 10, 90)).save(file, "AVIF", speed=10)
        configuration = box(b"av1C", bytes([0x81, 0, 0x0C, 0]))
        properties = [*sizes, self.PIXI, configuration]
        indexes = [*range(1, len(sizes) + 2), 0x80 | (len(sizes) + 2)]
        return avif(*properties, ipma=ipma((1, indexes)), items=[(b"av01", still_data(file.getvalue()))])

    @pytest.mark.parametrize("end", [b"", b"garbage behind the last box", full_box(b"meta")])
    def test_the_containers_built_here_are_read(self, end) -> None:
        picture = decode(self.file(300, 200, ispe(300, 200)) + end, max_pixels=300 * 200)
        assert picture.shape == (200, 300, 3)
        assert np.abs(picture.astype(int) - (200, 10, 90)).max() <= 4

    @pytest.mark.parametrize(
        "sizes", [[ispe(10, 10)], [ispe(10, 10), ispe(3000, 2000)], [ispe(3000, 2000), ispe(10, 10)]]
    )
    def test_the_size_of_the_coded_picture_is_limited_whatever_the_file_states(self, sizes, monkeypatch) -> None:
        data = self.file(3000, 2000, *sizes)
        monkeypatch.setattr("humanrt.imaging.decode.load_cv2", lambda: pytest.fail("the decoder was called"))
        with pytest.raises(InputError, match=r"6,000,000.* the limit is 1,000 \(the setting image.max_pixels\)"):
            read_picture(data, max_pixels=1000)
