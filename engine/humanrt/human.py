"""Human: images in, results out."""

import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, NoReturn, Self

from humanrt.config import Config, Environment, load_config, split_paths
from humanrt.engine import Engine, internals
from humanrt.errors import ConfigError, EngineClosedError, EngineError
from humanrt.imaging import PictureSource, read_picture
from humanrt.result import Result
from humanrt.runtime import scheduler
from humanrt.runtime.futures import completion, outlast, running_loop
from humanrt.runtime.single_flight import SingleFlight
from humanrt.streams.session import Session, session_frame
from humanrt.vision.call import Call, Clock, Models
from humanrt.vision.detection import Detection
from humanrt.vision.families import FAMILIES, Families
from humanrt.vision.modules import needed_models
from humanrt.vision.stage import VisionModel
from humanrt.zoo import Card, OnProgress, Store, cards, default_cache_dir, find_card

if TYPE_CHECKING:  # few programs need these
    from humanrt.batch import Batch, ManySources
    from humanrt.extraction import Extraction
    from humanrt.stream import Stream
    from humanrt.streams.frames import StreamSource

ConfigSource = Config | Mapping[str, object] | str | os.PathLike[str]

# These are read when a Human is created, and cannot change from call to call.
FIXED_SETTINGS = ("device", "deallocate", "model_base_path", "cards")


