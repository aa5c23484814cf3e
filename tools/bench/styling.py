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
from humanrt.config import OilConfig, StyleConfig
from humanrt.imaging.decode import decode
from humanrt.imaging.styles import STYLES, apply_style

CONCURRENCY = 3
ALL = "all"
"""In place of a style: all four, ``CONCURRENCY`` at once."""

Picture = NDArray[Any]

LEVELS = OilConfig().levels
LIGHT = np.array([[-1, -1, 0], [-1, 0, 1], [0, 1, 1]], np.float32)


def naive_oil(picture: Picture) -> Picture:
    """Return the oil painting of ``humanrt`` computed plainly: whole frames of float32, of which three are live."""
    unit = float(np.sqrt(picture.shape[0] * picture.shape[1]) / 1000)
    size = 2 * round(6 * unit) + 1
    level = cv2.blur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (3, 3)) // (256 // LEVELS)
    painted, counts = np.zeros(picture.shape, np.float32), np.zeros(level.shape, np.float32)
    for one in range(LEVELS):
        mask = (level == one).astype(np.float32)
        count = cv2.stackBlur(mask, (size, size))
        weight = count**3
        counts += count * weight
        near = cv2.stackBlur(picture * mask[..., None], (size, size))
        near *= weight[..., None]
        painted += near
        del near
    painted /= np.maximum(counts, 1e-9)[..., None]
    del counts, mask, count, weight
    flow_x, flow_y = _tangents(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), 4 * unit)
    painted = _smeared(painted, flow_x, flow_y, 10 * unit, 3)
    noise = np.random.default_rng(1).standard_normal(picture.shape[:2]).astype(np.float32)
    bristles = _smeared(cv2.GaussianBlur(noise, (0, 0), 1.1 * unit), flow_x, flow_y, 16 * unit, 5)
    del flow_x, flow_y, noise
    grey = cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY)
    light = cv2.filter2D(grey * 0.12 + bristles * (16 / bristles.std()), -1, LIGHT) * 0.45
    painted *= 1.25
    painted += (np.clip(light, -36, 44) - 0.25 * grey)[..., None]
    return np.clip(painted, 0, 255, out=painted).astype(np.uint8)


def _tangents(luminance: Picture, sigma: float) -> tuple[Picture, Picture]:
    dx, dy = cv2.Sobel(luminance, cv2.CV_32F, 1, 0), cv2.Sobel(luminance, cv2.CV_32F, 0, 1)
    even = cv2.GaussianBlur(dx * dx - dy * dy, (0, 0), sigma)
    odd = cv2.GaussianBlur(2 * dx * dy, (0, 0), sigma)
    angle = np.arctan2(odd, even) / 2
    return -np.sin(angle), np.cos(angle)


def _smeared(frame: Picture, flow_x: Picture, flow_y: Picture, reach: float, steps: int) -> Picture:
    columns = np.arange(frame.shape[1], dtype=np.float32)
    rows = np.arange(frame.shape[0], dtype=np.float32)[:, None]
    total = np.zeros_like(frame)
    for step in range(-steps, steps):
        distance = np.float32(reach * (step + 0.5) / steps)
        total += cv2.remap(frame, columns + distance * flow_x, rows + distance * flow_y, cv2.INTER_LINEAR)
    return total / np.float32(2 * steps)


NAIVE: dict[str, Callable[[Picture], object]] = {
    "sketch": cv2.pencilSketch,
    "pencil": cv2.pencilSketch,
    "oil": naive_oil,
    "watercolor": cv2.stylization,
}
"""The style in one call of OpenCV on the whole frame, where it has one."""


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
