"""One run of one model: hops, copies and tensors, errors, and cancellation in every phase."""

import asyncio
import threading
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from holding import PATIENCE, Hold, happens
from toy_models import IMAGE, doubling, ragged, recurrent, repeating

from humanrt.engine import internals
from humanrt.errors import (
    ConfigError,
    InputError,
    ModelDisposedError,
    ModelFormatError,
    ModelInputError,
    ModelRunError,
    TensorDisposedError,
)
from humanrt.runtime import scheduler
from humanrt.runtime.graph_model import StopSignal
from humanrt.vision.stage import Batch, Family, InputForm, Recurrence, VisionModel, family_of, run_stage
from humanrt.zoo import find_card

ENDLESS = 10**8  # turns of the loop in a model: minutes


def use_three_threads(monkeypatch):
    three = scheduler.Scheduler(3)
    monkeypatch.setattr(scheduler, "_scheduler", three)
    monkeypatch.setattr(scheduler, "run", three.run)


@dataclass(frozen=True)
class Crops(Family[Any, Batch, Any]):
    """Takes crops, [n, 2, 2, 3], and returns copies of the outputs."""

    outputs: tuple[str, ...] = ("doubled", "total")

    def prepare(self, source, form, task):
        return Batch(source.astype(np.float32))

    def decode(self, outputs, prepared, task):
        return [output.copy() for output in outputs]


CROPS = Crops()


def crops(count=1):
    return np.arange(count * 12, dtype=np.uint8).reshape(count, *IMAGE)


def total(pixels):
    return pixels.reshape(len(pixels), -1).sum(axis=1).tolist()


@pytest.fixture
def engine(humanrt_engine):
    yield humanrt_engine
    assert (scheduler.statistics().queued, scheduler.statistics().running) == (0, 0)


@pytest.fixture
def double(engine, tmp_path):
    return doubling(engine, tmp_path)


@pytest.fixture
def double_singly(engine, tmp_path):
    """The same for one image at a time."""
    return doubling(engine, tmp_path, batch=1)


@pytest.fixture
def run(engine):
    """Run a stage in a scope; no tensor is left in the scope, and none after it."""

    async def run(model, source, family=CROPS, task=None):
        before = engine.memory().baseline
        try:
            async with engine.scope():
                found = await run_stage(family, model, source, task)
                assert engine.memory().baseline == before
                return found
        finally:
            assert engine.memory().baseline == before

    return run


class TestHops:
    @pytest.fixture
    def hops(self):
        """Count the jobs that have ended on the pools since the last call."""
        before = [scheduler.statistics().completed]

        def count():
            before.append(scheduler.statistics().completed)
            return before[-1] - before[-2]

        return count

    async def test_a_stage_on_the_cpu_is_one_hop_and_one_thread(self, double, run, hops, monkeypatch):
        threads = set()

        @dataclass(frozen=True)
        class Noting(Crops):
            def prepare(self, source, form, task):
                threads.add(threading.current_thread())
                return super().prepare(source, form, task)

            def decode(self, outputs, prepared, task):
                threads.add(threading.current_thread())
                return super().decode(outputs, prepared, task)

        doubled, sums = await run(double, crops(), Noting())
        assert hops() == 1
        assert len(threads) == 1
        assert threading.current_thread() not in threads
        assert doubled.tolist() == (crops() * 2.0).tolist()
        assert sums.tolist() == total(crops())

    async def test_several_images_are_one_run_where_the_model_takes_batches(self, double, run, hops, monkeypatch):
        batches = note_batches(double, monkeypatch)
        doubled, sums = await run(double, crops(3))
        assert (hops(), batches) == (1, [3])
        assert doubled.tolist() == (crops(3) * 2.0).tolist()
        assert sums.tolist() == total(crops(3))

    async def test_a_model_for_one_image_runs_once_for_each_in_parallel(self, double_singly, run, hops, monkeypatch):
        use_three_threads(monkeypatch)
        hops()
        together = threading.Barrier(3)
        graph_run, batches = double_singly.graph._run, []

        def meet_and_run(names, feeds, stop):
            batches.append(len(feeds["image"]))
            together.wait(PATIENCE)  # passes only if three threads are here at once
            return graph_run(names, feeds, stop)

        monkeypatch.setattr(double_singly.graph, "_run", meet_and_run)
        doubled, sums = await run(double_singly, crops(3))
        assert (hops(), batches) == (1 + 3 + 1, [1, 1, 1])
        assert doubled.tolist() == (crops(3) * 2.0).tolist()
        assert sums.tolist() == total(crops(3))

    def test_batches_are_for_models_of_several_images_on_the_cpu(self, double, double_singly, monkeypatch):
        assert (double.takes_batches, double_singly.takes_batches) == (True, False)
        on_gpu = replace(double)
        monkeypatch.setitem(vars(on_gpu), "on_cpu", False)
        assert not on_gpu.takes_batches

    async def test_a_model_for_one_image_runs_on_one_in_one_hop(self, double_singly, run, hops):
        doubled, _ = await run(double_singly, crops())
        assert hops() == 1
        assert doubled.tolist() == (crops() * 2.0).tolist()

    @pytest.mark.parametrize(("count", "expected"), [(1, 3), (3, 5)])
    async def test_on_a_gpu_images_run_one_by_one_on_its_own_threads(
        self, double, run, hops, monkeypatch, count, expected
    ):
        monkeypatch.setitem(vars(double), "on_cpu", False)
        batches = note_batches(double, monkeypatch)
        before = scheduler._gpu_scheduler.statistics().completed
        doubled, sums = await run(double, crops(count))
        assert (hops(), batches) == (expected, [1] * count)
        assert scheduler._gpu_scheduler.statistics().completed == before + count
        assert doubled.tolist() == (crops(count) * 2.0).tolist()
        assert sums.tolist() == total(crops(count))


