"""Hostile pictures, 2,000 by default: cut, flipped, with wrong headers, bombs, huge metadata, endless animations.

``python -m fuzz.hostile [COUNT [SIDE]]`` reads each with ``max_pixels`` of SIDE squared, 16 million by default, in this
process: as a still picture and, where the format has frames, as an animation. It prints the largest peak of memory and
of CPU time, beside what a valid picture of that size takes, and ends with 1 if a limit is exceeded or an error is not
an ``InputError``. Linux only.
"""

import contextlib
import io
import resource
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from fuzz.picture_corpus import ValidPicture, draw_all
from fuzz.picture_mutation import mutate
from fuzz.worker import seeded
from humanrt.errors import InputError
from humanrt.imaging.animation import COUNTERS, decode_frames
from humanrt.imaging.decode import decode

COUNT = 2_000
SIDE = 4_000
MEMORY_LIMIT = 200_000_000
CPU_LIMIT_S = 1.0
"""Beyond what a valid picture of that many pixels costs."""

SIZES = ((0, 30), (40, 0), (65_535, 65_535), (SIDE, SIDE), (SIDE, SIDE + 1), (2**31 - 1, 1))
# Where the size is in the header of a format: the offset of the width, and the form of width and height.
SIZE_PLACES = {"PNG": (16, ">II"), "GIF": (6, "<HH"), "BMP": (18, "<ii"), "WebP": (26, "<HH")}


class Hostile(NamedTuple):
    """A hostile picture, and its name."""

    name: str
    data: bytes


def hostile_pictures(count: int = COUNT, side: int = SIDE, seed: int = 1) -> Iterator[Hostile]:
    """Return ``count`` pictures, the same for the same seed: bombs, wrong sizes and cuts, then flips and damage."""
    return islice(_all(draw_all(), side, seed), count)


