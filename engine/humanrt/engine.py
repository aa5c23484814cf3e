"""The engine, which is what ``tf`` is in TF.js: tensors, scopes and models on one device.

An ``Engine`` has the methods of users. Other rooms also use its ``internals()``, which users have no need of.
"""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self

from numpy.typing import NDArray

from humanrt.admission import Budget
from humanrt.config import Environment
from humanrt.errors import DeviceError, EngineClosedError, EngineError, StoreError
from humanrt.pictures import Pictures
from humanrt.runtime import sessions
from humanrt.runtime.device import Device, gpu_index, resolve_device
from humanrt.runtime.futures import background, completion, outlast, running_loop
from humanrt.runtime.graph_model import GraphModel
from humanrt.tensors import POOL_LIMIT_BYTES, Registry, Tensor
from humanrt.zoo import Cancelled, OnProgress, Store, default_cache_dir, never

if TYPE_CHECKING:
    from humanrt.model_files import ModelSource


class Engine(Pictures):
    """Creates, computes and frees tensors, decodes and encodes pictures, and loads and runs models, on one device.

    A tensor belongs to the scope in which it was created, else to the caller. Engines are independent: each has its own
    tensors, scopes, counts, pool and limits. The expensive parts, the sessions of ONNX Runtime and the worker threads,
    are shared by all engines of the process. Use an engine with ``async with``, or with ``with`` if nothing
    asynchronous is in flight at its end. It cannot be used in a forked child (``ForkedEngineError``). Its asynchronous
    methods run on asyncio only; elsewhere, under trio for instance, they raise ``EngineError``.

    ``device`` is "auto", "cpu", "cuda" or "cuda:N". Whether it works is checked when the first model is loaded, or by
    ``ready()``. Another name raises ``DeviceError``.

    ``deallocate`` is the owner of the tensors in a Result: "auto" the engine, "manual" the caller.

    ``track_sites``, or HUMANRT_TRACK_SITES=1 in the environment, records where tensors are created and freed, for
    ``leaks()`` and error messages.

    ``memory_limit`` is the maximum size of all live tensors in bytes, on each device or in a dict by device. A tensor
    beyond it raises ``MemoryLimitError``. ``pool_limit_bytes`` is the maximum size of the freed memory that is kept for
    new tensors of the same size.

    ``store`` is the source of models, by default the user's cache.
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
        gpu_index(device)  # raises for a name that no device has
        environment = Environment.read()
        registry = Registry(
            track_sites=track_sites or environment.track_sites,
            memory_limit=memory_limit,
            pool_limit_bytes=pool_limit_bytes,
        )
        budget = Budget()
        super().__init__(registry, budget)
        self.deallocate = deallocate
        store = store or Store(environment.cache_dir or default_cache_dir(), offline=environment.offline)
        self._internals = Internals(self.registry, store, device, budget)

    # -- device and models

    @property
    def store(self) -> Store:
        """The source of models."""
        return self._internals.store

    @property
    def backend(self) -> str:
        """The name of the device: "cpu" or "cuda:N"; before it was checked, the name that was asked for."""
        return self._internals.device_name

    async def ready(self) -> Device:
        """Check the device, and return it.

        Raises ``DeviceError`` if it cannot be used, ``EngineClosedError`` after ``close()``.
        """
        self._internals.check_open()
        device = await _check_device(self._internals.device_name)
        self._internals.device_name = device.name
        return device

    async def set_backend(self, name: str) -> Device:
        """Check a device, use it for the models that are loaded from now on, and return it.

        A model stays on the device that it was loaded for. TF.js moves loaded models: ``tf.setBackend``.

        Raises ``DeviceError`` if the device cannot be used, or while a model is loaded or loading; the device before
        is then kept. Raises ``EngineClosedError`` after ``close()``.
        """
        self._internals.check_open()
        device = await _check_device(name)
        self._internals.change_device(device.name)
        return device

    async def load_graph_model(
        self, source: "ModelSource", on_progress: OnProgress | None = None, *, copy: bool = True
    ) -> GraphModel:
        """Load a model, which is freed by its ``dispose()`` or with the engine.

        ``source`` is a model card; the path, or ``file://`` address, of an ``.onnx`` file, of a TF.js ``model.json``
        with its weights beside it, or of a folder that contains one of the two; an https address of such a file, which
        is fetched once and kept in the store (http only from this machine); or an ONNX model as bytes, as a file that
        is open for reading bytes, or as an ``onnx.ModelProto``, which must not change before the call returns. Files of
        external data are beside the ``.onnx`` file, also at an address. ``on_progress`` is called on another thread
        while files are fetched; one that is cached is reported at 100 %.

        An ONNX model is copied once to the store's cache, under the hash of its files, and loaded from there, so that a
        loaded model does not depend on files that other programs write. With ``copy=False`` it is loaded from the given
        files, and its external data is mapped to memory: as long as the model is loaded, a program that writes these
        files changes its results, and one that truncates them ends this process.

        If the call is cancelled, a fetch ends within a second; what cannot be cancelled ends in the background, and its
        model is disposed.

        Raises ``StoreError`` if files cannot be fetched, read or kept, ``ModelFormatError`` if they are malformed,
        incomplete or of another format, ``DeviceError`` if the device cannot be used, ``ModelRunError`` if ONNX Runtime
        fails, ``EngineClosedError`` after ``close()``.
        """
        self._internals.check_open()
        running_loop()  # raises before a thread is started
        abandoned = threading.Event()
        load = partial(self._internals.load, source, on_progress, copy=copy, cancelled=abandoned.is_set)
        future = background(load, name="humanrt-load")
        done = completion(future)
        try:
            await done.wait()
        except BaseException:
            abandoned.set()
            future.add_done_callback(_dispose_result)
            raise
        return future.result()

    # -- the end

    def close(self) -> None:
        """Free all tensors and models, if nothing is in flight; ``await aclose()`` waits for what is. Idempotent.

        Afterwards ``memory()``, ``leaks()`` and every ``dispose()`` still work; everything else raises
        ``EngineClosedError``, ``TensorDisposedError`` or ``ModelDisposedError``.
        """
        self._internals.closing = True
        if self.registry.forked:
            return  # everything belongs to the parent
        self.registry.close()
        self._internals.dispose_models()

    async def aclose(self) -> None:
        """Let the runs in flight end, start no new ones, then free all tensors and models. Idempotent.

        The loads in flight end as well; they raise ``EngineClosedError`` in their callers. If ``aclose()`` is
        cancelled, it still waits for the runs and frees everything before it raises the cancellation. It does not wait
        for the loads then: they end in the background, and their models are disposed.
        """
        running_loop()
        self._internals.closing = True
        if self.registry.forked:
            return
        try:
            await outlast(self._internals.end_runs())
            await self._internals.end_loads()
        finally:
            self.close()

    def __reduce__(self) -> NoReturn:
        raise EngineError("an engine cannot be pickled or copied: create a new Engine in each process that needs one")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        running_loop()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


class Internals:
    """The part of an engine that other rooms use and users do not; ``internals()`` returns it.

    Attributes:
        registry: the engine's tensors: their ledger, budget and variables.
        store: the source of its models.
        device_name: the device of the models that are loaded from now on.
        closing: whether ``close()`` or ``aclose()`` was called.
        budget: the bytes that pictures may take.

    """

    def __init__(self, registry: Registry, store: Store, device_name: str, budget: Budget) -> None:
        self.registry = registry
        self.budget = budget
        self.store = store
        self.device_name: str = device_name
        self.closing: bool = False
        self._lock = threading.Lock()  # guards the two below
        self._models: set[GraphModel] = set()
        self._loads: set[Future[None]] = set()

    def check_open(self) -> None:
        """Raise ``EngineClosedError`` or ``ForkedEngineError`` if the engine cannot be used any more."""
        if self.registry.forked:
            raise self.registry.closed_error()
        if self.closing:
            raise EngineClosedError("this engine was closed; create a new one")

    def adopt(self, array: NDArray[Any]) -> Tensor:
        """Return a tensor of an array that the caller gives away: nothing may write to it any more."""
        return self.registry.adopt(array)

    def load(
        self,
        source: "ModelSource",
        on_progress: OnProgress | None = None,
        *,
        copy: bool = True,
        cancelled: Cancelled = never,
    ) -> GraphModel:
        """Load a model on the calling thread, as ``Engine.load_graph_model()`` does. This may take minutes.

        ``cancelled`` is called several times a second while files are fetched; if it returns True, or the engine is
        closed, the fetch ends.
        """
        from humanrt.model_files import ConvertedModel, name_of, prepare  # with the converter, on the thread of a load

        self.check_open()
        with self._loading():
            try:
                files = prepare(
                    source,
                    self.store,
                    copy=copy,
                    on_progress=on_progress,
                    cancelled=lambda: self.closing or cancelled(),
                )
            except StoreError:
                self.check_open()  # the end of the engine ended the fetch
                raise
            device = resolve_device(self.device_name)
            self.device_name = device.name
            lease, name = sessions.acquire(files.stored.path, files.key, device), name_of(source)
            if files.conversion is None:
                model = GraphModel(self.registry, lease, name, files.stored)
            else:
                model = ConvertedModel(self.registry, lease, name, files.stored, files.conversion)
            with self._lock:
                self._models = {other for other in self._models if not other.is_disposed} | {model}
        if self.registry.closed:
            model.dispose()
        self.check_open()
        return model

    def change_device(self, name: str) -> None:
        """Use another device from now on. Raises ``DeviceError`` while a model is loaded or loading."""
        with self._lock:
            loaded = [model.name for model in self._models if not model.is_disposed]
            if loaded or self._loads:
                names = ", ".join(loaded) or "one is loading"
                raise DeviceError(
                    f"the device cannot change to {name!r} while models are loaded ({names}): dispose them first"
                )
            self.device_name = name

    def dispose_models(self) -> None:
        """Dispose all models; each is unloaded when its last run has ended."""
        for model in tuple(self._models):
            model.dispose()

    async def end_runs(self) -> None:
        """Dispose all models, and wait until their last runs have ended."""
        # Not on the thread of the event loop: unloading takes some milliseconds a model.
        if self._models:
            await completion(background(self.dispose_models, name="humanrt-unload")).wait()
        for model in tuple(self._models):
            await model.drain()

    async def end_loads(self) -> None:
        """Wait until the loads in flight have ended."""
        for load in tuple(self._loads):
            await completion(load).wait()

    @contextmanager
    def _loading(self) -> Iterator[None]:
        load: Future[None] = Future()
        with self._lock:
            self._loads.add(load)
        try:
            yield
        finally:
            with self._lock:
                self._loads.discard(load)
            load.set_result(None)


def internals(engine: Engine) -> Internals:
    """Return the part of ``engine`` that other rooms use and users do not."""
    return engine._internals  # noqa: SLF001 - the one way in


async def _check_device(name: str) -> Device:
    running_loop()
    future = background(partial(resolve_device, name), name="humanrt-device")
    await completion(future).wait()
    return future.result()


def _dispose_result(load: Future[GraphModel]) -> None:
    """Dispose the model of a load whose caller was cancelled."""
    if load.exception() is None:
        load.result().dispose()
