"""Where the memory of a picture is counted before it is allocated.

Whoever limits the memory of many pictures gives ``read_into()`` a ``Room``. Its methods are called with what is about
to be allocated, on the thread that reads. If there is no room now, they raise ``NoRoom``, which ends the reading before
anything is allocated; the picture is read again later.
"""

import io
from typing import Protocol


class NoRoom(Exception):  # noqa: N818 - a signal between two rooms of the package, which users never see
    """There is no room for the picture now."""


class Room(Protocol):
    """Counts the memory that one picture takes."""

    def hold(self, count: int) -> None:
        """Count bytes that are allocated until the picture is read: an encoded picture, a copy. Raises ``NoRoom``."""

    def hold_picture(self, pixels: int, memory: int, after: int) -> None:
        """Count a picture of so many pixels, once.

        ``memory`` is the peak in bytes while it is decoded or converted, ``after`` what it takes from then on. Raises
        ``NoRoom``.
        """

    def kept_file(self) -> io.BytesIO:
        """Return the buffer for the content of a file object: what was read of it before ``NoRoom`` is in it."""


class Unlimited:
    """A room for any picture."""

    def hold(self, count: int) -> None:
        """Count nothing."""

    def hold_picture(self, pixels: int, memory: int, after: int) -> None:
        """Count nothing."""

    def kept_file(self) -> io.BytesIO:
        """Return an empty buffer."""
        return io.BytesIO()


UNLIMITED = Unlimited()
