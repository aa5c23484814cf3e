"""``humanrt serve``: the HTTP service and its page."""

import argparse
import ipaddress
import logging
import os
import socket
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from humanrt.cli import DONE
from humanrt.cli.settings import read_settings
from humanrt.cli.stdio import complain, write_line
from humanrt.config import Config
from humanrt.errors import ConfigError, MissingDependencyError

if TYPE_CHECKING:
    from humanrt.serve import ServeOptions

LAST_PORT = 65_535
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
# Connections that the server accepts beyond the places of the gate, for pages, metrics and refusals.
SPARE_CONNECTIONS = 256
# Connections that the kernel completes before they are accepted; it bounds this by net.core.somaxconn. Those beyond it
# may be reset by the kernel, after their clients have sent requests.
BACKLOG = 4096


def run(options: argparse.Namespace) -> int:
    """Run the command until it is interrupted, and return the exit code."""
    config = read_settings(options)
    try:
        from granian.constants import HTTPModes, Interfaces
        from granian.http import HTTP1Settings
        from granian.server import Server

        from humanrt.serve import ServeOptions
    except ImportError as error:
        raise MissingDependencyError(
            f'the service needs {error.name}; install it: pip install "humanrt[serve]"'
        ) from error
    limits = ServeOptions(
        max_body=round(options.max_body * 2**20),
        max_pixels=options.max_pixels,
        max_faces=options.most_faces,
        concurrency=options.workers,
        queue=options.queue,
        streams=options.streams,
        timeout=options.timeout,
        preload=options.preload,
        adaptive=options.adaptive,
        token=_token(options.token_file),
        origins=tuple(options.allow_origin),
        hosts=_hosts(options.host, options.allow_host),
    )
    address = _address(options.host, options.port)
    if not _is_loopback(options.host) and limits.token is None:
        complain(f"{options.host} can be reached from other machines, and there is no --token-file: anybody may use it")
    application = _Application(config, limits, options.workers)
    write_line(f"http://{_shown(options.host)}:{options.port}")
    Server(
        "humanrt.serve",
        address=address,
        port=options.port,
        interface=Interfaces.ASGI,
        workers=1,
        # Otherwise a connection that sends nothing, neither HTTP/1 nor HTTP/2, is never closed.
        http=HTTPModes.http1,
        websockets=True,
        backlog=BACKLOG,
        backpressure=limits.concurrency + limits.queue + limits.streams + SPARE_CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
        log_enabled=options.verbose,
        workers_lifetime=options.lifetime,
        workers_kill_timeout=round(limits.drain_timeout) + 30,
        respawn_failed_workers=True,
    ).serve(target_loader=application.create, wrap_loader=False)
    return DONE


@dataclass(frozen=True)
class _Application:
    """What the process of the server creates the application from; it is sent there."""

    config: Config
    limits: "ServeOptions"
    workers: int

    def create(self) -> Callable[..., Any]:
        """Return the application."""
        from humanrt.runtime import heap
        from humanrt.serve import create_app
        from humanrt.workers import WorkerPool

        heap.bound()
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
        return create_app(
            partial(WorkerPool, self.config, workers=self.workers, timeout=self.limits.timeout), self.limits
        )


def _address(host: str, port: int) -> str:
    """Return the IP address of a host. Raises ``ConfigError`` if nothing can listen there now."""
    if not 0 < port <= LAST_PORT:
        raise ConfigError(f"--port is {port}; it must be 1 to {LAST_PORT}")
    try:
        family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.create_server(place[:2], family=family):
            return str(place[0])
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"--host {host} --port {port}: the service cannot listen there: {reason}") from error


def _token(file: Path | None) -> str | None:
    """Return the first line of the file of the token. Raises ``ConfigError`` if it cannot be read."""
    if file is None:
        return None
    try:
        text = file.expanduser().read_text(encoding="ascii")
        if os.name == "posix" and file.expanduser().stat().st_mode & stat.S_IROTH:
            complain(f"{file} can be read by everybody on this machine; chmod 600 {file}")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--token-file {file}: it cannot be read: {error}") from error
    token = text.partition("\n")[0].strip()
    if not token:
        raise ConfigError(f"--token-file {file}: its first line is empty; write a token into it")
    return token


def _hosts(host: str, allowed: list[str]) -> tuple[str, ...]:
    """Return the accepted names: those of this machine for a loopback address, else all, unless some are given."""
    if allowed:
        return (*LOOPBACK_NAMES, *allowed)
    return LOOPBACK_NAMES if _is_loopback(host) else ()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
