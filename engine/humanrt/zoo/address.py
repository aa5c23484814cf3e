"""Fetching from an address that the caller gives, whose content is not known beforehand: a model, or a picture."""

import os
import re
import shutil
import string
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import replace
from http.client import HTTPMessage
from pathlib import Path
from typing import IO, TypeAlias
from urllib.parse import SplitResult, quote, unquote_to_bytes, urlsplit

from humanrt.errors import FetchError
from humanrt.zoo.integrity import file_access
from humanrt.zoo.transfer import (
    Cancelled,
    Download,
    DownloadLimits,
    FetchEndedError,
    OnProgress,
    Progress,
    RequestError,
    never,
    redact,
)

KINDS = (".json", ".onnx")
FETCH_S = 60.0  # for a picture
OWN_MACHINE = ("localhost", "127.0.0.1", "::1")

OtherFiles: TypeAlias = Callable[[Path], Iterable[Path]]
"""Returns the paths of the other files of a model, in or below the folder of its first file, which is given."""

Check: TypeAlias = Callable[[Path], bool]
"""Returns whether the model whose first file is given is complete, or raises an exception with the reason."""


def as_address(source: object) -> str | None:
    """Return the address that a source is, None for any other source.

    ``pathlib`` collapses ``https://`` to ``https:/``: a path or a string of this form is an address too.
    """
    text = os.fspath(source) if isinstance(source, str | os.PathLike) else None
    match = re.match(r"([a-z][a-z0-9+.-]+):/(/?)", text, re.IGNORECASE) if isinstance(text, str) else None
    if match is None or not isinstance(text, str):
        return None
    if match[2]:
        return text
    slashes = {"http": "//", "https": "//", "file": "///"}.get(match[1].lower())
    return f"{match[1]}:{slashes}{text[match.end() :]}" if slashes else None


def local_path(address: str) -> Path | None:
    """Return the path of a ``file://`` address, None for an address of another scheme.

    Raises ``FetchError`` if the address has another host than this machine.
    """
    parts = _split(address)
    if parts.scheme != "file":
        return None
    if parts.netloc not in ("", "localhost"):
        raise FetchError(f"{redact(address)}: a file:// address must not have a host; it is file:///PATH")
    return Path(urllib.request.url2pathname(parts.path))


def model_name(url: str) -> str:
    """Return the name of the model's first file at an address.

    Raises ``FetchError`` if the address is not that of a model, or not safe.
    """
    _require_safe(url)
    path = _split(url).path
    if not path.endswith(KINDS):
        raise FetchError(f"{redact(url)}: the address of a model ends with {' or '.join(KINDS)}")
    return path.rpartition("/")[2]


def download_model(
    url: str, folder: Path, other_files: OtherFiles, check: Check, download: Download, on_progress: OnProgress
) -> None:
    """Fetch a model into ``folder``, which is created completely or not at all. The caller holds the folder's lock.

    The other files are fetched from beside the first one, with the same query. Raises ``FetchError``, ``StoreError``,
    and the exceptions of ``other_files`` and ``check``.
    """
    part = folder.with_name(f"{folder.name}.part")
    parts = _split(url)
    with file_access(part):
        shutil.rmtree(part, ignore_errors=True)  # of a process that was killed
        part.mkdir(parents=True)
    first = part / model_name(url)
    try:
        _fetch(url, first, download, on_progress)
        for path in dict.fromkeys(other_files(first)):
            name = quote(path.relative_to(part).as_posix())
            beside = parts._replace(path=f"{parts.path.rpartition('/')[0]}/{name}").geturl()
            with file_access(path):
                path.parent.mkdir(parents=True, exist_ok=True)
            _fetch(beside, path, download, on_progress)
        if not check(first):
            raise FetchError(f"{redact(url)}: the model is not complete")
        with file_access(folder):
            shutil.rmtree(folder, ignore_errors=True)  # an incomplete model of an earlier version
            os.replace(part, folder)  # noqa: PTH105 - the same call under its usual name
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _fetch(url: str, path: Path, download: Download, on_progress: OnProgress) -> None:
    received = 0
    try:
        with download.open(_request(url), urllib.request.build_opener(_SafeRedirects)) as answer:
            with file_access(path):
                path.touch()
            for chunk in answer.chunks:
                with file_access(path), path.open("ab") as output:
                    output.write(chunk)
                received += len(chunk)
                on_progress(Progress(path.name, received, answer.length or received))
    except RequestError as error:
        broken = f"broke off after {received} bytes: " if received else ""
        raise FetchError(f"{redact(url)}: {broken}{error}") from error
    if answer.length is not None and received < answer.length:
        raise FetchError(f"{redact(url)}: broke off after {received} of {answer.length} bytes")


