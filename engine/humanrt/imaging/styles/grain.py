"""Textures of paper and strokes: noise of a fixed seed, periodic, so that one small array covers any picture."""

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.styles.pixels import Map, Part

# A texture has mean 0 and standard deviation 1; it is kept as int8, in units of 1/STEPS.
Texture = NDArray[np.int8]
STEPS = 32
PERIOD = 768


def grain(sigma: float, seed: int) -> Texture:
    """Return noise, int8 [768, 768], blurred by ``sigma`` pixels."""
    cv2 = load_cv2()
    # Wide blurs are computed at a reduced size, which is a power of two: the result is periodic, too.
    reduction = 1
    while 4 * reduction <= sigma:
        reduction *= 2
    noise = _noise(PERIOD // reduction, seed)
    margin = int(4 * sigma / reduction) + 2
    blurred = cv2.GaussianBlur(np.pad(noise, margin, mode="wrap"), (0, 0), sigma / reduction)
    side = blurred.shape[0] * reduction
    return _texture(cv2.resize(blurred, (side, side), interpolation=cv2.INTER_CUBIC), margin * reduction)


def hatching(angle: float, length: float, width: float, seed: int) -> Texture:
    """Return noise, int8 [768, 768], as strokes of an angle in degrees, a length and a width in pixels."""
    cv2 = load_cv2()
    reach = int(length / 2) + 2
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    along, across = columns * cosine + rows * sine, rows * cosine - columns * sine
    kernel = np.exp(-0.5 * (across / width) ** 2) * np.clip(length / 2 - np.abs(along), 0, 1)
    noise = np.pad(_noise(PERIOD, seed), reach, mode="wrap")
    return _texture(cv2.filter2D(noise, -1, kernel.astype(np.float32)), reach)


def window_of(texture: Texture, top: int, left: int, part: Part) -> Map:
    """Return the endless texture in a part of a window at a place, float32 [h, w], mean 0, standard deviation 1."""
    rows = np.arange(top + part.top, top + part.bottom) % PERIOD
    columns = np.arange(left + part.left, left + part.right) % PERIOD
    return texture[rows[:, None], columns] * np.float32(1 / STEPS)


def _noise(side: int, seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((side, side), np.float32)


def _texture(noise: NDArray[np.float32], margin: int) -> Texture:
    inner = noise[margin:-margin, margin:-margin]
    inner -= inner.mean()
    inner *= STEPS / inner.std()
    return np.clip(inner, -127, 127).astype(np.int8)
