import threading
import urllib.request
from dataclasses import replace

import pytest

from humanrt.errors import FetchError, IntegrityError, StoreError
from humanrt.zoo import DownloadLimits, Progress, never
from humanrt.zoo import transfer as transfer_module
from humanrt.zoo import web as web_module
from humanrt.zoo.web import Web, address

LIMITS = DownloadLimits()


@pytest.fixture
def fetch(model, tmp_path):
    """Fetch the weights of ``model``, by default with a new Web."""

    def fetch(client=None, on_progress=lambda progress: None, limits=LIMITS):
        file, (source,) = model.card.files[1], model.card.sources
        url = address(source.github, file)
        (client or Web(limits)).fetch(url, file, tmp_path / "cache" / file.name, on_progress, never)

    return fetch


@pytest.fixture
def destination(tmp_path):
    return tmp_path / "cache" / "alpha.bin"


@pytest.fixture
def part(destination):
    destination.parent.mkdir()
    return destination.with_name("alpha.bin.part")


@pytest.fixture
def weights(model):
    return model.contents["alpha.bin"]


@pytest.fixture
def path(model):
    return model.url_path("alpha.bin")


def ranges(github):
    return [asked for _, asked in github.requests]


def test_a_file_is_fetched_with_progress(github, model, fetch, destination, weights, path, monkeypatch):
    monkeypatch.setattr(transfer_module, "CHUNK_BYTES", 4000)
    github.add(model)
    seen = []
    fetch(on_progress=seen.append)
    assert destination.read_bytes() == weights
    assert github.requests == [(path, None)]
    assert seen[0] == Progress("alpha.bin", 0, 10000)
    assert seen[-1] == Progress("alpha.bin", 10000, 10000)
    assert [progress.received for progress in seen] == sorted({progress.received for progress in seen})
    assert len(seen) >= 4


def test_an_incomplete_file_is_resumed(github, model, fetch, destination, part, weights):
    github.add(model)
    part.write_bytes(weights[:6000])
    fetch()
    assert destination.read_bytes() == weights
    assert ranges(github) == ["bytes=6000-"]
    assert not part.exists()


def test_a_complete_part_needs_no_request(github, fetch, destination, part, weights):
    part.write_bytes(weights)
    fetch()
    assert destination.read_bytes() == weights
    assert github.requests == []


def test_a_server_without_ranges(github, model, fetch, destination, part, weights):
    github.add(model)
    github.ignore_range = True
    part.write_bytes(b"?" * 6000)
    fetch()
    assert destination.read_bytes() == weights
    assert ranges(github) == ["bytes=6000-"]


@pytest.mark.parametrize("earlier", [b"?" * 6000, b"?" * 10000, b"?" * 10001])
def test_a_wrong_part_is_fetched_again_from_the_start(github, model, fetch, destination, part, weights, earlier):
    github.add(model)
    part.write_bytes(earlier)
    fetch()
    assert destination.read_bytes() == weights
    assert ranges(github)[-1] is None


def test_a_broken_connection_is_resumed(github, model, fetch, destination, weights, path):
    github.add(model)
    github.cuts[path] = [3000, 2000]
    fetch()
    assert destination.read_bytes() == weights
    assert ranges(github) == [None, "bytes=3000-", "bytes=5000-"]


def test_after_three_breaks_the_incomplete_file_is_kept(github, model, fetch, destination, weights, path):
    github.add(model)
    github.cuts[path] = [3000, 2000, 1000]
    with pytest.raises(FetchError, match="broke off after 6000 of 10000 bytes"):
        fetch()
    assert destination.with_name("alpha.bin.part").read_bytes() == weights[:6000]
    fetch()
    assert destination.read_bytes() == weights
    assert ranges(github)[-1] == "bytes=6000-"


