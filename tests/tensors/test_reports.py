"""The reports of live and lost tensors."""

import warnings

import numpy as np
import pytest

from humanrt.tensors import Registry
from humanrt.tensors.reports import SHOWN_ROWS


@pytest.fixture
def tracked():
    registry = Registry(track_sites=True)
    yield registry
    registry.close()


def lose(registry, count=1):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        for _ in range(count):
            registry.tensor([1.0, 2.0])
        registry.memory()


def rows(registry):
    """Return the report without what differs between runs: (state, tensors, bytes, shape, dtype, owner, function)."""
    return [(*row[:3], *row[4:7], row.site.split(" in ")[-1]) for row in registry.leaks().rows]


def test_the_report_without_tensors_is_empty(registry):
    report = registry.leaks()
    assert report.rows == ()
    assert (report.num_live, report.num_lost) == (0, 0)
    assert str(report) == "no live tensors, none lost"


def test_tensors_are_grouped_by_the_place_that_created_them(tracked):
    def here(data):
        return tracked.tensor(data)

    tensors = [here(np.zeros((2, 5), np.uint8)) for _ in range(3)]
    for number in (1.5, 2.5):
        tensors.append(tracked.tensor(number))  # noqa: PERF401 - before Python 3.12 a comprehension is a function
    name = "test_tensors_are_grouped_by_the_place_that_created_them"
    assert rows(tracked) == [
        ("live", 3, 30, (2, 5), "uint8", "caller", f"{name}.<locals>.here"),
        ("live", 2, 8, (), "float32", "caller", name),
    ]
    assert all(f"{__file__}:" in row.site for row in tracked.leaks().rows)
    tracked.dispose(tensors)


def test_the_place_is_in_the_code_of_the_caller(tracked):
    with tracked.scope():
        tensor = tracked.tensor([[1.0]])
        made = [tensor.clone(), tensor.reshape(1), tensor.cast("int32"), tracked.tidy(lambda: tracked.tensor(1))]
        assert len(made) == 4
        assert {row.site.split(":")[0] for row in tracked.leaks().rows} == {__file__}


def test_a_buffer_is_counted_once(tracked):
    with tracked.tensor(np.zeros(10, np.uint8)) as tensor:
        clones = [tensor.clone() for _ in range(3)]
        report = tracked.leaks()
        assert (report.num_live, sum(row.nbytes for row in report.rows)) == (4, 10)
    assert sum(row.nbytes for row in tracked.leaks().rows) == 10
    tracked.dispose(clones)


def test_owners(tracked):
    variable = tracked.variables.add(source := tracked.tensor(1), "weights")
    source.dispose()
    automatic = tracked.tensor(2)
    tracked.mark_automatic(automatic)
    with tracked.scope("request 7"), tracked.scope():
        inside = tracked.tensor(3)
        kept = tracked.keep(tracked.tensor(4))
        with_owner = {row.owner for row in tracked.leaks().rows}
    assert with_owner == {"variable weights", "nobody", "scope request 7", "caller"}
    assert inside.is_disposed
    with tracked.scope():
        unnamed = tracked.tensor(5)
        assert "scope" in {row.owner for row in tracked.leaks().rows}
        assert not unnamed.is_disposed
    tracked.dispose([automatic, kept, variable])


def test_the_age_is_that_of_the_oldest(tracked, monkeypatch):
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    tensors = []
    for now in (100.0, 104.0):  # noqa: B007 - the clock reads it
        tensors += [tracked.tensor(1) for _ in range(2)]
    now = 110.0
    (row,) = tracked.leaks().rows
    assert row.age == 10.0
    tracked.dispose(tensors)


@pytest.mark.usefixtures("without_sites")
def test_without_sites_tensors_are_grouped_by_shape(registry):
    with registry.tensor([1.0, 2.0]), registry.tensor([3.0, 4.0]), registry.tensor(1):
        assert [row[:3] for row in registry.leaks().rows] == [("live", 2, 16), ("live", 1, 4)]
        assert all("track_sites=True" in row.site and row.age is None for row in registry.leaks().rows)


@pytest.mark.tensor_leaks(allow=4)
def test_lost_tensors_are_counted_by_place_with_the_reclaimed_bytes(tracked):
    """CONFORMANCE 6 and 12."""
    lose(tracked, 3)
    lose(tracked)
    assert rows(tracked) == [("lost", 4, 32, (2,), "float32", "caller", "lose")]
    assert tracked.leaks().num_lost == tracked.memory().num_leaked == 4


@pytest.mark.tensor_leaks(allow=1)
def test_a_lost_clone_reclaimed_nothing(tracked):
    """CONFORMANCE 12."""
    with tracked.tensor([1.0, 2.0]) as tensor, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        tensor.clone()
        lost = [row for row in tracked.leaks().rows if row.state == "lost"]
        assert [(row.tensors, row.nbytes) for row in lost] == [(1, 0)]


@pytest.mark.tensor_leaks(allow=500)
def test_the_report_stays_small_however_many_are_lost(tracked):
    for _ in range(50):
        lose(tracked, 10)
    assert len(tracked.leaks().rows) == 1
    assert tracked.leaks().num_lost == 500


def test_the_report_of_selected_tensors(tracked):
    tensors = [tracked.tensor(i) for i in range(4)]
    assert tracked.leaks({tensors[1].id, tensors[3].id}).num_live == 2
    assert tracked.leaks(set()).rows == ()
    tracked.dispose(tensors)


def test_the_table(tracked):
    with tracked.scope("detect"):
        kept = tracked.keep(tracked.tensor(np.zeros((300, 300), np.uint8)))
        inside = tracked.tensor([1.0, 2.0])
        lines = str(tracked.leaks()).splitlines()
    assert lines[0].split() == ["state", "tensors", "bytes", "age", "shape", "owner", "made", "at"]
    assert lines[1].startswith("live   1        90000  0.0 s  uint8 [300, 300]  caller")
    assert "float32 [2]" in lines[2]
    assert "scope detect" in lines[2]
    assert f"{__file__}:" in lines[2]
    assert inside.is_disposed
    kept.dispose()


@pytest.mark.usefixtures("without_sites")
def test_a_long_table_is_truncated(registry):
    with registry.scope():
        held = [registry.tensor(np.zeros(size, np.uint8)) for size in range(1, SHOWN_ROWS + 4)]
        lines = str(registry.leaks()).splitlines()
        assert len(held) == SHOWN_ROWS + 3
    assert len(lines) == 1 + SHOWN_ROWS + 1
    assert lines[-1] == "... and 3 more groups"
