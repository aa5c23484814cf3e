"""HTTP transfers: bounds on bytes, total time and idle time, cancellation, progress, and redacted addresses."""

import queue
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, InvalidURL
from typing import NamedTuple, TypeAlias, cast
from urllib.error import HTTPError, URLError

from humanrt.config import Environment
from humanrt.errors import ConfigError, FetchError

ANSWER_TIMEOUT_S = 5.0  # from the lookup of the host name to the headers of the answer
POLL_S = 0.1  # between two checks for cancellation
CHUNK_BYTES = 64 * 1024


class Progress(NamedTuple):
    """The progress of a fetch: ``received`` of ``total`` bytes of ``what``, a file or a package."""

    what: str
    received: int
    total: int


# Called on the threads that fetch, a few at a time. An exception in it ends the whole fetch and reaches the caller; the
# next fetch resumes.
OnProgress: TypeAlias = Callable[[Progress], None]

Cancelled: TypeAlias = Callable[[], bool]
"""A function that returns whether a fetch must end; it is called several times a second, on any thread."""


def never() -> bool:
    """Return False: a fetch that cannot be cancelled."""
    return False


def ignore(progress: Progress) -> None:
    """Do nothing with the progress."""


class FetchEndedError(Exception):
    """Raised to end a fetch that is cancelled; ``Store`` converts it to a ``FetchError``."""


