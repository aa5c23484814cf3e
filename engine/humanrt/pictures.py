"""The methods of an engine on pictures: from files to tensors, and from tensors to files."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from humanrt.admission import Budget, Place
from humanrt.config import FilterConfig, ImageConfig, StyleConfig, StyleName
from humanrt.errors import InputError
from humanrt.imaging import PictureSource
from humanrt.imaging.animation import Frames, decode_frames
from humanrt.imaging.encode import PictureFormat, check_picture, encode_as, encoding_bytes
from humanrt.imaging.encoded import read_encoded
from humanrt.imaging.filters import read_filtered
from humanrt.imaging.opencv import PIXEL_CEILING
from humanrt.imaging.source import read_into
from humanrt.imaging.styles import apply_style, style_memory
from humanrt.runtime.futures import background, completion, running_loop
from humanrt.tensors import Registry, Tensor, values_of
from humanrt.tensors.handle import closed_error
from humanrt.tensors.workspace import Workspace
from humanrt.tracebacks import clear_frames, handled
from humanrt.zoo import as_address, fetch_bytes

Value = TypeVar("Value")
Outcome = TypeVar("Outcome")


@dataclass(frozen=True, eq=False)
class Animation:
    """The frames of an animation. ``with animation:`` frees them on leaving, ``dispose()`` at once."""

    frames: Tensor
    """uint8 [n, h, w, 3] RGB."""
    durations: tuple[float, ...]
    """How long each frame is shown, in milliseconds, as the file states it."""

    def dispose(self) -> None:
        """Free the frames. Idempotent."""
        self.frames.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.dispose()


class Pictures(Workspace):
    """Decodes and encodes pictures, off the event loop, within the budget of bytes of ``budget``."""

    def __init__(self, registry: Registry, budget: Budget) -> None:
        super().__init__(registry)
        self._budget = budget

    async def decode_image(
        self,
        source: PictureSource,
        *,
        bgr: bool = False,
        white: Literal[1, 255] | None = None,
        max_pixels: int = ImageConfig.max_pixels,
        max_bytes: int = ImageConfig.max_bytes,
        allow_http: bool = False,
    ) -> Tensor:
        """Return a picture as a tensor, uint8 [h, w, 3] RGB, upright, which owns its memory.

        ``source`` is what ``read_picture()`` accepts: a path, encoded bytes, a data URL, an open binary file, a PIL
        image, an array or a tensor; with ``allow_http`` also an address, http or https, which is opened at once.
        ``bgr`` and ``white``, the value of white in an array of floats, are those of ``read_picture()``. The call waits
        until there is room for the picture, as ``detect()`` does. TF.js: ``tf.node.decodeImage``.

        The tensor belongs to the caller's scope if there is one, else to the caller. After an error or a cancellation
        no tensor is left.

        Raises ``InputError`` if ``source`` is not a valid picture, or has more than ``max_pixels`` pixels or
        ``max_bytes`` encoded bytes, ``FetchError`` if an address cannot be fetched, ``MissingDependencyError`` for HEIC
        without pillow-heif, ``TensorDisposedError``, ``EngineClosedError``.
        """
        outer = handled()
        try:
            source = await self._fetched(source, max_bytes, allow_http)
            place = Place(self._budget)
            read = partial(
                read_into, place, source, bgr=bgr, max_pixels=max_pixels, max_bytes=max_bytes, white=white, copy=True
            )
            return await self._within(place, read, self.registry.adopt)
        except BaseException as error:
            clear_frames(error, outer)
            raise
        finally:
            del source, outer  # an error's traceback holds this frame, which must not hold the picture

    async def decode_animation(
        self,
        source: PictureSource,
        *,
        max_frames: int | None = None,
        max_pixels: int = ImageConfig.max_pixels,
        max_bytes: int = ImageConfig.max_bytes,
        allow_http: bool = False,
    ) -> Animation:
        """Return the frames of a GIF, WebP or PNG, each complete; a picture that is not animated has one.

        ``source`` is encoded: a path, bytes, a data URL, an open binary file, or with ``allow_http`` an address.
        ``max_frames`` decodes the first frames only. The frames belong to the caller's scope if there is one, else to
        the caller.

        Raises ``InputError`` if ``source`` is anything else, or if the frames to decode have more than ``max_pixels``
        pixels together; and what ``decode_image()`` raises.
        """
        if max_frames is not None and max_frames < 1:
            raise InputError(f"max_frames is {max_frames!r}; it must be at least 1")
        outer = handled()
        try:
            source = await self._fetched(source, max_bytes, allow_http)
            place = Place(self._budget)
            read = partial(_read_frames, place, source, max_pixels, max_bytes, max_frames)
            return await self._within(place, read, self._animation)
        except BaseException as error:
            clear_frames(error, outer)
            raise
        finally:
            del source, outer  # as above

    async def encode_image(
        self, image: Tensor | NDArray[np.uint8], picture_format: PictureFormat = "png", *, quality: int | None = None
    ) -> bytes:
        """Return a picture, uint8 [h, w, 3] RGB, encoded as "png", "jpeg", "webp" or "avif".

        ``quality`` is that of the last three, 1..100, by default 92; PNG loses nothing and has none. ``image`` stays
        the caller's. TF.js: ``tf.node.encodeJpeg``.

        Raises ``InputError`` if ``image``, the format or the quality is another one, or if the picture is too large for
        the format; ``TensorDisposedError``, ``EngineClosedError``.
        """
        outer = handled()
        try:
            place = Place(self._budget)
            return await self._within(place, partial(_encode, place, image, picture_format, quality), bytes)
        except BaseException as error:
            clear_frames(error, outer)
            raise
        finally:
            del image, outer  # as above

    async def filter(self, image: Tensor, **filters: float) -> Tensor:
        """Return a picture with filters, as ``engine.filter(image, brightness=0.2, sepia=True)``: uint8 [h, w, 3] RGB.

        ``image`` is [h, w, 3], [h, w, 4], [h, w, 1] or [h, w], with values 0..255; it stays the caller's. ``filters``
        are the keys of ``FilterConfig``, without which the result is a copy. Besides it, a copy of ``image`` and strips
        of some MB are allocated; the call waits until there is room for both. A cancellation ends it with the strip in
        progress.

        The tensor belongs to the caller's scope if there is one, else to the caller. After an error or a cancellation
        no tensor is left.

        Raises ``ConfigError`` if there is no such filter or a value lies out of range, ``InputError`` if ``image`` has
        another shape or other values, ``TensorDisposedError``, ``EngineClosedError``.
        """
        config = FilterConfig().merge(filters)
        outer = handled()
        try:
            place, stop = Place(self._budget), threading.Event()
            limits = {"max_pixels": PIXEL_CEILING, "max_bytes": ImageConfig.max_bytes}
            read = partial(read_filtered, place, image, config, bgr=False, stopped=stop.is_set, **limits)
            return await self._within(place, read, self.registry.adopt, on_cancel=stop.set)
        except BaseException as error:
            clear_frames(error, outer)
            raise
        finally:
            del image, outer  # as above

    async def style(self, image: Tensor, style: StyleName | StyleConfig, **parameters: float) -> Tensor:
        """Return a picture, uint8 [h, w, 3] RGB, in a style, as a new tensor of the same size.

        ``style`` is "sketch", "pencil", "oil" or "watercolor", or a whole ``StyleConfig``; ``parameters`` are those of
        the style, ``brush=1.5`` for "oil", and ``fast=True``: see ``StyleConfig``. ``image`` stays the caller's. The
        picture is computed on a worker thread, tile by tile, with little memory beside the result; the call waits until
        there is room for both. A cancellation ends it with the tile in progress.

        The tensor belongs to the caller's scope if there is one, else to the caller. After an error or a cancellation
        no tensor is left.

        Raises ``ConfigError`` if the style or a parameter is another one, ``InputError`` if ``image`` is, and
        ``TensorDisposedError``, ``EngineClosedError``.
        """
        config = _styled(style, parameters)
        outer = handled()
        try:
            place, stop = Place(self._budget), threading.Event()
            paint = partial(_paint, place, image, config, stop.is_set)
            return await self._within(place, paint, self.registry.adopt, on_cancel=stop.set)
        except BaseException as error:
            clear_frames(error, outer)
            raise
        finally:
            del image, outer  # as above

    async def _within(
        self,
        place: Place,
        read: Callable[[], Value],
        finish: Callable[[Value], Outcome],
        on_cancel: Callable[[], None] | None = None,
    ) -> Outcome:
        """Call ``read`` on a worker thread as soon as there is room, and ``finish`` with what it returns."""
        if self._ledger.closed:
            raise closed_error(self._ledger)
        try:
            return finish(await place.read(read, waits=True, on_cancel=on_cancel))
        finally:
            place.leave()

    def _animation(self, frames: Frames) -> Animation:
        return Animation(self.registry.adopt(frames.pixels), frames.durations)

    async def _fetched(self, source: PictureSource, max_bytes: int, allow_http: bool) -> PictureSource:
        """Return the bytes at an address if it may be opened, any other source as it is."""
        url = as_address(source) if allow_http else None
        if url is None or not url.lower().startswith(("http:", "https:")):
            return source
        running_loop()  # raises before a thread is started
        abandoned = threading.Event()
        # A fetch may take long, so that it does not occupy a thread of the scheduler.
        future = background(partial(fetch_bytes, url, max_bytes, abandoned.is_set), name="humanrt-fetch")
        try:
            await completion(future).wait()
        except BaseException:
            abandoned.set()
            raise
        return future.result()


def _read_frames(
    place: Place, source: PictureSource, max_pixels: int, max_bytes: int, max_frames: int | None
) -> Frames:
    data = None if isinstance(source, np.ndarray | Tensor) else read_encoded(place, source, max_bytes)
    if data is None:
        raise InputError(
            f"{type(source).__name__} is not an animation; accepted are the path, the bytes, a data URL or an open "
            "binary file of a GIF, WebP or PNG"
        )
    return decode_frames(data, max_pixels=max_pixels, max_frames=max_frames, room=place)


def _encode(place: Place, image: Tensor | NDArray[np.uint8], picture_format: str, quality: int | None) -> bytes:
    pixels = values_of(image) if isinstance(image, Tensor) else image
    check_picture(pixels)
    count = pixels.shape[0] * pixels.shape[1]
    place.hold_picture(count, encoding_bytes(picture_format) * count, 0)
    return encode_as(pixels, picture_format, quality)


def _styled(style: StyleName | StyleConfig, parameters: dict[str, float]) -> StyleConfig:
    """Return the configuration of a style with ``parameters`` applied to it."""
    config = style if isinstance(style, StyleConfig) else StyleConfig().merge({"name": style})
    fast = parameters.pop("fast", config.fast)
    return config.merge({"fast": fast, config.name: parameters})


def _paint(place: Place, image: Tensor, config: StyleConfig, stopped: Callable[[], bool]) -> NDArray[np.uint8]:
    if not isinstance(image, Tensor):
        raise InputError(f"{type(image).__name__} has no style; pass a Tensor, uint8 [h, w, 3]")
    pixels = values_of(image)
    check_picture(pixels)
    height, width = pixels.shape[:2]
    place.hold_picture(height * width, style_memory(height, width, config), 0)
    return apply_style(pixels, config, stopped=stopped)
