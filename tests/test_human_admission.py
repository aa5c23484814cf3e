"""Many calls of Human at once: their pictures stay within a budget, and the first ends before the last begins."""

import asyncio
import io
import random

import numpy as np
import pytest
from cancelling import end_or_cancel
from PIL import Image
from repetitions import CANCELLED_ADMISSIONS
from switches import FACES_ALONE, OFF

from humanrt import Human, admission
from humanrt import human as human_module
from humanrt.admission import Desk
from humanrt.errors import ConfigError, InputError, OverloadedError
from parity.pictures import read_picture

pytestmark = pytest.mark.usefixtures("loaded_models")

DETECTOR = {**FACES_ALONE, "face": dict.fromkeys(("mesh", "iris", "emotion", "description"), OFF)}
AT_ONCE = 40
SIDE = 256
PIXELS = SIDE * SIDE
DECODED = 6 * PIXELS  # the peak while OpenCV decodes 8-bit RGB: tests/imaging/test_header.py
EMPTY = (0, 0, 0)


@pytest.fixture
def desk(monkeypatch):
    desk = Desk(100 * DECODED, 3)
    monkeypatch.setattr(admission, "_desk", desk)
    yield desk
    assert desk.statistics()[:3] == EMPTY


@pytest.fixture
async def human(desk):
    async with Human(DETECTOR) as human:
        await human.load()
        yield human
        assert human.engine.memory().baseline == (0, 0, 0, 0)


@pytest.fixture(scope="module")
def jpeg(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures") / "face.jpg"
    Image.fromarray(read_picture("human_face")).save(path, quality=90)
    return path


def with_budget(count):
    return {**DETECTOR, "max_memory": count}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["path", "bytes", "file"])
async def test_forty_at_once_stay_within_the_budget(desk, jpeg, kind, monkeypatch):
    events, read_into = [], human_module.read_into
    encoded = jpeg.read_bytes()
    budget = 2 * DECODED + 5 * len(encoded)  # file objects are held while they wait

    def note_and_read(*arguments, **options):
        picture = read_into(*arguments, **options)
        events.append("decoded")
        return picture

    async def detect():
        source = {"path": jpeg, "bytes": encoded, "file": io.BytesIO(encoded)}[kind]
        with await human.detect(source) as result:
            events.append("ended")
            return [face.box for face in result.face]

    async with Human(with_budget(budget)) as human:
        await human.load()
        with await human.detect(jpeg) as alone:
            expected = [face.box for face in alone.face]
        monkeypatch.setattr(human_module, "read_into", note_and_read)
        assert await asyncio.gather(*(detect() for _ in range(AT_ONCE))) == [expected] * AT_ONCE
    assert DECODED <= desk.statistics().peak <= budget
    assert events.index("ended") < 10
    assert len(events) == 2 * AT_ONCE


async def test_a_picture_larger_than_the_budget_is_detected(desk, jpeg):
    async with Human(with_budget(1000)) as human:
        for result in await asyncio.gather(*(human.detect(jpeg) for _ in range(5))):
            with result:
                assert len(result.face) == 1
    assert desk.statistics().peak == jpeg.stat().st_size + DECODED


@pytest.mark.parametrize(
    ("make_source", "peak", "options"),
    [
        (lambda pixels: pixels, 0, {}),
        (lambda pixels: pixels[np.newaxis], 0, {}),
        (lambda pixels: pixels, 3 * PIXELS, {"bgr": True}),
        (lambda pixels: pixels[:, ::-1], 3 * PIXELS, {}),
        (lambda pixels: np.dstack([pixels, pixels[..., 0]]), 3 * PIXELS, {}),
        # Rounded float32, bytes, and those once more if they must become contiguous.
        (lambda pixels: pixels.astype(np.float32), (12 + 3 + 3) * PIXELS, {}),
        (Image.fromarray, 14 * PIXELS, {}),
    ],
)
async def test_only_what_is_allocated_is_counted(human, desk, make_source, peak, options):
    source = make_source(read_picture("human_face"))
    with await human.detect(source, **options):
        assert desk.statistics()[:3] == EMPTY
    assert desk.statistics().peak == peak


