"""Fetching files over HTTPS, going on where an earlier fetch stopped."""

import threading
import time
import urllib.request
from concurrent.futures import Future
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from humanrt.errors import FetchError, IntegrityError
from humanrt.zoo.cards import CardFile, GitHubSource
from humanrt.zoo.integrity import file_access, install, part_of
from humanrt.zoo.progress import OnProgress, Progress

RAW_ADDRESS = "https://raw.githubusercontent.com"

ANSWER_TIMEOUT_S = 5.0  # from the look-up of the name to the answer's headers
READ_TIMEOUT_S = 20.0  # between two pieces of the body
SILENCE_S = 60.0  # how long a host is left alone after it could not be reached
REQUESTS = 3  # for one file: a connection that breaks is taken up again
CHUNK_BYTES = 64 * 1024


def address(source: GitHubSource, file: CardFile) -> str:
    """Return where GitHub serves the raw bytes of `file`."""
    return f"{RAW_ADDRESS}/{source.repository}/{source.commit}/{source.folder}/{file.name}"


class Web:
    """Files in the web. A host that could not be reached is left alone for a minute. For any thread."""

    def __init__(self) -> None:
        self._silent_until: dict[str, float] = {}

    def fetch(self, url: str, file: CardFile, destination: Path, on_progress: OnProgress) -> None:
        """Install `file` at `destination`, with proxies as the environment says.

        Nobody else may fetch to `destination` at the time. What arrived of an unfinished file stays beside it as
        ``NAME.part`` for the next fetch.

        Raises FetchError: the host could not be reached, has no such file, or broke off; IntegrityError: the bytes are
        not those of `file`; nothing was kept; StoreError: the folder cannot be written.
        """
        part = part_of(destination)
        resumed = part.exists()
        self._download(url, file, part, on_progress)
        try:
            install(part, destination, file)
        except IntegrityError:
            if not resumed:
                raise
            # What the earlier fetch left may have been wrong, and the rest right.
            self._download(url, file, part, on_progress)
            install(part, destination, file)

    def _download(self, url: str, file: CardFile, part: Path, on_progress: OnProgress) -> None:
        """Complete `part` to the length of `file`."""
        with file_access(part):
            part.parent.mkdir(parents=True, exist_ok=True)
            received = part.stat().st_size if part.exists() else 0
        for _ in range(REQUESTS):
            if received >= file.bytes:
                return
            received = self._append(url, file, part, received, on_progress)
        if received < file.bytes:
            raise FetchError(f"{url}: broke off after {received} of {file.bytes} bytes, {REQUESTS} times in a row")

    def _append(self, url: str, file: CardFile, part: Path, received: int, on_progress: OnProgress) -> int:
        """Ask once for what is missing of `part`; return how many bytes it has when the answer ends."""
        with self._open(url, received) as response:
            if response.status != HTTPStatus.PARTIAL_CONTENT:
                received = 0  # the server knows no ranges and sends everything
            while received < file.bytes:
                on_progress(Progress(file.name, received, file.bytes))
                try:
                    chunk = response.read1(min(CHUNK_BYTES, file.bytes - received))
                except (OSError, HTTPException):
                    return received
                if not chunk:
                    return received
                # Opened anew for each chunk: nothing is lost in a buffer when the process is killed.
                with file_access(part), part.open("ab" if received else "wb") as output:
                    output.write(chunk)
                received += len(chunk)
        on_progress(Progress(file.name, received, file.bytes))
        return received

    def _open(self, url: str, start: int) -> HTTPResponse:
        """Ask for `url` from byte `start` on and return the answer, its body still to be read."""
        host = urlsplit(url).netloc
        if time.monotonic() < self._silent_until.get(host, 0.0):
            raise FetchError(f"{url}: {host} could not be reached a moment ago")
        headers = {"User-Agent": "humanrt"} | ({"Range": f"bytes={start}-"} if start else {})
        try:
            return answer(urllib.request.Request(url, headers=headers))  # noqa: S310 - https, or what a test put in its place
        except HTTPError as error:
            error.close()
            raise FetchError(f"{url}: HTTP status {error.code}") from error
        except TimeoutError as error:
            reason = f"no answer within {ANSWER_TIMEOUT_S:g} s"
            cause: Exception = error
        except (OSError, HTTPException) as error:
            reason = str(error.reason if isinstance(error, URLError) else error)
            cause = error
        self._silent_until[host] = time.monotonic() + SILENCE_S
        raise FetchError(f"{url}: {host} cannot be reached: {reason}") from cause


def answer(request: urllib.request.Request, opener: urllib.request.OpenerDirector | None = None) -> HTTPResponse:
    """Open `request`, through `opener` if that is given, within `ANSWER_TIMEOUT_S`.

    A socket's timeout does not bound this: it holds anew for each address of the host, and not at all for the look-up
    of its name. So a thread opens, and is left to itself when it takes too long.
    """
    answered: Future[HTTPResponse] = Future()
    open_url = urllib.request.urlopen if opener is None else opener.open

    def work() -> None:
        try:
            answered.set_result(cast("HTTPResponse", open_url(request, timeout=READ_TIMEOUT_S)))
        except Exception as error:  # noqa: BLE001 - the future carries whatever it was to the caller
            answered.set_exception(error)

    threading.Thread(target=work, name="humanrt-answer", daemon=True).start()
    try:
        return answered.result(ANSWER_TIMEOUT_S)
    except BaseException:
        answered.add_done_callback(_close)
        raise


def _close(answer: Future[HTTPResponse]) -> None:
    """Close an answer that nobody reads."""
    error = answer.exception()
    if error is None:
        answer.result().close()
