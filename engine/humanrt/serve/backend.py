"""What detects: a Human in this process, or the worker processes of a ``WorkerPool``; and its start and end."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Literal, Protocol, cast

import numpy as np

from humanrt.config import Config, Environment, split_paths
from humanrt.engine import Engine
from humanrt.imaging.encode import encode
from humanrt.result import Result
from humanrt.runtime import scheduler
from humanrt.serve.gate import Gate
from humanrt.serve.options import ServeOptions
from humanrt.serve.parameters import MODULES
from humanrt.serve.problems import ProblemError
from humanrt.workers import WorkerInfo, WorkerPool
from humanrt.zoo import cards

PictureForm = Literal["png", "jpeg", "webp"]
PICTURE_FORMS: Mapping[str, PictureForm] = {"png": "png", "jpeg": "jpeg", "webp": "webp"}
# Stands for an ``image.max_side`` of 0, which decodes pictures whole, where it is halved.
WHOLE_SIDE = 1280

_log = logging.getLogger("humanrt.serve")


class Session(Protocol):
    """The state of one video."""

    def close(self) -> None:
        """Free it. Idempotent."""


class Detector(Protocol):
    """What detects: ``Human`` and ``WorkerPool`` do."""

    @property
    def config(self) -> Config:
        """The configuration of calls that do not override it."""

    @property
    def engine(self) -> Engine:
        """The engine that owns the tensors of results, and that filters and styles are computed on."""

    async def detect(
        self,
        source: bytes,
        config: Mapping[str, object] | None = None,
        /,
        *,
        session: Any = None,  # noqa: ANN401 - that of its own session()
    ) -> Result:
        """Return the detections in an encoded picture."""

    def session(self) -> Session:
        """Return a session for the frames of one video."""


OpenDetector = Callable[[], AbstractAsyncContextManager[Detector]]
"""Returns the detector, which the service enters and leaves; ``partial(Human, config)`` for instance."""


class Backend:
    """The detector of a service, which starts while the service answers already, and ends after its last request."""

    def __init__(self, open_detector: OpenDetector, options: ServeOptions, gate: Gate) -> None:
        self._open = open_detector
        self._gate = gate
        self._options = options
        self._max_pixels = options.max_pixels
        self._detector: Detector | None = None
        self._classes: tuple[str, ...] = ()
        self._has_failed = False
        self._stop = asyncio.Event()
        self._settled = asyncio.Event()
        self._life: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the detector in a task; requests are refused until it is ready."""
        self._life = asyncio.create_task(self._live(), name="humanrt.serve backend")

    async def settled(self) -> None:
        """Wait until the detector is ready or its start has failed."""
        await self._settled.wait()

    async def aclose(self) -> None:
        """End the detector, and free what it holds. Idempotent."""
        self._stop.set()
        if self._life is not None:
            if self._detector is None:  # it starts, or has ended
                self._life.cancel()
            with suppress(asyncio.CancelledError):
                await self._life

    @property
    def is_ready(self) -> bool:
        """Whether the detector has started, and has not ended."""
        return self._detector is not None

    @property
    def has_failed(self) -> bool:
        """Whether the start of the detector has failed."""
        return self._has_failed

    @property
    def detector(self) -> Detector:
        """The detector. Raises ``ProblemError``, 503, before it is ready and after its end."""
        if self._detector is None:
            reason = (
                "could not start; its log has the reason" if self._has_failed else "is starting; repeat the request"
            )
            raise ProblemError(503, f"the service {reason}", {"Retry-After": "5"})
        return self._detector

    async def detect(self, picture: bytes, config: Mapping[str, object], session: object = None) -> Result:
        """Return the detections in a picture; the caller owns the result's tensors."""
        limits = {"image": {"max_pixels": self._max_pixels}}
        if self._options.adaptive and self._gate.waiting and session is None:
            limits["image"]["max_side"] = (self.detector.config.image.max_side or WHOLE_SIDE) // 2
        return await self.detector.detect(picture, {**config, **limits}, session=session)

    async def filter(self, picture: bytes, filters: Mapping[str, float], form: PictureForm) -> bytes:
        """Return a picture with filters applied."""
        engine = self.detector.engine
        async with engine.scope("filter"):
            tensor = await engine.decode_image(picture, max_pixels=self._max_pixels)
            return await engine.encode_image(await engine.filter(tensor, **filters), form)

    async def style(self, picture: bytes, name: str, parameters: Mapping[str, float], form: PictureForm) -> bytes:
        """Return a picture in a style."""
        engine = self.detector.engine
        async with engine.scope("style"):
            tensor = await engine.decode_image(picture, max_pixels=self._max_pixels)
            return await engine.encode_image(await engine.style(tensor, cast(Any, name), **parameters), form)

    def tensors(self) -> tuple[int, int]:
        """Return the number of live tensors of all processes, and the bytes of those of this process."""
        if self._detector is None:
            return 0, 0
        memory = self._detector.engine.memory()
        return memory.num_tensors + sum(worker.tensors for worker in self.workers()), memory.num_bytes

    def workers(self) -> tuple[WorkerInfo, ...]:
        """Return the figures of the worker processes that are ready; none if this process detects."""
        detector: object = self._detector
        return detector.workers() if isinstance(detector, WorkerPool) else ()

    def segmentation_model(self) -> str:
        """Return the name of the model that segments; empty while the detector is not ready."""
        return "" if self._detector is None else _segmentation_model(self._detector.config)

    def segmentation_classes(self) -> tuple[str, ...]:
        """Return the classes of the model that segments, from its model card; none if that names none."""
        return self._classes

    async def _live(self) -> None:
        try:
            async with self._open() as detector:
                self._classes = await scheduler.run(_segmentation_classes, detector.config)
                if self._options.preload:
                    await self._preload(detector)
                self._detector = detector
                self._settled.set()
                await self._stop.wait()
        except Exception:  # noqa: BLE001 - reported by the log, by /live, and by each answer
            self._has_failed = True
            _log.exception("the detector could not start, or has failed")
        finally:
            self._detector = None
            self._settled.set()

    async def _preload(self, detector: Detector) -> None:
        """Load the models of all modules: with one call for each worker, each of which computes one call at a time."""
        config = {name: {"enabled": True} for name in MODULES}
        sample = await scheduler.run(encode, np.zeros((64, 64, 3), np.uint8), ".png")
        calls = [asyncio.ensure_future(detector.detect(sample, config)) for _ in range(self._options.concurrency)]
        try:
            for result in await asyncio.gather(*calls):
                result.dispose()
        finally:
            for call in calls:
                call.cancel()


def _segmentation_model(config: Config) -> str:
    return config.segmentation.model_path.removesuffix(".json")


def _segmentation_classes(config: Config) -> tuple[str, ...]:
    """Return the labels on the model card, without the background, which is in no legend."""
    card = cards(*Environment.read().cards, *split_paths(config.cards)).get(_segmentation_model(config))
    labels = () if card is None else next((output.labels for output in card.outputs.values() if output.labels), ())
    return tuple(label for label in labels if label != "background")
