"""The engine: what ``tf`` is in TF.js. Tensors, scopes and models in one hand, on one device."""

import os
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from hashlib import file_digest, sha256
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from humanrt import tfjs
from humanrt.config import Environment
from humanrt.errors import DeviceError, EngineClosedError, ModelFormatError
from humanrt.runtime import sessions
from humanrt.runtime.background import background
from humanrt.runtime.completion import completion
from humanrt.runtime.device import Device, resolve_device
from humanrt.runtime.graph_model import GraphModel
from humanrt.tensors import POOL_LIMIT_BYTES, Registry
from humanrt.tensors.workspace import Workspace
from humanrt.zoo import Card, OnProgress, Store, default_cache_dir, is_address

ModelSource = Card | str | os.PathLike[str]

# What models without a card are called where converted ones are kept; no card can have this name.
UNNAMED = "_"


class Engine(Workspace):
    """Makes, computes and frees tensors, and loads and runs models, on one device.

    Tensors belong to the scope they are made in, or to the caller. Engines are independent: each has its own tensors,
    scopes, counts, pool and limits; what is costly, the sessions of ONNX Runtime and the worker threads, is shared by
    the process. Use it with ``async with``, or with ``with`` where nothing asynchronous is left running at the end.
    A process forked from the one that made an engine cannot use it: ForkedEngineError names the cure.

    ``device`` is "auto", "cpu", "cuda" or "cuda:N"; it is tried when the first model loads, or by ``await ready()``.
    ``deallocate`` says who frees the tensors of a Result: "auto" or "manual". ``track_sites``, or
    HUMANRT_TRACK_SITES=1, records where tensors are made and freed, for ``leaks()`` and for errors.
    ``memory_limit`` is the most bytes that live tensors may take, on each device or in a dict by device: what would
    pass it raises MemoryLimitError. ``pool_limit_bytes`` is how much freed memory is kept for the next tensor of the
    same size. ``store`` is where models come from, by default the user's cache.
    """

    def __init__(
        self,
        device: str = "auto",
        *,
        deallocate: Literal["auto", "manual"] = "auto",
        track_sites: bool = False,
        memory_limit: int | Mapping[str, int] | None = None,
        pool_limit_bytes: int = POOL_LIMIT_BYTES,
        store: Store | None = None,
    ) -> None:
        environment = Environment.read()
        registry = Registry(
            track_sites=track_sites or environment.track_sites,
            memory_limit=memory_limit,
            pool_limit_bytes=pool_limit_bytes,
        )
        super().__init__(registry)
        self.deallocate = deallocate
        self.store = store or Store(environment.cache_dir or default_cache_dir(), offline=environment.offline)
        self._device_name = device
        self._closing = False
        self._lock = threading.Lock()  # guards the two below
        self._models: set[GraphModel] = set()
        self._loading = 0
        self._loads: set[Future[GraphModel]] = set()

    # -- device and models

    @property
    def backend(self) -> str:
        """The name of the device: "cpu" or "cuda:N" once it was tried, before that what was asked for."""
        return self._device_name

    async def ready(self) -> Device:
        """Try the device, and return it. Raises DeviceError when it cannot be used, EngineClosedError."""
        self.check_open()
        device = await self._try_device(self._device_name)
        self._device_name = device.name
        return device

    async def set_backend(self, name: str) -> Device:
        """Choose the device of the models that are loaded from now on; try it, and return it.

        A model stays on the device that it was loaded for. So that none is left behind unseen, this raises DeviceError
        while any is loaded or loading: dispose it first. It raises DeviceError, too, when the device cannot be used;
        then the one before stays. EngineClosedError. TF.js moves what is there: ``tf.setBackend``.
        """
        self.check_open()
        device = await self._try_device(name)
        with self._lock:
            loaded = [model.name for model in self._models if not model.is_disposed]
            if loaded or self._loading:
                names = ", ".join(loaded) or "one that loads now"
                raise DeviceError(f"the device cannot change to {name!r} while models are loaded ({names})")
            self._device_name = device.name
        return device

    async def load_graph_model(self, source: ModelSource, on_progress: OnProgress | None = None) -> GraphModel:
        """Load a model; the caller disposes it, or closing the engine does.

        ``source`` is a card of the zoo; or the path of an ``.onnx`` file, of a TF.js ``model.json`` with its weights
        beside it, or of a folder that holds one of the two; or an https address of such a file, which is fetched once
        and kept in the store (http only from this machine itself). ``on_progress`` is called from another thread while
        files are fetched. Cancelling the call ends the waiting; the load ends by itself and its result is disposed.

        Raises StoreError and its kin when the files cannot be had, ModelFormatError when they are malformed,
        DeviceError, ModelRunError, EngineClosedError.
        """
        self.check_open()
        future = background(partial(self.load_blocking, source, on_progress), name=f"humanrt-load-{source}")
        self._loads.add(future)
        future.add_done_callback(self._loads.discard)
        done = completion(future)
        try:
            await done.wait()
        except BaseException:
            future.add_done_callback(_dispose_result)
            raise
        return future.result()

    def load_blocking(self, source: ModelSource, on_progress: OnProgress | None = None) -> GraphModel:
        """Load a model on the calling thread, as ``load_graph_model`` does. It may take minutes."""
        self.check_open()
        with self._counted_load():
            path, content_hash = self._to_onnx(source, on_progress)
            device = resolve_device(self._device_name)
            self._device_name = device.name
            name = source.name if isinstance(source, Card) else Path(source).name.partition("?")[0]
            model = GraphModel(self.registry, sessions.acquire(path, content_hash, device), name)
            with self._lock:
                self._models = {other for other in self._models if not other.is_disposed} | {model}
        if self.registry.closed:
            model.dispose()
        self.check_open()
        return model

    # -- the end

    def close(self) -> None:
        """Free every tensor and model. For engines with nothing in flight; ``await aclose()`` waits for what is.

        Afterwards ``memory()``, ``leaks()`` and every ``dispose()`` still work; everything else raises
        EngineClosedError, TensorDisposedError or ModelDisposedError.
        """
        self._closing = True
        if self.registry.forked:
            return  # all of it is the parent's
        self.registry.close()
        for model in tuple(self._models):
            model.dispose()

    async def aclose(self) -> None:
        """Let the runs and loads in flight end, start no new ones, then free every tensor and model."""
        self._closing = True
        if self.registry.forked:
            return
        try:
            for model in tuple(self._models):
                model.dispose()
                await model.drain()
            for load in tuple(self._loads):
                await completion(load).wait()
        finally:
            self.close()

    def check_open(self) -> None:
        """Raise EngineClosedError, or ForkedEngineError, where this engine cannot be used any more."""
        if self.registry.forked:
            raise self.registry.closed_error()
        if self._closing:
            raise EngineClosedError("this engine was closed; make a new one")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _try_device(self, name: str) -> Device:
        future = background(partial(resolve_device, name), name="humanrt-device")
        await completion(future).wait()
        return future.result()

    @contextmanager
    def _counted_load(self) -> Iterator[None]:
        with self._lock:
            self._loading += 1
        try:
            yield
        finally:
            with self._lock:
                self._loading -= 1

    def _locate(self, source: str | os.PathLike[str], on_progress: OnProgress | None) -> Path:
        """Return the model file at a path, or fetched from an address."""
        if is_address(source):
            return self.store.download(str(source), _weights, on_progress=on_progress)
        return _find(Path(source))

    def _to_onnx(self, source: ModelSource, on_progress: OnProgress | None) -> tuple[Path, str]:
        """Return the path of an ONNX file and a hash that names its content, fetching and converting as needed."""
        if isinstance(source, Card):
            # The store knows what the files hold: they need not be read to name what they become.
            name, path = source.name, self.store.ensure(source, on_progress=on_progress)
            digest = sha256(f"{tfjs.CONVERTER_VERSION}|{source.digest}".encode()).hexdigest()
        else:
            name, path = UNNAMED, self._locate(source, on_progress)
            digest = _digest(path) if path.suffix == ".onnx" else tfjs.source_digest(path)
        if path.suffix == ".onnx":
            return path, digest
        return self.store.converted(name, digest, partial(tfjs.convert, path)), digest


def _weights(model: Path) -> tuple[Path, ...]:
    """Return the files that a model has besides its first."""
    return () if model.suffix == ".onnx" else tfjs.source_files(model)[1:]


def _find(path: Path) -> Path:
    """Return the model file at ``path``, or in it if it is a folder."""
    if not path.is_dir():
        if path.is_file():
            return path
        raise ModelFormatError(f"{path} is no file; a model is an .onnx file, a TF.js model.json, or a folder with one")
    found = [*path.glob("model.json"), *path.glob("*.onnx")]
    if len(found) != 1:
        raise ModelFormatError(f"{path} must hold one model, a model.json or an .onnx file; it holds {len(found)}")
    return found[0]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _dispose_result(load: Future[GraphModel]) -> None:
    """Dispose the model of a load for which nobody waits any more."""
    if load.exception() is None:
        load.result().dispose()
