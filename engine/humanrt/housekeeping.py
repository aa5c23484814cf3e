"""What surrounds ``detect()`` in a Human: warming up, profiling, comparing, and what can be asked about it."""

import platform
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, NoReturn

from humanrt.config import Config, ConfigSource
from humanrt.engine import Engine
from humanrt.errors import EngineError
from humanrt.events import Events
from humanrt.human_models import ModelLoader, ModelsView
from humanrt.human_profile import DetectionProfile, by_model
from humanrt.imaging import PictureSource, read_picture
from humanrt.imaging.comparison import difference
from humanrt.result import Result, Segmentation
from humanrt.runtime import scheduler
from humanrt.runtime.cpu_budget import cpu_budget
from humanrt.runtime.futures import background, completion
from humanrt.runtime.library import installed_distributions
from humanrt.streams.session import Seconds, Session
from humanrt.zoo import OnProgress

COUNTED = ("face", "body", "hand", "object", "gesture", "persons")
"""The fields of a result whose records an event counts."""

NO_WARMUP = ("", "none")
ONLY_SEGMENTATION: Mapping[str, object] = {
    **{name: {"enabled": False} for name in ("face", "body", "hand", "object", "gesture")},
    "segmentation": {"enabled": True},
    "raise_errors": True,
}


class Env(NamedTuple):
    """What a Human runs on. ``humanrt doctor`` prints more, and why CUDA is or is not used."""

    version: str
    """The version of HumanRT."""
    python: str
    """The version of Python."""
    platform: str
    """The operating system and the machine."""
    packages: Mapping[str, str]
    """The versions of the installed packages of ONNX Runtime, by name."""
    device: str
    """The device: "cpu" or "cuda:N"; before a model was loaded, the name that was asked for."""
    threads: int
    """The number of CPU cores that this process may keep busy."""
    cache_dir: Path
    """The folder of the cache of models."""


