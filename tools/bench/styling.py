"""One style in a process of its own: decoding, styling, and what they took. Started by ``bench.images``.

The memory is the largest resident set while the picture is decoded and styled, above that of the process before, which
has imported everything and read the encoded file. Linux counts it, and forgets the earlier largest one on demand.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.memory import megabytes
from humanrt.config import StyleConfig
from humanrt.imaging.decode import decode
from humanrt.imaging.styles import STYLES, apply_style

CONCURRENCY = 3
ALL = "all"
"""In place of a style: all four, ``CONCURRENCY`` at once."""

Picture = NDArray[Any]


def naive_oil(picture: Picture, radius: int, levels: int) -> Picture:
    """Return the oil painting of OpenCV's module xphoto on whole frames of float32, of which three are live."""
    level = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.int32) * levels // 256
    most = np.zeros(level.shape, np.float32)
    result = np.zeros(picture.shape, np.float32)
    size = (2 * radius + 1, 2 * radius + 1)
    for one in range(levels):
        mask = (level == one).astype(np.float32)
        colors = cv2.boxFilter(picture * mask[..., None], cv2.CV_32F, size, normalize=False)
        count = cv2.boxFilter(mask, cv2.CV_32F, size, normalize=False)
        more = count > most
        most[more] = count[more]
        result[more] = colors[more] / count[more][:, None]
        del colors
    return result.astype(np.uint8)


def _oil(picture: Picture) -> Picture:
    unit = float(np.sqrt(picture.shape[0] * picture.shape[1]) / 1000)
    return naive_oil(picture, round(6 * unit), 20)


NAIVE: dict[str, Callable[[Picture], object]] = {
    "sketch": cv2.pencilSketch,
    "pencil": cv2.pencilSketch,
    "oil": _oil,
    "watercolor": cv2.stylization,
}
"""The style in one call of OpenCV on the whole frame, where it has one; ``naive_oil`` has its 20 levels, its usual."""


def ours(name: str, fast: bool) -> Callable[[Picture], object]:
    """Return the style as the engine applies it."""
    config = StyleConfig().merge({"name": name, "fast": fast})
    return lambda picture: apply_style(picture, config)


def measure(form: str, name: str, path: Path) -> dict[str, float]:
    """Return ``megabytes``, ``cpu`` and ``wall``, in seconds, of ``form``: "ours", "fast" or "naive"."""
    names = list(STYLES) if name == ALL else [name]
    works = [NAIVE[each] if form == "naive" else ours(each, form == "fast") for each in names]
    small = np.zeros((64, 64, 3), np.uint8)
    for work in works:
        work(small)  # what is imported, and allocated once, at the first call
    data = path.read_bytes()
    with ThreadPoolExecutor(CONCURRENCY if name == ALL else 1) as pool:
        list(pool.map(abs, range(2 * CONCURRENCY)))  # starts the threads

        def one(work: Callable[[Picture], object]) -> None:
            work(decode(data, max_pixels=2**28))

        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        before, wall, cpu = megabytes("VmRSS"), time.perf_counter(), time.process_time()
        list(pool.map(one, works))
        spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    return {"megabytes": megabytes("VmHWM") - before, **spent}


if __name__ == "__main__":
    cv2.setNumThreads(1)
    print(json.dumps(measure(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))
