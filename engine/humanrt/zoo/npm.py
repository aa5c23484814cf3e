"""Fetching a package through the npm client, which knows the registry and the proxy that its user has set."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from humanrt.errors import FetchError
from humanrt.zoo.cards import NpmSource
from humanrt.zoo.integrity import file_access

# Enough for 150 MB over a slow line. Without network npm gives up after a few seconds, as it is told to try but twice.
PACK_TIMEOUT_S = 900.0
RETRY = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000")


@contextmanager
def packed(source: NpmSource, scratch: Path) -> Iterator[Path]:
    """Give the package as a .tgz in a folder of its own under `scratch`.

    `scratch` must be used by nobody else at the time. It is deleted at the end, with what an earlier fetch that was
    killed may have left in it.

    Raises FetchError: npm is not installed, failed, or took more than `PACK_TIMEOUT_S`; StoreError: `scratch` cannot be
    written.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise FetchError(f"npm pack {source.spec}: npm is not installed")
    with file_access(scratch):
        scratch.mkdir(parents=True, exist_ok=True)
        # A fresh name: the npm of a killed fetch may still be writing under the old one.
        folder = Path(tempfile.mkdtemp(dir=scratch))
    try:
        _run([npm, "pack", source.spec, "--pack-destination", str(folder), "--loglevel=error", *RETRY], folder)
        archive = next(folder.glob("*.tgz"), None)
        if archive is None:
            raise FetchError(f"npm pack {source.spec}: npm left no archive behind")
        yield archive
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _run(command: list[str], folder: Path) -> None:
    """Run ``npm pack`` and return when it succeeded; whatever ends the wait ends npm and its children too."""
    try:
        process = subprocess.Popen(  # noqa: S603 - a program of the user's PATH; cards cannot smuggle in an option
            command,
            cwd=folder,  # an .npmrc or a package.json of the user's project must not change what npm does
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
            _, complaints = process.communicate(timeout=PACK_TIMEOUT_S)
        except BaseException as error:
            _kill_with_children(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise FetchError(f"npm pack {command[2]}: not done after {PACK_TIMEOUT_S:g} s") from error
            raise
    if process.returncode != 0:
        reason = " ".join(complaints.split())[:300]
        raise FetchError(f"npm pack {command[2]}: npm ended with status {process.returncode}: {reason}")


def _kill_with_children(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
