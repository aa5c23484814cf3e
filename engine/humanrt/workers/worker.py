"""One worker process, as its pool sees it."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from humanrt.config import Config
from humanrt.errors import SessionError, WorkerError
from humanrt.runtime import scheduler
from humanrt.workers.memory import SharedMemory
from humanrt.workers.messages import (
    Answer,
    Cancel,
    Configure,
    Detect,
    Encoded,
    EndSession,
    Failed,
    Pixels,
    Ready,
    Report,
    Stop,
    copies,
    receive,
    send,
    unpack_error,
)

NOTHING = Report(0, 0, 0, 0, 0)


class WorkerLostError(WorkerError):
    """A worker ended, or was killed because it hung, while it computed a call."""


class Found(NamedTuple):
    """A result as it arrives: pickled, with copies of the arrays of its tensors."""

    data: bytes
    arrays: list[NDArray[Any]]
    seconds: float


@dataclass(eq=False)
class Call:
    """A call of a pool. ``source`` is a path, encoded bytes, or an array uint8 [h, w, 3]."""

    source: str | bytes | bytearray | memoryview | NDArray[np.uint8]
    bgr: bool
    config: Config | None
    number: int
    session: "PoolSession | None" = None
    worker: "Worker | None" = None
    cancelled: bool = False
    unread: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while no thread reads the picture."""

    def __post_init__(self) -> None:
        self.unread.set()

    def cancel(self) -> None:
        """End the call: nobody awaits its answer."""
        self.cancelled = True
        if self.worker is not None:
            self.worker.cancel(self)