def note_batches(model, monkeypatch):
    """Return a list of the numbers of images in each run."""
    batches, graph_run = [], model.graph._run

    def note_and_run(names, feeds, stop):
        batches.append(len(feeds["image"]))
        return graph_run(names, feeds, stop)

    monkeypatch.setattr(model.graph, "_run", note_and_run)
    return batches


class TestMemory:
    async def test_each_output_is_copied_once_and_decoded_from_that_copy(self, engine, double, run, monkeypatch):
        copies, decoded = [], []
        ledger = internals(engine).registry.ledger
        empty = ledger.empty

        def note(shape, dtype):
            copies.append(empty(shape, dtype))
            return copies[-1]

        @dataclass(frozen=True)
        class Noting(Crops):
            def decode(self, outputs, prepared, task):
                decoded.extend(outputs)
                return [float(output.sum()) for output in outputs]

        monkeypatch.setattr(type(ledger), "empty", lambda _, shape, dtype: note(shape, dtype))
        assert await run(double, crops(2), Noting()) == [2.0 * crops(2).sum(), crops(2).sum()]
        assert len(copies) == len(decoded) == 2
        assert all(output is copy for output, copy in zip(decoded, copies, strict=True))

    async def test_only_batch_and_outputs_are_tensors(self, engine, double, run):
        before, peaks = engine.memory().num_tensors, []

        @dataclass(frozen=True)
        class Noting(Crops):
            def decode(self, outputs, prepared, task):
                peaks.append(engine.memory().num_tensors)

        await run(double, crops(), Noting())
        assert peaks == [before + 2]  # the batch is disposed of before the outputs are decoded

    async def test_the_prepared_batch_is_not_copied(self, double, run, monkeypatch):
        pixels = crops().astype(np.float32)
        fed, graph_run = [], double.graph._run

        @dataclass(frozen=True)
        class Given(Crops):
            def prepare(self, source, form, task):
                return Batch(pixels)

        def note_and_run(names, feeds, stop):
            fed.append(np.shares_memory(feeds["image"], pixels))
            return graph_run(names, feeds, stop)

        monkeypatch.setattr(double.graph, "_run", note_and_run)
        await run(double, crops(), Given())
        assert fed == [True]

    async def test_the_source_may_be_an_array_or_a_tensor_which_stays_the_callers(self, engine, double, run):
        with engine.from_numpy(crops()) as source:
            for each in (source, crops()):
                doubled, _ = await run(double, each)
                assert doubled.tolist() == (crops() * 2.0).tolist()
            assert not source.is_disposed

    async def test_a_source_that_is_disposed_during_the_stage_is_read_to_the_end(
        self, engine, double, run, monkeypatch
    ):
        source = engine.tensor(crops())
        hold = Hold(monkeypatch, Crops, "prepare")

        async def dispose_of_it():
            await happens(hold.reached)
            source.dispose()
            # Memory of the same size that is allocated now must not be that of the source.
            with engine.tensor(np.full_like(crops(), 255)):
                hold.release()
                return await stage

        async with engine.scope():
            stage = asyncio.create_task(run_stage(CROPS, double, source, None))
            doubled, _ = await dispose_of_it()
        assert doubled.tolist() == (crops() * 2.0).tolist()

    async def test_the_source_is_not_copied(self, engine, double, run):
        array, shared = crops(), []

        @dataclass(frozen=True)
        class Noting(Crops):
            def prepare(self, source, form, task):
                shared.append(np.shares_memory(source, array))
                return super().prepare(source, form, task)

        with engine.from_numpy(array) as source:
            for each in (source, array):
                await run(double, each, Noting())
        assert shared == [True, True]

    async def test_a_source_that_was_disposed_is_refused(self, engine, double, run):
        source = engine.tensor(crops())
        source.dispose()
        with pytest.raises(TensorDisposedError):
            await run(double, source)

    async def test_what_is_decoded_may_keep_views_of_the_outputs(self, engine, double, run):
        @dataclass(frozen=True)
        class Views(Crops):
            def decode(self, outputs, prepared, task):
                return [output[0] for output in outputs]

        view, _ = await run(double, crops(), Views())
        with engine.tensor(np.full((1, *IMAGE), 7, np.float32)):  # may not take the memory of the output
            assert view.tolist() == (crops()[0] * 2.0).tolist()


