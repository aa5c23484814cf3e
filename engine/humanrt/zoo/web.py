"""Fetching of the files of cards over HTTPS, with resumption."""

import sys
import time
import urllib.request
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from humanrt.errors import FetchError, IntegrityError
from humanrt.zoo.cards import CardFile, GitHubSource
from humanrt.zoo.integrity import file_access, install, part_of
from humanrt.zoo.transfer import Cancelled, Download, DownloadLimits, OnProgress, Progress, RequestError, redact

RAW_ADDRESS = "https://raw.githubusercontent.com"
MEDIA_ADDRESS = "https://media.githubusercontent.com/media"
"""The content of files in Git LFS; their raw bytes are a pointer, a text with the hash."""

SILENCE_S = 60.0  # the time for which a host that cannot be reached is not tried again
REQUESTS = 3  # for one file: after a broken connection the rest is requested


def address(source: GitHubSource, file: CardFile) -> str:
    """Return the address of the content of ``file`` on GitHub."""
    base = MEDIA_ADDRESS if source.lfs else RAW_ADDRESS
    return f"{base}/{source.repository}/{source.commit}/{source.folder}/{file.source_name}"


class Web:
    """Downloads of known files. A host that cannot be reached is not tried again for a minute. Thread-safe."""

    def __init__(self, limits: DownloadLimits) -> None:
        # The length of these files is known.
        self._limits = replace(limits, max_bytes=sys.maxsize)
        self._silent_until: dict[str, float] = {}

    def fetch(self, url: str, file: CardFile, destination: Path, on_progress: OnProgress, cancelled: Cancelled) -> None:
        """Install ``file`` at ``destination``, through the proxies of the environment.

        The caller holds the lock of ``destination``. The received part of an incomplete file is kept beside it, as
        ``NAME.part``, for the next fetch.

        Raises ``FetchError`` if the host cannot be reached, does not have the file, or the connection breaks,
        ``IntegrityError`` if the content is not that of ``file`` (nothing is kept), ``StoreError`` if the folder cannot
        be written, ``FetchEndedError`` if the fetch is cancelled.
        """
        part = part_of(destination)
        resumed = part.exists()
        download = Download(self._limits, cancelled)
        self._complete(url, file, part, download, on_progress)
        try:
            install(part, destination, file)
        except IntegrityError:
            if not resumed:
                raise
            # The part of an earlier fetch may have been wrong.
            self._complete(url, file, part, download, on_progress)
            install(part, destination, file)

    def _complete(self, url: str, file: CardFile, part: Path, download: Download, on_progress: OnProgress) -> None:
        """Complete ``part`` to the length of ``file``."""
        with file_access(part):
            part.parent.mkdir(parents=True, exist_ok=True)
            received = part.stat().st_size if part.exists() else 0
        for _ in range(REQUESTS):
            if received >= file.bytes:
                return
            received = self._append(url, file, part, received, download, on_progress)
        if received < file.bytes:
            raise FetchError(
                f"{redact(url)}: broke off after {received} of {file.bytes} bytes, {REQUESTS} times in a row"
            )

    def _append(
        self, url: str, file: CardFile, part: Path, received: int, download: Download, on_progress: OnProgress
    ) -> int:
        """Request the rest of ``part`` once; return the number of bytes received in total."""
        request, answered = self._request(url, received), False
        try:
            with download.open(request) as answer:
                answered = True
                if answer.status != HTTPStatus.PARTIAL_CONTENT:
                    received = 0  # the server does not support ranges and sends the whole file
                on_progress(Progress(file.name, received, file.bytes))
                for chunk in answer.chunks:
                    wanted = chunk[: file.bytes - received]
                    # Opened for each chunk, so that nothing is lost in a buffer when the process is killed.
                    with file_access(part), part.open("ab" if received else "wb") as output:
                        output.write(wanted)
                    received += len(wanted)
                    on_progress(Progress(file.name, received, file.bytes))
                    if received >= file.bytes:
                        break
        except RequestError as error:
            if error.status is not None:
                raise FetchError(f"{redact(url)}: {error}") from error
            if not answered:
                raise self._unreachable(url, error) from error
        return received

    def _request(self, url: str, start: int) -> urllib.request.Request:
        """Return the request for ``url`` from byte ``start`` on."""
        host = urlsplit(url).netloc
        if time.monotonic() < self._silent_until.get(host, 0.0):
            raise FetchError(f"{redact(url)}: the host could not be reached a moment ago")
        headers = {"User-Agent": "humanrt"} | ({"Range": f"bytes={start}-"} if start else {})
        return urllib.request.Request(url, headers=headers)  # noqa: S310 - https; in tests a local server

    def _unreachable(self, url: str, reason: RequestError) -> FetchError:
        host = urlsplit(url).netloc
        self._silent_until[host] = time.monotonic() + SILENCE_S
        return FetchError(f"{redact(url)}: the host cannot be reached: {reason}")
