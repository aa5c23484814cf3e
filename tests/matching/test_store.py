"""The collection of embeddings. Distances are compared with NumPy's in float64."""

import threading

import numpy as np
import pytest

from humanrt import EmbeddingStore, Human, OperatingPoint, match
from humanrt.errors import InputError, MissingDependencyError
from humanrt.matching import Hit, point_for
from humanrt.matching.matrix import FIRST_CAPACITY

RNG = np.random.default_rng(7)
POINT = OperatingPoint("toy", 4, similarity=0.5)
KINDS = pytest.mark.parametrize("index", ["exact", "usearch"])


def unit(number, size=4):
    """The vector that has ``number`` in its first place."""
    return [float(number)] + [0.0] * (size - 1)


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def store_of(*names, **options):
    store = EmbeddingStore(POINT, **options)
    for number, name in enumerate(names):
        store.add(name, unit(number), {"number": number})
    return store


@KINDS
def test_a_search_returns_humans_numbers_the_nearest_first(index):
    store = store_of("a", "b", "c", index=index)
    hits = store.search(unit(2), 2)
    assert hits == [Hit("c", {"number": 2}, 0.0, 1.0), Hit("b", {"number": 1}, 25.0, 1.0)]
    assert hits[1].distance == match.distance(unit(2), unit(1))


def test_a_search_by_the_similarity_of_the_operating_point():
    store = store_of("a", "b")
    assert store.search(unit(13)) == [Hit("b", {"number": 1}, 3600, 0.33), Hit("a", {"number": 0}, 4225, 0.25)]
    assert store.search(unit(13), min_similarity=POINT.similarity) == []
    assert [hit.name for hit in store.search(unit(11), min_similarity=POINT.similarity)] == ["b"]


@pytest.mark.parametrize("length", [1, 1000])
def test_an_exact_search_is_that_of_numpy(length):
    """Also where float32 cancels: vectors that are long beside their distances."""
    size, count = 64, 3000
    vectors = (RNG.normal(size=(count, size)) + length).astype(np.float32)
    store = EmbeddingStore(OperatingPoint("toy", size, similarity=0.5, multiplier=1e6))
    for i, vector in enumerate(vectors):
        store.add(str(i), vector)
    for query in vectors[:5] + np.float32(0.01):
        distances = ((vectors.astype(np.float64) - query) ** 2).sum(axis=1)
        hits = store.search(query, 10)
        assert [hit.name for hit in hits] == [str(i) for i in np.argsort(distances)[:10]]
        assert [hit.distance for hit in hits] == pytest.approx(sorted(1e6 * distances)[:10], abs=0.0051)


def test_equal_embeddings_come_in_the_order_in_which_they_were_added():
    store = EmbeddingStore(POINT)
    for name in "dbca":
        store.add(name, unit(1))
    store.remove("d")  # the last row moves to the first
    assert [hit.name for hit in store.search(unit(1))] == ["b", "c", "a"]


@KINDS
def test_an_entry_is_replaced_and_removed(index):
    store = store_of("a", "b", index=index)
    store.add("a", unit(9), "new")
    assert store.search(unit(9), 1) == [Hit("a", "new", 0.0, 1.0)]
    assert (len(store), "a" in store, store.remove("a"), store.remove("a")) == (2, True, True, False)
    assert [hit.name for hit in store.search(unit(9))] == ["b"]
    store.clear()
    assert (len(store), store.search(unit(9)), store.get("b")) == (0, [], None)
    assert store.statistics()[3:] == (2, 0, 0, 2)


def test_a_store_has_by_default_the_embeddings_of_the_default_preset():
    assert EmbeddingStore().point == point_for(Human().config.face)


def test_the_error_for_embeddings_of_another_model_names_its_store():
    with pytest.raises(
        InputError, match=r'128 each; EmbeddingStore\(OPERATING_POINTS\["faceres"\]\) has those of faceres'
    ):
        EmbeddingStore().add("Ada", np.ones(1024))


