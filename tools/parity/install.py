"""Installation of the npm packages of ``package.json`` into the ``node_modules`` beside it."""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock

from parity.errors import PeerError

ROOM = Path(__file__).resolve().parent
MODELS = ROOM / "node_modules" / "@vladmandic" / "human" / "models"
TIMEOUT_S = 600.0


def install(npm: Path, room: Path = ROOM) -> None:
    """Install the exact versions that the ``package.json`` in ``room`` names. Idempotent.

    One process installs, others wait for it. npm writes into a temporary folder, which is moved into place when it is
    complete, so ``node_modules`` is complete or absent whenever a process is killed.

    Raises ``PeerError``, with npm's output, if npm fails or takes longer than ten minutes, ``filelock.Timeout`` if
    another process takes longer than that.
    """
    manifest, node_modules, build = room / "package.json", room / "node_modules", room / "build"
    build.mkdir(exist_ok=True)
    with FileLock(build / "install.lock", timeout=TIMEOUT_S):
        wanted = manifest.read_bytes()
        if _installed(node_modules) == wanted:
            return
        for leftover in build.glob("install-*"):  # from a killed process
            shutil.rmtree(leftover, ignore_errors=True)
        with TemporaryDirectory(prefix="install-", dir=build) as folder:
            stage = Path(folder)
            (stage / manifest.name).write_bytes(wanted)
            _run_npm(npm, stage)
            _stamp(stage / node_modules.name).write_bytes(wanted)
            if node_modules.exists():
                node_modules.rename(stage / "replaced")
            (stage / node_modules.name).rename(node_modules)


def _stamp(node_modules: Path) -> Path:
    return node_modules / ".installed-package.json"


def _installed(node_modules: Path) -> bytes | None:
    stamp = _stamp(node_modules)
    return stamp.read_bytes() if stamp.exists() else None


def _run_npm(npm: Path, folder: Path) -> None:
    # Packages must not run scripts. A lock file would contain the host of a registry.
    command = [
        str(npm),
        "install",
        "--ignore-scripts",
        "--no-package-lock",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise PeerError(f"npm install took longer than {TIMEOUT_S:g} s; check that npm reaches its registry") from error
    if done.returncode:
        raise PeerError(f"npm install failed; check that npm reaches its registry. It printed:\n{done.stderr}")