class TestErrors:
    """No tensor is left in the scope either."""

    @pytest.fixture
    def fails(self, engine):
        async def fails(kind, model, source, family=CROPS, match=None):
            before = engine.memory().baseline
            async with engine.scope():
                with pytest.raises(kind, match=match) as raised:
                    await run_stage(family, model, source, None)
                assert engine.memory().baseline == before
            return raised.value

        return fails

    @pytest.mark.parametrize("kind", [ValueError, MemoryError, ConfigError, InputError])
    async def test_an_error_in_prepare_is_raised_unchanged(self, double, fails, kind):
        error = kind("as it is")

        @dataclass(frozen=True)
        class Failing(Crops):
            def prepare(self, source, form, task):
                raise error

        assert await fails(kind, double, crops(), Failing()) is error

    async def test_a_batch_of_another_shape_is_refused_before_the_run(self, double, fails):
        @dataclass(frozen=True)
        class Large(Crops):
            def prepare(self, source, form, task):
                return Batch(np.zeros((1, 3, 3, 3), np.float32))

        await fails(ModelInputError, double, crops(), Large(), match="toy cannot run: ")

    async def test_an_error_in_the_run(self, double, fails, monkeypatch):
        def fail(*_):
            raise ModelRunError("broken")

        monkeypatch.setattr(double.graph, "_run", fail)
        await fails(ModelRunError, double, crops(), match="broken")

    async def test_an_error_in_one_of_several_runs_ends_the_others(self, engine, double_singly, monkeypatch):
        use_three_threads(monkeypatch)
        others = threading.Semaphore(0)

        def fail(names, feeds, stop):
            if feeds["image"].min() > 0:  # not the first image
                others.release()
                while not stop.is_set:
                    threading.Event().wait(0)
                raise ModelRunError("stopped")
            assert others.acquire(timeout=PATIENCE)
            assert others.acquire(timeout=PATIENCE)
            raise ModelRunError("broken")

        monkeypatch.setattr(double_singly.graph, "_run", fail)
        before = engine.memory().baseline
        async with engine.scope():
            with pytest.raises(ModelRunError, match="broken"):
                await run_stage(CROPS, double_singly, crops(3), None)
        assert engine.memory().baseline == before

    async def test_a_disposed_model_is_refused(self, double, fails):
        double.graph.dispose()
        await fails(ModelDisposedError, double, crops())

    @pytest.mark.parametrize("kind", [ValueError, IndexError, KeyError, TypeError, ZeroDivisionError, InputError])
    async def test_outputs_that_cannot_be_decoded_are_a_format_error_with_their_shapes(self, double, fails, kind):
        cause = kind("no such row")

        @dataclass(frozen=True)
        class Failing(Crops):
            def decode(self, outputs, prepared, task):
                raise cause

        expected = (
            r"toy returned doubled float32 \[1, 2, 2, 3\], total float32 \[1\], which cannot be decoded as the outputs "
            r"of a model for object \('?no such row'?\): compare its model card with those of HumanRT's own models"
        )
        error = await fails(ModelFormatError, double, crops(), Failing(), match=expected)
        assert error.__cause__ is cause

    @pytest.mark.parametrize("kind", [ConfigError, ModelFormatError, MemoryError, asyncio.IncompleteReadError])
    async def test_other_errors_in_decode_are_raised_unchanged(self, double, fails, kind):
        error = kind(b"", 1) if kind is asyncio.IncompleteReadError else kind("as it is")

        @dataclass(frozen=True)
        class Failing(Crops):
            def decode(self, outputs, prepared, task):
                raise error

        assert await fails(kind, double, crops(), Failing()) is error

    async def test_exceptions_that_are_not_errors_are_raised_unchanged(self, double, fails):
        class Interrupt(BaseException):
            """Like KeyboardInterrupt, which would end the event loop."""

        @dataclass(frozen=True)
        class Interrupted(Crops):
            def decode(self, outputs, prepared, task):
                raise Interrupt

        await fails(Interrupt, double, crops(), Interrupted())

    async def test_outputs_of_several_images_that_do_not_fit_together_are_a_format_error(self, engine, tmp_path, fails):
        model, source = ragged(engine, tmp_path), crops(2)
        source[1] = 0
        expected = r"ragged returned found float32 \[4, 11\], which cannot be decoded as the outputs of a model for"
        await fails(ModelFormatError, model, source, Crops(("found",)), match=expected)

    async def test_an_output_that_the_model_card_lacks_is_refused(self, double, fails):
        message = "the outputs of toy are doubled, total; a model for object needs doubled, halved"
        await fails(ConfigError, double, crops(), Crops(("doubled", "halved")), match=message)


