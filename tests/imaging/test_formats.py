import struct
import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, features

from humanrt.errors import InputError
from humanrt.imaging.decode import decode
from humanrt.imaging.formats import read_header

needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow is built without AVIF")

PNG_START = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", 36, 24, 8, 2, 0, 0, 0, 0)

MAGICS = [
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"RIFF\0\0\0\0WEBPVP8 ",
    b"RIFF\0\0\0\0WEBPVP8L",
    b"RIFF\0\0\0\0WEBPVP8X",
    b"GIF89a",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"\0\0\0\x18ftypavif",
]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0", "comment": b"\xff\xc0 is no frame here"}),
        ("PNG", {}),
        ("WebP", {"lossless": False}),
        ("WebP", {"lossless": True}),
        ("WebP", {"exif": b"II*\0\x08\0\0\0\0\0"}),
        ("GIF", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"big_endian": True}),
        pytest.param("AVIF", {}, marks=needs_avif),
    ],
)
def test_format_and_size(encode, photo, name, options) -> None:
    header = read_header(encode(photo, name, **options))
    assert (header.format, header.width, header.height) == (name, 36, 24)


def test_the_largest_width_of_webp(encode) -> None:
    wide = np.zeros((3, 16383, 3), np.uint8)
    for options in ({"lossless": True}, {"lossless": False}, {"exif": b"II*\0\x08\0\0\0\0\0"}):
        assert read_header(encode(wide, "WebP", **options))[1:3] == (16383, 3)


def test_every_kind_of_bmp_header() -> None:
    core = b"BM" + bytes(12) + struct.pack("<IHH", 12, 300, 200)
    top_down = b"BM" + bytes(12) + struct.pack("<Iii", 40, 300, -200)
    assert read_header(core)[:3] == read_header(top_down)[:3] == ("BMP", 300, 200)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unknown picture format"),
        (PNG_START.replace(b"IHDR", b"CgBI"), "begins with a b'CgBI' chunk"),
        (PNG_START + struct.pack(">I4s", 2**32 - 1, b"IDAT") + bytes(99), "b'IDAT' chunk ends beyond the data"),
        (PNG_START + struct.pack(">I4sI", 0, b"IDAT", 0) * 200_000, "does not end"),
    ],
)
def test_the_error_contains_what_is_wrong(data, message) -> None:
    with pytest.raises(InputError, match=message):
        read_header(data)


