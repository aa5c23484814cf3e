"""Fetching a model from an address that the caller names; nobody has said beforehand what its bytes are."""

import os
import shutil
import urllib.request
from collections.abc import Callable, Iterable
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit

from humanrt.errors import FetchError
from humanrt.zoo.integrity import file_access
from humanrt.zoo.progress import OnProgress, Progress
from humanrt.zoo.web import ANSWER_TIMEOUT_S, CHUNK_BYTES, answer

KINDS = (".json", ".onnx")
OWN_MACHINE = ("localhost", "127.0.0.1", "::1")

OtherFiles = Callable[[Path], Iterable[Path]]


def is_address(source: object) -> bool:
    """Tell whether a model's source is an address, and no path."""
    return isinstance(source, str) and "://" in source


def model_name(url: str) -> str:
    """Return the name that the model's first file has there.

    Raises FetchError for an address that is not safe, or of no model.
    """
    _require_safe(url)
    path = urlsplit(url).path
    if not path.endswith(KINDS):
        raise FetchError(f"{url}: the address of a model ends with {' or '.join(KINDS)}")
    return path.rpartition("/")[2]


def download_model(url: str, folder: Path, other_files: OtherFiles, on_progress: OnProgress) -> None:
    """Fetch a model and make ``folder`` of it, which appears whole or not at all; nobody else may do so at the time.

    ``other_files`` reads the first file and returns where the others belong, in or below its folder; they are fetched
    from beside it, with the same query. Raises FetchError, StoreError, and what ``other_files`` raises.
    """
    part = folder.with_name(f"{folder.name}.part")
    parts = urlsplit(url)
    with file_access(part):
        shutil.rmtree(part, ignore_errors=True)  # of a fetch that was killed
        part.mkdir(parents=True)
    first = part / model_name(url)
    try:
        _download(url, first, on_progress)
        for path in other_files(first):
            name = quote(path.relative_to(part).as_posix())
            beside = parts._replace(path=f"{parts.path.rpartition('/')[0]}/{name}").geturl()
            with file_access(path):
                path.parent.mkdir(parents=True, exist_ok=True)
            _download(beside, path, on_progress)
        with file_access(folder):
            os.replace(part, folder)  # noqa: PTH105 - the same call, and the usual name of it
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _download(url: str, path: Path, on_progress: OnProgress) -> None:
    with _open(url) as response:
        total = response.length  # None where the server does not tell
        received = 0
        with file_access(path), path.open("wb") as output:
            while chunk := _read(url, response):
                output.write(chunk)
                received += len(chunk)
                on_progress(Progress(path.name, received, total or received))
    if total is not None and received < total:
        raise FetchError(f"{url}: broke off after {received} of {total} bytes")


def _open(url: str) -> HTTPResponse:
    request = urllib.request.Request(url, headers={"User-Agent": "humanrt"})  # noqa: S310 - it was looked at
    try:
        return answer(request, urllib.request.build_opener(_SafeRedirects))
    except HTTPError as error:
        error.close()
        raise FetchError(f"{url}: HTTP status {error.code}") from error
    except TimeoutError as error:
        raise FetchError(f"{url}: no answer within {ANSWER_TIMEOUT_S:g} s") from error
    except (OSError, HTTPException) as error:
        raise FetchError(f"{url}: {error.reason if isinstance(error, URLError) else error}") from error


def _read(url: str, response: HTTPResponse) -> bytes:
    try:
        return response.read1(CHUNK_BYTES)
    except (OSError, HTTPException) as error:
        raise FetchError(f"{url}: broke off: {error}") from error


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect to where a model could be exchanged on its way."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        try:
            _require_safe(newurl)
        except FetchError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _require_safe(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in OWN_MACHINE):
        raise FetchError(f"{url}: a model is fetched over https only, or over http from this machine itself")
