"""Filters that change each pixel by itself. Matrices and formulas are those of Human's ``src/image/imagefx.ts``.

Values are 0..255. A filter writes to the picture that it is given. Every filter rounds to 8 bits, as the textures of
Human's passes do.
"""

from collections.abc import Mapping
from math import cos, radians, sin
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging.filters.strips import Picture, Stopped, store, strips
from humanrt.imaging.opencv import load_cv2

Matrix: TypeAlias = NDArray[np.float32]
"""Float32 [3, 4]: maps (red, green, blue, 1) to the new colour."""

MATRICES: Mapping[str, tuple[tuple[float, float, float, float], ...]] = {
    "sepia": (
        (0.393, 0.7689999, 0.18899999, 0),
        (0.349, 0.6859999, 0.16799999, 0),
        (0.272, 0.5339999, 0.13099999, 0),
    ),
    "vintage": (  # Human: brownie
        (0.5997023498159715, 0.34553243048391263, -0.2708298674538042, 47.43192855600873),
        (-0.037703249837783157, 0.8609577587992641, 0.15059552388459913, -36.96841498319127),
        (0.24113635128153335, -0.07441037908422492, 0.44972182064877153, -7.562075277591283),
    ),
    "kodachrome": (
        (1.1285582396593525, -0.3967382283601348, -0.03992559172921793, 63.72958762196502),
        (-0.16404339962244616, 1.0835251566291304, -0.05498805115633132, 24.732407896706203),
        (-0.16786010706155763, -0.5603416277695248, 1.6014850761964943, 35.62982807460946),
    ),
    "technicolor": (
        (1.9125277891456083, -0.8545344976951645, -0.09155508482755585, 11.793603434377337),
        (-0.3087833385928097, 1.7658908555458428, -0.10601743074722245, -70.35205161461398),
        (-0.231103377548616, -0.7501899197440212, 1.847597816108189, 30.950940869491138),
    ),
    "polaroid": (
        (1.438, -0.062, -0.062, 0),
        (-0.122, 1.378, -0.122, 0),
        (-0.016, -0.016, 1.483, 0),
    ),
}
"""The colour matrices without a parameter; the fourth column is added."""

LUMINANCE = np.array([0.213, 0.715, 0.072])


def named(name: str) -> Matrix:
    """Return one of ``MATRICES``."""
    return np.array(MATRICES[name], np.float32)


def saturation(amount: float) -> Matrix:
    """Return the matrix of a change of saturation, -1 to 1."""
    own = amount * 2 / 3 + 1
    other = -0.5 * (own - 1)
    matrix = np.full((3, 4), other, np.float32)
    np.fill_diagonal(matrix, own)
    matrix[:, 3] = 0
    return matrix


def hue(degrees: float) -> Matrix:
    """Return the matrix of a rotation of the hue, which keeps the luminance nearly."""
    cosine, sine = cos(radians(degrees)), sin(radians(degrees))
    red, green, blue = LUMINANCE
    turn = np.array([[-red, -green, 1 - blue], [0.143, 0.140, -0.283], [red - 1, green, blue]])
    matrix = np.zeros((3, 4), np.float32)
    matrix[:, :3] = LUMINANCE + cosine * (np.eye(3) - LUMINANCE) + sine * turn
    return matrix


def apply_matrix(picture: Picture, matrix: Matrix, stopped: Stopped) -> None:
    """Apply a colour matrix to each pixel."""
    cv2 = load_cv2()
    height, width = picture.shape[:2]
    for rows in strips(height, width, stopped):
        store(cv2.transform(picture[rows].astype(np.float32), matrix), picture[rows])


def apply_table(picture: Picture, factor: float, offset: float, stopped: Stopped) -> None:
    """Replace each value v by ``factor * v + offset``."""
    values = np.clip(np.rint(np.arange(256) * factor + offset), 0, 255).astype(np.uint8)
    apply_tables(picture, values[np.newaxis, :, np.newaxis].repeat(3, axis=2), stopped)


def apply_tables(picture: Picture, tables: NDArray[np.uint8], stopped: Stopped) -> None:
    """Replace the values of each channel by those of its table; ``tables`` is uint8 [1, 256, 3]."""
    cv2 = load_cv2()
    height, width = picture.shape[:2]
    for rows in strips(height, width, stopped):
        picture[rows] = cv2.LUT(picture[rows], tables)


def extremes(picture: Picture, stopped: Stopped) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the smallest and the largest value of each channel, uint8 [3] each."""
    height, width = picture.shape[:2]
    low, high = np.full(3 * width, 255, np.uint8), np.zeros(3 * width, np.uint8)
    for rows in strips(height, width, stopped):
        values = picture[rows].reshape(-1, 3 * width)  # by columns: NumPy reduces long rows fast, and three values not
        np.minimum(low, values.min(axis=0), out=low)
        np.maximum(high, values.max(axis=0), out=high)
    return low.reshape(width, 3).min(axis=0), high.reshape(width, 3).max(axis=0)


def equalize(picture: Picture, stopped: Stopped) -> None:
    """Stretch the values, as ``src/image/enhance.ts``: what Human names the equalisation of the histogram.

    The smallest value of each channel is subtracted from it, and all are multiplied by 255 over the largest value of
    the three channels. A picture whose largest value is 255, 1 or 0 stays as it is.
    """
    low, high = extremes(picture, stopped)
    largest = int(high.max())
    if largest in (0, 1, 255):
        return
    values = np.arange(256)[:, np.newaxis] - low.astype(np.int64)
    tables = np.clip(np.rint(values * (255 / largest)), 0, 255).astype(np.uint8)
    apply_tables(picture, tables[np.newaxis], stopped)