class Announced(StopSignal):
    """A signal that announces that it was set."""

    def __init__(self, options):
        super().__init__(options)
        self.announced = asyncio.Event()

    def set(self):
        super().set()
        self.announced.set()


class TestCancellation:
    @pytest.fixture
    def cancel(self, engine, monkeypatch):
        """Cancel a stage when an event of its thread has happened; it continues once its signal is set."""

        async def cancel(model, source, reached, release, family=CROPS, jobs=1):
            before, signals, cancelled = engine.memory().baseline, [], scheduler.statistics().cancelled

            def stop_signal(options):
                signals.append(Announced(options))
                return signals[-1]

            monkeypatch.setattr("humanrt.vision.stage.StopSignal", stop_signal)
            async with engine.scope():
                stage = asyncio.create_task(run_stage(family, model, source, None))
                await happens(reached)
                stage.cancel()
                for signal in signals[-jobs:]:
                    await asyncio.wait_for(signal.announced.wait(), PATIENCE)
                release()
                with pytest.raises(asyncio.CancelledError):
                    await stage
            assert engine.memory().baseline == before
            assert scheduler.statistics().cancelled - cancelled == jobs

        return cancel

    @pytest.fixture
    def phases(self, double, monkeypatch):
        """Return the list of the phases that have begun."""
        begun = []
        for owner, name in ((Crops, "prepare"), (double.graph, "_run"), (Crops, "decode")):
            monkeypatch.setattr(owner, name, self.noting(begun, name, getattr(owner, name)))
        return begun

    @staticmethod
    def noting(begun, name, function):
        def note(*arguments):
            begun.append(name)
            return function(*arguments)

        return note

    async def test_while_queued_nothing_begins(self, engine, double, phases):
        before = engine.memory().baseline
        free = threading.Event()
        threads = scheduler.statistics().threads
        holders = [asyncio.create_task(scheduler.run(free.wait, PATIENCE)) for _ in range(threads)]
        async with engine.scope():
            stage = asyncio.create_task(run_stage(CROPS, double, crops(), None))
            await asyncio.sleep(0)
            stage.cancel()
            with pytest.raises(asyncio.CancelledError):
                await stage
        free.set()
        await asyncio.gather(*holders)
        assert phases == []
        assert engine.memory().baseline == before

    @pytest.mark.parametrize("after", [False, True], ids=["in prepare", "between prepare and run"])
    async def test_before_the_run_the_model_is_not_run(self, double, cancel, phases, monkeypatch, after):
        hold = Hold(monkeypatch, Crops, "prepare", after=after)
        await cancel(double, crops(), hold.reached, hold.release)
        assert phases == ["prepare"]

    @pytest.mark.parametrize("after", [False, True], ids=["before ONNX Runtime", "between run and decode"])
    async def test_around_the_run_nothing_is_decoded(self, double, cancel, phases, monkeypatch, after):
        hold = Hold(monkeypatch, double.graph, "_run", after=after)
        await cancel(double, crops(), hold.reached, hold.release)
        assert phases == ["prepare", "_run"]

    async def test_inside_of_the_run_it_is_stopped(self, engine, tmp_path, cancel, monkeypatch):
        model, begun = repeating(engine, tmp_path), threading.Event()
        source = np.full((1, *IMAGE), ENDLESS, np.float32)
        graph_run = model.graph._run

        def announce_and_run(*arguments):
            begun.set()
            return graph_run(*arguments)

        monkeypatch.setattr(model.graph, "_run", announce_and_run)
        await cancel(model, source, begun, lambda: None, Crops(("turns",)))

    async def test_in_decode_the_result_is_dropped(self, double, cancel, phases, monkeypatch):
        hold = Hold(monkeypatch, Crops, "decode")
        await cancel(double, crops(), hold.reached, hold.release)
        assert phases == ["prepare", "_run", "decode"]

    async def test_several_runs_are_all_stopped(self, engine, tmp_path, cancel, monkeypatch):
        use_three_threads(monkeypatch)
        model, begun, count = repeating(engine, tmp_path), threading.Event(), threading.Semaphore(0)
        source = np.full((3, *IMAGE), ENDLESS, np.float32)
        graph_run = model.graph._run

        def announce_and_run(*arguments):
            count.release()
            if count._value == 3:
                begun.set()
            return graph_run(*arguments)

        monkeypatch.setattr(model.graph, "_run", announce_and_run)
        await cancel(model, source, begun, lambda: None, Crops(("turns",)), jobs=3)

    async def test_the_next_stage_of_a_model_is_unaffected(self, double, cancel, run, monkeypatch):
        with monkeypatch.context() as patch:
            hold = Hold(patch, Crops, "prepare")
            await cancel(double, crops(), hold.reached, hold.release)
        doubled, _ = await run(double, crops())
        assert doubled.tolist() == (crops() * 2.0).tolist()