def test_what_is_got_is_a_copy():
    store = store_of("a")
    first = store.get("a")
    first.embedding[:] = 5
    first.payload["number"] = 5
    assert store.get("a").embedding.tolist() == unit(0)
    assert store.get("a").payload == {"number": 0}


@KINDS
def test_the_least_recently_used_entry_is_evicted_and_counted(index):
    store = store_of("a", "b", "c", max_entries=3, index=index)
    store.get("a")
    store.search(unit(1), 1)  # b
    store.add("d", unit(3))
    assert store.names() == ["a", "b", "d"]
    assert (store.statistics().evicted, store.statistics().entries) == (1, 3)
    assert "c" not in [hit.name for hit in store.search(unit(2))]


def test_entries_expire_after_their_time_to_live():
    clock = Clock()
    store = EmbeddingStore(POINT, ttl=10, clock=clock)
    store.add("a", unit(0))
    clock.now += 5
    store.add("b", unit(1))
    store.get("a")  # being used does not make it younger
    clock.now += 5
    assert [hit.name for hit in store.search(unit(0))] == ["b"]
    store.add("b", unit(2))  # being replaced does
    clock.now += 9
    assert (len(store), store.statistics().expired) == (1, 1)
    clock.now += 1
    assert ("b" in store, store.statistics().expired) == (False, 2)


def test_what_is_freed_is_erased_and_its_memory_returned():
    store = EmbeddingStore(POINT)
    small = store.statistics().num_bytes
    for i in range(5 * FIRST_CAPACITY):
        store.add(str(i), unit(i + 1))
    assert store.statistics().capacity == 8 * FIRST_CAPACITY
    for i in range(5 * FIRST_CAPACITY - 1):
        store.remove(str(i))
    assert (store.statistics().num_bytes, store.statistics().capacity) == (small, FIRST_CAPACITY)
    assert np.flatnonzero(store._matrix._vectors.any(axis=1)).tolist() == [0]
    assert store.get(str(5 * FIRST_CAPACITY - 1)).embedding.tolist() == unit(5 * FIRST_CAPACITY)


def test_a_full_store_never_grows():
    store = EmbeddingStore(POINT, max_entries=2 * FIRST_CAPACITY + 1)
    for i in range(3 * FIRST_CAPACITY):
        store.add(str(i), unit(i))
    assert store.statistics()[:2] == (2 * FIRST_CAPACITY + 1,) * 2
    assert store.statistics().evicted == FIRST_CAPACITY - 1


def test_embeddings_are_normalized_by_choice():
    point = OperatingPoint("toy", 2, similarity=0.5, multiplier=1, normalize=True)
    store = EmbeddingStore(point)
    store.add("a", [3, 4])
    assert store.get("a").embedding.tolist() == [np.float32(0.6), np.float32(0.8)]
    assert store.search([-30, -40])[0].distance == 4


