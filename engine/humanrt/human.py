"""Human: images in, results out."""

import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, NoReturn, Self

from humanrt.config import Config, ConfigSource, Environment, load_config, split_paths
from humanrt.engine import Engine, internals
from humanrt.errors import ConfigError, EngineClosedError, EngineError
from humanrt.events import Events
from humanrt.human_models import Flights, ModelLoader, retire
from humanrt.imaging import PictureSource, read_picture
from humanrt.many_pictures import ManyPictures
from humanrt.matching import match
from humanrt.result import Result
from humanrt.runtime import scheduler
from humanrt.runtime.futures import completion, outlast, running_loop
from humanrt.streams.session import Session, session_frame
from humanrt.vision.call import Call, Clock, Models
from humanrt.vision.detection import Detection
from humanrt.vision.families import FAMILIES, Families
from humanrt.zoo import OnProgress, Store, cards, default_cache_dir

# These are read when a Human is created, and cannot change from call to call.
FIXED_SETTINGS = ("device", "backend", "deallocate", "model_base_path", "cards")


class _OwnModels(NamedTuple):
    """The models of a configuration, and the loads that they are of."""

    config: Config
    flights: Flights
    models: Models


class Human(ManyPictures):
    """Detects people and objects in images with Human's models.

    ``config`` is a ``Config``, a dict, or the path of a TOML file. Models are fetched and loaded by the first call that
    needs them, or by ``load()``. Calls may run concurrently, from any task, thread or event loop: each has its own
    state. Use it with ``async with``: leaving it waits for the calls in flight, then frees every tensor and model.
    ``events`` may be shared by several Humans. ``HumanSync`` is the same for programs without asyncio.

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
        self._models = ModelLoader(self.engine, known)
        self._own_models: _OwnModels | None = None  # those that ``config`` needs, once they are loaded
        self._calls: set[Future[None]] = set()
        self._closing = False
        self.events = Events() if events is None else events
        if self.events.heard:
            self.events.emit("create", device=self.config.device)

    async def load(self, config: ConfigSource | None = None, *, on_progress: OnProgress | None = None) -> None:
        """Fetch and load the models that the configuration, updated by ``config``, needs, ahead of the first image.

        ``on_progress`` is called from other threads while files are fetched. Every file ends at 100 %, also one that
        needed no fetch.

        Raises ``StoreError`` if a file cannot be fetched, ``ModelError`` if a model cannot be loaded, ``DeviceError``,
        ``ConfigError``, ``EngineClosedError``.
        """
        with self._in_flight():
            await self._load(self._merged(config), on_progress)

    def session(self) -> Session:
        """Return a session for the frames of one video: ``detect(frame, session=session)``. The caller closes it.

        Raises ``EngineClosedError`` if this Human was closed.
        """
        with self._in_flight():
            return Session(self._internals.registry)

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

        The error of a module that fails is in ``errors`` of the result, and the results of the others are complete;
        with ``raise_errors`` in the configuration the error is raised.

        The result's tensors belong to the caller's scope if there is one, else to the caller: see
        ``Config.deallocate``. After an error or a cancellation no tensor is left, and the session is as before.

        Raises ``InputError`` if ``source`` is not a valid image, ``TensorDisposedError``, ``ConfigError``,
        ``EngineClosedError``, ``SessionError``, and the errors of ``load()``.
        """
        registry = self._internals.registry
        with self._in_flight(), nullcontext() if session is None else session_frame(session, registry) as frame:
            settings = self._merged(config)
            clock = Clock()
            start = time.perf_counter()
            pixels = await scheduler.run(partial(read_picture, source, bgr=bgr, max_pixels=settings.max_pixels))
            clock.record("inputProcess", start)
            if self.events.heard:
                self._emit_image(pixels, start)
            start = time.perf_counter()
            models = await self._load(settings, None)
            clock.record("loadModels", start)
            async with registry.scope("detect") as scope:
                call = Call(self.engine, models, registry.from_numpy(pixels), settings, frame)
                found = await Detection(call, FAMILIES if settings.compat is None else _humans_families(), clock).run()
                result = Result(
                    *call.size,
                    face=found.face,
                    body=found.body,
                    hand=found.hand,
                    object=found.object,
                    gesture=found.gesture,
                    persons=found.persons,
                    segmentation=found.segmentation,
                    errors=found.errors,
                    performance=clock.finish(),
                    timestamp=time.time_ns() // 1_000_000,
                )
                tensors = list(result.tensors())
                if tensors:
                    scope.returns(tensors)
                    if self.engine.deallocate == "auto":
                        registry.mark_automatic(tensors)
                if self.events.heard:
                    self._emit_detect(result)
                return result

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
            self.config = Config(**fixed)
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
        models = await self._models.load(config, on_progress, self._emit_load)
        if config is self.config:
            self._own_models = _OwnModels(config, flights, models)
        return models


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


def _humans_families() -> Families:
    from humanrt.compat import HUMAN  # few calls need it

    return HUMAN
