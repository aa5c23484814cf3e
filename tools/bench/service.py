"""``humanrt serve`` as processes of its own, the memory of these, and a client that sends one request."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import psutil

MIB = 2**20
SAMPLE_SECONDS = 0.05
START_SECONDS, STOP_SECONDS = 300, 90
LIMIT = 64 * 1024
# Of the system for each connection: 5,000 bodies of 1 MB would otherwise be in its memory at once.
SEND_BUFFER = 128 * 1024


class Answer(NamedTuple):
    """What became of a request."""

    status: int
    """Its status; 0 if the connection was refused, or ended without an answer."""
    start: float
    """When it was sent, of ``time.perf_counter()``."""
    seconds: float
    """The time until its answer was complete."""
    cause: str = ""
    """What ended a connection without an answer."""


class Service:
    """A running service."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self._process = process
        self.port: int = port
        self.peak: int = 0
        """The most bytes that its processes had, in samples."""
        self.samples: list[tuple[float, int]] = []
        """The time and the bytes of each sample."""

    def pss(self) -> int:
        """Return the bytes of all its processes; pages that some share count once."""
        parent = psutil.Process(self._process.pid)
        total = 0
        for each in (parent, *parent.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += each.memory_full_info().pss
        return total

    async def post(self, path: str, body: bytes, kind: str = "image/jpeg") -> Answer:
        """Send a request on a connection of its own, and return what became of it."""
        start = time.perf_counter()
        head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
        status, cause, step = 0, "", "before it was open"
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=LIMIT)
            step = "after it was open"
            try:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
                writer.write(head.encode())
                sending = asyncio.create_task(_send(writer, body))
                try:
                    status = await _read(reader)
                finally:
                    sending.cancel()
                    await asyncio.gather(sending, return_exceptions=True)
            finally:
                writer.transport.abort()
        except (OSError, EOFError, ValueError) as error:
            cause = f"{type(error).__name__} {step}"
        return Answer(status, start, time.perf_counter() - start, cause)

    async def watch(self) -> None:
        """Sample its memory until the task is cancelled."""
        while True:
            now = await asyncio.to_thread(self.pss)
            self.peak = max(self.peak, now)
            self.samples.append((time.perf_counter(), now))
            await asyncio.sleep(SAMPLE_SECONDS)


@asynccontextmanager
async def running(*options: str) -> AsyncIterator[Service]:
    """Yield a service that is ready, and end it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "humanrt", "serve", "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: ASYNC220 - once
    try:
        service = Service(process, port)
        deadline = time.monotonic() + START_SECONDS
        while (await _get(port, "/ready")) != 200:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"`{' '.join(command)}` is not ready; run it to read why")
            await asyncio.sleep(0.1)
        watching = asyncio.create_task(service.watch())
        try:
            yield service
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def yield_the_cpu() -> None:
    """Give this process a lower priority than the services that it has started, and starts, so far."""
    os.nice(10)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that such a share of them does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def _get(port: int, path: str) -> int:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return 0
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode())
        return await _read(reader)
    except (OSError, EOFError, ValueError):
        return 0
    finally:
        writer.transport.abort()


async def _send(writer: asyncio.StreamWriter, body: bytes) -> None:
    """Send a body in parts, so that little of it waits in memory, and other connections have their turn between two."""
    for start in range(0, len(body), LIMIT):
        writer.write(body[start : start + LIMIT])
        await writer.drain()
        await asyncio.sleep(0)


async def _read(reader: asyncio.StreamReader) -> int:
    """Read an answer to its end, and return its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = int(head.split(" ", 2)[1])
    length = next((line for line in head.split("\r\n") if line.startswith("content-length:")), "content-length: 0")
    await reader.readexactly(int(length.partition(":")[2]))
    return status