@pytest.mark.parametrize(
    "data",
    [b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", b"\0\0\0\x14ftypqt  ", b"RIFF\0\1\0\0AVI LIST", b"\x1aE\xdf\xa3\xa3"],
)
def test_the_error_of_a_video_names_the_cure(data) -> None:
    with pytest.raises(InputError, match=r"is a video, which is not read: use stream\(\)"):
        read_header(data)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x2cftypavis\0\0\0\0avifavismsf1", "animated AVIF"),
        (b"II+\0\x08\0\0\0", "BigTIFF"),
        (b"MM\0+\0\x08\0\0", "BigTIFF"),
        (b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 ", "JPEG 2000"),
        (b"\xff\x4f\xff\x51\0\x2f", "JPEG 2000"),
        (b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl ", "JPEG XL"),
        (b"\xff\x0a\xfa\x1f", "JPEG XL"),
    ],
)
def test_known_formats_that_are_not_read_are_named(data, name) -> None:
    with pytest.raises(InputError, match=f"the picture is {name}, which is not read; accepted are JPEG"):
        read_header(data)


@needs_avif
def test_an_animation_that_pillow_wrote_is_named(encode, photo) -> None:
    with pytest.raises(InputError, match="animated AVIF"):
        read_header(encode(photo, "AVIF", save_all=True, append_images=[Image.fromarray(photo[::-1])]))


def test_webp_data_without_a_chunk_have_the_size_that_libwebp_reads(encode, photo) -> None:
    whole = encode(photo, "WebP", lossless=True)
    bare = b"RIFF" + struct.pack("<I", len(whole) - 16) + b"WEBP" + whole[20:]
    assert cv2.imdecode(np.frombuffer(bare, np.uint8), cv2.IMREAD_COLOR).shape == photo.shape
    assert read_header(bare) == read_header(whole)


def test_animated_webp_and_png_take_more_memory(encode, photo) -> None:
    frames = [Image.fromarray(photo[::-1])]
    for name in ("WebP", "PNG"):
        animated = encode(photo, name, save_all=True, append_images=frames)
        assert read_header(animated).memory > 1.4 * read_header(encode(photo, name)).memory


@pytest.mark.parametrize("flags", [0b1, 0b100, 0b1000, 0b1000_0000])  # reserved, XMP, EXIF, reserved
def test_other_flags_of_webp_do_not_make_it_an_animation(encode, photo, flags) -> None:
    """RFC 9649: readers ignore the reserved bits."""
    exif = bytearray(encode(photo, "WebP", exif=b"II*\0\x08\0\0\0\0\0"))
    exif[20] = flags
    still = read_header(exif)
    exif[20] = flags | 0b10
    assert still.memory < read_header(exif).memory


def test_a_webp_of_too_many_chunks_is_refused(encode, photo) -> None:
    data = encode(photo, "WebP", save_all=True, append_images=[Image.fromarray(photo[::-1])])
    with pytest.raises(InputError, match="more than 100,000 chunks"):
        read_header(data + (b"ANMF" + bytes(4)) * 100_000)


def _with_chunks(png: bytes, chunks: list[tuple[bytes, bytes]]) -> bytes:
    """Return a PNG with chunks behind its header."""
    packed = b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    return png[:33] + packed + png[33:]


@pytest.mark.parametrize(("kind", "start"), [(b"zTXt", b"key\0\0"), (b"iTXt", b"key\0\1\0\0\0")])
def test_a_png_whose_texts_take_long_to_unpack_is_refused(encode, photo, kind, start) -> None:
    """libpng unpacks each text twice: 43 ms for 8 MB."""
    bomb = (kind, start + zlib.compress(bytes(8_000_000)))
    with pytest.raises(InputError, match="unpack to more than 128 MB of texts: save it without"):
        read_header(_with_chunks(encode(photo, "PNG"), 17 * [bomb]))
    assert read_header(_with_chunks(encode(photo, "PNG"), 16 * [bomb])).width == 36


def test_a_png_may_have_any_number_of_short_texts_and_of_texts_that_are_not_packed(encode, photo) -> None:
    texts = 100 * [(b"zTXt", b"key\0\0" + zlib.compress(b"short"))] + 100 * [
        (b"iTXt", b"key\0\0\0\0\0" + bytes(20_000))
    ]
    data = _with_chunks(encode(photo, "PNG"), texts)
    assert np.array_equal(decode(data, max_pixels=36 * 24), photo)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("JPEG", "RGB", {}),
        ("JPEG", "RGB", {"progressive": True, "subsampling": 0}),
        ("JPEG", "CMYK", {"progressive": True}),
        ("PNG", "RGBA", {}),
        ("PNG", "RGBA", {"save_all": True}),
        ("GIF", "P", {}),
        ("BMP", "RGB", {}),
        ("WebP", "RGB", {"method": 0}),
        ("WebP", "RGBA", {"method": 0, "lossless": True}),
        ("WebP", "RGBA", {"method": 0, "save_all": True}),
        ("TIFF", "RGBA", {"compression": "tiff_lzw"}),
        ("TIFF", "RGBA", {"compression": "tiff_lzw", "tiffinfo": {278: 4000}}),
        ("TIFF", "CMYK", {"compression": "tiff_lzw"}),
        pytest.param("AVIF", "RGB", {"speed": 10}, marks=needs_avif),
        pytest.param("AVIF", "RGBA", {"speed": 10}, marks=needs_avif),
    ],
)
def test_decoding_takes_no_more_memory_than_the_header_says(tmp_path, name, mode, options) -> None:
    image = Image.new("L", (4000, 4000), 77).convert("L" if mode == "P" else "RGB").convert(mode)
    if options.get("save_all"):
        options = {**options, "append_images": [Image.new(mode, (4000, 4000))]}
    path = tmp_path / "large"
    image.save(path, name, **options)
    script = (
        "import sys; from pathlib import Path; from humanrt.imaging.decode import decode\n"
        "from humanrt.imaging.opencv import load_cv2; load_cv2(); data = Path(sys.argv[1]).read_bytes()\n"
        "def peak(): return int(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])\n"
        "before = peak(); decode(data, max_pixels=2**27); print(peak() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], check=True, capture_output=True, text=True)
    expected = read_header(path.read_bytes()).memory
    assert 0.45 * expected < int(done.stdout) * 1024 < expected + 8 * 2**20


def test_the_accepted_formats_are_named() -> None:
    with pytest.raises(InputError, match="JPEG, PNG, WebP, GIF, BMP, TIFF and AVIF"):
        read_header(b"%PDF-1.7")


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WebP", "GIF", "BMP", "TIFF", pytest.param("AVIF", marks=needs_avif)])
def test_a_truncated_header_is_refused_or_read_right(encode, photo, name) -> None:
    data = encode(photo, name)
    whole = read_header(data)
    outcomes = set()
    for length in range(min(len(data), 700)):
        try:
            outcomes.add(read_header(data[:length]))
        except InputError:
            outcomes.add(None)
    assert None in outcomes
    assert outcomes <= {None, whole}


@given(magic=st.sampled_from(MAGICS), rest=st.binary(max_size=200))
def test_random_bytes_after_a_valid_magic_are_read_or_refused(magic, rest) -> None:
    try:
        header = read_header(magic + rest)
    except InputError:
        return
    assert type(header.width) is type(header.height) is int
