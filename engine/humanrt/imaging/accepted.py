"""What is accepted as a picture."""

import os
from typing import Any, Protocol, TypeAlias, runtime_checkable

from numpy.typing import NDArray

from humanrt.imaging.header import ACCEPTED_FORMATS
from humanrt.tensors import Tensor

ACCEPTED_SOURCES = (
    f"accepted are the path, the bytes or an open binary file of a picture ({ACCEPTED_FORMATS}), a data URL, a PIL "
    "image, and an array or Tensor of shape [h, w], [h, w, 1 | 3 | 4] or [1, h, w, 1 | 3 | 4] with values from 0 to 255"
)


@runtime_checkable
class BinaryFile(Protocol):
    """The part of an open file that is used."""

    def read(self, size: int, /) -> object:
        """Return at most ``size`` bytes, and none at the end."""


class PilImage(Protocol):
    """The part of a PIL image that is used. Naming the class would import PIL."""

    @property
    def mode(self) -> str:
        """The layout of the pixels, such as "RGB" or "P"."""

    @property
    def width(self) -> int:
        """Pixels in a row."""

    @property
    def height(self) -> int:
        """Rows."""


@runtime_checkable
class ArrayLike(Protocol):
    """An array of another library, which NumPy can convert."""

    def __array__(self) -> NDArray[Any]:
        """Return the array."""


@runtime_checkable
class DLPackArray(Protocol):
    """An array of another library, which exports it by DLPack."""

    def __dlpack__(self) -> object:
        """Return the capsule."""

    def __dlpack_device__(self) -> tuple[int, int]:
        """Return type and number of the device."""


PictureSource: TypeAlias = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | BinaryFile
    | PilImage
    | NDArray[Any]
    | ArrayLike
    | DLPackArray
    | Tensor
)