async def test_a_tensor_is_copied(human, desk):
    with human.engine.tensor(read_picture("human_face")) as tensor, await human.detect(tensor):
        assert desk.statistics().peak == 3 * PIXELS


async def test_the_encoded_picture_counts_if_the_engine_reads_it(human, desk, jpeg):
    (await human.detect(jpeg.read_bytes())).dispose()
    assert desk.statistics().peak == DECODED
    (await human.detect(jpeg)).dispose()
    assert desk.statistics().peak == DECODED + jpeg.stat().st_size


async def test_working_copies_of_segmentation_count(human, desk):
    config = {"segmentation": {"enabled": True, "model_path": "selfie.json"}}
    (await human.detect(read_picture("human_face"), config)).dispose()
    assert desk.statistics().peak == human_module.SEGMENTATION_BYTES * PIXELS


async def test_a_picture_that_is_refused_leaves_nothing(human, desk, jpeg):
    for source in (jpeg.read_bytes()[:-1000], b"", "missing.jpg", np.full((SIDE, SIDE, 3), 256)):
        with pytest.raises(InputError):
            await human.detect(source)
        assert desk.statistics()[:3] == EMPTY


async def test_closing_waits_for_the_calls_that_wait(desk, jpeg):
    human = Human(with_budget(1000))
    calls = [asyncio.create_task(human.detect(jpeg)) for _ in range(5)]
    await asyncio.sleep(0)
    await human.aclose()
    assert [len((await call).face) for call in calls] == [1] * 5


async def test_the_budget_cannot_change_from_call_to_call(human, jpeg):
    with pytest.raises(ConfigError, match="max_memory cannot change"):
        await human.detect(jpeg, {"max_memory": 10})


@pytest.mark.slow(2)
@pytest.mark.soak
async def test_cancelled_at_random_moments(desk, jpeg):
    chance, cancelled = random.Random(2026), 0  # noqa: S311  # no secret
    encoded, pixels = jpeg.read_bytes(), read_picture("human_face")
    sources = [lambda: jpeg, lambda: encoded, lambda: io.BytesIO(encoded), lambda: pixels, lambda: pixels[:, ::-1]]

    async def detect(human):
        (await human.detect(chance.choice(sources)())).dispose()

    async with Human(with_budget(2 * DECODED)) as human:
        await human.load()
        for _ in range(CANCELLED_ADMISSIONS // 10):
            calls = (end_or_cancel(chance, lambda: detect(human), 0.05) for _ in range(10))
            cancelled += sum(await asyncio.gather(*calls))
            assert desk.statistics()[:3] == EMPTY
            assert human.engine.memory().baseline == (0, 0, 0, 0)
    assert cancelled > CANCELLED_ADMISSIONS // 5


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bytes", "array"])
async def test_more_calls_than_may_wait_are_refused(desk, jpeg, kind):
    source = jpeg.read_bytes() if kind == "bytes" else read_picture("human_face")
    async with Human({**DETECTOR, "max_calls": 1, "max_queue": 2}) as human:
        await human.load()
        outcomes = await asyncio.gather(*(human.detect(source) for _ in range(6)), return_exceptions=True)
        refused = [outcome for outcome in outcomes if isinstance(outcome, OverloadedError)]
        for outcome in outcomes[:3]:
            outcome.dispose()
        assert refused == outcomes[3:]
        assert str(refused[0]).startswith("2 calls wait already")
        (await human.detect(source)).dispose()
        assert human.engine.memory().baseline == (0, 0, 0, 0)
    assert desk.statistics()[:3] == EMPTY


@pytest.mark.slow
async def test_a_call_waits_no_longer_than_its_longest_time(desk, jpeg):
    async with Human({**DETECTOR, "max_calls": 1, "max_wait": 0}) as human:
        await human.load()
        first, second = await asyncio.gather(human.detect(jpeg), human.detect(jpeg), return_exceptions=True)
        first.dispose()
        assert isinstance(second, OverloadedError)
        assert "waited for 0" in str(second)
