"""The size of the frames in AV1 data.

The container of AVIF states a size beside the data, and the decoder allocates its frames for the size in the data.
Source: the AV1 bitstream specification, sections 5.3 (OBU header), 5.5 (sequence header) and 5.9.2 (frame header).
"""

from collections.abc import Iterator
from typing import NamedTuple

from humanrt.errors import InputError

SEQUENCE_HEADER, FRAME_HEADER, FRAME = 1, 3, 6

# A picture has one frame, or one for each layer. A file made to keep the decoder busy has thousands that are not shown.
MAX_FRAMES = 16
MAX_UNITS = 10_000

KEY_FRAME, SWITCH_FRAME = 0, 3
CHOSEN_BY_FRAME = 2


class Frames(NamedTuple):
    """The frames of some AV1 data: how many, and the pixels of the largest."""

    number: int
    pixels: int


class _Sequence(NamedTuple):
    """What the frame headers depend on."""

    is_still: bool  # with the short frame header, which cannot state another size
    pixels: int
    largest_pixels: int  # the largest that a frame can state
    timing_bits: int
    id_bits: int
    screen_content: int
    integer_vectors: int


class _Bits:
    """Reads numbers of any count of bits, the first bit first. Raises ``IndexError`` at the end."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def read(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise IndexError
        return self._value >> self._left & ((1 << count) - 1)

    def flag(self) -> bool:
        return self.read(1) == 1

    def skip_variable(self) -> None:
        """Skip a number in the code that the specification calls uvlc."""
        zeros = 0
        while not self.flag():
            zeros += 1
        if zeros < 32:
            self.read(zeros)


def read_frames(data: bytes) -> Frames:
    """Count and measure the frames.

    Raises ``InputError`` if there are too many or if none has a sequence header before it, ``IndexError`` if the data
    are truncated.
    """
    sequence: _Sequence | None = None
    count = pixels = 0
    for kind, start, end in _units(data):
        head = data[start : min(end, start + 256)]  # longer than the longest part that is read
        if kind == SEQUENCE_HEADER:
            sequence = _read_sequence(_Bits(head))
        elif kind in (FRAME_HEADER, FRAME):
            if sequence is None:
                raise InputError("the AVIF picture is damaged: a frame comes before its sequence header")
            count += 1
            pixels = max(pixels, _frame_pixels(_Bits(head), sequence))
            if count > MAX_FRAMES:
                raise InputError(f"the AVIF picture has more than {MAX_FRAMES} frames")
    if not count:
        raise InputError("the AVIF picture is damaged: it has no frame")
    return Frames(count, pixels)


def _units(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the type of each unit (OBU), and where its content starts and ends."""
    position = 0
    for _ in range(MAX_UNITS):
        if position >= len(data):
            return
        head = data[position]
        position += 2 if head & 4 else 1
        length = len(data) - position
        if head & 2:
            length = 0
            for i in range(8):
                byte = data[position]
                position += 1
                length |= (byte & 0x7F) << (7 * i)
                if byte < 0x80:
                    break
        if length > len(data) - position:
            raise IndexError
        yield head >> 3 & 15, position, position + length
        position += length
    raise InputError(f"the AVIF picture has more than {MAX_UNITS:,} units (OBU)")


def _read_sequence(bits: _Bits) -> _Sequence:
    bits.read(4)  # profile, still picture
    is_still = bits.flag()
    timing_bits = 0
    if is_still:
        bits.read(5)  # level
    else:
        timing_bits = _skip_operating_points(bits)
    width_bits, height_bits = bits.read(4) + 1, bits.read(4) + 1
    pixels = (bits.read(width_bits) + 1) * (bits.read(height_bits) + 1)
    id_bits, screen_content, integer_vectors = 0, CHOSEN_BY_FRAME, CHOSEN_BY_FRAME
    if not is_still:
        if bits.flag():
            id_bits = bits.read(4) + 2
            id_bits += bits.read(3) + 1
        bits.read(7)  # 128 x 128 blocks, intra filter, intra edges, inter-intra, masks, warped motion, dual filter
        if bits.flag():  # order hints
            bits.read(2)
        screen_content = CHOSEN_BY_FRAME if bits.flag() else bits.read(1)
        if screen_content:
            integer_vectors = CHOSEN_BY_FRAME if bits.flag() else bits.read(1)
    largest = 1 << (width_bits + height_bits)
    return _Sequence(is_still, pixels, largest, timing_bits, id_bits, screen_content, integer_vectors)


def _skip_operating_points(bits: _Bits) -> int:
    """Skip timing and operating points; return the bits of a frame's presentation time, 0 if it has none."""
    timing_bits = delay_bits = 0
    has_model = False
    if bits.flag():
        bits.read(64)
        is_equal = bits.flag()
        if is_equal:
            bits.skip_variable()
        has_model = bits.flag()
        if has_model:
            delay_bits = bits.read(5) + 1
            bits.read(37)
            time_bits = bits.read(5) + 1
            timing_bits = 0 if is_equal else time_bits
    has_delays = bits.flag()
    for _ in range(bits.read(5) + 1):
        bits.read(12)
        if bits.read(5) > 7:
            bits.read(1)
        if has_model and bits.flag():
            bits.read(2 * delay_bits + 1)
        if has_delays and bits.flag():
            bits.read(4)
    return timing_bits


def _frame_pixels(bits: _Bits, sequence: _Sequence) -> int:
    """Return the pixels of a frame: those of its sequence, unless its header states another size."""
    if sequence.is_still or bits.flag():  # a frame that was decoded before is shown
        return sequence.pixels
    kind = bits.read(2)
    is_shown = bits.flag()
    if is_shown:
        bits.read(sequence.timing_bits)
    else:
        bits.read(1)
    if kind != SWITCH_FRAME and not (kind == KEY_FRAME and is_shown):
        bits.read(1)  # error resilience
    bits.read(1)
    uses_tools = bits.flag() if sequence.screen_content == CHOSEN_BY_FRAME else sequence.screen_content
    if uses_tools and sequence.integer_vectors == CHOSEN_BY_FRAME:
        bits.read(1)
    bits.read(sequence.id_bits)
    states_size = kind == SWITCH_FRAME or bits.flag()
    return sequence.largest_pixels if states_size else sequence.pixels
