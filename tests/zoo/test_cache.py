import os
import threading
import time

import filelock
import pytest

from humanrt.errors import IntegrityError, StoreError
from humanrt.zoo import cache as cache_module
from humanrt.zoo.cache import Cache, Copy

DIGEST = "ab" * 32


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def converter():
    """A converter that counts its calls."""

    def convert(path):
        convert.calls += 1
        path.write_bytes(b"onnx" * 100)

    convert.calls = 0
    return convert


def damage(path, *, quietly=False):
    """Change one byte; ``quietly`` keeps the modification time."""
    status, content = path.stat(), path.read_bytes()
    path.write_bytes(b"!" + content[1:])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns if quietly else 1))


def test_put_installs_bytes_and_copies_of_files(cache, model, tmp_path):
    json_file, weights = model.card.files
    (tmp_path / "weights").write_bytes(model.contents["alpha.bin"])
    cache.put(model.card, json_file, model.contents["alpha.json"])
    cache.put(model.card, weights, tmp_path / "weights")
    assert model.is_whole(cache.folder(model.card))
    assert cache.lacking(model.card) == []
    assert (tmp_path / "weights").exists()


def test_put_keeps_nothing_of_a_wrong_file(cache, model):
    with pytest.raises(IntegrityError, match=r"alpha\.bin"):
        cache.put(model.card, model.card.files[1], b"!")
    assert list(cache.folder(model.card).iterdir()) == []


# Converted models.


def test_a_model_is_converted_once(cache, converter):
    path = cache.convert("alpha", DIGEST, converter)
    assert path == cache.root / "onnx" / "alpha" / f"{DIGEST}.onnx"
    assert path.read_bytes() == b"onnx" * 100
    assert cache.convert("alpha", DIGEST, converter) == path
    assert converter.calls == 1
    assert cache.conversions("alpha") == [path]
    assert cache.conversions("beta") == []


@pytest.mark.parametrize(
    "harm",
    [
        damage,
        lambda path: path.write_bytes(b""),
        lambda path: path.unlink(),
        lambda path: path.with_name(
            f"{path.name}.verified"
        ).unlink(),  # the process was killed between the file and its note
        lambda path: path.with_name(f"{path.name}.verified").write_bytes(b'{"sha256": "'),
        lambda path: path.with_name(f"{path.name}.verified").write_bytes(b"{}"),
    ],
)
def test_a_damaged_conversion_is_repeated(cache, converter, harm):
    path = cache.convert("alpha", DIGEST, converter)
    harm(path)
    assert cache.convert("alpha", DIGEST, converter).read_bytes() == b"onnx" * 100
    assert converter.calls == 2


def test_a_copied_conversion_is_valid(cache, converter):
    os.utime(cache.convert("alpha", DIGEST, converter), ns=(1, 1))
    cache.convert("alpha", DIGEST, converter)
    assert converter.calls == 1


def test_a_conversion_that_fails_leaves_nothing(cache, converter):
    def fail(path):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cache.convert("alpha", DIGEST, fail)
    assert cache.convert("alpha", DIGEST, converter).exists()


def test_threads_convert_once(cache, converter):
    barrier = threading.Barrier(4)

    def work():
        barrier.wait(10)
        cache.convert("alpha", DIGEST, converter)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert converter.calls == 1


# Copies of models of users.


@pytest.fixture
def mine(model, tmp_path):
    """The copies to keep of a model: one from a path, and one from bytes, in inner folders."""
    model.put_into(tmp_path / "mine")
    first, second = model.card.files
    return [
        Copy(first.name, first, tmp_path / "mine" / first.name),
        Copy(f"inner/more/{second.name}", second, model.contents[second.name]),
    ]


def test_a_model_of_a_user_is_copied_once_and_read_only(cache, mine):
    folder = cache.keep(DIGEST, mine)
    assert folder == cache.root / "graphs" / DIGEST
    paths = [folder / copy.name for copy in mine]
    assert all(path.stat().st_size == copy.file.bytes for path, copy in zip(paths, mine, strict=True))
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o444}
    mine[0].source.unlink()
    assert cache.keep(DIGEST, mine) == folder


def test_a_damaged_copy_is_replaced(cache, mine):
    folder = cache.keep(DIGEST, mine)
    path = folder / mine[0].name
    path.chmod(0o644)
    damage(path)
    assert cache.keep(DIGEST, mine) == folder
    assert path.read_bytes() == mine[0].source.read_bytes()
    assert [each.name for each in folder.parent.iterdir()] == [DIGEST]


def test_copies_of_a_process_that_was_killed_are_deleted(cache, mine):
    for suffix in ("part", "old"):
        left = cache.root / "graphs" / f"{DIGEST}.{suffix}"
        left.mkdir(parents=True)
        (left / "alien").write_bytes(b"!")
    folder = cache.keep(DIGEST, mine)
    assert [each.name for each in folder.parent.iterdir()] == [DIGEST]
    assert not (folder / "alien").exists()


def test_copies_that_were_not_loaded_for_30_days_are_deleted_when_another_is_kept(cache, mine):
    now = time.time()
    folders = {cache.keep(name, mine): days for name, days in (("old", 31), ("young", 29))}
    for folder, days in folders.items():
        os.utime(folder, (now - days * 86_400,) * 2)
    cache.keep(DIGEST, mine)
    assert {path.name for path in (cache.root / "graphs").iterdir()} == {"young", DIGEST}


def test_nothing_is_kept_of_a_model_that_changes_while_it_is_copied(cache, mine):
    mine[0].source.write_bytes(b"!")
    with pytest.raises(IntegrityError, match=r"alpha\.json changed while it was copied"):
        cache.keep(DIGEST, mine)
    assert list((cache.root / "graphs").iterdir()) == []


# Removing.


def test_removing_a_model_removes_its_conversions(cache, model, make_model, converter):
    other = make_model("beta")
    for each in (model, other):
        each.put_into(cache.folder(each.card))
        cache.convert(each.card.name, DIGEST, converter)
    held = sum(path.stat().st_size for path in cache.root.rglob("*") if "alpha" in str(path) and path.is_file())
    assert cache.remove(model.card) == held
    assert not [path for path in cache.root.rglob("*alpha*") if path.suffix != ".lock"]
    assert cache.lacking(other.card) == []
    assert cache.conversions("beta")
    assert cache.remove(model.card) == 0


# Locks.


def test_a_lock_is_exclusive(cache):
    steps, inside = [], threading.Event()

    def second():
        inside.wait(10)
        with Cache(cache.root).lock("digest"):
            steps.append("second")

    thread = threading.Thread(target=second)
    with cache.lock("digest"):
        thread.start()
        inside.set()
        with pytest.raises(filelock.Timeout):
            filelock.FileLock(cache.root / "locks" / "digest.lock").acquire(timeout=0)
        steps.append("first")
    thread.join(10)
    assert steps == ["first", "second"]


def test_a_lock_that_is_never_released(cache, monkeypatch):
    monkeypatch.setattr(cache_module, "LOCK_TIMEOUT_S", 0.01)
    with (
        cache.lock("digest"),
        pytest.raises(StoreError, match=r"digest\.lock for 0\.01 s"),
        Cache(cache.root).lock("digest"),
    ):
        pytest.fail("the lock is not exclusive")
    with Cache(cache.root).lock("digest"):
        pass