@pytest.mark.parametrize(
    ("embedding", "payload", "message"),
    [
        ([1, 2], None, "has 2 numbers; this store has those of toy, 4 each"),
        (None, None, "Face.embedding"),
        (unit(1e20), None, "over 1e\\+15"),
        (unit(1), object(), "cannot be JSON"),
        (unit(1), float("nan"), "cannot be JSON"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(embedding, payload, message):
    store = store_of("a", max_entries=1)
    before = store.statistics()
    with pytest.raises(InputError, match=message):
        store.add("b", embedding, payload)
    assert (store.statistics(), store.names()) == (before, ["a"])


def test_a_name_is_text():
    with pytest.raises(InputError, match="a name is a str; this one is 7"):
        store_of("a").add(7, unit(1))


@pytest.mark.parametrize(
    ("point", "options"),
    [
        (OperatingPoint("toy", 0, similarity=0.5), {}),
        (OperatingPoint("toy", 4, similarity=0.5, order=3), {}),
        (POINT, {"max_entries": 0}),
        (POINT, {"ttl": 0}),
        (POINT, {"index": "faiss"}),
    ],
)
def test_bad_settings_are_refused(point, options):
    with pytest.raises(InputError, match="accepted are"):
        EmbeddingStore(point, **options)


def test_a_count_must_be_positive():
    with pytest.raises(InputError, match="count is 0"):
        store_of("a").search(unit(0), 0)


def test_without_usearch_the_error_contains_the_cure(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "usearch.index", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "humanrt\[search\]"'):
        EmbeddingStore(POINT, index="usearch")


def test_the_index_finds_what_an_exact_search_finds():
    vectors = RNG.normal(size=(2000, 32)).astype(np.float32)
    exact, approximate = (
        EmbeddingStore(OperatingPoint("toy", 32, similarity=0.5), index=index) for index in ("exact", "usearch")
    )
    for i, vector in enumerate(vectors):
        exact.add(str(i), vector)
        approximate.add(str(i), vector)
    for i in range(0, 2000, 2):
        exact.remove(str(i))
        approximate.remove(str(i))
    both = [(set(exact.search(query)), set(approximate.search(query))) for query in RNG.normal(size=(50, 32))]
    assert sum(len(one & other) for one, other in both) >= 0.95 * 500


@pytest.mark.slow(seconds=2)
@KINDS
def test_eight_threads(index):
    """Each thread adds, gets, finds and removes its own names; evictions, hits and counts stay exact."""
    store = EmbeddingStore(POINT, max_entries=400, index=index)
    failures = []
    start = threading.Barrier(8)

    def work(thread):
        try:
            start.wait()
            for i in range(150):
                name, vector = f"{thread}-{i}", [float(thread), float(i), 1.0, 2.0]
                store.add(name, vector, [thread, i])
                for hit in store.search(vector, 3):
                    assert hit.name == "-".join(map(str, hit.payload))
                stored = store.get(name)
                assert stored is None or stored.embedding.tolist() == vector
                if i % 3 == 0:
                    store.remove(name)
        except BaseException as error:  # noqa: BLE001 - reported below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    counts = store.statistics()
    assert counts.added == 8 * 150
    assert counts.added - counts.evicted - counts.removed == counts.entries == len(store.names()) <= 400
    for name in store.names():
        thread, i = map(float, name.split("-"))
        assert store.get(name).embedding.tolist() == [thread, i, 1.0, 2.0]
        assert store.search([thread, i, 1.0, 2.0], 1)[0].name == name


@pytest.mark.parametrize(
    "options",
    [{"max_entries": 1.5}, {"max_entries": True}, {"ttl": "5"}, {"ttl": float("nan")}, {"index": []}],
    ids=str,
)
def test_settings_of_another_type_are_refused(options):
    with pytest.raises(InputError, match=f"{next(iter(options))} is .* accepted are"):
        EmbeddingStore(POINT, **options)


@pytest.mark.parametrize("point", [1000, "faceres"])
def test_a_point_is_an_operating_point(point):
    with pytest.raises(InputError, match="accepted is an OperatingPoint"):
        EmbeddingStore(point)


@pytest.mark.parametrize("count", [1.5, True, "2", 0])
def test_a_count_is_a_positive_whole_number(count):
    with pytest.raises(InputError, match="accepted are positive whole numbers"):
        store_of("a").search(unit(0), count)


@pytest.mark.parametrize("similarity", ["x", float("nan"), None])
def test_a_least_similarity_is_a_number(similarity):
    with pytest.raises(InputError, match=r"min_similarity is .* accepted are finite numbers"):
        store_of("a").search(unit(0), min_similarity=similarity)


def test_a_payload_nested_too_deep_is_refused():
    payload = []
    for _ in range(100_000):
        payload = [payload]
    store = store_of()
    with pytest.raises(InputError, match="this payload cannot be JSON"):
        store.add("a", unit(0), payload)
    assert len(store) == 0