class Human:
    """Detects people and objects in images with Human's models.

    ``config`` is a ``Config``, a dict, or the path of a TOML file. Models are fetched and loaded by the first call that
    needs them, or by ``load()``. Calls may run concurrently, from any task, thread or event loop: each has its own
    state. Use it with ``async with``: leaving it waits for the calls in flight, then frees every tensor and model.

    Raises ``ConfigError`` if the configuration is invalid.
    """

    config: Config
    """The configuration of calls that do not override it."""

    engine: Engine
    """The engine that owns the tensors and models."""

    def __init__(self, config: ConfigSource | None = None) -> None:
        self.config = load_config(config)
        environment = Environment.read()
        store = Store(
            environment.cache_dir or default_cache_dir(),
            offline=environment.offline,
            model_base_path=_folder(self.config.model_base_path),
        )
        self._cards = cards(*environment.cards, *split_paths(self.config.cards))
        self.engine = Engine(self.config.device, deallocate=self.config.deallocate, store=store)
        self._internals = internals(self.engine)
        self._models: SingleFlight[str, VisionModel] = SingleFlight()
        self._own_models: Models | None = None  # those that ``config`` needs, once they are loaded
        self._calls: set[Future[None]] = set()
        self._closing = False

    async def load(self, config: ConfigSource | None = None, *, on_progress: OnProgress | None = None) -> None:
        """Fetch and load the models that the configuration, updated by ``config``, needs, ahead of the first image.

        ``on_progress`` is called from other threads while files are fetched.

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
                return result

    def stream(
        self,
        source: "StreamSource",
        config: ConfigSource | None = None,
        *,
        bgr: bool = False,
        drop: Literal["oldest", "none"] | None = None,
        max_pending: int = 1,
        timeout: float | None = 10,
        reconnect: float = 0,
    ) -> "Stream":
        """Return the frames of a video with their detections: ``async with human.stream(...) as stream``.

        ``source`` is the path of a video, the number of a camera, an address (rtsp, rtsps, http, https), a folder of
        pictures, a pattern such as "frames/*.png", or an iterable or asynchronous iterable of pictures as ``detect()``
        accepts them, ``bgr`` included. Nothing else opens an address.

        At most ``max_pending`` frames wait for the consumer. Then the source waits with ``drop="none"``; with "oldest"
        the oldest frame is dropped, and a video file is played at its own speed. None is "oldest" for cameras and
        addresses, else "none". If no frame arrives for ``timeout`` seconds, ``StreamTimeoutError`` is raised; None
        waits for any time. A camera or an address that is lost, or cannot be opened, is opened again for ``reconnect``
        seconds before ``StreamError`` is raised.

        Raises ``ConfigError``, and ``InputError`` if the source is of no accepted type. The stream raises the errors of
        ``detect()`` and of its source.
        """
        from humanrt.stream import create_stream

        settings = None if config is None else self._merged(config)
        return create_stream(
            self,
            source,
            settings,
            bgr=bgr,
            max_pixels=(settings or self.config).max_pixels,
            drop=drop,
            max_pending=max_pending,
            timeout=timeout,
            reconnect=reconnect,
        )

    def detect_many(
        self,
        sources: "ManySources",
        config: ConfigSource | None = None,
        *,
        bgr: bool = False,
        at_once: int | None = None,
        ordered: bool = False,
        recursive: bool = False,
    ) -> "Batch":
        """Return pictures with the outcomes of ``detect()``: ``async with human.detect_many(...) as batch``.

        ``sources`` is a folder, with the folders in it if ``recursive``; a pattern such as "photos/**/*.jpg"; or an
        iterable or asynchronous iterable of what ``detect()`` accepts. ``at_once`` pictures are detected concurrently,
        by default as many as there are CPUs. Outcomes come as they end, or in the order of their sources if
        ``ordered``.

        Raises ``ConfigError``, and ``InputError`` if ``sources`` is of no accepted type.
        """
        from humanrt.batch import create_batch

        settings = None if config is None else self._merged(config)
        return create_batch(self, sources, settings, bgr=bgr, at_once=at_once, ordered=ordered, recursive=recursive)

    async def extract(
        self,
        source: str | os.PathLike[str],
        output: str | os.PathLike[str],
        config: ConfigSource | None = None,
        *,
        at_once: int | None = None,
        recursive: bool = False,
    ) -> "Extraction":
        """Write the boxes and embeddings of the faces in many pictures to a file, .npz or .parquet.

        ``source`` is a folder, with the folders in it if ``recursive``, or a pattern. Only the face module runs. A
        picture that cannot be detected is in the output with its error. A .npz file has the arrays ``path``, ``face``
        (its number in the picture), ``score``, ``box`` (float32 [n, 4] in pixels) and ``embedding`` (float32 [n, d])
        with a row for each face, and ``pictures`` and ``errors`` with one for each picture. A .parquet file has a row
        for each face, and one for each picture without faces; it needs ``pip install "humanrt[data]"``.

        After a call that was killed or cancelled, the same call goes on where it ended: the file ``OUTPUT.resume`` has
        the pictures that are done. One process at a time may write an output.

        Raises ``ConfigError``, also if ``OUTPUT.resume`` is of another folder or configuration, ``InputError`` if the
        folder cannot be read, ``MissingDependencyError``, ``OSError`` if the output cannot be written, and the errors
        that ``detect_many()`` raises.
        """
        from humanrt.extraction import extract

        settings = self._merged(config)
        return await extract(self, source, output, settings, at_once=at_once, recursive=recursive)

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
        finally:
            self._calls.discard(call)
            call.set_result(None)

    def _merged(self, config: ConfigSource | None) -> Config:
        """Return the configuration of one call."""
        if config is None:
            return self.config
        call = load_config(config, self.config)
        for name in FIXED_SETTINGS:
            if getattr(call, name) not in (getattr(self.config, name), getattr(Config, name)):
                raise ConfigError(f"{name} cannot change from call to call; create another Human with it")
        return call

    async def _load(self, config: Config, on_progress: OnProgress | None) -> Models:
        """Return the models that ``config`` needs; each is loaded once, side by side with the others."""
        if config is self.config and self._own_models is not None:
            return self._own_models
        found = {config_key: self._find_card(config_key, path) for config_key, path in needed_models(config).items()}
        loads = {card.name: partial(self._load_model, card, on_progress) for card in found.values()}
        loaded = await self._models.get_all(loads)
        models = {config_key: loaded[card.name] for config_key, card in found.items()}
        if config is self.config:
            self._own_models = models
        return models

    def _load_model(self, card: Card, on_progress: OnProgress | None) -> VisionModel:
        return VisionModel(self.engine, card, self._internals.load(card, on_progress))

    def _find_card(self, config_key: str, model_path: str) -> Card:
        card = find_card(model_path, self._cards)
        if card.config_key != config_key:
            raise ConfigError(f"{config_key}.model_path is {model_path!r}, which is a model for {card.config_key}")
        return card


def _folder(model_base_path: str) -> Path | None:
    """Return the folder of Human's modelBasePath, a path or a file:// address."""
    if not model_base_path:
        return None
    if "://" in model_base_path and not model_base_path.startswith("file://"):
        raise ConfigError(f"model_base_path is {model_base_path!r}; it must be a folder of this machine")
    return Path(model_base_path.removeprefix("file://"))


def _humans_families() -> Families:
    from humanrt.compat import HUMAN  # few calls need it

    return HUMAN
