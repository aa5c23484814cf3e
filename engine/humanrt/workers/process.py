"""The main program of a worker: a Human that computes one call at a time, for the pool at the other end of its socket.

It ends when the socket is closed or its parent has ended, whatever ended it.
"""

import asyncio
import os
import signal
import socket
import threading
import time
from contextlib import suppress

import numpy as np

from humanrt.human import Human
from humanrt.imaging import PictureSource
from humanrt.imaging.opencv import silence_decoders
from humanrt.result import Result
from humanrt.runtime import heap, scheduler
from humanrt.streams.session import Session
from humanrt.watch.readings import device_memory, usage
from humanrt.workers.memory import SharedMemory
from humanrt.workers.messages import (
    Answer,
    Cancel,
    Configure,
    Detect,
    Encoded,
    EndSession,
    Failed,
    Packed,
    Pixels,
    Ready,
    Report,
    Stop,
    pack,
    pack_error,
    receive,
    send,
)

LOST_PARENT_SECONDS = 1.0


def main(channel: int, memory: int, parent: int) -> None:
    """Run a worker on the descriptors of its socket and its memory. It does not return before its pool stops it."""
    heap.bound()
    silence_decoders()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the whole group; the pool stops its workers
    threading.Thread(target=_end_with, args=(parent,), name="humanrt-parent", daemon=True).start()
    asyncio.run(_run(channel, memory))


def _end_with(parent: int) -> None:
    """End this process when its parent has ended: another child of it may hold the socket open."""
    while os.getppid() == parent:
        time.sleep(LOST_PARENT_SECONDS)
    os._exit(1)


async def _run(channel: int, memory: int) -> None:
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=channel))
    try:
        with suppress(EOFError, OSError):
            configure = await receive(reader)
            assert isinstance(configure, Configure)  # noqa: S101 - the pool sends it first
            try:
                async with Human(configure.config) as human:
                    await human.load()
                    await _Calls(human, SharedMemory(memory), writer, configure).answer(reader)
            except Exception as error:  # noqa: BLE001 - the pool raises it
                send(writer, Failed(pack_error(error)))
                await writer.drain()
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


class _Calls:
    """The calls of a worker, one after the other."""

    def __init__(self, human: Human, memory: SharedMemory, writer: asyncio.StreamWriter, configure: Configure) -> None:
        self._human = human
        self._memory = memory
        self._writer = writer
        self._device_memory = configure.device_memory
        self._sessions: dict[int, Session] = {}
        self._number = -1
        self._task: asyncio.Task[None] | None = None

    async def answer(self, reader: asyncio.StreamReader) -> None:
        """Answer calls until the pool stops this worker."""
        send(self._writer, Ready(self._report()))
        while True:
            try:
                message = await receive(reader)
            except (EOFError, OSError):
                os._exit(1)  # the pool has ended: nobody awaits what is computed
            if isinstance(message, Detect):
                self._number = message.number
                self._task = asyncio.create_task(self._detect(message))
                await asyncio.sleep(0)  # it begins: one that is cancelled before would have no answer
            elif isinstance(message, Cancel):
                if self._task is not None and message.number == self._number:
                    self._task.cancel()
            elif isinstance(message, EndSession):
                if (session := self._sessions.pop(message.session, None)) is not None:
                    session.close()
                send(self._writer, Ready(self._report()))
            elif isinstance(message, Stop):
                if self._task is not None:
                    await self._task
                return

    async def _detect(self, call: Detect) -> None:
        packed, error = None, None
        start = time.perf_counter()
        try:
            source, bgr, offset = self._source(call.source)
            result = await self._human.detect(source, call.config, bgr=bgr, session=self._session(call.session))
            del source
            packed = await scheduler.run(self._pack, result, offset)
        except asyncio.CancelledError:
            pass  # the answer is empty
        except Exception as raised:  # noqa: BLE001 - the pool raises it
            error = pack_error(raised)
        seconds = time.perf_counter() - start
        send(self._writer, Answer(call.number, packed, error, seconds, self._report()))

    def _session(self, number: int | None) -> Session | None:
        if number is None:
            return None
        if number not in self._sessions:
            self._sessions[number] = self._human.session()
        return self._sessions[number]

    def _source(self, source: str | Encoded | Pixels) -> tuple[PictureSource, bool, int]:
        """Return the picture, whether it is BGR, and the offset behind it."""
        if isinstance(source, str):
            return source, False, 0
        if isinstance(source, Encoded):
            return self._memory.array(0, (source.size,), np.dtype(np.uint8)).tobytes(), False, source.size
        pixels = self._memory.array(0, source.shape, np.dtype(np.uint8))
        return pixels, source.bgr, pixels.nbytes

    def _pack(self, result: Result, offset: int) -> Packed:
        with result:
            return pack(result, self._memory, offset)

    def _report(self) -> Report:
        used = usage()
        gpu = device_memory() if self._device_memory else 0
        return Report(used.rss, gpu, self._human.engine.memory().num_tensors, used.handles, used.threads)