class Housekeeping(ABC):
    """What every Human can do besides ``detect()`` and ``load()``, by means of them."""

    config: Config
    engine: Engine
    events: Events
    _models: ModelLoader

    @abstractmethod
    async def detect(
        self,
        source: PictureSource,
        config: ConfigSource | None = None,
        *,
        bgr: bool = False,
        session: Session | None = None,
    ) -> Result:
        """Return the detections in an image; see ``Human``."""

    @abstractmethod
    async def load(self, config: ConfigSource | None = None, *, on_progress: OnProgress | None = None) -> None:
        """Fetch and load the models that the configuration needs; see ``Human``."""

    @abstractmethod
    def session(self, *, clock: Seconds = time.perf_counter) -> Session:
        """Return a session for the frames of one video; see ``Human``."""

    @abstractmethod
    def _in_flight(self) -> AbstractContextManager[None]:
        """Return a context that the end of this Human waits for."""

    @abstractmethod
    def _merged(self, config: ConfigSource | None) -> Config:
        """Return the configuration of one call."""

    # -- by means of detect()

    async def warmup(self, config: ConfigSource | None = None) -> Result:
        """Load the models that the configuration needs, and detect in one of Human's sample pictures.

        After it the next ``detect()`` is as fast as all others. The key ``warmup`` of the configuration chooses the
        picture: "face", or the whole "body" ("full" is the same), in which every model of faces, bodies and hands has
        something to run on. With "none" or an empty string nothing is done, and the result is empty. The result is
        owned as that of ``detect()``, whose errors it raises; ``StoreError`` also if the picture cannot be fetched.
        """
        settings = self._merged(config)
        if settings.warmup in NO_WARMUP:
            return Result(0, 0)
        start = time.perf_counter()
        name = "human_face" if settings.warmup == "face" else "human_body"
        with self._in_flight():
            picture = await self._sample(name)
        result = await self.detect(picture, None if config is None else settings)
        if self.events.heard:
            self.events.emit("warmup", picture=name, milliseconds=1000 * (time.perf_counter() - start))
        return result

    async def profile(
        self, source: PictureSource, config: ConfigSource | None = None, *, bgr: bool = False
    ) -> DetectionProfile:
        """Detect as ``detect()`` does, and return the result with the time of each model.

        Raises what ``detect()`` raises.
        """
        profile = await self.engine.profile(lambda: self.detect(source, config, bgr=bgr))
        return by_model(profile, {name: model.card.config_key for name, model in self._models.loaded().items()})

    async def segmentation(
        self,
        source: PictureSource,
        config: ConfigSource | None = None,
        *,
        bgr: bool = False,
        session: Session | None = None,
    ) -> Segmentation:
        """Return the class of each pixel of an image, without detecting anything else in it.

        The arguments, the owner of the tensors and the errors are those of ``detect()``. ``segmentation.enabled`` need
        not be set, and an error of the model is raised.
        """
        settings = self._merged(config).merge(ONLY_SEGMENTATION)
        result = await self.detect(source, settings, bgr=bgr, session=session)
        assert result.segmentation is not None  # noqa: S101 - it is enabled, and its error was raised
        return result.segmentation

    # -- without models

    async def compare(self, first: PictureSource, second: PictureSource, *, bgr: bool = False) -> float:
        """Return how much two images differ: 0 if all their pixels are equal, 255 for black and white.

        It is the mean of the squared differences, divided by 255. A second image of another size is resized to that of
        the first. Both are read as by ``detect()``, and stay the caller's.

        Raises ``InputError`` if one is not a valid image, ``TensorDisposedError``, ``EngineClosedError``.
        """
        read = partial(read_picture, bgr=bgr, max_pixels=self.config.image.max_pixels)
        with self._in_flight():
            return await scheduler.run(lambda: difference(read(first), read(second)))

    def validate(self, config: ConfigSource | None = None) -> dict[str, str]:
        """Return the keys that are set for a call with ``config`` and have no effect, each with the reason.

        Raises ``ConfigError`` if ``config`` has an unknown key or a wrong value, or changes what cannot change.
        """
        return self._merged(config).validate()

    @property
    def models(self) -> ModelsView:
        """The models that the configuration needs, and those that are loaded."""
        return ModelsView(self._models, self.config)

    @property
    def env(self) -> Env:
        """What this Human runs on: versions, the machine, the device, the cache."""
        return Env(
            version=self.version,
            python=platform.python_version(),
            platform=f"{platform.system().lower()} {platform.machine()}",
            packages=installed_distributions(),
            device=self.engine.backend,
            threads=cpu_budget(),
            cache_dir=self.engine.store.cache_dir,
        )

    @property
    def version(self) -> str:
        """The version of HumanRT."""
        version: str = sys.modules["humanrt"].__version__  # the package itself is above all floors
        return version

    def __enter__(self) -> NoReturn:
        raise EngineError(
            "a Human is asynchronous: use `async with Human() as human:`, or, in scripts and notebooks, "
            "`with HumanSync() as human:`"
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> NoReturn:
        self.__enter__()  # ``with`` looks both up before it enters

    # -- events, if somebody hears them

    def _emit_load(self, names: tuple[str, ...], milliseconds: float) -> None:
        if self.events.heard:
            self.events.emit("load", models=names, milliseconds=milliseconds)

    def _emit_image(self, width: int, height: int, start: float) -> None:
        self.events.emit("image", width=width, height=height, milliseconds=1000 * (time.perf_counter() - start))

    def _emit_detect(self, result: Result) -> None:
        counts = {name: len(getattr(result, name)) for name in COUNTED}
        size = {"width": result.width, "height": result.height}
        self.events.emit(
            "detect", **size, **counts, errors=tuple(result.errors), milliseconds=result.performance["total"]
        )

    async def _sample(self, name: str) -> Path:
        """Return the path of a sample picture, fetched if it is missing."""
        abandoned = threading.Event()
        samples = background(partial(self.engine.store.samples, cancelled=abandoned.is_set), name="humanrt-samples")
        try:
            await completion(samples).wait()
        finally:
            abandoned.set()
        return samples.result()[name]