def _all(pictures: list[ValidPicture], side: int, seed: int) -> Iterator[Hostile]:
    for name, draw in BOMBS.items():
        yield Hostile(name, draw(side))
    for valid in pictures:
        if valid.format in SIZE_PLACES:
            for width, height in SIZES:
                yield Hostile(f"{valid.kind}: {width} x {height}", _with_size(valid, width, height))
        for length in {len(valid.data) * part // 16 for part in range(1, 16)} | {len(valid.data) - 1, 4, 12, 30}:
            yield Hostile(f"{valid.kind}: the first {length} bytes", valid.data[:length])
    for case in range(sys.maxsize):
        valid = pictures[case % len(pictures)]
        choose = seeded(seed, case)
        if case // len(pictures) % 2:
            yield Hostile(f"{valid.kind}: damage {case}", mutate(valid, choose))
        else:
            flipped = bytearray(valid.data)
            for _ in range(1 + choose(8)):
                flipped[choose(len(flipped))] ^= 1 << choose(8)
            yield Hostile(f"{valid.kind}: flips {case}", bytes(flipped))


def _with_size(valid: ValidPicture, width: int, height: int) -> bytes:
    place, form = SIZE_PLACES[valid.format]
    damaged = bytearray(valid.data)
    largest = 2 ** (8 * struct.calcsize(form) // 2 - (1 if "i" in form else 0)) - 1
    struct.pack_into(form, damaged, place, min(width, largest), min(height, largest))
    if valid.format == "PNG":
        struct.pack_into(">I", damaged, 29, zlib.crc32(damaged[12:29]))
    return bytes(damaged)


# -- bombs: small files, or valid ones, that take much memory or time


def _png(header: tuple[int, ...], *chunks: tuple[bytes, bytes]) -> bytes:
    parts = [(b"IHDR", struct.pack(">IIBBBBB", *header)), *chunks, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in parts
    )


def _zeros(count: int) -> bytes:
    packer = zlib.compressobj(9)
    block = bytes(2**20)
    parts = [packer.compress(block) for _ in range(count >> 20)]
    return b"".join([*parts, packer.compress(bytes(count & (2**20 - 1))), packer.flush()])


def _flat(side: int, picture_format: str, mode: str = "RGB", **options: object) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (side, side)).save(file, picture_format, **options)
    return file.getvalue()


def _animated(picture_format: str, frames: int, side: int, **options: object) -> bytes:
    file = io.BytesIO()
    pictures = [Image.new("RGB", (side, side), (i % 256, 90, 30)) for i in range(2)] * (frames // 2)
    pictures[0].save(file, picture_format, save_all=True, append_images=pictures[1:], **options)
    return file.getvalue()


def _small(picture_format: str) -> bytes:
    return next(valid.data for valid in draw_all() if valid.format == picture_format)


def _jpeg_with_segments(count: int) -> bytes:
    data = _small("JPEG")
    segment = b"\xff\xe1" + struct.pack(">H", 65_535) + b"Exif\0\0" + bytes(65_527)
    return data[:2] + -(-count // len(segment)) * segment + data[2:]


def _jpeg_of_scans(side: int) -> bytes:
    data = _flat(side, "JPEG", progressive=True)
    scan = data.rindex(b"\xff\xda")
    return data[:scan] + 2_000 * data[scan:-2] + data[-2:]


def _gif_of_frames(count: int, side: int) -> bytes:
    head = b"GIF89a" + struct.pack("<HH", side, side) + bytes((0x80, 0, 0)) + bytes(6)
    return head + count * (b"," + bytes((0, 0, 0, 0, 1, 0, 1, 0, 0)) + b"\x02\x02\x44\x01\0") + b";"


def _gif_of_clear_codes(side: int) -> bytes:
    head = b"GIF89a" + struct.pack("<HH", side, side) + bytes((0x80, 0, 0)) + bytes(6)
    codes = b"\xff" + 85 * b"\x24\x49\x92"  # 680 times the code 4, of 3 bits
    return head + b"," + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\x02" + 4_000 * codes + b"\0;"


def _gif_of_blocks(count: int) -> bytes:
    head = b"GIF89a" + struct.pack("<HH", 64, 64) + bytes((0x80, 0, 0)) + bytes(6)
    return head + b"!\xfe" + count * b"\x01a" + b"\0" + _gif_of_frames(1, 64)[len(head) :]


def _webp_of_chunks(count: int) -> bytes:
    body = _animated("WEBP", 2, 64, lossless=True, method=0)[12:] + count * (b"abcd" + bytes(4))
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _tiff(width: int, height: int, compression: int, part: bytes, *shape: tuple[int, int]) -> bytes:
    """Return a grey TIFF all of whose strips or tiles are ``part``; ``shape`` are the tags of their size."""
    (rows, across) = (shape[-1][1], shape[0][1]) if len(shape) == 2 else (shape[0][1], width)
    count, is_tiled = -(-height // rows) * -(-width // across), len(shape) == 2
    places = 8 + len(part)
    entries = [(256, width), (257, height), (258, 8), (259, compression), (262, 1), (277, 1), *shape]
    tags: list[bytes] = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries]
    for tag, value, place in ((324, 8, places), (325, len(part), places + 4 * count)):
        packed = place if count > 1 else value
        tags.append(struct.pack("<HHII", tag if is_tiled else {324: 273, 325: 279}[tag], 4, count, packed))
    lists = count * struct.pack("<I", 8) + count * struct.pack("<I", len(part))
    tags.sort(key=_number)
    directory = struct.pack("<H", len(tags)) + b"".join(tags)
    return b"II*\0" + struct.pack("<I", places + len(lists)) + part + lists + directory + bytes(4)


def _number(tag: bytes) -> int:
    return int.from_bytes(tag[:2], "little")


def _tiff_of_scans(side: int) -> bytes:
    data = _flat(side, "JPEG", "L", progressive=True)
    scan = data.rindex(b"\xff\xda")
    return _tiff(side, side, 7, data[:scan] + 90 * data[scan:-2] + data[-2:], (278, side))


def _arithmetic_jpeg(side: int, scans: int, count: int) -> bytes:
    """Return a progressive JPEG with arithmetic coding, which decodes any data."""
    noise = np.random.default_rng(1).bytes(count).replace(b"\xff", b"\xfe")
    frame = b"\xff\xca" + struct.pack(">HBHHB", 11, 8, side, side, 1) + b"\x01\x11\0"
    scan = b"\xff\xda\0\x08\x01\x01\0"
    first = scan + bytes((0, 0, 0)) + noise
    others = scans * (scan + bytes((1, 63, 0)) + noise)
    return b"\xff\xd8\xff\xdb\0\x43\0" + 64 * b"\x01" + frame + first + others + b"\xff\xd9"


def _noise(side: int, picture_format: str, channels: int = 3, **options: object) -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (side, side, channels), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels if channels > 1 else pixels[..., 0]).save(file, picture_format, **options)
    return file.getvalue()


BOMBS: dict[str, Callable[[int], bytes]] = {
    "PNG grey": lambda side: _png((side, side, 8, 0, 0, 0, 0), (b"IDAT", _zeros(side * (side + 1)))),
    "PNG of 16 bit and alpha": lambda side: _png(
        (side, side, 16, 6, 0, 0, 0), (b"IDAT", _zeros(side * (8 * side + 1)))
    ),
    "PNG interlaced": lambda side: _png((side, side, 16, 6, 0, 0, 1), (b"IDAT", _zeros(side * (8 * side + 8)))),
    "PNG of 2**31 x 1": lambda side: _png((2**31 - 1, 1, 1, 0, 0, 0, 0), (b"IDAT", _zeros(16 * side * side))),
    "PNG with too many rows": lambda side: _png((40, 30, 8, 2, 0, 0, 0), (b"IDAT", _zeros(32 * side * side))),
    "PNG with a huge profile": lambda side: _png(
        (1, 1, 8, 0, 0, 0, 0), (b"iCCP", b"p\0\0" + _zeros(16 * side * side)), (b"IDAT", _zeros(2))
    ),
    "PNG with a huge comment": lambda side: _png(
        (1, 1, 8, 0, 0, 0, 0), (b"zTXt", b"p\0\0" + _zeros(16 * side * side)), (b"IDAT", _zeros(2))
    ),
    "PNG with huge EXIF": lambda side: _png(
        (1, 1, 8, 0, 0, 0, 0), (b"eXIf", bytes(3 * side * side)), (b"IDAT", _zeros(2))
    ),
    "PNG of 1,000 packed texts": lambda side: _png(
        (1, 1, 8, 0, 0, 0, 0), *1_000 * [(b"zTXt", b"p\0\0" + _zeros(side * side // 2))], (b"IDAT", _zeros(2))
    ),
    "PNG of 1,000 packed international texts": lambda side: _png(
        (1, 1, 8, 0, 0, 0, 0), *1_000 * [(b"iTXt", b"p\0\1\0\0\0" + _zeros(side * side // 2))], (b"IDAT", _zeros(2))
    ),
    "PNG animated, of 16 megapixels": lambda side: _animated("PNG", 4, side),
    "JPEG flat": lambda side: _flat(side, "JPEG"),
    "JPEG progressive": lambda side: _flat(side, "JPEG", progressive=True, subsampling=0),
    "JPEG CMYK": lambda side: _flat(side, "JPEG", "CMYK"),
    "JPEG with much EXIF": lambda side: _jpeg_with_segments(2**26 // (SIDE // side) ** 2),
    "JPEG of 2,000 scans": _jpeg_of_scans,
    "JPEG arithmetic, of 40 scans with data": lambda side: _arithmetic_jpeg(side, 40, side * side // 50),
    "JPEG arithmetic, of 90 scans": lambda side: _arithmetic_jpeg(side, 90, 10),
    "WebP of 5 million chunks": lambda side: _webp_of_chunks(5_000_000 // (SIDE // side) ** 2),
    "WebP lossless noise": lambda side: _noise(side, "WEBP", lossless=True, method=0),
    "WebP lossless": lambda side: _flat(side, "WEBP", lossless=True),
    "WebP with alpha": lambda side: _flat(side, "WEBP", "RGBA"),
    "WebP animated, of 16 megapixels": lambda side: _animated("WEBP", 4, side, lossless=True, method=0),
    "WebP of 2,000 frames": lambda side: _animated("WEBP", 2_000, 64, lossless=True, method=0, kmax=1),
    "GIF flat": lambda side: _flat(side, "GIF", "P"),
    "GIF of 50,000 frames": lambda side: _gif_of_frames(50_000, 64),
    "GIF of 16 megapixels and 1,000 frames": lambda side: _gif_of_frames(1_000, side),
    "GIF of clear codes": _gif_of_clear_codes,
    "GIF of 100 million blocks": lambda side: _gif_of_blocks(100_000_000 // (SIDE // side) ** 2),
    "BMP": lambda side: _flat(side, "BMP"),
    "TIFF deflate": lambda side: _flat(side, "TIFF", "RGBA", compression="tiff_adobe_deflate"),
    "TIFF LZW of CMYK": lambda side: _flat(side, "TIFF", "CMYK", compression="tiff_lzw"),
    "TIFF of a million strips": lambda side: _tiff(15, 2**20, 8, zlib.compress(bytes(15)), (278, 1)),
    "TIFF of small tiles": lambda side: _tiff(side, side, 8, zlib.compress(bytes(256)), (322, 16), (323, 16)),
    "TIFF of a JPEG of 90 scans": _tiff_of_scans,
    "AVIF film grain": lambda side: _noise(side // 2, "AVIF", speed=10, quality=50, advanced={"film-grain-test": "1"}),
    "AVIF": lambda side: _flat(side, "AVIF", speed=10),
}


# -- measuring


class Spent(NamedTuple):
    """The memory and the CPU time that one picture took, and its outcome."""

    memory: int
    cpu_s: float
    outcome: str


def measure(read: Callable[[], object]) -> Spent:
    """Read a picture and return what it took."""
    before = _reset_peak()
    start = time.process_time()
    outcome = "read"
    try:
        read()
    except InputError:
        outcome = "refused"
    except Exception as error:  # noqa: BLE001 - a finding
        outcome = f"{type(error).__name__}: {error}"
    return Spent(_peak() - before, time.process_time() - start, outcome)


def _reset_peak() -> int:
    """Set the peak of this process's memory to what it has now, and return this."""
    Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def valid_cost(side: int) -> float:
    """Return the CPU seconds of the most expensive valid picture of ``side`` squared."""
    rng = np.random.default_rng(1)
    small = rng.integers(0, 256, (side // 8, side // 8, 3), np.uint8)
    picture = Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)
    costs = []
    for picture_format, options in (("JPEG", {"progressive": True}), ("PNG", {"compress_level": 1}), ("WEBP", {})):
        file = io.BytesIO()
        picture.save(file, picture_format, **options)
        data = file.getvalue()
        costs.append(measure(lambda data=data: decode(data, max_pixels=side * side)).cpu_s)  # type: ignore[misc]
    return max(costs)


def findings(count: int, side: int) -> Iterator[tuple[str, Spent]]:
    """Yield the name and the cost of each reading."""
    for name, data in hostile_pictures(count, side):
        yield name, measure(lambda data=data: decode(data, max_pixels=side * side))  # type: ignore[misc]
        if name.partition(" ")[0].rstrip(":") in COUNTERS:
            yield (
                f"{name}, its frames",
                measure(lambda data=data: decode_frames(data, max_pixels=side * side)),  # type: ignore[misc]
            )


def main() -> int:
    """Print the largest costs; return 1 if a limit is exceeded."""
    count, side = (*map(int, sys.argv[1:]), *(COUNT, SIDE)[len(sys.argv) - 1 :])
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for valid in draw_all():
        decode(valid.data, max_pixels=side * side)  # imports are not part of a case
    limit_s = CPU_LIMIT_S + valid_cost(side)
    all_spent = list(findings(count, side))
    bad = [
        (name, spent)
        for name, spent in all_spent
        if spent.memory > MEMORY_LIMIT or spent.cpu_s > limit_s or spent.outcome not in ("read", "refused")
    ]
    largest = max(all_spent, key=lambda item: item[1].memory)
    longest = max(all_spent, key=lambda item: item[1].cpu_s)
    refused = sum(spent.outcome == "refused" for _, spent in all_spent)
    print(f"{len(all_spent)} readings of {count} pictures, {refused} refused")
    print(f"most memory: {largest[1].memory / 1e6:.0f} MB, limit {MEMORY_LIMIT / 1e6:.0f} MB: {largest[0]}")
    print(f"most CPU time: {longest[1].cpu_s:.2f} s, limit {limit_s:.2f} s: {longest[0]}")
    for name, spent in bad:
        print(f"FAILED {name}: {spent.memory / 1e6:.0f} MB, {spent.cpu_s:.2f} s, {spent.outcome}")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