class PoolSession:
    """The state of one video in a worker, from frame to frame; created by ``WorkerPool.session()``.

    Its owner closes it. All its frames are computed by the worker of the first. When that worker is replaced, the next
    frame begins anew in another one: its ids begin with 0. One call at a time may use a session.
    """

    def __init__(self, number: int) -> None:
        self.number: int = number
        self.worker: Worker | None = None
        self.in_use: bool = False
        self.is_closed: bool = False

    def close(self) -> None:
        """Free the state, after the call that uses it. Idempotent."""
        self.is_closed = True
        self._free_if_closed()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Use the session for the duration of the block.

        Raises ``SessionError`` if it was closed, or another call uses it.
        """
        if self.is_closed:
            raise SessionError("this session was closed; create a new one with pool.session()")
        if self.in_use:
            raise SessionError("this session is in use by another call; await that call first")
        self.in_use = True
        try:
            yield
        finally:
            self.in_use = False
            self._free_if_closed()

    def _free_if_closed(self) -> None:
        if self.is_closed and not self.in_use and self.worker is not None:
            self.worker.end_session(self.number)
            self.worker = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Worker:
    """A process that detects. Its methods are called by the tasks of one pool, for one call at a time."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.report: Report = NOTHING
        self.requests: int = 0
        self.started: float = time.monotonic()
        self.tensors: list[int] = []
        self.hung: bool = False
        self.due: bool = False
        self.leaving: bool = False
        self.busy: bool = False
        self.ended: asyncio.Event = asyncio.Event()
        self._changed = changed
        self._memory = SharedMemory()
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answer: asyncio.Future[Answer] | None = None

    @property
    def pid(self) -> int:
        """The number of the process; 0 before it exists."""
        return 0 if self._process is None else self._process.pid

    # -- the beginning

    async def start(self, config: Config, *, device_memory: bool, timeout: float) -> None:  # noqa: ASYNC109 - kills
        """Start the process, and wait until its models are loaded.

        Raises the error of its Human, ``WorkerError`` if it ends or takes longer than ``timeout`` seconds. The process
        is then killed.
        """
        try:
            ours, theirs = socket.socketpair()
            try:
                with theirs:
                    await scheduler.run(self._spawn, theirs.fileno())
                reader, self._writer = await asyncio.open_connection(sock=ours)
            except BaseException:
                ours.close()
                raise
            send(self._writer, Configure(config, device_memory))
            self._reading = asyncio.create_task(self._read(reader))
            async with asyncio.timeout(timeout):
                await asyncio.shield(self._first)
        except TimeoutError:
            await self.reap()
            raise WorkerError(f"a worker has not loaded its models within {timeout} s; see start_timeout") from None
        except BaseException:
            await self.reap()
            raise
        self.started = time.monotonic()

    def _spawn(self, channel: int) -> None:
        memory = self._memory.descriptor
        code = (
            f"import sys; sys.path[:] = {sys.path!r}; "
            f"from humanrt.workers.process import main; main({channel}, {memory}, {os.getpid()})"
        )
        # Not multiprocessing: its processes import the program's main module again, and share a resource tracker.
        self._process = subprocess.Popen(  # noqa: S603 - this Python
            [sys.executable, "-c", code], stdin=subprocess.DEVNULL, pass_fds=(channel, memory)
        )

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Receive messages until the process has ended."""
        try:
            while True:
                message = await receive(reader)
                if isinstance(message, Ready):
                    self.report = message.report
                    if not self._first.done():
                        self._first.set_result(None)
                elif isinstance(message, Failed):
                    if not self._first.done():
                        self._first.set_exception(unpack_error(message.error))
                elif isinstance(message, Answer):
                    self.report = message.report
                    if self._answer is not None and not self._answer.done():
                        self._answer.set_result(message)
        except (EOFError, OSError):
            pass  # it has ended
        finally:
            self.ended.set()
            for waiting in (self._first, self._answer):
                if waiting is not None and not waiting.done():
                    waiting.set_exception(WorkerLostError(f"the worker process {self.pid} ended"))
                    waiting.exception()  # retrieved: perhaps nobody awaits it
            self._changed()

    # -- calls

    async def detect(self, call: Call, timeout: float) -> Found:  # noqa: ASYNC109 - kills
        """Return the result of a call.

        Raises the error of ``Human.detect()``, ``WorkerLostError`` if the process ends, or is killed because the call
        takes longer than ``timeout`` seconds.
        """
        try:
            call.worker = self
            call.unread.clear()
            try:
                source = await scheduler.run(self._write, call)
            finally:
                call.unread.set()
            self._answer = asyncio.get_running_loop().create_future()
            if self.ended.is_set():
                raise WorkerLostError(f"the worker process {self.pid} ended")
            assert self._writer is not None  # noqa: S101 - it has started
            if call.cancelled:  # its session may have ended
                raise asyncio.CancelledError
            session = None if call.session is None else call.session.number
            send(self._writer, Detect(call.number, source, call.config, session))
            try:
                async with asyncio.timeout(timeout):
                    answer = await self._answer
            except TimeoutError:
                self.hung = True
                self.kill()
                raise WorkerLostError(f"the worker process {self.pid} took longer than {timeout} s") from None
            self.requests += 1
            self.tensors.append(answer.report.tensors)
            if answer.error is not None:
                raise unpack_error(answer.error)
            if answer.result is None:
                raise asyncio.CancelledError
            arrays = await scheduler.run(copies, answer.result, self._memory) if answer.result.arrays else []
            return Found(answer.result.data, arrays, answer.seconds)
        finally:
            call.worker = self._answer = None

    def cancel(self, call: Call) -> None:
        """Let the process stop a call; the answer is awaited all the same."""
        if self._answer is not None and self._writer is not None and not self.ended.is_set():
            send(self._writer, Cancel(call.number))

    def end_session(self, number: int) -> None:
        """Free a session in the process."""
        if self._writer is not None and not self.ended.is_set():
            send(self._writer, EndSession(number))

    def _write(self, call: Call) -> str | Encoded | Pixels:
        """Copy the picture of a call to the shared memory."""
        self._memory.begin_call()
        source = call.source
        if isinstance(source, str):
            return source
        if isinstance(source, np.ndarray):
            self._memory.write(0, source)
            return Pixels(source.shape, call.bgr)
        encoded = np.frombuffer(source, np.uint8)
        self._memory.write(0, encoded)
        return Encoded(encoded.nbytes)

    # -- the end

    async def stop(self, timeout: float) -> None:  # noqa: ASYNC109 - kills
        """Let the process end its call and itself; kill it after ``timeout`` seconds."""
        if self._writer is not None and not self.ended.is_set():
            send(self._writer, Stop())
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self.ended.wait()
        await self.reap()

    def kill(self) -> None:
        """Kill the process at once. Idempotent."""
        self.leaving = True  # until its end is noticed
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def reap(self) -> None:
        """Kill the process if it has not ended, and release all that belongs to it. Idempotent."""
        if self._writer is not None:
            self._writer.close()  # first: what follows may be cancelled
        process = self._process
        try:
            if process is not None and process.returncode is None:
                # After its socket was closed, an ordinary end takes a moment: Python's own.
                await scheduler.run(partial(_wait, process, 1.0 if self.ended.is_set() else 0.0))
        finally:
            if self._writer is not None:
                with suppress(OSError):
                    await self._writer.wait_closed()
            if self._reading is not None:
                await self._reading
            self._memory.close()


def _wait(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
