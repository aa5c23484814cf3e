"""The models of one Human: each is found by its path in the configuration and loaded once for all calls."""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple, TypeAlias

from humanrt.config import Config
from humanrt.engine import Engine, internals
from humanrt.errors import ConfigError
from humanrt.runtime import scheduler
from humanrt.runtime.futures import background, completion
from humanrt.runtime.single_flight import SingleFlight
from humanrt.vision.call import Models
from humanrt.vision.stage import VisionModel
from humanrt.zoo import Card, FetchPlan, OnProgress, Progress, find_card

Flights: TypeAlias = SingleFlight[str, VisionModel]
"""The loads of models, by name."""

OnLoaded: TypeAlias = Callable[[tuple[str, ...], float], None]
"""Takes the names of the models that a call loaded, and the milliseconds that it took."""


class ModelLoader:
    """The loads of one Human.

    ``known`` are the model cards by name. Every method may be called from any thread and any event loop.

    Attributes:
        flights: the loads so far, since ``renew()``.

    """

    def __init__(self, engine: Engine, known: Mapping[str, Card]) -> None:
        self.engine = engine
        self.known = known
        self.flights: Flights = SingleFlight()

    async def load(self, config: Config, on_progress: OnProgress | None, on_loaded: OnLoaded) -> Models:
        """Return the models that ``config`` needs, by key; each is loaded once, side by side with the others.

        ``on_progress`` is called for every file, also for those of models that are loaded already, on another thread.
        ``on_loaded`` is called if this call loaded a model.
        """
        from humanrt.vision.modules import needed_models  # with all modules, which are imported at the first load

        start = time.perf_counter()
        cards = {key: self.find(key, path) for key, path in needed_models(config).items()}
        started: list[Card] = []
        loads = {card.name: partial(self._load_one, card, on_progress, started) for card in cards.values()}
        models = await self.flights.get_all(loads)
        if on_progress is not None:
            await scheduler.run(_report, [card for card in cards.values() if card not in started], on_progress)
        if started:
            on_loaded(tuple(sorted(card.name for card in started)), 1000 * (time.perf_counter() - start))
        return {key: models[card.name] for key, card in cards.items()}

    def find(self, key: str, path: str) -> Card:
        """Return the model card for a key of the configuration.

        Raises ``UnknownModelError`` if there is none of that name, ``ConfigError`` if it is for another key.
        """
        card = find_card(path, self.known)
        if card.config_key != key:
            raise ConfigError(f"{key}.model_path is {path!r}, which is a model for {card.config_key}")
        return card

    def loaded(self) -> dict[str, VisionModel]:
        """Return the loaded models by name, without those that are loading."""
        return self.flights.loaded()

    def renew(self) -> Flights:
        """Load every model anew from now on; return the loads so far, for ``retire()``."""
        flights, self.flights = self.flights, SingleFlight()
        return flights

    async def drain(self) -> None:
        """Wait until nothing is loading."""
        await self.flights.drain()

    def _load_one(self, card: Card, on_progress: OnProgress | None, started: list[Card]) -> VisionModel:
        started.append(card)
        return VisionModel(self.engine, card, internals(self.engine).load(card, on_progress))


async def retire(flights: Flights, calls: Iterable[Future[None]]) -> None:
    """Dispose of the models of ``flights`` when the calls that may use them have ended, and the last is loaded."""
    for call in calls:
        await completion(call).wait()
    await flights.drain()
    models = [*flights.loaded().values()]

    def dispose() -> None:
        for model in models:
            model.graph.dispose()

    if models:  # not on the thread of the event loop: unloading takes some milliseconds a model
        await completion(background(dispose, name="humanrt-unload")).wait()


def _report(cards: Iterable[Card], on_progress: OnProgress) -> None:
    """Report the files of models that needed no load at their end."""
    for card in cards:
        for file in card.files:
            on_progress(Progress(file.name, file.bytes, file.bytes))


class ModelInfo(NamedTuple):
    """One model of a Human."""

    name: str
    """The name of its model card, "blazeface" for instance."""
    key: str
    """The section of the configuration that names it, "face.detector" for instance."""
    size: int
    """The size of its published files in bytes; TF.js's weights are often stored in 16 or 8 bits."""
    loaded: bool
    """Whether it is loaded."""
    device: str | None
    """The device that it was loaded for, "cpu" or "cuda:N"; None if it is not loaded."""
    memory: int
    """The size in bytes of the ONNX model that was loaded, its weights above all; 0 if it is not loaded. ONNX Runtime
    holds it once, however many Humans of the process use it, and does not report the memory of its runs."""


class ModelStats(NamedTuple):
    """The sums over the models of a Human."""

    listed: int
    """The number of models that the configuration needs, and of those that other calls loaded."""
    loaded: int
    """The number of those that are loaded."""
    size: int
    """The size of the published files of all of them, in bytes."""
    devices: Mapping[str, int]
    """The ``memory`` of the loaded models in bytes, by device."""

    @property
    def memory(self) -> int:
        """The ``memory`` of all loaded models, in bytes."""
        return sum(self.devices.values())


class ModelsView:
    """The models of a Human, at ``human.models``: which it needs, which are loaded, how large they are and where."""

    def __init__(self, loader: ModelLoader, config: Config) -> None:
        self._loader = loader
        self._config = config

    def list(self) -> tuple[ModelInfo, ...]:
        """Return the models that the configuration needs, and those that calls with another one loaded, by key.

        Raises ``UnknownModelError`` or ``ConfigError`` if the configuration names a model that does not exist.
        """
        from humanrt.vision.modules import needed_models

        loaded = self._loader.loaded()
        cards = {self._loader.find(key, path) for key, path in needed_models(self._config).items()}
        cards |= {model.card for model in loaded.values()}
        return tuple(_info(card, loaded.get(card.name)) for card in sorted(cards, key=lambda card: card.config_key))

    def plan(self) -> FetchPlan:
        """Return what ``load()`` fetches before it loads; printed, it is "fetching 3 models, about 40 MB".

        Blocks while files are checked. Raises the errors of ``list()``.
        """
        from humanrt.vision.modules import needed_models

        cards = {self._loader.find(key, path) for key, path in needed_models(self._config).items()}
        return self._loader.engine.store.plan(cards)

    def loaded(self) -> tuple[str, ...]:
        """Return the names of the loaded models."""
        return tuple(sorted(self._loader.loaded()))

    def stats(self) -> ModelStats:
        """Return the sums over ``list()``; with its errors."""
        every = self.list()
        loaded = [model for model in every if model.loaded]
        devices: dict[str, int] = {}
        for model in loaded:
            name = str(model.device)
            devices[name] = devices.get(name, 0) + model.memory
        return ModelStats(len(every), len(loaded), sum(model.size for model in every), devices)


def _info(card: Card, model: VisionModel | None) -> ModelInfo:
    if model is None:
        return ModelInfo(card.name, card.config_key, card.size, False, None, 0)
    # Of a model that was not converted, the external data counts too.
    memory = card.size if card.model_file.endswith(".onnx") else model.graph.file_bytes
    return ModelInfo(card.name, card.config_key, card.size, True, model.graph.device.name, memory)