class TestRecurrence:
    FAMILY = Crops(("mean", "after"))

    async def test_only_the_states_are_kept_and_the_inputs_stay_the_callers(self, engine, tmp_path):
        model, before = recurrent(engine, tmp_path), engine.memory().num_tensors
        family = replace_form(self.FAMILY)
        async with engine.scope():
            state = engine.tensor([10.0], "float32")
            recurrence = Recurrence("image", {"before": state}, states=("after",))
            mean, after = await run_stage(family, model, crops(), None, recurrence)
            (kept,) = recurrence.kept
            assert (mean.tolist(), after.tolist(), kept.data_sync().tolist()) == ([15.5], [11], [11])
            assert engine.memory().num_tensors == before + 2
            assert not state.is_disposed
        assert engine.memory().num_tensors == before

    async def test_without_states_none_is_kept(self, engine, tmp_path):
        model = recurrent(engine, tmp_path)
        async with engine.scope():
            recurrence = Recurrence("image", {"before": engine.tensor([10.0], "float32")})
            await run_stage(replace_form(self.FAMILY), model, crops(), None, recurrence)
            assert recurrence.kept == ()
            assert engine.memory().num_tensors == 1

    async def test_an_error_in_decode_keeps_no_states(self, engine, tmp_path):
        @dataclass(frozen=True)
        class Failing(AnyForm):
            def decode(self, outputs, prepared, task):
                raise MemoryError

        model = recurrent(engine, tmp_path)
        async with engine.scope():
            recurrence = Recurrence("image", {"before": engine.tensor([10.0], "float32")}, states=("after",))
            with pytest.raises(MemoryError):
                await run_stage(Failing(self.FAMILY.outputs), model, crops(), None, recurrence)
            assert recurrence.kept == ()
        assert engine.memory().num_tensors == 0

    async def test_an_input_that_the_model_card_lacks_is_refused(self, engine, tmp_path):
        model = recurrent(engine, tmp_path)
        async with engine.scope():
            recurrence = Recurrence("image", {"ratio": engine.tensor([10.0], "float32")})
            message = "the inputs of recurrent are image, before; a model for object needs image, ratio"
            with pytest.raises(ConfigError, match=message):
                await run_stage(replace_form(self.FAMILY), model, crops(), None, recurrence)
        assert engine.memory().num_tensors == 0


