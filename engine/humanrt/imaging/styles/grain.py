"""Textures of paper and strokes: noise of a fixed seed, periodic, so that one small array covers any picture."""

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging.opencv import load_cv2

PERIOD = 1024


def grain(sigma: float, seed: int) -> NDArray[np.float32]:
    """Return noise, float32 [1024, 1024], of mean 0 and standard deviation 1, blurred by ``sigma`` pixels."""
    cv2 = load_cv2()
    noise = np.random.default_rng(seed).standard_normal((PERIOD, PERIOD), np.float32)
    return _normal(cv2.GaussianBlur(_wrapped(noise, margin := int(4 * sigma) + 1), (0, 0), sigma), margin)


def hatching(angle: float, length: float, width: float, seed: int) -> NDArray[np.float32]:
    """Return noise as from ``grain()``, smeared to strokes of an angle in degrees, a length and a width in pixels."""
    cv2 = load_cv2()
    reach = int(length / 2) + 2
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    along, across = columns * cosine + rows * sine, rows * cosine - columns * sine
    kernel = np.exp(-0.5 * (across / width) ** 2) * np.clip(length / 2 - np.abs(along), 0, 1)
    noise = np.random.default_rng(seed).standard_normal((PERIOD, PERIOD), np.float32)
    return _normal(cv2.filter2D(_wrapped(noise, reach), -1, kernel.astype(np.float32)), reach)


def window_of(texture: NDArray[np.float32], top: int, left: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the part of the endless texture at a place, float32 [h, w]."""
    rows = np.arange(top, top + shape[0]) % PERIOD
    columns = np.arange(left, left + shape[1]) % PERIOD
    return texture[rows[:, None], columns]


def _wrapped(noise: NDArray[np.float32], margin: int) -> NDArray[np.float32]:
    return np.pad(noise, margin, mode="wrap")


def _normal(noise: NDArray[np.float32], margin: int) -> NDArray[np.float32]:
    inner = noise[margin:-margin, margin:-margin]
    return (inner - inner.mean()) / inner.std()
