"""A face's crop, and what the models that describe a face have in common."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceConfig
from humanrt.imaging import crop, resize
from humanrt.vision.family import Family
from humanrt.vision.model import InputForm

# [n, h, w, 3], 0..255: the faces of one picture, upright
Crops: TypeAlias = NDArray[np.uint8] | NDArray[np.float32]
Floats: TypeAlias = NDArray[np.float32]
Said: TypeAlias = dict[str, Any]  # what a model says of one face, as fields of Face

# Human's weights of red, green and blue.
LUMINANCE = np.array([[0.2989], [0.5870], [0.1140]], np.float32)


class FaceTask(Family, Protocol):
    """A family of models that look at the crops of faces; a module of this folder, or an object."""

    def prepare(self, crops: Crops, form: InputForm, settings: FaceConfig) -> Floats:
        """Make the model's input, [n, *form], of all faces' crops."""

    def decode(self, rows: Sequence[Floats], settings: FaceConfig, *, quirks: bool) -> Said:
        """Read one face's row of each output; ``quirks`` rounds as Human does."""


def resized(crops: Crops, form: InputForm, margin: float = 0.0) -> Floats:
    """Scale crops to a model's input, float32 [n, height, width, 3], 0..1.

    ``margin`` cuts that part of the width and height off each side first: the ``crop`` of Human's configuration.
    """
    if margin:
        return cropped(crops, form, (margin, margin, 1 - margin, 1 - margin))
    return _unit([resize(face, form.height, form.width)[0] for face in crops])


def cropped(crops: Crops, form: InputForm, part: tuple[float, float, float, float]) -> Floats:
    """As ``resized``, for the part of a crop that is given by left, top, right, bottom, 0..1."""
    height, width = crops.shape[1:3]
    left, top, right, bottom = part
    box = (left * width, top * height, right * width, bottom * height)
    return _unit([crop(face, box, form.height, form.width)[0] for face in crops])


def gray(pixels: Floats) -> Floats:
    """Mix the channels of [n, h, w, 3] to one, [n, h, w, 1]."""
    return pixels @ LUMINANCE


def _unit(faces: Sequence[NDArray[Any]]) -> Floats:
    return np.stack(faces).astype(np.float32) * np.float32(1 / 255)
