"""The file of a store: what is loaded is what was saved, bit for bit, or an error."""

import json
import os
import zipfile

import numpy as np
import pytest

from humanrt import EmbeddingStore, OperatingPoint
from humanrt.errors import InputError

POINT = OperatingPoint("toy", 8, similarity=0.5, multiplier=3)
RNG = np.random.default_rng(11)


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


def filled(index="exact", **options):
    store = EmbeddingStore(POINT, index=index, **options)
    for i in range(50):
        store.add(f"näme {i}", RNG.normal(size=8), {"text": "ü", "list": [i, None, 0.1]})
    store.remove("näme 3")
    store.get("näme 7")
    return store


@pytest.mark.parametrize("index", ["exact", "usearch"])
def test_a_loaded_store_is_the_saved_one_bit_for_bit(tmp_path, index):
    clock = Clock(1000.0)
    store = filled(index, max_entries=60, ttl=30, clock=clock)
    clock.now += 7
    store.save(tmp_path / "faces.npz")
    loaded = EmbeddingStore.load(tmp_path / "faces.npz", clock=Clock(5.0))
    assert loaded.names() == store.names()
    assert loaded.point == store.point
    for name in store.names():
        one, other = store.get(name), loaded.get(name)
        assert one.embedding.tobytes() == other.embedding.tobytes()
        assert one.payload == other.payload
    for query in RNG.normal(size=(5, 8)):
        assert store.search(query) == loaded.search(query)
    store.save(tmp_path / "one.npz")
    loaded.save(tmp_path / "other.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()


@pytest.mark.parametrize("index", ["exact", "usearch"])
def test_a_loaded_store_goes_on_with_its_limits_and_ages(tmp_path, index):
    clock = Clock(1000.0)
    store = EmbeddingStore(POINT, max_entries=2, ttl=10, clock=clock, index=index)
    store.add("a", np.zeros(8))
    clock.now += 6
    store.add("b", np.ones(8))
    store.save(tmp_path / "faces.npz")
    clock = Clock(50.0)
    loaded = EmbeddingStore.load(tmp_path / "faces.npz", clock=clock)
    clock.now += 4
    assert loaded.names() == ["b"]
    loaded.add("c", np.ones(8))
    loaded.add("d", np.zeros(8))
    assert loaded.names() == ["c", "d"]
    assert {hit.name for hit in loaded.search(np.ones(8))} == {"c", "d"}


def test_a_loaded_store_frees_the_oldest_first_whatever_their_rows(tmp_path):
    clock = Clock(0.0)
    store = EmbeddingStore(POINT, ttl=10, clock=clock)
    for name in "abc":
        store.add(name, np.zeros(8))
        clock.now += 3
    store.remove("a")  # c takes its row
    store.save(tmp_path / "faces.npz")  # b is 6 seconds old, c 3
    later = Clock(0.0)
    loaded = EmbeddingStore.load(tmp_path / "faces.npz", clock=later)
    later.now += 4
    assert loaded.names() == ["c"]


def test_an_empty_store_is_saved_and_loaded(tmp_path):
    EmbeddingStore(POINT).save(tmp_path / "none.npz")
    assert len(EmbeddingStore.load(tmp_path / "none.npz")) == 0


def test_a_failed_save_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "faces.npz"
    store = filled()
    store.save(path)
    before = path.read_bytes()

    def full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        store.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders")
def test_a_pipe_or_a_device_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    for path in (tmp_path / "pipe.npz", "/dev/zero"):
        with pytest.raises(InputError, match="is not a regular file"):
            EmbeddingStore.load(path)


def test_compressed_arrays_are_refused(tmp_path):
    # A megabyte of them may be a gigabyte of numbers.
    filled().save(tmp_path / "faces.npz")
    with np.load(tmp_path / "faces.npz") as archive:
        np.savez_compressed(tmp_path / "small.npz", **archive)
    with pytest.raises(InputError, match="its arrays are compressed"):
        EmbeddingStore.load(tmp_path / "small.npz")


def test_an_error_has_the_path_that_was_given(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        filled().save(tmp_path / "no folder" / "faces.npz")
    assert caught.value.filename == str(tmp_path / "no folder" / "faces.npz")


def test_a_file_that_does_not_exist(tmp_path):
    with pytest.raises(FileNotFoundError):
        EmbeddingStore.load(tmp_path / "none.npz")


def rewritten(path, **changes):
    """Return the arrays of a file with some replaced; ``meta`` changes keys of the JSON."""
    with np.load(path) as archive:
        arrays = dict(archive)
    meta = {**json.loads(arrays["meta"].tobytes()), **changes.pop("meta", {})}
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    return {name: array for name, array in {**arrays, **changes}.items() if array is not None}


@pytest.mark.parametrize(
    "changes",
    [
        {"vectors": None},
        {"vectors": np.zeros((49, 7), np.float32)},
        {"vectors": np.zeros((49, 8))},
        {"vectors": np.full((49, 8), np.nan, np.float32)},
        {"ages": np.zeros(3)},
        {"recency": np.zeros(49, np.int64)},
        {"keys": np.zeros(49, np.int64)},
        {"more": np.zeros(1)},
        {"index": np.zeros(3, np.uint8)},
        {"meta": {"format": 99}},
        {"meta": {"names": ["a"] * 49}},
        {"meta": {"payloads": []}},
        {"meta": {"payloads": ["{"] * 49}},
        {"meta": {"point": {"size": "8"}}},
        {"meta": {"ttl": -1}},
        {"meta": {"max_entries": "many"}},
    ],
    ids=str,
)
def test_a_damaged_file_is_refused(tmp_path, changes):
    filled("usearch" if "index" in changes else "exact").save(tmp_path / "faces.npz")
    np.savez(tmp_path / "bad.npz", **rewritten(tmp_path / "faces.npz", **changes))
    with pytest.raises(InputError):
        EmbeddingStore.load(tmp_path / "bad.npz")


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04"])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(InputError, match="is not the file of an EmbeddingStore"):
        EmbeddingStore.load(tmp_path / "bad.npz")


def test_a_cut_file_is_refused(tmp_path):
    filled().save(tmp_path / "faces.npz")
    content = (tmp_path / "faces.npz").read_bytes()
    for end in range(0, len(content), 97):
        (tmp_path / "bad.npz").write_bytes(content[:end])
        with pytest.raises(InputError):
            EmbeddingStore.load(tmp_path / "bad.npz")


def test_pickled_objects_are_not_loaded(tmp_path):
    filled().save(tmp_path / "faces.npz")
    objects = np.array([print] * 49, object)
    np.savez(tmp_path / "bad.npz", **rewritten(tmp_path / "faces.npz", ages=objects))
    with pytest.raises(InputError, match="allow_pickle=False"):
        EmbeddingStore.load(tmp_path / "bad.npz")


@pytest.mark.parametrize("header", [b"{'descr': (((", b"{'descr': '<f4' 1L", b"{'descr': [1,\n  2\n 3", b'""" 1L'])
def test_a_damaged_header_of_an_array_is_refused(tmp_path, header):
    """NumPy reads headers by the parsers of Python."""
    array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(tmp_path / "bad.npz", "w") as archive:
        archive.writestr("vectors.npy", array)
    with pytest.raises(InputError, match="is not the file of an EmbeddingStore"):
        EmbeddingStore.load(tmp_path / "bad.npz")


@pytest.mark.parametrize("path", [".", "/"])
def test_a_folder_cannot_be_overwritten(path):
    with pytest.raises(IsADirectoryError):
        filled().save(path)