class RequestError(Exception):
    """A request that failed, or an answer that broke off. ``status`` is the HTTP status of a refused request."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class DownloadLimits:
    """The bounds of one download: all bytes and the total time of a model or file, and the time without any byte.

    Raises ``ConfigError`` if a limit is not positive.
    """

    max_bytes: int = 2 * 2**30
    total_s: float = 1800.0
    idle_s: float = 20.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise ConfigError(f"the download limit {name} is {value!r}; it must be positive")

    @classmethod
    def from_environment(cls) -> "DownloadLimits":
        """Return the limits of the environment variables, with defaults for those that are not set."""
        environment = Environment.read()
        given = {
            "max_bytes": environment.download_bytes,
            "total_s": environment.download_seconds,
            "idle_s": environment.download_idle_seconds,
        }
        return cls(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


_ADDRESS = re.compile(r"\b([a-z][a-z0-9+.-]+:/{1,3})(\S*)", re.IGNORECASE)


def redact(text: object) -> str:
    """Return a text in which the user information, query and fragment of each address are replaced by ``***``."""
    return _ADDRESS.sub(_without_secrets, str(text))


def _without_secrets(match: re.Match[str]) -> str:
    scheme, rest = match[1], match[2]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    # In "user:pa/ss@host" the authority ends within the password: "pa" is not a port.
    end = len(authority) if "@" in authority or re.search(r":(?!\d*$)", authority) is None else len(rest)
    _, at, host = rest[:end].rpartition("@")
    rest = f"***@{host}{rest[end:]}" if at else rest
    path = re.split(r"[?#]", rest, maxsplit=1)[0]
    return scheme + (path if path == rest else f"{path}{rest[len(path)]}***")


class Download:
    """One download within its limits, of any number of requests. For one thread."""

    def __init__(self, limits: DownloadLimits, cancelled: Cancelled = never) -> None:
        self._limits = limits
        self._cancelled = cancelled
        self._deadline = time.monotonic() + limits.total_s
        self._left = limits.max_bytes

    @contextmanager
    def open(
        self, request: urllib.request.Request, opener: urllib.request.OpenerDirector | None = None
    ) -> Iterator["Answer"]:
        """Send a request and yield the answer.

        Raises ``FetchError`` if a limit is exceeded, ``FetchEndedError`` if the download is cancelled, ``RequestError``
        if the request fails or nothing arrives in time. The pieces of the body raise the same.
        """
        open_url = urllib.request.urlopen if opener is None else opener.open
        # The socket's own timeout is for a reader that is abandoned.
        timeout_s = self._limits.idle_s + 1
        reader = _Reader(lambda: cast("HTTPResponse", open_url(request, timeout=timeout_s)))
        try:
            head = self._next(reader, request.full_url, "answer", ANSWER_TIMEOUT_S)
            assert isinstance(head, _Head)  # noqa: S101 - the first item that a reader delivers
            yield Answer(head.status, head.length, self._chunks(reader, request.full_url, head.length))
        finally:
            reader.abandon()

    def _chunks(self, reader: "_Reader", url: str, length: int | None) -> Iterator[bytes]:
        if length is not None and length > self._left:
            raise self._too_many_bytes(url)
        while chunk := self._next(reader, url, "data", self._limits.idle_s):
            assert isinstance(chunk, bytes)  # noqa: S101 - all items after the first
            self._left -= len(chunk)
            if self._left < 0:
                raise self._too_many_bytes(url)
            yield chunk

    def _next(self, reader: "_Reader", url: str, what: str, timeout_s: float) -> "_Head | bytes":
        """Return the next item of a reader, waiting at most ``timeout_s``."""
        limit = time.monotonic() + timeout_s
        while True:
            if self._cancelled():
                raise FetchEndedError
            now = time.monotonic()
            if now > self._deadline:
                raise FetchError(
                    f"{redact(url)}: not complete after {self._limits.total_s:g} s, the limit of a download; "
                    "HUMANRT_DOWNLOAD_SECONDS sets another"
                )
            if now > limit:
                raise RequestError(f"no {what} within {timeout_s:g} s")
            try:
                item = reader.items.get(timeout=min(POLL_S, max(limit - now, 0.001)))
            except queue.Empty:
                continue
            if isinstance(item, Exception):
                raise item
            return item

    def _too_many_bytes(self, url: str) -> FetchError:
        return FetchError(
            f"{redact(url)}: more than {self._limits.max_bytes} bytes, the limit of a download; "
            "HUMANRT_DOWNLOAD_BYTES sets another"
        )


class Answer(NamedTuple):
    """The answer to a request: HTTP status, length in bytes if the server sends it, and the body in pieces."""

    status: int
    length: int | None
    chunks: Iterator[bytes]


class _Head(NamedTuple):
    status: int
    length: int | None


class _Reader:
    """A thread that reads an answer into a queue, so that the consumer can stop waiting at any time.

    The timeout of a socket is not sufficient: it applies to each address of a host anew, not to the lookup of its name,
    and a server that sends single bytes never reaches it. A reader that is abandoned ends with its next byte, or with
    the timeout of its socket.
    """

    def __init__(self, open_url: Callable[[], HTTPResponse]) -> None:
        self.items: queue.Queue[_Head | bytes | RequestError | FetchError] = queue.Queue(maxsize=4)
        self._open = open_url
        self._abandoned = threading.Event()
        threading.Thread(target=self._run, name="humanrt-download", daemon=True).start()

    def abandon(self) -> None:
        """Let the thread end and close the answer."""
        self._abandoned.set()

    def _run(self) -> None:
        try:
            with self._open() as response:
                if self._put(_Head(response.status, response.length)):
                    while self._put(response.read1(CHUNK_BYTES)):
                        pass
        except Exception as error:  # noqa: BLE001 - passed to the consumer
            self._put(_failure(error))

    def _put(self, item: "_Head | bytes | RequestError | FetchError") -> bool:
        """Deliver an item; return False if the reader is abandoned."""
        while not self._abandoned.is_set():
            try:
                self.items.put(item, timeout=POLL_S)
            except queue.Full:
                continue
            return bool(item)  # the empty piece is the last one
        return False


def _failure(error: Exception) -> RequestError | FetchError:
    if isinstance(error, FetchError):
        return error  # of a redirect
    if isinstance(error, HTTPError):
        error.close()
        return RequestError(f"HTTP status {error.code}", error.code)
    if isinstance(error, OSError | HTTPException) and not isinstance(error, InvalidURL):
        return RequestError(redact(error.reason if isinstance(error, URLError) else error))
    # The messages of other errors contain parts of the address.
    return RequestError("the address is malformed")
