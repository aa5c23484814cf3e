"""The detections of videos, frame by frame, and everything released at the end of the block."""

import asyncio
import contextlib
import copy
import gc
import pickle
import random
import sys
import threading
from collections import Counter

import anyio
import numpy as np
import pytest
from holding import Hold, happens
from repetitions import EACH_STREAM_END, ENDED_STREAMS
from sharing import SHARING
from switches import FACES_ALONE, OFF
from videos import (
    AUTO,
    FPS,
    Camera,
    assert_nothing_is_left,
    by_colour,
    frame,
    frames,
    human_by_colour,
    is_alone,
    label_of,
    later,
    open_files,
    own_threads,
    until,
    write_clip,
    write_pictures,
)

from humanrt import Human
from humanrt import human as human_module
from humanrt.errors import (
    ConfigError,
    EngineClosedError,
    InputError,
    SessionError,
    StreamError,
    StreamTimeoutError,
)
from humanrt.runtime.graph_model import GraphModel
from parity.pictures import read_picture

COUNT = 9
LABELS = [number % 3 for number in range(COUNT)]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with a model, a clip, and the same frames as pictures."""
    folder = tmp_path_factory.mktemp("files")
    by_colour(folder)
    write_clip(folder / "clip.mkv", frames(COUNT))
    write_pictures(folder / "pictures", COUNT)
    return folder


@pytest.fixture(params=["auto", "manual"])
async def human(request, files):
    async with human_by_colour(files, deallocate=request.param) as human:
        yield human


# Each kind of source, of the same frames.
SOURCES = {
    "video": lambda files: files / "clip.mkv",
    "video by str": lambda files: str(files / "clip.mkv"),
    "folder": lambda files: files / "pictures",
    "pattern": lambda files: str(files / "pictures" / "0*.png"),
    "list of arrays": lambda files: frames(COUNT),
    "one array": lambda files: np.stack(frames(COUNT)),
    "generator": lambda files: (each for each in frames(COUNT)),
    "list of paths": lambda files: sorted((files / "pictures").iterdir()),
    "asynchronous generator": lambda files: later(frames(COUNT)),
}


async def labels(stream):
    found = []
    async for _, result in stream:
        with result:
            found.append(label_of(result))
    return found


class TestFrames:
    @AUTO
    @pytest.mark.parametrize("kind", SOURCES)
    async def test_every_kind_of_source_delivers_its_frames_with_their_results(self, human, files, kind):
        async with human.stream(SOURCES[kind](files)) as stream:
            number = 0
            async for pixels, result in stream:
                with result:
                    np.testing.assert_array_equal(pixels, frame(number))
                    assert pixels.dtype == np.uint8
                    assert not pixels.flags.writeable
                    assert label_of(result) == number % 3
                number += 1
            assert number == COUNT
            assert stream.statistics()._replace(fps=0) == (COUNT, 0, COUNT, 0, 0)
            assert stream.statistics().fps > 0
        assert_nothing_is_left(human)

    async def test_frames_and_results_that_are_kept_stay_valid(self, human, files):
        async with human.stream(files / "clip.mkv", max_pending=3) as stream:
            kept = [turn async for turn in stream]
        np.testing.assert_array_equal([pixels for pixels, _ in kept], frames(COUNT))
        assert [label_of(result) for _, result in kept] == LABELS
        human.engine.dispose([result for _, result in kept])
        assert human.engine.memory().baseline == (0, 0, 0, 0)

    @AUTO
    async def test_results_belong_to_the_scope_of_the_consumer(self, human):
        async with human.stream(frames(2)) as stream:
            async with human.engine.scope():
                turn = await anext(stream)
                assert human.engine.memory().num_tensors > 0
            assert turn[1].segmentation.labels.is_disposed
            assert human.engine.memory().num_tensors == 0

    @AUTO
    async def test_frames_of_opencv_are_handed_out_in_rgb(self, human):
        source = [picture[..., ::-1] for picture in frames(3)]
        async with human.stream(source, bgr=True) as stream:
            async for pixels, result in stream:
                with result:
                    assert pixels.argmax(axis=2)[0, 0] == label_of(result)

    @AUTO
    @pytest.mark.parametrize("view", SHARING)
    async def test_an_array_that_the_source_writes_again_changes_no_frame(self, human, view):
        def reusing():
            pixels = np.empty((12, 16, 3), np.uint8)
            for number in range(COUNT):
                pixels[:] = frame(number)
                yield view(pixels[None] if number % 2 else pixels)

        async with human.stream(reusing(), max_pending=4) as stream:
            async for pixels, result in stream:
                with result:
                    assert label_of(result) == pixels[-1, -1, 0] % 3

    @AUTO
    async def test_timestamps_of_a_video_are_positions_in_it(self, human, files):
        async with human.stream(files / "clip.mkv") as stream:
            times = []
            async for _, result in stream:
                result.dispose()
                times.append(stream.timestamp)
        assert times == pytest.approx([number / FPS for number in range(COUNT)])

    @AUTO
    async def test_the_configuration_is_of_each_detection(self, human):
        async with human.stream(frames(2), {"segmentation": {"enabled": False}}) as stream:
            assert [result.segmentation async for _, result in stream] == [None, None]

    @AUTO
    async def test_an_empty_source_has_no_turns(self, human, tmp_path):
        for source in ([], tmp_path, later([])):
            async with human.stream(source) as stream:
                assert await labels(stream) == []

    @AUTO
    async def test_a_camera_of_the_network(self, human):
        with Camera(3) as camera:
            async with human.stream(camera.address, drop="none", timeout=5, reconnect=60) as stream:
                found = []
                async for pixels, result in stream:
                    with result:
                        found.append(int(pixels.argmax(axis=2)[0, 0]))
                        assert label_of(result) == found[-1]
                    if len(found) == 7:
                        break
                assert found == [0, 1, 2, 0, 1, 2, 0]
                assert stream.statistics().reconnected == 2
            assert_nothing_is_left(human)


class TestBackPressure:
    @AUTO
    async def test_the_source_waits_for_the_consumer(self, human):
        taken = []

        def source():
            for number in range(COUNT):
                taken.append(number)
                yield frame(number)

        async with human.stream(source(), max_pending=2) as stream:
            for turn in range(1, COUNT + 1):
                _, result = await anext(stream)
                result.dispose()
                assert len(taken) <= turn + 3  # two wait, one is in the hand of the thread
            assert stream.statistics().dropped == 0

    @AUTO
    async def test_the_oldest_frames_are_dropped(self, human):
        given = threading.Event()

        def source():
            yield from frames(COUNT)
            given.set()

        async with human.stream(source(), drop="oldest", max_pending=2) as stream:
            await happens(given)
            found = []
            async for pixels, result in stream:
                result.dispose()
                found.append(int(pixels[-1, -1, 0]))
            assert found == [COUNT - 2, COUNT - 1]
            assert stream.statistics()[:3] == (COUNT, COUNT - 2, 2)

    @AUTO
    async def test_a_video_whose_frames_may_be_dropped_plays_at_its_own_speed(self, human, tmp_path):
        clip = write_clip(tmp_path / "fast.mkv", frames(4), fps=40)
        began = asyncio.get_running_loop().time()
        async with human.stream(clip, drop="oldest", max_pending=4) as stream:
            assert await labels(stream) == LABELS[:4]
        assert asyncio.get_running_loop().time() - began >= 3 / 40


class TestErrors:
    @AUTO
    @pytest.mark.parametrize(
        ("source", "error", "message"),
        [
            ("no such file", InputError, "does not exist"),
            ("no*.such", InputError, "no file fits the pattern"),
            (__file__, InputError, "neither a picture nor a video"),
            ("http://127.0.0.1:9/", StreamError, "cannot be opened"),
        ],
    )
    async def test_a_source_that_cannot_be_opened(self, human, source, error, message):
        with pytest.raises(error, match=message):
            async with human.stream(source):
                pytest.fail("the block was entered")
        assert_nothing_is_left(human)
        with pytest.raises(error, match=message):
            await labels(human.stream(source))
        assert_nothing_is_left(human)

    @AUTO
    @pytest.mark.parametrize("source", [None, True, b"bytes", 1.5, later])
    async def test_a_source_of_another_type(self, human, source):
        with pytest.raises(InputError, match="is not a source of pictures; accepted are"):
            human.stream(source)

    @AUTO
    async def test_one_picture_is_no_source(self, human):
        for call in (human.stream, human.detect_many):
            with pytest.raises(InputError, match=r"shape \[12, 16, 3\] .* pass one picture to detect\(\)"):
                call(frame(0))

    @AUTO
    @pytest.mark.parametrize(
        "options",
        [
            {"drop": "newest"},
            {"max_pending": 0},
            {"timeout": 0},
            {"timeout": float("nan")},
            {"reconnect": -1},
            {"config": {"device": "cuda:3"}},
            {"config": {"nonesuch": 1}},
        ],
        ids=str,
    )
    async def test_an_invalid_option(self, human, options):
        with pytest.raises(ConfigError):
            human.stream([], **options)

    @AUTO
    async def test_a_picture_that_is_invalid(self, human, files):
        bad = files / "bad"
        bad.mkdir(exist_ok=True)
        (bad / "a.png").write_bytes(b"no picture")
        for source, message in ((bad, r"bad/a\.png': unknown"), ([frame(0), "nothing"], "'nothing' does not exist")):
            with pytest.raises(InputError, match=message):
                await labels(human.stream(source))
            assert_nothing_is_left(human)

    @AUTO
    async def test_the_empty_path_is_not_the_current_folder(self, human):
        with pytest.raises(InputError, match="the path is empty"):
            await labels(human.stream(""))

    @AUTO
    @pytest.mark.parametrize("value", [0, "2", 1.5, True])
    async def test_max_pending_is_a_positive_integer(self, human, value):
        with pytest.raises(ConfigError, match="max_pending is"):
            human.stream([], max_pending=value)

    @AUTO
    async def test_an_error_of_an_iterator_is_raised_unchanged(self, human):
        async def failing():
            yield frame(0)
            raise LookupError("mine")

        async with human.stream(failing()) as stream:
            (await anext(stream))[1].dispose()
            with pytest.raises(LookupError, match="mine"):
                await anext(stream)
            with pytest.raises(StopAsyncIteration):
                await anext(stream)

    @AUTO
    async def test_a_source_that_stalls_is_a_timeout(self, human):
        async def silent():
            await asyncio.Event().wait()
            yield

        async with human.stream(silent(), timeout=0.05) as stream:
            with pytest.raises(StreamTimeoutError, match=r"no frame in 0\.05 s; timeout=None"):
                await anext(stream)
        assert_nothing_is_left(human)
        with Camera(1, stalls=True) as camera, pytest.raises(StreamTimeoutError, match="delivered no frame"):
            await labels(human.stream(camera.address, timeout=0.2))

    @AUTO
    async def test_the_error_of_a_detection_is_raised(self, human, monkeypatch):
        def fail(*_):
            raise LookupError("in the model")

        monkeypatch.setattr(GraphModel, "_run", fail)
        with pytest.raises(LookupError, match="in the model"):
            await labels(human.stream(frames(3), {"raise_errors": True}))
        assert_nothing_is_left(human)

    @AUTO
    async def test_after_an_error_no_earlier_result_is_alive(self, human):
        """Without the garbage collector: the error and what it holds must not form a cycle."""

        async def failing():
            yield frame(0)
            raise LookupError

        async def consume():
            async with human.stream(failing()) as stream:
                async for _, result in stream:
                    assert label_of(result) == 0

        gc.disable()
        try:
            with contextlib.suppress(LookupError):
                await consume()
            assert human.engine.memory().baseline == (0, 0, 0, 0)
        finally:
            gc.enable()


class TestUse:
    @AUTO
    async def test_the_session_is_the_streams_own(self, human):
        stream = human.stream(frames(2))
        with pytest.raises(StreamError, match="not open"):
            stream.session  # noqa: B018 - it raises
        async with stream:
            session = stream.session
            assert not session.is_closed
        assert session.is_closed

    @AUTO
    async def test_it_is_used_once(self, human):
        stream = human.stream([])
        async with stream:
            pass
        with pytest.raises(StreamError, match="used once"):
            async with stream:
                pytest.fail("the block was entered")
        with pytest.raises(StreamError, match="was closed"):
            await anext(stream)
        with pytest.raises(StreamError, match="not open"):
            await anext(human.stream([]))
        closed = human.stream([])
        await closed.aclose()
        with pytest.raises(StreamError, match="used once"):
            await labels(closed)

    @AUTO
    @pytest.mark.parametrize("duplicate", [pickle.dumps, copy.copy], ids=["pickle", "copy"])
    async def test_it_cannot_be_pickled_or_copied(self, human, duplicate):
        with pytest.raises(StreamError, match="cannot be pickled or copied"):
            duplicate(human.stream([]))

    async def test_of_two_tasks_at_the_same_time_the_second_is_refused(self, human):
        async with human.stream(frames(4), max_pending=4) as stream:
            first, second = await asyncio.gather(anext(stream), anext(stream), return_exceptions=True)
            assert isinstance(second, SessionError)
            first[1].dispose()

    @AUTO
    async def test_a_loop_that_was_left_can_go_on(self, human):
        async with human.stream(frames(COUNT)) as stream:
            found = []
            for _ in range(3):
                async for pixels, result in stream:
                    result.dispose()
                    found.append(int(pixels[-1, -1, 0]))
                    if len(found) % 3 == 0:
                        break
        assert found == list(range(COUNT))

    async def test_a_human_that_was_closed_is_refused(self, files):
        async with Human(by_colour(files)) as human:
            await human.load()
            stream = human.stream(files / "clip.mkv")
        with pytest.raises(EngineClosedError):
            await labels(stream)
        assert own_threads() == []

    async def test_closing_human_ends_an_open_stream_with_an_error(self, files):
        async with Human(by_colour(files)) as human:
            async with human.stream(files / "clip.mkv") as stream:
                (await anext(stream))[1].dispose()
                await human.aclose()
                with pytest.raises(EngineClosedError):
                    await anext(stream)
            assert_nothing_is_left(human)


class Stop(Exception):  # noqa: N818 - not an error
    """Raised by a consumer."""


async def consume(stream, end, turns=COUNT):
    """Take turns, then end: by break, by an error, or at the end of the source."""
    async for _, result in stream:
        with result:
            turns -= 1
            if turns == 0:
                if end == "raise":
                    raise Stop
                break


class TestEnd:
    @pytest.mark.parametrize("kind", ["video", "folder", "generator", "asynchronous generator"])
    @pytest.mark.parametrize("end", ["break", "raise"])
    async def test_everything_is_released_when_the_block_is_left(self, human, files, kind, end):
        with contextlib.suppress(Stop):
            async with human.stream(SOURCES[kind](files)) as stream:
                await consume(stream, end, turns=2)
        assert_nothing_is_left(human)

    @pytest.mark.parametrize("kind", ["video", "folder", "generator", "asynchronous generator"])
    @pytest.mark.parametrize("end", ["break", "raise"])
    async def test_without_a_block_the_event_loop_releases_everything(self, human, files, kind, end):
        with contextlib.suppress(Stop):
            await consume(human.stream(SOURCES[kind](files)), end, turns=2)
        await until(is_alone)
        assert_nothing_is_left(human)

    @pytest.mark.parametrize("kind", SOURCES)
    async def test_without_a_block_the_end_of_the_source_releases_everything(self, human, files, kind):
        assert await labels(human.stream(SOURCES[kind](files))) == LABELS
        assert_nothing_is_left(human)

    @AUTO
    @pytest.mark.parametrize("phase", [(human_module, "read_into"), (GraphModel, "_run")], ids=["read", "run"])
    async def test_a_cancelled_detection_releases_everything(self, human, monkeypatch, phase):
        hold = Hold(monkeypatch, *phase)
        consuming = asyncio.create_task(in_block(human.stream(frames(COUNT)), "end", 0))
        await happens(hold.reached)
        consuming.cancel()
        hold.release()
        with pytest.raises(asyncio.CancelledError):
            await consuming
        assert_nothing_is_left(human)

    @AUTO
    async def test_a_cancelled_scope_releases_everything(self, human):
        async def silent():
            yield frame(0)
            await asyncio.Event().wait()

        with anyio.CancelScope() as scope:
            async with human.stream(silent()) as stream:
                async for _, result in stream:
                    result.dispose()
                    asyncio.get_running_loop().call_soon(scope.cancel)
        assert scope.cancelled_caught
        assert stream.statistics().detected == 1
        assert_nothing_is_left(human)

    @AUTO
    async def test_a_consumer_that_is_cancelled_while_a_source_opens_releases_everything(self, human):
        with Camera(0, stalls=True) as camera:
            opening = asyncio.create_task(in_block(human.stream(camera.address, timeout=0.3), "end", 0))
            await until(lambda: camera.connections)
            opening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await opening
            assert_nothing_is_left(human)

    @AUTO
    async def test_closing_from_another_task_ends_the_loop(self, human):
        async def silent():
            yield frame(0)
            await asyncio.Event().wait()

        async with human.stream(silent()) as stream:
            consuming = asyncio.create_task(labels(stream))
            await until(lambda: stream.statistics().detected)
            await stream.aclose()
            assert await consuming == [0]
        assert_nothing_is_left(human)

    def test_a_stream_in_no_block_at_the_end_of_the_program(self, files):
        """What the loop does not close itself, asyncio.run() does."""

        async def main():
            async with Human(by_colour(files)) as human:
                async for _, result in human.stream(files / "clip.mkv"):
                    result.dispose()
                    break
                return human

        human = asyncio.run(main())
        assert own_threads() == []
        assert human.engine.memory().baseline == (0, 0, 0, 0)

    @AUTO
    async def test_a_stream_that_nobody_holds_ends_its_source(self, human, files):
        stream = human.stream(files / "clip.mkv")
        await stream.__aenter__()
        (thread,) = [each for each in threading.enumerate() if each.name == "humanrt-capture"]
        with pytest.warns(ResourceWarning, match="a stream was not closed"):
            del stream
        await asyncio.to_thread(thread.join)


ENDS = ("break", "raise", "end", "cancel", "close")


async def in_block(stream, end, turns):
    async with stream:
        await consume(stream, end, turns if end in ("break", "raise") else 0)


@pytest.mark.slow(5)
@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@AUTO
async def test_streams_ended_at_random_moments_leave_nothing(human, files):
    chance = random.Random(2026)  # noqa: S311 - reproducible, no secret
    loop = asyncio.get_running_loop()
    kinds = ["video", "folder", "generator", "asynchronous generator"]
    async with human.stream(SOURCES["video"](files)) as stream:
        began = loop.time()
        await labels(stream)
        longest = loop.time() - began
    before, hits = open_files(), Counter()
    while hits.total() - hits["end"] < ENDED_STREAMS:
        end, kind = chance.choice(ENDS), chance.choice(kinds)
        stream = human.stream(SOURCES[kind](files), max_pending=chance.randint(1, 3))
        consuming = asyncio.create_task(in_block(stream, end, chance.randint(1, COUNT)))
        if end in ("cancel", "close"):
            await asyncio.wait([consuming], timeout=chance.uniform(0, longest))
        interrupted = end in ("cancel", "close") and not consuming.done()
        if end == "cancel":
            consuming.cancel()
        elif end == "close":
            await stream.aclose()
        (error,) = await asyncio.gather(consuming, return_exceptions=True)
        # A stream that is closed between two frames, or before it is entered, is refused.
        expected = {"raise": Stop, "cancel": asyncio.CancelledError, "close": StreamError}.get(end, ())
        if error is not None and not isinstance(error, expected):
            raise error
        hits[end if interrupted or end in ("break", "raise") else "end"] += 1
        del stream
        assert_nothing_is_left(human)
        assert open_files() == before
    print(f"streams ended: {dict(hits)}")
    assert min(hits[end] for end in ENDS) >= EACH_STREAM_END


RVM = {
    "face": OFF,
    **FACES_ALONE,
    "segmentation": {"enabled": True, "mode": "alpha"},
}


@pytest.mark.slow(5)
async def test_two_streams_and_ten_pictures_at_once_do_not_change_each_other():
    """With a model whose state goes from frame to frame, so that a stream also has to keep its own session."""
    picture, other = read_picture("human_face")[::3, ::3], read_picture("astronaut")[::6, ::6]
    video = [np.ascontiguousarray(picture[i : i + 64, 3 * i : 3 * i + 64]) for i in range(4)]
    second = [np.ascontiguousarray(other[i : i + 64, 3 * i : 3 * i + 64]) for i in range(4)]
    async with Human(RVM) as human:

        async def alpha(source, session=None):
            with await human.detect(source, session=session) as result:
                return result.segmentation.alpha.data_sync()

        async def of_stream(source):
            found = []
            async with human.stream(source) as stream:
                async for _, result in stream:
                    with result:
                        found.append(result.segmentation.alpha.data_sync())
            return found

        alone = []
        for source in (video, second):
            with human.session() as session:
                alone.append([await alpha(each, session) for each in source])
        singles = [await alpha(each) for each in (*video, *second, picture, other)]
        assert np.abs(alone[0][1] - singles[1]).max() > 0.01  # the state of the first frame matters
        found = await asyncio.gather(
            of_stream(video), of_stream(second), *(alpha(each) for each in (*video, *second, picture, other))
        )
        np.testing.assert_array_equal(found[:2], alone)
        for one, expected in zip(found[2:], singles, strict=True):
            np.testing.assert_array_equal(one, expected)
        assert_nothing_is_left(human)
