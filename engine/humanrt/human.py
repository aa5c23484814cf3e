"""Human: images in, results out."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, NoReturn, Self, TypedDict

import numpy as np
from numpy.typing import NDArray

from humanrt.admission import Place
from humanrt.config import (
    Config,
    ConfigSource,
    Environment,
    FilterConfig,
    default_config,
    load_config,
    split_paths,
)
from humanrt.engine import Engine, internals
from humanrt.errors import ConfigError, EngineClosedError, EngineError
from humanrt.events import Events
from humanrt.human_models import Flights, ModelLoader, retire
from humanrt.imaging import PictureSource
from humanrt.imaging.decode import decode
from humanrt.imaging.filters import read_filtered
from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.source import read_into, read_scaled
from humanrt.many_pictures import ManyPictures
from humanrt.matching import match
from humanrt.result import Result
from humanrt.runtime import scheduler
from humanrt.runtime.futures import completion, import_backend, outlast, running_loop
from humanrt.streams.session import Seconds, Session, SessionFrame, session_frame
from humanrt.tensors import Tensor
from humanrt.tracebacks import clear_frames, handled
from humanrt.vision.call import Call, Clock, Models
from humanrt.vision.scaling import DetailNeededError, least_side, may_be_reduced, original_of
from humanrt.vision.warm_up import warm_up
from humanrt.zoo import OnProgress, Store, cards, default_cache_dir

if TYPE_CHECKING:
    from humanrt.vision.families import Families

# These are read when a Human is created, and cannot change from call to call.
ADMISSION = ("max_memory", "max_calls", "max_queue", "max_wait")
FIXED_SETTINGS = ("device", "backend", "deallocate", "model_base_path", "cards", *ADMISSION)

# What the segmentation of an image allocates for each pixel: labels, the canvas, alpha, the foreground, and the input
# and outputs of a model that takes the image in its own size.
SEGMENTATION_BYTES = 64

NO_FILTERS = FilterConfig()


class _Limits(TypedDict):
    """The limits of a picture that is read."""

    max_pixels: int
    max_bytes: int


class _OwnModels(NamedTuple):
    """The models of a configuration, and the loads that they are of."""

    config: Config
    flights: Flights
    models: Models


class Human(ManyPictures):
    """Detects people and objects in images with Human's models.

    ``config`` is a ``Config``, or a dict or the path of a TOML file, which change the preset ``balanced``, or ``human``
    if their ``compat`` is ``human``. Models are fetched and loaded by the first call that needs them, or by ``load()``.
    Calls may run concurrently, from any task, thread or event loop: each has its own state. Use it with ``async with``:
    leaving it waits for the calls in flight, then frees every tensor and model. ``events`` may be shared by several
    Humans. ``HumanSync`` is the same for programs without asyncio.

    Raises ``ConfigError`` if the configuration is invalid.
    """

    config: Config
    """The configuration of calls that do not override it."""

    engine: Engine
    """The engine that owns the tensors and models."""

    events: Events
    """The callbacks that observe this Human."""

    match = match
    """``humanrt.match``: Human's comparison of embeddings, ``similarity()``, ``distance()`` and ``find()``."""

    def __init__(self, config: ConfigSource | None = None, *, events: Events | None = None) -> None:
        self.config = load_config(config)
        environment = Environment.read()
        store = Store(
            environment.cache_dir or default_cache_dir(),
            offline=environment.offline,
            model_base_path=_folder(self.config.model_base_path),
        )
        known = cards(*environment.cards, *split_paths(self.config.cards))
        self.engine = Engine(self.config.device, deallocate=self.config.deallocate, store=store)
        self._internals = internals(self.engine)
        self._budget = self._internals.budget
        self._budget.set_limits(
            self.config.max_memory,
            calls=self.config.max_calls,
            max_queue=self.config.max_queue,
            max_wait=self.config.max_wait,
        )
        self._models = ModelLoader(self.engine, known)
        self._own_models: _OwnModels | None = None  # those that ``config`` needs, once they are loaded
        self._families: dict[str | None, Families] = {}  # by ``compat``; they are imported by the first load
        self._calls: set[Future[None]] = set()
        self._closing = False
        self.events = Events() if events is None else events
        if self.events.heard:
            self.events.emit("create", device=self.config.device)

    async def load(self, config: ConfigSource | None = None, *, on_progress: OnProgress | None = None) -> None:
        """Fetch and load the models that the configuration, updated by ``config``, needs, ahead of the first image.

        Libraries that ``detect()`` needs are imported as well. On a GPU each model runs once, which compiles kernels.
        ``on_progress`` is called from other threads while files are fetched. Every file ends at 100 %, also one that
        needed no fetch.

        Raises ``StoreError`` if a file cannot be fetched, ``ModelError`` if a model cannot be loaded, ``DeviceError``,
        ``ConfigError``, ``EngineClosedError``.
        """
        with self._in_flight():
            models = await self._load(self._merged(config), on_progress)
            await warm_up(models.values())

    def session(self, *, clock: Seconds = time.perf_counter) -> Session:
        """Return a session for the frames of one video: ``detect(frame, session=session)``. The caller closes it.

        ``clock`` returns the time of the frame in seconds, for videos that are not live: the limits in milliseconds of
        frame caching, and smoothing, depend on it.

        Raises ``EngineClosedError`` if this Human was closed, ``SessionError`` if ``clock`` is no function.
        """
        with self._in_flight():
            return Session(self._internals.registry, clock)

    async def detect(
        self,
        source: PictureSource,
        config: ConfigSource | None = None,
        *,
        bgr: bool = False,
        session: Session | None = None,
    ) -> Result:
        """Return the detections in an image, in its coordinates.

        ``source`` is a path, encoded bytes, a binary file, an RGB array (``bgr=True`` for OpenCV's frames), a PIL image
        or a ``Tensor``; arrays and tensors are [h, w, 3], 0..255, and must not be written while the call runs.
        ``config`` is for this call only: a dict or a TOML file updates this Human's configuration, a ``Config``
        replaces it. ``session`` keeps the state of recurrent models from frame to frame; without it images are
        independent.

        Before a picture is read or copied the call waits, in order of arrival, until there is room for it: see
        ``Config.max_memory``. ``max_calls``, ``max_queue`` and ``max_wait`` limit the calls, also those of arrays.

        The error of a module that fails is in ``errors`` of the result, and the results of the others are complete;
        with ``raise_errors`` in the configuration the error is raised.

        The result's tensors belong to the caller's scope if there is one, else to the caller: see
        ``Config.deallocate``. After an error or a cancellation no tensor is left, and the session is as before.

        Raises ``InputError`` if ``source`` is not a valid image, ``TensorDisposedError``, ``ConfigError``,
        ``OverloadedError``, ``EngineClosedError``, ``SessionError``, and the errors of ``load()``.
        """
        outer = handled()
        try:
            return await self._detect(source, config, bgr, session)
        except BaseException as error:
            clear_frames(error, outer)
            raise
        finally:
            del source, session, outer  # an error's traceback holds this frame, which must not hold the picture

    async def _detect(
        self, source: PictureSource, config: ConfigSource | None, bgr: bool, session: Session | None
    ) -> Result:
        registry = self._internals.registry
        with self._in_flight(), nullcontext() if session is None else session_frame(session, registry) as frame:
            settings = self._merged(config)
            clock = Clock()
            place = Place(self._budget, SEGMENTATION_BYTES if settings.segmentation.enabled else 0)
            try:
                start = time.perf_counter()
                waits = self._budget.bounded or not isinstance(source, np.ndarray | Tensor)
                if settings.image.max_side and waits and session is None and may_be_reduced(settings):
                    return await self._detect_reduced(place, source, bgr, settings, clock)
                if settings.filter.enabled:
                    read, on_cancel = _filtering(place, source, settings, bgr)
                else:
                    read, on_cancel = partial(read_into, place, source, bgr=bgr, **_limits(settings)), None
                pixels = await place.read(read, waits=waits, on_cancel=on_cancel)
                clock.record("inputProcess", start)
                if self.events.heard:
                    self._emit_image(pixels.shape[1], pixels.shape[0], start)
                start = time.perf_counter()
                models = await self._load(settings, None)
                clock.record("loadModels", start)
                return await self._detect_in(pixels, models, settings, frame, clock)
            finally:
                place.leave()

    async def _detect_reduced(
        self, place: Place, source: PictureSource, bgr: bool, settings: Config, clock: Clock
    ) -> Result:
        """Detect in a picture that may be decoded at a smaller scale; decode it whole where a model needs that."""
        start = time.perf_counter()
        read = partial(read_scaled, place, source, bgr=bgr, max_side=least_side(settings), **_limits(settings))
        picture = await place.read(read, waits=True)
        clock.record("inputProcess", start)
        if self.events.heard:
            self._emit_image(*picture.size, start)
        start = time.perf_counter()
        models = await self._load(settings, None)
        clock.record("loadModels", start)
        try:
            return await self._detect_in(picture.pixels, models, settings, None, clock, picture.size)
        except DetailNeededError:
            data = picture.data
        del picture
        start = time.perf_counter()
        pixels = await place.read_again(partial(decode, data, max_pixels=settings.image.max_pixels, room=place))
        clock.record("inputProcess", start)
        return await self._detect_in(pixels, models, settings, None, clock)

    async def _detect_in(
        self,
        pixels: NDArray[np.uint8],
        models: Models,
        settings: Config,
        frame: SessionFrame | None,
        clock: Clock,
        size: tuple[int, int] | None = None,
    ) -> Result:
        from humanrt.vision.detection import Detection  # with all families of models, on the thread of a load

        registry = self._internals.registry
        async with registry.scope("detect") as scope:
            original = None if size is None else original_of(pixels, size)
            call = Call(self.engine, models, registry.from_numpy(pixels), settings, frame, original)
            found = await Detection(call, self._families[settings.compat], clock).run()
            result = Result(
                *(call.size if original is None else original.size),
                face=found.face,
                body=found.body,
                hand=found.hand,
                object=found.object,
                gesture=found.gesture,
                persons=found.persons,
                segmentation=found.segmentation,
                canvas=call.picture if settings.filter.enabled and settings.filter.return_ else None,
                errors=found.errors,
                performance=clock.finish(),
                timestamp=time.time_ns() // 1_000_000,
            )
            if frame is not None:
                frame.finish(result)
            tensors = list(result.tensors())
            if tensors:
                scope.returns(tensors)
                if self.engine.deallocate == "auto":
                    registry.mark_automatic(tensors)
            if self.events.heard:
                self._emit_detect(result)
            return result

    async def image(self, source: PictureSource, config: ConfigSource | None = None, *, bgr: bool = False) -> Tensor:
        """Return an image as ``detect()`` sees it, uint8 [h, w, 3] RGB: read, and with the configuration's filters.

        The arguments are those of ``detect()``; filters act if ``filter.enabled`` is set. The tensor belongs to the
        caller's scope if there is one, else to the caller. In Human it is float32 [1, h, w, 3].

        Raises ``InputError`` if ``source`` is not a valid image, ``TensorDisposedError``, ``ConfigError``,
        ``EngineClosedError``.
        """
        outer = handled()
        try:
            return await self._image(source, config, bgr)
        except BaseException as error:
            clear_frames(error, outer)
            raise
        finally:
            del source, outer  # as in detect()

    async def _image(self, source: PictureSource, config: ConfigSource | None, bgr: bool) -> Tensor:
        with self._in_flight():
            place = Place(self._budget)
            try:
                read, on_cancel = _filtering(place, source, self._merged(config), bgr)
                waits = not isinstance(source, np.ndarray | Tensor)
                return self._internals.adopt(await place.read(read, waits=waits, on_cancel=on_cancel))
            finally:
                place.leave()

    async def aclose(self) -> None:
        """Refuse new calls, wait until those in flight have ended, then free every tensor and model. Idempotent.

        A cancellation is raised at the end: calls in flight are never closed under. Only loads are not waited for then.
        """
        self._closing = True
        try:
            await outlast(self._calls_in_flight())
            await self._models.drain()
        finally:
            await self.engine.aclose()

    async def reset(self) -> None:
        """Return to the default configuration, and unload the models; the next call loads what it needs.

        The settings that cannot change, the device for instance, stay. Calls in flight end with the models and the
        configuration that they began with, and are waited for; a cancellation is raised after that. Sessions, results
        and tensors stay: they belong to their owners.

        Raises ``EngineClosedError``.
        """
        with self._in_flight():
            fixed = {name: getattr(self.config, name) for name in FIXED_SETTINGS}
            self.config = default_config(self.config.compat).merge(fixed)
            flights, self._own_models = self._models.renew(), None
            calls = tuple(self._calls)  # all that may use the models: later ones load anew
        await outlast(retire(flights, calls))

    def __reduce__(self) -> NoReturn:
        raise EngineError("a Human cannot be pickled or copied: create a new Human in each process that needs one")

    async def __aenter__(self) -> Self:
        running_loop()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _calls_in_flight(self) -> None:
        for call in tuple(self._calls):
            await completion(call).wait()

    @contextmanager
    def _in_flight(self) -> Iterator[None]:
        """Register a call for the duration of the block: ``aclose()`` waits for it."""
        self._internals.check_open()
        if self._closing:
            raise EngineClosedError("this Human was closed; create a new one")
        call: Future[None] = Future()
        self._calls.add(call)
        try:
            yield
        except Exception as error:
            if self.events.heard:
                self.events.emit("error", type=type(error).__name__, message=str(error))
            raise
        finally:
            self._calls.discard(call)
            call.set_result(None)

    def _merged(self, config: ConfigSource | None) -> Config:
        """Return the configuration of one call."""
        if config is None:
            return self.config
        call = load_config(config, self.config)
        for name in FIXED_SETTINGS:
            # In a ``Config`` a default cannot be told from a value that is not given.
            accepted = {getattr(self.config, name), getattr(Config if call is config else self.config, name)}
            if getattr(call, name) not in accepted:
                raise ConfigError(f"{name} cannot change from call to call; create another Human with it")
        return call

    async def _load(self, config: Config, on_progress: OnProgress | None) -> Models:
        """Return the models that ``config`` needs."""
        own, flights = self._own_models, self._models.flights
        if own is not None and own.config is config and own.flights is flights and on_progress is None:
            return own.models
        if config.compat not in self._families:
            self._families[config.compat] = await scheduler.run(_import_libraries, config.compat)
        models = await self._models.load(config, on_progress, self._emit_load)
        if config is self.config:
            self._own_models = _OwnModels(config, flights, models)
        return models


