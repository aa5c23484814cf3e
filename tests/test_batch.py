"""Detections in many pictures at once: order, errors as values, flat memory, and everything released at the end."""

import asyncio
import contextlib
import copy
import gc
import pickle
import sys
import threading
from collections import Counter

import numpy as np
import pytest
from holding import Hold, happens
from sharing import SHARING, OnAnotherDevice
from videos import (
    AUTO,
    assert_nothing_is_left,
    by_colour,
    frame,
    frames,
    human_by_colour,
    is_alone,
    label_of,
    later,
    until,
    write_pictures,
)

from humanrt import Human, Result
from humanrt import human as human_module
from humanrt.errors import ConfigError, EngineClosedError, HumanRTError, InputError, ModelRunError, StreamError
from humanrt.runtime.graph_model import GraphModel

COUNT = 9
BROKEN = 4  # the number of a picture that is none


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with a model, and pictures of which one is broken."""
    folder = tmp_path_factory.mktemp("files")
    by_colour(folder)
    paths = write_pictures(folder / "pictures", COUNT)
    paths[BROKEN].write_bytes(b"no picture")
    (folder / "pictures" / "notes.txt").touch()
    (folder / "pictures" / "inner").mkdir()
    write_pictures(folder / "pictures" / "inner", 2)
    return folder


@pytest.fixture(params=["auto", "manual"])
async def human(request, files):
    async with human_by_colour(files, deallocate=request.param) as human:
        yield human


def paths_of(files):
    return sorted((files / "pictures").glob("*.png"))


SOURCES = {
    "folder": lambda files: files / "pictures",
    "folder by str": lambda files: str(files / "pictures"),
    "pattern": lambda files: str(files / "pictures" / "0*"),
    "list": paths_of,
    "iterator": lambda files: iter(paths_of(files)),
    "asynchronous iterator": lambda files: later(paths_of(files)),
}


def value_of(outcome):
    """Return the label of a result, or the type of an error."""
    if isinstance(outcome, HumanRTError):
        return type(outcome)
    with outcome:
        return label_of(outcome)


async def outcomes(batch):
    return [(source, value_of(outcome)) async for source, outcome in batch]


async def rest(batch):
    """Take what is left, whatever it is."""
    return [item async for item in batch]


def expected(files):
    return [(path, InputError if i == BROKEN else i % 3) for i, path in enumerate(paths_of(files))]


class TestOutcomes:
    @AUTO
    @pytest.mark.parametrize("at_once", [1, 3, 20])
    @pytest.mark.parametrize("kind", SOURCES)
    async def test_every_kind_of_source_gives_results_and_errors(self, human, files, kind, at_once):
        async with human.detect_many(SOURCES[kind](files), at_once=at_once) as batch:
            assert sorted(await outcomes(batch)) == expected(files)
        assert_nothing_is_left(human)
        ordered = await outcomes(human.detect_many(SOURCES[kind](files), at_once=at_once, ordered=True))
        assert ordered == expected(files)
        assert_nothing_is_left(human)

    @AUTO
    async def test_folders_in_a_folder_on_request(self, human, files):
        found = await outcomes(human.detect_many(files / "pictures", recursive=True, ordered=True))
        inner = files / "pictures" / "inner"
        assert found == [*expected(files), (inner / "000.png", 0), (inner / "001.png", 1)]

    @AUTO
    async def test_sources_of_all_kinds_of_detect_are_handed_out_with_their_outcomes(self, human, files):
        good = paths_of(files)[1]
        sources = [frame(2), good.read_bytes(), str(good), b"nothing", files / "pictures"]
        found = await outcomes(human.detect_many(sources, ordered=True))
        assert [value for _, value in found] == [2, 1, 1, InputError, InputError]
        assert all(source is given for (source, _), given in zip(found, sources, strict=True))

    @AUTO
    async def test_frames_of_opencv(self, human):
        assert await outcomes(human.detect_many((frame(0)[..., ::-1] for _ in range(1)), bgr=True))
        ((_, value),) = await outcomes(human.detect_many([np.ascontiguousarray(frame(2)[..., ::-1])], bgr=True))
        assert value == 2

    @AUTO
    @pytest.mark.parametrize("kind", [iter, later])
    @pytest.mark.parametrize("view", SHARING)
    async def test_an_array_that_the_source_writes_again_changes_no_picture(self, human, kind, view):
        pixels = np.empty_like(frame(0))

        class Reusing:
            def __iter__(self):
                for number in range(COUNT):
                    pixels[:] = frame(number)
                    yield view(pixels)

        found = []
        async with human.detect_many(kind(Reusing()), at_once=4, ordered=True) as batch:
            async for source, outcome in batch:
                found.append((int(source[-1, -1, 0]), value_of(outcome)))
        assert found == [(number, number % 3) for number in range(COUNT)]

    @AUTO
    @pytest.mark.parametrize("view", [bytearray, memoryview])
    async def test_bytes_that_the_source_writes_again_change_no_picture(self, human, files, view):
        contents = [path.read_bytes() for path in paths_of(files) if path != paths_of(files)[BROKEN]]

        def reusing():
            buffer = bytearray(max(map(len, contents)))
            for content in contents:
                buffer[:] = content.ljust(len(buffer), b"\0")
                yield view(buffer)

        found = await outcomes(human.detect_many(reusing(), at_once=4, ordered=True))
        assert [value for _, value in found] == [number % 3 for number in range(COUNT) if number != BROKEN]

    @AUTO
    async def test_an_array_on_another_device_is_an_error_of_its_own(self, human):
        found = await outcomes(human.detect_many(iter([OnAnotherDevice(), frame(1)]), ordered=True))
        assert [value for _, value in found] == [InputError, 1]

    @AUTO
    async def test_an_error_of_a_model_is_a_value(self, human, monkeypatch):
        def fail(*_):
            raise ModelRunError("broken")

        monkeypatch.setattr(GraphModel, "_run", fail)
        found = await outcomes(human.detect_many(frames(3), {"raise_errors": True}))
        assert [value for _, value in found] == [ModelRunError] * 3

    @AUTO
    async def test_an_error_keeps_no_picture_alive(self, human):
        broken = b"no picture" * 2**20
        async with human.detect_many([broken]) as batch:
            ((_, error),) = [item async for item in batch]
        held = [error]
        while held:
            each = held.pop()
            frames_held, traceback = [], each.__traceback__
            while traceback is not None:
                frames_held.append(traceback.tb_frame)
                traceback = traceback.tb_next
            assert not any(value is broken for held_by in frames_held[1:] for value in held_by.f_locals.values())
            held += [one for one in (each.__cause__, each.__context__) if one is not None]

    async def test_results_that_are_kept_stay_valid_and_belong_to_the_caller(self, human, files):
        async with human.detect_many(frames(COUNT), ordered=True) as batch:
            kept = [outcome async for _, outcome in batch]
        assert [label_of(outcome) for outcome in kept] == [number % 3 for number in range(COUNT)]
        human.engine.dispose(kept)

    async def test_results_belong_to_the_scope_of_the_consumer(self, human):
        async with human.detect_many(frames(6)) as batch:
            async with human.engine.scope():
                _, one = await anext(batch)
            assert one.segmentation.labels.is_disposed
            _, two = await anext(batch)
            assert not two.segmentation.labels.is_disposed
            two.dispose()


class TestErrors:
    @AUTO
    @pytest.mark.parametrize("sources", [None, 5, b"bytes", later], ids=["None", "number", "bytes", "function"])
    async def test_sources_of_another_type(self, human, sources):
        with pytest.raises(InputError, match="is not a source of pictures; accepted are"):
            human.detect_many(sources)

    @AUTO
    async def test_invalid_options(self, human):
        for options in (
            *({"at_once": each} for each in (0, "2", 1.5, True)),
            {"config": {"nonesuch": 1}},
            {"config": {"device": "cuda:3"}},
        ):
            with pytest.raises(ConfigError):
                human.detect_many([], **options)

    @AUTO
    async def test_a_folder_that_does_not_exist(self, human):
        with pytest.raises(InputError, match="does not exist"):
            await outcomes(human.detect_many("no such folder"))

    @AUTO
    @pytest.mark.parametrize("ordered", [False, True])
    async def test_an_error_of_an_iterator_is_raised_after_the_outcomes(self, human, ordered):
        def failing():
            yield from frames(3)
            raise LookupError("mine")

        async with human.detect_many(failing(), ordered=ordered) as batch:
            found = [value_of((await anext(batch))[1]) for _ in range(3)]
            with pytest.raises(LookupError, match="mine"):
                await anext(batch)
            assert sorted(found) == [0, 1, 2]
            with pytest.raises(StopAsyncIteration):
                await anext(batch)

    @AUTO
    @pytest.mark.parametrize("kind", [iter, later])
    @pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, asyncio.CancelledError])
    async def test_an_error_that_ends_loops_is_raised_by_the_batch_alone(self, human, kind, error):
        class Failing:
            def __iter__(self):
                yield frame(1)
                raise error

        async with human.detect_many(kind(Failing()), at_once=2) as batch:
            assert value_of((await anext(batch))[1]) == 1
            with pytest.raises(StreamError if error is asyncio.CancelledError else error):
                await anext(batch)
        assert_nothing_is_left(human)

    @AUTO
    async def test_the_empty_path_is_not_the_current_folder(self, human):
        with pytest.raises(InputError, match="the path is empty"):
            await outcomes(human.detect_many(""))

    @AUTO
    async def test_errors_of_the_models_are_raised_before_the_first_picture(self, human):
        with pytest.raises(ConfigError, match="which is a model for"):
            async with human.detect_many(frames(1), {"object": {"enabled": True, "model_path": "mine"}}):
                pytest.fail("the block was entered")

    async def test_a_human_that_is_closed_meanwhile_is_an_error(self, files):
        async with Human(by_colour(files)) as human:
            async with human.detect_many(frames(100), at_once=1) as batch:
                value_of((await anext(batch))[1])
                await human.aclose()
                with pytest.raises(EngineClosedError):
                    await rest(batch)
            assert_nothing_is_left(human)

    @AUTO
    async def test_it_is_used_once(self, human):
        batch = human.detect_many([])
        assert await outcomes(batch) == []
        with pytest.raises(StreamError, match="not open"):
            await outcomes(batch)
        with pytest.raises(StreamError, match="used once"):
            await batch.__aenter__()
        for duplicate in (pickle.dumps, copy.copy):
            with pytest.raises(StreamError, match="cannot be pickled or copied"):
                duplicate(batch)


class TestPressure:
    @AUTO
    async def test_so_many_detections_run_at_once(self, human, monkeypatch):
        lock, running, most = threading.Lock(), Counter(), Counter()
        all_there = threading.Barrier(2)
        read_into = human_module.read_into

        def counting(*arguments, **options):
            with lock:
                running["now"] += 1
                most["ever"] = max(most["ever"], running["now"])
            with contextlib.suppress(threading.BrokenBarrierError):
                all_there.wait(10)
            with lock:
                running["now"] -= 1
            return read_into(*arguments, **options)

        monkeypatch.setattr(human_module, "read_into", counting)
        assert len(await outcomes(human.detect_many(frames(6), at_once=2))) == 6
        assert most["ever"] == 2

    @pytest.mark.parametrize("ordered", [False, True])
    async def test_sources_and_results_wait_for_the_consumer(self, human, ordered):
        taken = []

        def source():
            for number in range(40):
                taken.append(number)
                yield frame(number)

        async with human.detect_many(source(), at_once=2, ordered=ordered) as batch:
            async for _, outcome in batch:
                for _ in range(5):
                    await asyncio.sleep(0)
                # Four results of two tensors each.
                assert human.engine.memory().num_tensors <= 5 * len(list(outcome.tensors()))
                outcome.dispose()
        assert len(taken) == 40


class TestEnd:
    @pytest.mark.parametrize("kind", ["folder", "iterator", "asynchronous iterator"])
    @pytest.mark.parametrize("turns", [0, 1, 4])
    @pytest.mark.parametrize("error", [None, KeyError])
    async def test_everything_is_released_when_the_block_is_left(self, human, files, kind, turns, error):
        with contextlib.suppress(KeyError):
            async with human.detect_many(SOURCES[kind](files), at_once=3) as batch:
                for _ in range(turns):
                    value_of((await anext(batch))[1])
                if error is not None:
                    raise error
        assert_nothing_is_left(human)

    async def test_without_a_block_the_event_loop_releases_everything(self, human, files):
        async for _, outcome in human.detect_many(files / "pictures"):
            value_of(outcome)
            break
        del outcome
        await until(is_alone)
        assert_nothing_is_left(human)

    @pytest.mark.parametrize("phase", [(human_module, "read_into"), (GraphModel, "_run")], ids=["read", "run"])
    async def test_a_cancelled_consumer_releases_everything(self, human, monkeypatch, phase):
        async def consume():
            async with human.detect_many(frames(COUNT), at_once=3) as batch:
                await outcomes(batch)

        hold = Hold(monkeypatch, *phase)
        consuming = asyncio.create_task(consume())
        await happens(hold.reached)
        consuming.cancel()
        hold.release()
        with pytest.raises(asyncio.CancelledError):
            await consuming
        assert_nothing_is_left(human)


@pytest.mark.slow(3)
@AUTO
async def test_five_hundred_pictures_with_twenty_broken_ones(human, tmp_path):
    (good,) = write_pictures(tmp_path / "one", 1)
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(500):
        (folder / f"{number:03}.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken" if number % 25 == 0 else good.read_bytes())
    found, tensors, blocks = Counter(), set(), []
    async with human.detect_many(folder, at_once=4) as batch:
        async for path, outcome in batch:
            found[type(outcome)] += 1
            assert isinstance(outcome, InputError) is (int(path.stem) % 25 == 0)
            if isinstance(outcome, Result):
                tensors.add(human.engine.memory().num_tensors // len(list(outcome.tensors())))
                outcome.dispose()
            if found.total() % 50 == 0:
                gc.collect()
                blocks.append(sys.getallocatedblocks())
    assert found == {Result: 480, InputError: 20}
    assert max(tensors) <= 9  # eight are detected or wait, and one is the consumer's
    print("blocks", blocks)
    assert blocks[-1] - blocks[1] < 400  # less than one for each picture
