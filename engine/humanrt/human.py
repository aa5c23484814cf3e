"""Human: pictures in, results out."""

import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from humanrt.config import Config, Environment, load_config, split_paths
from humanrt.engine import Engine
from humanrt.errors import ConfigError, EngineClosedError
from humanrt.imaging import PictureSource, read_picture
from humanrt.result import Result
from humanrt.runtime import scheduler
from humanrt.runtime.futures import completion
from humanrt.runtime.single_flight import SingleFlight
from humanrt.streams.session import Session
from humanrt.vision.call import Call, Clock, Models
from humanrt.vision.detection import Detection
from humanrt.vision.families import FAMILIES, Families
from humanrt.vision.modules import needed_models
from humanrt.vision.stage import VisionModel
from humanrt.zoo import Card, OnProgress, Store, cards, default_cache_dir, find_card

ConfigSource = Config | Mapping[str, object] | str | os.PathLike[str]

# What is looked at when a Human is made.
FIXED_SETTINGS = ("device", "deallocate", "model_base_path", "cards")


class Human:
    """Finds people in pictures, and what they do, with Human's models.

    ``config`` is a Config, a dict, or the path of a TOML file. Models are fetched and loaded by the first call that
    needs them, or by ``load()``. Calls may run at the same time, from any task, thread or event loop: each has its own
    state. Use it with ``async with``; leaving it lets the calls in flight end, then frees every tensor and model.
    """

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
        self._models: SingleFlight[str, VisionModel] = SingleFlight()
        self._own_models: Models | None = None  # those that ``config`` needs, once they are loaded
        self._calls: set[Future[None]] = set()
        self._closing = False

    async def load(self, config: ConfigSource | None = None, *, on_progress: OnProgress | None = None) -> None:
        """Fetch and load the models that ``config``, laid over this Human's own, needs: the first picture is then fast.

        ``on_progress`` is called from other threads while files are fetched. Raises StoreError and its kin when files
        cannot be had, ModelError and its kin, DeviceError, ConfigError, EngineClosedError.
        """
        with self._in_flight():
            await self._load(self._merged(config), on_progress)

    def session(self) -> Session:
        """Make a session, for the frames of one video: ``detect(frame, session=session)``. The caller closes it.

        Raises EngineClosedError.
        """
        with self._in_flight():
            return Session(self.engine.registry)

    async def detect(
        self,
        source: PictureSource,
        config: ConfigSource | None = None,
        *,
        bgr: bool = False,
        session: Session | None = None,
    ) -> Result:
        """Find what there is in a picture.

        ``source`` is a path, encoded bytes, a binary file, an RGB array (``bgr=True`` for OpenCV's frames), a PIL image
        or a Tensor; arrays and tensors are [h, w, 3], 0..255, and must not be written while the call runs. ``config``
        is for this call only: a dict or TOML file is laid over this Human's configuration, a Config takes its place.
        ``session`` remembers the frames of a video from call to call; without it each picture stands alone.

        A module of Human that fails, for instance for want of memory, has its error in the Result's ``errors``, and the
        others' results stand; with ``raise_errors`` in the configuration the error is raised.

        The Result's tensors go to the caller's scope if there is one, else to the caller: see ``Config.deallocate``.
        Raises InputError for what is no picture, TensorDisposedError, ConfigError, EngineClosedError, SessionError, and
        what ``load`` raises. Whatever is raised, and on cancellation, no tensor is left, and the session is as before.
        """
        with self._in_flight(), nullcontext() if session is None else session.turn(self.engine.registry) as turn:
            settings = self._merged(config)
            clock = Clock()
            start = time.perf_counter()
            pixels = await scheduler.run(partial(read_picture, source, bgr=bgr, max_pixels=settings.max_pixels))
            clock.record("inputProcess", start)
            start = time.perf_counter()
            models = await self._load(settings, None)
            clock.record("loadModels", start)
            async with self.engine.scope("detect") as scope:
                call = Call(self.engine, models, self.engine.from_numpy(pixels), settings, turn)
                found = await Detection(call, _families(settings), clock).run()
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
                        self.engine.registry.mark_automatic(tensors)
                return result

    async def aclose(self) -> None:
        """Let the calls in flight end, take no new ones, then free every tensor and model. Twice changes nothing."""
        self._closing = True
        try:
            for call in tuple(self._calls):
                await completion(call).wait()
            await self._models.drain()
        finally:
            await self.engine.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    @contextmanager
    def _in_flight(self) -> Iterator[None]:
        """Make aclose() wait for this call."""
        self.engine.check_open()
        if self._closing:
            raise EngineClosedError("this Human was closed; make a new one")
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
                raise ConfigError(f"{name} cannot change from call to call; make another Human with it")
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
        return VisionModel(self.engine, card, self.engine.load_blocking(card, on_progress))

    def _find_card(self, config_key: str, model_path: str) -> Card:
        card = find_card(model_path, self._cards)
        if card.config_key != config_key:
            raise ConfigError(f"{config_key}.model_path is {model_path!r}, which is a model for {card.config_key}")
        return card


def _folder(model_base_path: str) -> Path | None:
    """Read Human's modelBasePath: a folder, as a path or a file:// address."""
    if not model_base_path:
        return None
    if "://" in model_base_path and not model_base_path.startswith("file://"):
        raise ConfigError(f"model_base_path is {model_base_path!r}; it must be a folder of this machine")
    return Path(model_base_path.removeprefix("file://"))


def _families(config: Config) -> Families:
    if config.compat != "human":
        return FAMILIES
    from humanrt.compat import HUMAN  # few calls need it

    return HUMAN
