"""A loaded model, which maps tensors to tensors."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from types import MappingProxyType
from typing import Any, NoReturn, TypeAlias

from numpy.typing import NDArray

from humanrt.errors import BlockingCallError, ModelDisposedError, ModelError, ModelRunError
from humanrt.runtime import scheduler
from humanrt.runtime.device import Device
from humanrt.runtime.futures import completion
from humanrt.runtime.library import InferenceSession, RunOptions, onnxruntime
from humanrt.runtime.sessions import SessionLease
from humanrt.runtime.signature import Inputs, Signature, TensorSpec, read_metadata, read_specs
from humanrt.tensors import Registry, Tensor, values_of
from humanrt.tensors.profile import kernel_ended, kernel_started, open_windows

Arrays: TypeAlias = list[NDArray[Any]]


class StopSignal:
    """Ends the work of one job early: a run of ONNX Runtime in milliseconds, other work where it reads ``is_set``."""

    __slots__ = ("is_set", "options")

    def __init__(self, options: RunOptions) -> None:
        self.options: RunOptions = options
        self.is_set: bool = False

    def set(self) -> None:
        """Ask the work to end; from any thread."""
        self.is_set = self.options.terminate = True


class GraphModel:
    """A model on its device, after TF.js's class of that name; ``Engine.load_graph_model()`` returns one.

    It may be run from any number of tasks and threads at once. Inputs stay the caller's; a run holds their memory until
    it has ended, so disposing of one meanwhile has no effect on it. Outputs are new tensors in the caller's scope, or
    else the caller's, allocated once the run has ended: a run that fails or is cancelled leaves none.

    ``registry`` counts the outputs; ``lease`` is owned by the model from the call of the constructor on, also if that
    fails; ``name`` is used in error messages. Raises ``ModelFormatError`` if an input or output is not a tensor of an
    accepted dtype.
    """

    def __init__(self, registry: Registry, lease: SessionLease, name: str) -> None:
        self.name = name
        self._ledger = registry.ledger
        self._closed_error = registry.closed_error
        self._lease = lease
        try:
            session = lease.session
            inputs = read_specs(session.get_inputs())
            outputs = read_specs(session.get_outputs())
            metadata = read_metadata(session)
        except BaseException:
            lease.release()
            raise
        self._signature = Signature(name, inputs, outputs)
        self._session: InferenceSession = session  # until it is released
        self.run_options: Callable[[], RunOptions] = onnxruntime().RunOptions
        self._metadata = MappingProxyType(metadata)
        self._lock = threading.Lock()
        self._runs = 0
        self._idle: Future[None] = Future()
        self._disposed = self._released = False

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The model's inputs, in its own order."""
        return self._signature.inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The model's outputs, in its own order."""
        return self._signature.outputs

    @property
    def metadata(self) -> Mapping[str, str]:
        """The file's metadata by name; "producer", "graph" and "description" are always present."""
        return self._metadata

    @property
    def device(self) -> Device:
        """The device that the model runs on."""
        return self._lease.device

    @property
    def file_bytes(self) -> int:
        """The size in bytes of the ``.onnx`` file that it was loaded from, without external data."""
        return self._lease.file_bytes

    @property
    def is_disposed(self) -> bool:
        """Whether ``dispose()`` was called."""
        return self._disposed

    def execute(self, inputs: Inputs, outputs: str | Sequence[str] | None = None) -> Tensor | list[Tensor]:
        """Run the model on the calling thread; for scripts and threads. Everything else as in ``execute_async()``.

        Raises ``BlockingCallError`` if an event loop runs on this thread.
        """
        _refuse_event_loop()
        self._enter()  # a model that cannot be used is refused before its inputs are examined
        try:
            tensors, names = self._signature.bind(inputs, outputs)
            _, results = self.run(tensors, names, StopSignal(self.run_options()))
        finally:
            self._leave()
        return _alone_or_all(results)

    def __reduce__(self) -> NoReturn:
        raise ModelError(f"{self.name} cannot be pickled or copied: load it again in each process that needs it")

    def run(self, inputs: dict[str, Tensor], outputs: list[str], stop: StopSignal) -> tuple[Arrays, list[Tensor]]:
        """Run the model on the calling thread, a worker's, until ``stop`` is set.

        ``inputs`` and ``outputs`` are by the graph's names; whether they fit is examined only if the run fails. Returns
        the outputs as arrays, which must not be written, and as the tensors that own them, in the caller's scope.

        Raises what ``execute_async()`` raises.
        """
        self._enter()
        feeds = {}
        try:
            for name, tensor in inputs.items():
                feeds[name] = values_of(tensor)
            arrays = self._run(outputs, feeds, stop)
            return arrays, self._adopt(arrays)
        except ModelRunError:
            self._signature.bind(inputs, outputs)
            raise
        finally:
            feeds.clear()  # the traceback of a failed run holds this frame, which must not hold the memory
            self._leave()

    async def execute_async(self, inputs: Inputs, outputs: str | Sequence[str] | None = None) -> Tensor | list[Tensor]:
        """Run the model on the scheduler.

        ``inputs`` is a tensor (for a model with one input), a list or tuple in the model's order, or a dict by name.
        ``outputs`` names the outputs wanted, by default all of them. Returns one output as a tensor, several as a list
        in the order of ``outputs``; they are the caller's.

        Raises ``ModelInputError`` if names, count, dtypes or shapes do not fit or an input is disposed,
        ``ModelDisposedError`` if the model was disposed, ``ModelRunError`` if ONNX Runtime fails.
        """
        tensors, _ = await self._compute(inputs, outputs)
        return _alone_or_all(tensors)

    async def predict(self, inputs: Inputs) -> dict[str, Tensor]:
        """Run the model as ``execute_async()`` does and return all its outputs by name."""
        tensors, names = await self._compute(inputs, None)
        return dict(zip(names, tensors, strict=True))

    def dispose(self) -> None:
        """Refuse new runs, and release the session when the last run has ended. Idempotent.

        Unloading takes some milliseconds if this was the session's last user.
        """
        if self._ledger.forked:
            return  # the session is the parent's
        with self._lock:
            self._disposed = True
        self._release_when_idle()

    async def drain(self) -> None:
        """Wait, after ``dispose()``, until the last run has ended and the session is released."""
        await completion(self._idle).wait()

    async def _compute(self, inputs: Inputs, outputs: str | Sequence[str] | None) -> tuple[list[Tensor], list[str]]:
        self._enter()
        try:
            tensors, names = self._signature.bind(inputs, outputs)
            stop = StopSignal(self.run_options())
            run = scheduler.run if self.device.kind == "cpu" else scheduler.run_on_gpu
            feeds = {name: values_of(tensor) for name, tensor in tensors.items()}
            try:
                arrays = await run(self._run, names, feeds, stop, on_cancel=stop.set)
            finally:
                feeds.clear()  # the traceback of a failed run holds this frame, which must not hold the memory
            results = self._adopt(arrays)
            arrays.clear()  # the worker's job may live a moment longer: what it holds could not be recycled
            return results, names
        finally:
            self._leave()

    def _enter(self) -> None:
        """Keep the session loaded until ``_leave()``, while a run is queued or runs."""
        if self._ledger.forked:
            raise self._closed_error()
        with self._lock:
            if self._disposed:
                raise ModelDisposedError(f"{self.name} was disposed; load it again to run it")
            self._runs += 1

    def _leave(self) -> None:
        with self._lock:
            self._runs -= 1
            disposed = self._disposed
        if disposed:
            self._release_when_idle()

    def _release_when_idle(self) -> None:
        with self._lock:
            if not self._disposed or self._runs or self._released:
                return
            self._released = True
            del self._session  # before the lease: the last user's release returns memory to the system
        self._lease.release()
        self._idle.set_result(None)

    def _run(self, names: list[str], feeds: dict[str, NDArray[Any]], stop: "StopSignal") -> Arrays:
        """Run the session and copy its results; on a worker thread, or in ``execute()`` on the caller's."""
        started = kernel_started() if open_windows.get() else None
        try:
            results = self._session.run(names, feeds, stop.options)
        except Exception as error:  # ONNX Runtime's exceptions have no base of their own
            raise ModelRunError(f"{self.name} failed in ONNX Runtime: {error}") from error
        if started is not None:
            kernel_ended(started, self.name, feeds.values(), results)
        # The results are views of the session's arena: one that is held keeps the whole arena alive, hundreds of
        # megabytes, even after the session is gone. A copy costs a few microseconds for each 100 KB.
        copies = []
        for result in results:
            copy = self._ledger.empty(result.shape, result.dtype)
            copy[...] = result
            copies.append(copy)
        return copies

    def _adopt(self, arrays: Arrays) -> list[Tensor]:
        """Return tensors of a run's results in the caller's scope: all of them or none."""
        tensors: list[Tensor] = []
        try:
            for array in arrays:
                tensors.append(self._ledger.adopt(array))  # noqa: PERF401  # what was adopted before one fails is known
        except BaseException:
            for tensor in tensors:
                tensor.dispose()
            raise
        return tensors


def _refuse_event_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise BlockingCallError("execute() would block the event loop that runs on this thread: await execute_async()")


def _alone_or_all(tensors: list[Tensor]) -> Tensor | list[Tensor]:
    return tensors[0] if len(tensors) == 1 else tensors