def fetch_bytes(url: str, max_bytes: int, cancelled: Cancelled = never) -> bytes:
    """Return the content at an address, of http or https, through the proxies of the environment.

    Nothing is kept. The limits of time are those of ``DownloadLimits``, but at most ``FETCH_S`` in all.

    Raises ``FetchError`` if it cannot be fetched, is longer than ``max_bytes``, or the fetch is cancelled.
    """
    _require_web(url)
    limits = DownloadLimits.from_environment()
    limits = replace(limits, max_bytes=max_bytes, total_s=min(limits.total_s, FETCH_S))
    data = bytearray()
    try:
        opener = urllib.request.build_opener(_WebRedirects)
        with Download(limits, cancelled).open(_request(url), opener) as answer:
            for chunk in answer.chunks:
                data += chunk
    except RequestError as error:
        raise FetchError(f"{redact(url)}: {error}") from error
    except FetchEndedError:
        raise FetchError(f"{redact(url)}: the fetch was cancelled") from None
    if answer.length is not None and len(data) < answer.length:
        raise FetchError(f"{redact(url)}: broke off after {len(data)} of {answer.length} bytes")
    return bytes(data)


def _request(url: str) -> urllib.request.Request:
    """Return the request for an address: user information becomes a header, other characters are percent-encoded."""
    parts = _split(url)
    user, at, host = parts.netloc.rpartition("@")
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise FetchError(f"{redact(url)}: the address is malformed") from None
    path, query = (quote(part, safe=string.punctuation) for part in (parts.path, parts.query))
    plain = parts._replace(netloc=host, path=path, query=query, fragment="").geturl()
    request = urllib.request.Request(plain, headers={"User-Agent": "humanrt"})  # noqa: S310 - the scheme is checked
    if at:
        # Not sent to another host that a redirect leads to.
        request.add_unredirected_header("Authorization", f"Basic {b64encode(unquote_to_bytes(user)).decode()}")
    return request


class _WebRedirects(urllib.request.HTTPRedirectHandler):
    """Redirects to addresses of http and https only."""

    @staticmethod
    def require(url: str) -> None:
        """Raise ``FetchError`` for an address that is not followed."""
        _require_web(url)

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
            self.require(newurl)
        except FetchError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _SafeRedirects(_WebRedirects):
    """Redirects to safe addresses only."""

    @staticmethod
    def require(url: str) -> None:
        """Raise ``FetchError`` for an address from which another host could deliver a changed model."""
        _require_safe(url)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # its message contains parts of the address
        raise FetchError(f"{redact(url)}: the address is malformed") from None


def _require_safe(url: str) -> None:
    """Raise ``FetchError`` for an address from which another host could deliver a changed model."""
    parts = _split(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in OWN_MACHINE):
        raise FetchError(f"{redact(url)}: a model is fetched over https only, or over http from this machine")


def _require_web(url: str) -> None:
    if _split(url).scheme not in ("http", "https"):
        raise FetchError(f"{redact(url)}: a picture is fetched over https or http only")
