"""The engine: what ``tf`` is in TF.js. Tensors, scopes and models in one hand, on one device."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from hashlib import file_digest
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeVar, overload

from numpy.typing import DTypeLike

from humanrt import tfjs
from humanrt.config import Environment
from humanrt.errors import EngineClosedError, ModelFormatError
from humanrt.runtime import session
from humanrt.runtime.background import background
from humanrt.runtime.completion import completion
from humanrt.runtime.device import Device, resolve_device
from humanrt.runtime.graph_model import GraphModel
from humanrt.tensors import Memory, Registry, Scope, Tensor
from humanrt.tensors.buffer import Array
from humanrt.zoo import Card, OnProgress, Store, default_cache_dir

T = TypeVar("T")
ModelSource = Card | str | os.PathLike[str]


class Engine:
    """Makes and frees tensors, and loads and runs models, on one device.

    Tensors belong to the scope they are made in, or to the caller. Engines are independent: each has its own tensors,
    scopes and counts; what is costly, the sessions of ONNX Runtime and the worker threads, is shared by the process.
    Use it with ``async with``, or with ``with`` where nothing asynchronous is left running at the end.

    ``device`` is "auto", "cpu", "cuda" or "cuda:N"; it is tried when the first model loads, or by ``await ready()``.
    ``deallocate`` says who frees the tensors of a Result: "auto" or "manual". ``track_sites`` records where tensors are
    made and freed. ``store`` is where models come from, by default the user's cache.
    """

    def __init__(
        self,
        device: str = "auto",
        *,
        deallocate: Literal["auto", "manual"] = "auto",
        track_sites: bool = False,
        store: Store | None = None,
    ) -> None:
        environment = Environment.read()
        self.deallocate = deallocate
        self.registry = Registry(track_sites=track_sites)
        self.store = store or Store(environment.cache_dir or default_cache_dir(), offline=environment.offline)
        self._device_name = device
        self._closing = False
        self._models: set[GraphModel] = set()
        self._loads: set[Future[GraphModel]] = set()

    # -- tensors; Registry documents them

    def tensor(self, data: object, dtype: DTypeLike | None = None, shape: int | Sequence[int] | None = None) -> Tensor:
        """Make a tensor of a copy of ``data``: a number, nested lists or an array. See ``Registry.tensor``."""
        return self.registry.tensor(data, dtype, shape)

    def from_numpy(self, array: Array) -> Tensor:
        """Make a tensor that shares the caller's array, which is never written. See ``Registry.from_numpy``."""
        return self.registry.from_numpy(array)

    def adopt(self, array: Array) -> Tensor:
        """Make a tensor of an array that the engine itself made. See ``Registry.adopt``."""
        return self.registry.adopt(array)

    def scalar(self, value: float, dtype: DTypeLike | None = None) -> Tensor:
        """Make a tensor of shape () of one number or bool."""
        return self.registry.tensor(value, dtype, ())

    @overload
    def tidy(self, function: Callable[[], T], /) -> T: ...
    @overload
    def tidy(self) -> Scope: ...

    def tidy(self, *functions: Callable[[], T]) -> T | Scope:
        """Call ``function`` and free what it made but what it returns; or open a scope, ``with engine.tidy():``.

        See ``Registry.tidy``.
        """
        return self.registry.tidy(*functions)

    def scope(self, name: str | None = None) -> Scope:
        """Open a scope that frees what was made in it: ``async with engine.scope() as scope:``, or plain ``with``."""
        return self.registry.scope(name)

    def keep(self, tensor: Tensor) -> Tensor:
        """Take a tensor out of every scope; from here on it is the caller's to dispose. Returns it."""
        return self.registry.keep(tensor)

    def dispose(self, container: object) -> None:
        """Dispose every tensor in ``container``, however nested. See ``Registry.dispose``."""
        self.registry.dispose(container)

    def memory(self) -> Memory:
        """Tell how many tensors, buffers and bytes are alive now, and how many handles were lost."""
        return self.registry.memory()

    # -- device and models

    async def ready(self) -> Device:
        """Try the device, and return it. Raises DeviceError when it cannot be used."""
        future = background(self._resolve_device, name="humanrt-device")
        await completion(future).wait()
        return future.result()

    async def load_graph_model(self, source: ModelSource, on_progress: OnProgress | None = None) -> GraphModel:
        """Load a model; the caller disposes it, or closing the engine does.

        ``source`` is a card of the zoo, or the path of an ``.onnx`` file, of a TF.js ``model.json`` with its weights
        beside it, or of a folder that holds one of the two. ``on_progress`` is called from another thread while files
        are fetched. Cancelling the call ends the waiting; the load ends by itself and its result is disposed.

        Raises StoreError and its kin when the files cannot be had, ModelFormatError when they are malformed,
        DeviceError, ModelRunError, EngineClosedError.
        """
        self._check_open()
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
        self._check_open()
        path, content_hash = self._to_onnx(source, on_progress)
        lease = session.acquire(path, content_hash, self._resolve_device())
        model = GraphModel(self.registry, lease, source.name if isinstance(source, Card) else Path(source).name)
        self._models.difference_update([other for other in tuple(self._models) if other.is_disposed])
        self._models.add(model)
        if self.registry.closed:
            model.dispose()
        self._check_open()
        return model

    # -- the end

    def close(self) -> None:
        """Free every tensor and model. For engines with nothing in flight; ``await aclose()`` waits for what is."""
        self._closing = True
        self.registry.close()
        for model in tuple(self._models):
            model.dispose()

    async def aclose(self) -> None:
        """Let the runs and loads in flight end, start no new ones, then free every tensor and model."""
        self._closing = True
        try:
            for model in tuple(self._models):
                model.dispose()
                await model.drain()
            for load in tuple(self._loads):
                await completion(load).wait()
        finally:
            self.close()

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

    def _check_open(self) -> None:
        if self._closing:
            raise EngineClosedError("this engine was closed; make a new one")

    def _resolve_device(self) -> Device:
        return resolve_device(self._device_name)

    def _to_onnx(self, source: ModelSource, on_progress: OnProgress | None) -> tuple[Path, str]:
        """Return the path of an ONNX file and a hash that names its content, fetching and converting as needed."""
        path = self.store.ensure(source, on_progress=on_progress) if isinstance(source, Card) else _find(Path(source))
        if path.suffix == ".onnx":
            with path.open("rb") as file:
                return path, file_digest(file, "sha256").hexdigest()
        digest = tfjs.source_digest(path)
        converted = self.store.converted(digest)
        if not converted.exists():
            with self.store.lock(f"onnx-{digest}"):
                if not converted.exists():
                    tfjs.convert(path, converted)
        return converted, digest


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


def _dispose_result(load: Future[GraphModel]) -> None:
    """Dispose the model of a load for which nobody waits any more."""
    if load.exception() is None:
        load.result().dispose()