def _filtering(
    place: Place, source: PictureSource, settings: Config, bgr: bool
) -> tuple[partial[NDArray[np.uint8]], Callable[[], None]]:
    """Return the function that reads an image and filters it, on a worker thread, and the one that stops it."""
    stopped = threading.Event()
    filters = settings.filter if settings.filter.enabled else NO_FILTERS
    read = partial(read_filtered, place, source, filters, bgr=bgr, stopped=stopped.is_set, **_limits(settings))
    return read, stopped.set


def _limits(settings: Config) -> _Limits:
    """Return the limits of a picture that is read."""
    return _Limits(max_pixels=settings.image.max_pixels, max_bytes=settings.image.max_bytes)


def _folder(model_base_path: str) -> Path | None:
    """Return the folder of Human's modelBasePath, a path or a file:// address."""
    if not model_base_path:
        return None
    if "://" in model_base_path and not model_base_path.startswith("file://"):
        raise ConfigError(f"model_base_path is {model_base_path!r}; it must be a folder of this machine")
    folder = Path(model_base_path.removeprefix("file://")).expanduser()
    if not folder.is_dir():
        raise ConfigError(
            f"model_base_path is {model_base_path!r}, which is not a folder; leave it out to use the cache of models"
        )
    return folder


def _import_libraries(compat: str | None) -> "Families":
    """Import what a call needs, on a worker thread: the loop would stand still for some 0.2 s. Return the families."""
    from humanrt.vision import detection  # noqa: F401 - imported here, so that detect() finds it

    load_cv2()
    import_backend()
    if compat is None:
        from humanrt.vision.families import FAMILIES

        return FAMILIES
    from humanrt.compat import HUMAN

    return HUMAN