@dataclass(frozen=True)
class AnyForm(Crops):
    """For models with several inputs."""

    def form(self, model):
        return InputForm(0, 0, 0)


def replace_form(family):
    return AnyForm(family.outputs)


class TestForms:
    @pytest.mark.parametrize(
        ("name", "form"),
        [
            ("facemesh", (192, 192, 3)),
            ("gender", (64, 64, 1)),
            ("blazeface-front", (128, 128, 3)),
            ("faceboxes", (0, 0, 3)),
        ],
    )
    def test_the_form_is_that_of_the_model_cards_input(self, name, form):
        model = VisionModel(None, find_card(name), None)
        assert model.form == InputForm(*form)
        if 0 not in form:
            assert model.fixed_form == InputForm(*form)

    def test_an_open_size_is_refused_where_it_must_be_fixed(self):
        model = VisionModel(None, find_card("faceboxes"), None)
        expected = r"the model card faceboxes has an input of \[1, 'height', 'width', 3\]; all sizes but the first"
        with pytest.raises(ConfigError, match=expected):
            _ = model.fixed_form

    @pytest.mark.parametrize(
        "shapes",
        [[], [(1, 8, 8, 3), (1, 8, 8, 3)], [(1, 8, 8)], [(1, 8, 8, 3, 1)]],
        ids=["none", "two", "three axes", "five"],
    )
    def test_other_inputs_than_one_image_are_refused(self, shapes):
        card = find_card("emotion")
        (spec,) = card.inputs.values()
        inputs = {f"input {i}": replace(spec, shape=shape) for i, shape in enumerate(shapes)}
        model = VisionModel(None, replace(card, inputs=inputs), None)
        expected = "the model card emotion has inputs of .*; a model for face.emotion has one, of four axes"
        for form in ("form", "fixed_form"):
            with pytest.raises(ConfigError, match=expected):
                getattr(model, form)


class TestNodes:
    def test_outputs_and_inputs_have_the_graphs_names(self):
        model = VisionModel(None, find_card("facemesh-attention"), None)
        assert model.nodes_of(Crops(("flag", "mesh"))) == ["output_faceflag", "output_mesh_identity"]
        rvm = VisionModel(None, find_card("rvm"), None)
        assert rvm.input_nodes(["image", "state_1"]) == ["src", "r1i"]
        assert rvm.nodes_of(Crops(("alpha", "state_1"))) == ["pha", "r1o"]

    def test_names_that_the_model_card_lacks_are_refused(self):
        model = VisionModel(None, find_card("emotion"), None)
        with pytest.raises(
            ConfigError, match=r"the outputs of emotion are emotions; a model for face\.emotion needs age"
        ):
            model.nodes_of(Crops(("age",)))
        with pytest.raises(ConfigError, match=r"the inputs of emotion are face; a model for face\.emotion needs image"):
            model.input_nodes(["image"])


class TestFamilies:
    def test_the_first_family_whose_outputs_a_model_card_has_is_chosen(self):
        card = find_card("facemesh")
        mesh, flag, both = Crops(("mesh",)), Crops(("flag",)), Crops(("mesh", "flag"))
        assert family_of(card, [Crops(("mesh", "lips")), flag, mesh, both], "a mesh model") is flag
        assert family_of(card, [both, mesh], "a mesh model") is both

    def test_a_model_card_of_no_family_is_refused(self):
        expected = "the outputs of emotion are emotions; a mesh model has flag, mesh; points"
        with pytest.raises(ConfigError, match=expected):
            family_of(find_card("emotion"), [Crops(("flag", "mesh")), Crops(("points",))], "a mesh model")
