"""The growth of a process that runs pictures through all styles and filters: for ``tools/bench/images --growth``."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from humanrt import Engine
from humanrt.imaging.encode import encode
from humanrt.imaging.styles import STYLES
from humanrt.runtime.heap import return_memory
from humanrt.tensors import Tensor

FILTERS: tuple[Mapping[str, Any], ...] = (
    *({name: 0.3} for name in ("brightness", "contrast", "sharpness", "saturation")),
    {"blur": 3},
    {"hue": 30},
    {"pixelate": 8},
    {"width": 96, "height": 64},
    *({name: True} for name in ("negative", "sepia", "vintage", "kodachrome", "technicolor", "polaroid", "flip")),
    {"auto_brightness": True},
    {"equalization": True},
)
WARM_UP = 10
LIMIT_KB = 10.0
SIDES = (64, 400)


def resident_kb() -> int:
    """Return the resident memory of this process. Linux only."""
    return int(Path("/proc/self/status").read_text(encoding="ascii").split("VmRSS:")[1].split()[0])


async def grow(pictures: int, *, is_random: bool) -> tuple[float, int]:
    """Return the slope of the memory in KB a picture after the tenth, and the tensors that are left.

    Each picture is decoded from a JPEG, of random sizes or of one, and goes through all effects in random order. With
    random sizes the C library returns its freed memory before each reading: it keeps that in pieces, of which the next
    picture fits few, so that it grows by 15 to 26 KB a picture for some hundreds of them, whatever is leaked.
    """
    choose, values = random.Random(1), np.random.default_rng(1)  # noqa: S311 - the same pictures in each run
    readings = []
    async with Engine("cpu") as engine:
        styles = [partial(engine.style, style=style) for style in STYLES]
        effects: list[Callable[[Tensor], Awaitable[Tensor]]] = [
            *styles,
            *(partial(engine.filter, **each) for each in FILTERS),
        ]
        for _ in range(pictures):
            height, width = (choose.randrange(*SIDES) if is_random else SIDES[1] // 2 for _ in range(2))
            data = encode(values.integers(0, 256, (height, width, 3), np.uint8), ".jpeg", 90)
            with await engine.decode_image(data) as picture:
                for effect in choose.sample(effects, len(effects)):
                    (await effect(picture)).dispose()
            if is_random:
                return_memory()
            readings.append(resident_kb())
        left = engine.memory().num_tensors
    after = readings[WARM_UP:]
    return float(np.polyfit(np.arange(len(after)), after, 1)[0]), left


def report(pictures: int) -> bool:
    """Print the growth with pictures of one size and of random sizes; return whether the limit is kept."""
    kept = True
    for is_random in (False, True):
        slope, left = asyncio.run(grow(pictures, is_random=is_random))
        kept &= slope < LIMIT_KB and not left
        sizes = "random sizes, freed memory returned" if is_random else "one size"
        print(f"{pictures} pictures of {sizes}: {slope:.1f} KB a picture, {left} tensors left", flush=True)
    print(f"Limits: {LIMIT_KB:g} KB a picture, no tensor: {'kept' if kept else 'exceeded'}.")
    return kept
