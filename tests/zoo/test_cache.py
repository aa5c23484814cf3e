import os
import threading

import filelock
import pytest

from humanrt.errors import IntegrityError, StoreError
from humanrt.zoo import cache as cache_module
from humanrt.zoo.cache import Cache

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
