"""The growth of engines since some moment, counted for each engine."""

import weakref

import pytest

from humanrt import Engine
from humanrt.pytest_plugin.growth import TensorGrowth, describe, total
from humanrt.tensors import Registry, watch


@pytest.fixture
def engine():
    with Engine("cpu", track_sites=True) as engine:
        yield engine


@pytest.fixture
def started():
    """Begin to count when it is called, and stop at the end of the test."""
    all_started = []

    def start():
        all_started.append(TensorGrowth())
        return all_started[-1]

    yield start
    for growth in all_started:
        growth.stop()


def test_live_and_lost_tensors_by_engine(engine, started):
    before = engine.scalar(1.0)
    growth = started()
    with Engine("cpu") as other:
        one, two, three = engine.scalar(1.0), other.scalar(2.0), other.scalar(3.0)
        assert sorted(leak.tensors for leak in growth.leaks()) == [1, 2]
        assert growth.delta == 3
        other.dispose([two, three])
        assert [leak.report.num_live for leak in growth.leaks()] == [1]
        before.dispose()
        assert growth.leaks() == []
        one.dispose()
        assert growth.delta == -1


def test_a_loss_of_one_engine_does_not_offset_a_gain_of_another(engine, started):
    held = engine.scalar(1.0)
    growth = started()
    with Engine("cpu") as other, other.scalar(2.0):
        held.dispose()
        assert total(growth.leaks()) == 1
        assert growth.delta == 0


@pytest.mark.tensor_leaks(allow=1)
def test_an_earlier_tensor_that_vanishes_is_no_gain(started):
    with Engine("cpu") as engine:
        held = engine.scalar(1.0)
        growth = started()
        del held
        assert growth.leaks() == []
        assert growth.delta == -1


def test_a_tensor_that_may_vanish_silently_hides_no_gain(engine, started):
    result = engine.scalar(1.0)
    engine.registry.mark_automatic(result)
    growth = started()
    with engine.scalar(2.0):
        del result
        assert total(growth.leaks()) == 1


def test_an_excused_tensor_is_no_gain_and_may_be_freed_later(engine, started):
    growth = started()
    with growth.excused():
        with growth.excused():
            known = engine.scalar(1.0)
        with Engine("cpu") as within:
            closed_over = within.scalar(2.0)
    assert closed_over.is_disposed
    assert growth.leaks() == []
    with engine.scalar(3.0) as tensor:
        (leak,) = growth.leaks()
        assert leak.tensors == 1
        (row,) = leak.report.rows
        assert row.site == tensor._sites.created
    known.dispose()


@pytest.mark.tensor_leaks(allow=1)
def test_a_tensor_lost_while_excused_is_no_gain(engine, started):
    growth = started()
    with growth.excused():
        engine.scalar(1.0)
        growth.reclaim()
    assert growth.leaks() == []
    with engine.scalar(2.0):
        assert total(growth.leaks()) == 1


def test_an_excused_tensor_that_may_vanish_silently_hides_no_gain(engine, started):
    growth = started()
    with growth.excused():
        result = engine.scalar(1.0)
        engine.registry.mark_automatic(result)
    del result
    with engine.scalar(2.0):
        assert total(growth.leaks()) == 1


def test_closing_while_excused_is_no_gain(started):
    with Engine("cpu") as engine:
        held = [engine.scalar(1.0), engine.scalar(2.0)]
        growth = started()
        growth.closing_frees = False
        with growth.excused():
            held.append(engine.scalar(3.0))
            engine.close()
        assert growth.leaks() == []


@pytest.mark.parametrize("ends", [["close"], ["reset"], ["close", "close"], ["reset", "close"]], ids="-".join)
def test_closing_and_resetting_free_unless_closing_frees_is_false(started, ends):
    for frees in (True, False):
        with Engine("cpu") as engine:
            held = [engine.scalar(1.0) for _ in range(3)]
            growth = started()
            growth.closing_frees = frees
            held += [engine.scalar(1.0), engine.scalar(2.0)]
            engine.registry.mark_automatic(held[-1])
            for end in ends:
                getattr(engine.registry, end)()
            assert total(growth.leaks()) == (0 if frees else 1)


def test_a_cycle_is_collected_before_leaks_are_returned(engine, started):
    result = [engine.scalar(1.0)]
    engine.registry.mark_automatic(result)
    result[0].dispose()
    growth = started()
    result[0] = engine.scalar(1.0)
    engine.registry.mark_automatic(result)
    result.append(result)
    del result
    assert growth.leaks() == []


def test_engines_that_were_created_since_are_kept_until_stop(monkeypatch):
    monkeypatch.setattr(watch, "watchers", [])  # the session that this test is in holds them too
    growth = TensorGrowth()
    registry = weakref.ref(Registry())
    assert registry() is not None
    growth.stop()
    assert registry() is None


def test_description(engine, started):
    growth = started()
    with engine.tensor([[1.0, 2.0]]), engine.scalar(1.0) as tensor:
        leaks = growth.leaks()
        first, empty, header, *rows = describe(leaks, 1).splitlines()
        assert (first, empty) == ("2 tensors leaked (1 allowed)", "")
        assert header.split()[0] == "state"
        assert len(rows) == len(leaks[0].report.rows)
        assert tensor._sites.created in describe(leaks, 0)
