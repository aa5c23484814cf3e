"""A loaded model: tensors in, tensors out."""

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from numpy.typing import NDArray

from humanrt.errors import BlockingCallError, ModelDisposedError, ModelRunError
from humanrt.runtime import scheduler
from humanrt.runtime.device import Device
from humanrt.runtime.futures import completion
from humanrt.runtime.library import onnxruntime
from humanrt.runtime.sessions import SessionLease
from humanrt.runtime.signature import Inputs, Signature, TensorSpec, read_metadata, read_specs
from humanrt.tensors import Registry, Tensor
from humanrt.tensors.profile import kernel_ended, kernel_started

if TYPE_CHECKING:
    from onnxruntime import RunOptions

Arrays: TypeAlias = list[NDArray[Any]]


class GraphModel:
    """A model on its device, after TF.js's class of that name.

    The model owns its lease from the call of the constructor on, also if that fails. It may be run from any number of
    tasks and threads at once. Inputs stay the caller's; a run holds their memory until it has ended, so disposing one
    meanwhile changes nothing. Outputs are new tensors, the caller's, made in the caller's scope once the run has ended:
    a run that fails or is cancelled leaves none.

    ``registry``: counts the outputs. ``name``: what error messages call the model. Raises ModelFormatError: an input or
    output is not a tensor of an accepted dtype.
    """

    def __init__(self, registry: Registry, lease: SessionLease, name: str) -> None:
        self.name = name
        self._registry = registry
        self._lease = lease
        try:
            session = lease.session
            inputs = read_specs(name, session.get_inputs())
            outputs = read_specs(name, session.get_outputs())
            metadata = read_metadata(session)
        except BaseException:
            lease.release()
            raise
        self._signature = Signature(name, inputs, outputs)
        self._metadata = MappingProxyType(metadata)
        self._lock = threading.Lock()
        self._runs = 0
        self._idle: Future[None] = Future()
        self._disposed = False

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
        """What the file tells about itself, by name; "producer", "graph" and "description" are always there."""
        return self._metadata

    @property
    def device(self) -> Device:
        """Where the model runs."""
        return self._lease.device

    @property
    def is_disposed(self) -> bool:
        """Whether `dispose()` was called."""
        return self._disposed

    def execute(self, inputs: Inputs, outputs: str | Sequence[str] | None = None) -> Tensor | list[Tensor]:
        """Run the model on the calling thread; for scripts and threads. Everything else as in `execute_async`.

        Raises BlockingCallError: this is the thread of a running event loop.
        """
        _refuse_event_loop()
        with self._in_use():
            tensors, names = self._signature.bind(inputs, outputs)
            with _pinned(tensors) as feeds:
                arrays = self._run(names, feeds, onnxruntime().RunOptions())
        return _alone_or_all(self._adopt(arrays))

    async def execute_async(self, inputs: Inputs, outputs: str | Sequence[str] | None = None) -> Tensor | list[Tensor]:
        """Run the model on the scheduler.

        ``inputs``: a tensor (for a model with one input), a list or tuple in the model's order, or a dict by name.
        ``outputs``: the names of the outputs wanted, all of them by default. Returns one output as a tensor, several as
        a list in the order asked for; they are the caller's. Raises ModelInputError: names, count, dtypes or shapes do
        not fit, or an input is disposed; nothing was made; ModelDisposedError: the model was disposed; ModelRunError:
        ONNX Runtime failed.
        """
        arrays, _ = await self._compute(inputs, outputs)
        return _alone_or_all(self._adopt(arrays))

    async def predict(self, inputs: Inputs) -> dict[str, Tensor]:
        """Run the model as `execute_async` does and return all its outputs by name."""
        arrays, names = await self._compute(inputs, None)
        return dict(zip(names, self._adopt(arrays), strict=True))

    def dispose(self) -> None:
        """Admit no new runs, and give the session up when the last run has ended. Twice does no harm.

        Unloading takes some milliseconds where this was the session's last user.
        """
        if self._registry.forked:
            return  # the session is the parent's
        with self._lock:
            self._disposed = True
        self._release_when_idle()

    async def drain(self) -> None:
        """Wait, after `dispose()`, until the last run has ended and the session is given up."""
        await completion(self._idle).wait()

    async def _compute(self, inputs: Inputs, outputs: str | Sequence[str] | None) -> tuple[Arrays, list[str]]:
        with self._in_use():
            tensors, names = self._signature.bind(inputs, outputs)
            options = onnxruntime().RunOptions()
            stop = partial(setattr, options, "terminate", True)
            run = scheduler.run if self.device.kind == "cpu" else scheduler.run_on_card
            with _pinned(tensors) as feeds:
                arrays = await run(self._run, names, feeds, options, on_cancel=stop)
        return arrays, names

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        """Keep the session loaded while a run is queued or runs."""
        if self._registry.forked:
            raise self._registry.closed_error()
        with self._lock:
            if self._disposed:
                raise ModelDisposedError(f"{self.name} was disposed; load it again to run it")
            self._runs += 1
        try:
            yield
        finally:
            with self._lock:
                self._runs -= 1
            self._release_when_idle()

    def _release_when_idle(self) -> None:
        with self._lock:
            idle = self._disposed and self._runs == 0
        if idle:
            self._lease.release()
            with self._lock:
                if not self._idle.done():
                    self._idle.set_result(None)

    def _run(self, names: list[str], feeds: dict[str, NDArray[Any]], options: "RunOptions") -> Arrays:
        """Run the session; on a worker thread, or in `execute` on the caller's."""
        started = kernel_started()
        try:
            results = self._lease.session.run(names, feeds, options)
        except Exception as error:  # ONNX Runtime's exceptions have no base of their own
            raise ModelRunError(f"{self.name} failed in ONNX Runtime: {error}") from error
        if started is not None:
            kernel_ended(started, self.name, feeds.values(), results)
        # The results are views of the session's arena: one that is held keeps the whole arena alive, hundreds of
        # megabytes, even after the session is gone. A copy costs a few microseconds for each 100 KB.
        return [self._copy(result) for result in results]

    def _copy(self, result: NDArray[Any]) -> NDArray[Any]:
        copy = self._registry.empty(result.shape, result.dtype)
        copy[...] = result
        return copy

    def _adopt(self, arrays: Arrays) -> list[Tensor]:
        """Make tensors of a run's results in the caller's scope: all of them or none."""
        with ExitStack() as adopted:
            tensors = [adopted.enter_context(self._registry.adopt(array)) for array in arrays]
            adopted.pop_all()  # nothing failed: leaving must not dispose them
        arrays.clear()  # the worker's future may live a moment longer: what it holds could not be recycled
        return tensors


@contextmanager
def _pinned(tensors: dict[str, Tensor]) -> Iterator[dict[str, NDArray[Any]]]:
    """Hold the memory of a run's inputs, whoever disposes them meanwhile."""
    feeds = {name: tensor.registry.values(tensor) for name, tensor in tensors.items()}
    try:
        yield feeds
    finally:
        feeds.clear()  # the traceback of a run that failed holds the dict, and must not hold the memory


def _refuse_event_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise BlockingCallError("execute() would block the event loop that runs on this thread: await execute_async()")


def _alone_or_all(tensors: list[Tensor]) -> Tensor | list[Tensor]:
    return tensors[0] if len(tensors) == 1 else tensors
