"""The format of an encoded picture, and its header.

Each reader reads the header as the decoder that OpenCV uses, neither stricter nor more lenient. Sources: the PNG
specification (third edition), RFC 9649 (WebP) and ParseHeadersInternal in libwebp's webp_dec.c,
Microsoft's BITMAPINFOHEADER.
"""

import re
import struct
from collections.abc import Callable, Mapping

from humanrt.errors import InputError
from humanrt.imaging.avif import read_avif
from humanrt.imaging.gif import read_gif
from humanrt.imaging.header import ACCEPTED_FORMATS, MAX_SEGMENTS, PLAIN_BYTES, Header
from humanrt.imaging.heif import BRANDS
from humanrt.imaging.jpeg import read_jpeg
from humanrt.imaging.tiff import read_tiff

# Bytes a pixel: see PLAIN_BYTES.
ANIMATED_PNG_BYTES = 16
WEBP_BYTES = 8
ANIMATED_WEBP_BYTES = 12

# What libpng may unpack of a PNG's texts and colour profile, for which OpenCV has no use: less than a second. libpng
# unpacks a text twice (43 ms for 8 MB on one core), and ends at 8 MB of each; deflate packs at most 1,032 to 1.
PACKED_CHUNKS = frozenset({b"zTXt", b"iTXt", b"iCCP"})
LONGEST_TEXT, MOST_TEXT, DEFLATE_RATIO = 8_000_000, 128_000_000, 1_032
# A keyword, of up to 79 bytes, the zero behind it, and the flag of iTXt that states whether the text is packed.
MAX_KEYWORD = 81

OTHER_FORMATS: Mapping[str, re.Pattern[bytes]] = {
    "animated AVIF": re.compile(rb"....ftypavis", re.DOTALL),
    "HEIC": BRANDS,
    "BigTIFF": re.compile(rb"II\+\0|MM\0\+"),
    "JPEG 2000": re.compile(rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51"),
    "JPEG XL": re.compile(rb"\0\0\0\x0cJXL \r\n\x87\n|\xff\x0a"),
}
# MP4, MOV and 3GP; AVI; MKV and WebM.
VIDEO = re.compile(
    rb"....ftyp(isom|iso[2-9]|mp4[12]|avc1|M4V |qt  |3g|MSNV|dash)|RIFF....AVI |\x1aE\xdf\xa3", re.DOTALL
)


def read_header(data: bytes) -> Header:
    """Read the header of an encoded picture.

    Raises ``InputError`` if the data are of no accepted format, damaged, or end inside the header.
    """
    name = _format(data)
    try:
        return READERS[name](data)
    except (struct.error, IndexError):
        raise InputError(f"the {name} picture is truncated: it ends before its header does") from None


def _format(data: bytes) -> str:
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"BM"):
        return "BMP"
    if data.startswith((b"II*\0", b"MM\0*")):
        return "TIFF"
    # HEIC has the same container with other brands. An animation, whose first brand is "avis", has no main picture.
    if data[4:8] == b"ftyp" and data[8:12] != b"avis" and b"avif" in data[8:64]:
        return "AVIF"
    if not data:
        raise InputError(f"the picture is empty: 0 bytes; accepted are {ACCEPTED_FORMATS}")
    for name, start in OTHER_FORMATS.items():
        if start.match(data):
            raise InputError(f"the picture is {name}, which is not read; accepted are {ACCEPTED_FORMATS}")
    if VIDEO.match(data):
        raise InputError(f"the picture is a video, which is not read: use stream(); accepted are {ACCEPTED_FORMATS}")
    raise InputError(f"unknown picture format: the data begin with {data[:12]!r}; accepted are {ACCEPTED_FORMATS}")


def _read_png(data: bytes) -> Header:
    """Read the size, and check that no chunk ends beyond the data: OpenCV 5.0 would allocate up to 4 GB for it."""
    first, width, height = struct.unpack_from(">4sII", data, 12)
    if first != b"IHDR":
        raise InputError(f"the PNG picture is damaged: it begins with a {first!r} chunk")
    position, texts = 8, 0
    is_animated = False
    for _ in range(MAX_SEGMENTS):
        length, kind = struct.unpack_from(">I4s", data, position)
        position += 12 + length
        if position > len(data):
            raise InputError(f"the PNG picture is damaged or truncated: its {kind!r} chunk ends beyond the data")
        is_animated |= kind == b"acTL"
        if kind in PACKED_CHUNKS:
            texts += _most_text(data[position - 4 - length : position - 4 - length + MAX_KEYWORD], kind, length)
            if texts > MOST_TEXT:
                raise InputError(
                    f"the PNG picture may unpack to more than {MOST_TEXT / 1e6:g} MB of texts: save it without them"
                )
        if kind == b"IEND":
            return Header("PNG", width, height, width * height * (ANIMATED_PNG_BYTES if is_animated else PLAIN_BYTES))
    raise InputError(f"the PNG picture does not end (IEND) with its first {MAX_SEGMENTS:,} chunks")


def _most_text(start: bytes, kind: bytes, length: int) -> int:
    """Return the most bytes that a chunk is unpacked to; ``start`` is the start of its content."""
    rest = start.partition(b"\0")[2]
    if kind == b"iTXt" and rest[:1] == b"\0":
        return 0
    return min(LONGEST_TEXT, DEFLATE_RATIO * length)


def _read_webp(data: bytes) -> Header:
    chunk = data[12:16]
    if chunk == b"VP8X":
        # Two 24-bit numbers, each one less than the size.
        flags, across, down = data[20], *struct.unpack_from("<I", data, 24), *struct.unpack_from("<I", data, 26)
        width, height = 1 + (across & 0xFFFFFF), 1 + (down >> 8)
        is_animated = flags & 2
        _check_chunks(data)
        return Header("WebP", width, height, width * height * (ANIMATED_WEBP_BYTES if is_animated else WEBP_BYTES))
    # libwebp also reads a picture that has no chunk of its own.
    start = 20 if chunk in (b"VP8 ", b"VP8L") else 12
    if chunk == b"VP8L" or (start == 12 and data[12] == 0x2F):
        (bits,) = struct.unpack_from("<I", data, start + 1)
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    else:
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, start + 6))
    has_alpha = chunk != b"VP8 "
    return Header("WebP", width, height, width * height * (WEBP_BYTES if has_alpha else PLAIN_BYTES))


def _check_chunks(data: bytes) -> None:
    """Raise ``InputError`` for too many chunks: libwebp lists them, in 48 bytes each."""
    position = 12
    for _ in range(MAX_SEGMENTS):
        if position + 8 > len(data):
            return
        (length,) = struct.unpack_from("<I", data, position + 4)
        position += 8 + length + length % 2
    raise InputError(f"the WebP picture has more than {MAX_SEGMENTS:,} chunks")


def _read_bmp(data: bytes) -> Header:
    (header_bytes,) = struct.unpack_from("<I", data, 14)
    # The oldest header has 16-bit sizes. In the others a negative height means that the top row comes first.
    width, height = struct.unpack_from("<HH" if header_bytes == 12 else "<ii", data, 18)
    return Header("BMP", width, abs(height), width * abs(height) * PLAIN_BYTES)


READERS: Mapping[str, Callable[[bytes], Header]] = {
    "JPEG": read_jpeg,
    "PNG": _read_png,
    "WebP": _read_webp,
    "GIF": read_gif,
    "BMP": _read_bmp,
    "TIFF": read_tiff,
    "AVIF": read_avif,
}