def test_a_stalled_body_is_a_broken_connection(github, model, fetch, destination, weights, path):
    stalled = threading.Event()
    github.add(model)
    github.cuts[path] = [3000]
    github.after_cut = lambda _: stalled.wait(10)
    fetch(limits=replace(LIMITS, idle_s=0.05))
    stalled.set()
    assert destination.read_bytes() == weights
    assert ranges(github) == [None, "bytes=3000-"]


@pytest.mark.parametrize("wrong", [b"!" * 10000, b"!" * 20000])
def test_wrong_content_is_not_kept(github, model, fetch, destination, path, wrong):
    github.files[path] = wrong
    with pytest.raises(IntegrityError, match=r"alpha\.bin"):
        fetch()
    assert list(destination.parent.iterdir()) == []
    assert ranges(github) == [None]


def test_a_file_that_is_too_short(github, fetch, destination, weights, path):
    github.files[path] = weights[:-1]
    with pytest.raises(FetchError):
        fetch()
    assert not destination.exists()


def test_a_missing_file(github, fetch):
    with pytest.raises(FetchError, match=r"alpha\.bin: HTTP status 404"):
        fetch()


def test_a_host_that_cannot_be_reached_is_not_tried_again_for_a_while(
    nowhere, github, model, fetch, destination, weights, monkeypatch
):
    client = Web(LIMITS)
    github.add(model)
    monkeypatch.setattr(web_module, "RAW_ADDRESS", nowhere)
    with pytest.raises(FetchError, match=r"cannot be reached: .*refused"):
        fetch(client)
    with pytest.raises(FetchError, match="could not be reached a moment ago"):
        fetch(client)
    with pytest.raises(FetchError, match=r"cannot be reached: .*refused"):
        fetch(Web(LIMITS))
    monkeypatch.setattr(web_module, "RAW_ADDRESS", github.address)
    fetch(client)
    assert destination.read_bytes() == weights


def test_a_host_is_tried_again_later(nowhere, fetch, monkeypatch):
    client = Web(LIMITS)
    monkeypatch.setattr(web_module, "SILENCE_S", 0.0)
    monkeypatch.setattr(web_module, "RAW_ADDRESS", nowhere)
    for _ in range(2):
        with pytest.raises(FetchError, match=r"cannot be reached: .*refused"):
            fetch(client)


def test_a_missing_file_does_not_silence_its_host(github, model, fetch):
    client = Web(LIMITS)
    with pytest.raises(FetchError, match="404"):
        fetch(client)
    github.add(model)
    fetch(client)


class LateAnswer:
    """An answer that arrives after the timeout."""

    def __init__(self):
        self.may_come = threading.Event()
        self.closed = threading.Event()

    def urlopen(self, _request, timeout):
        self.may_come.wait(10)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed.set()

    status, length = 200, 0


def test_a_late_answer_is_closed(fetch, monkeypatch):
    late = LateAnswer()
    monkeypatch.setattr(transfer_module, "ANSWER_TIMEOUT_S", 0.01)
    monkeypatch.setattr(urllib.request, "urlopen", late.urlopen)
    with pytest.raises(FetchError, match=r"no answer within 0\.01 s"):
        fetch()
    assert not late.closed.is_set()
    late.may_come.set()
    assert late.closed.wait(10)


def test_an_exception_of_the_callback_ends_the_fetch_and_the_next_resumes(
    github, model, fetch, destination, weights, path, monkeypatch
):
    monkeypatch.setattr(transfer_module, "CHUNK_BYTES", 4000)
    github.add(model)

    def stop(progress):
        if progress.received >= 4000:
            raise InterruptedError("enough")

    with pytest.raises(InterruptedError, match="enough"):
        fetch(on_progress=stop)
    arrived = destination.with_name("alpha.bin.part").stat().st_size
    assert arrived >= 4000
    fetch()
    assert destination.read_bytes() == weights
    assert ranges(github) == [None, f"bytes={arrived}-"]


def test_a_full_disk(github, model, fetch, part):
    github.add(model)
    part.symlink_to("/dev/full")
    with pytest.raises(StoreError, match=r"No space left on device.*HUMANRT_CACHE_DIR"):
        fetch()
