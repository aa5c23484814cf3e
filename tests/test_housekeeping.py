"""What surrounds detect(): warming up, starting anew, models, profiles, comparisons, segmentation, and events."""

import asyncio
import sys
import threading

import numpy as np
import pytest
from switches import FACES_ALONE, OFF

import humanrt
from humanrt import Human, errors
from humanrt.events import Events
from humanrt.runtime import scheduler, sessions
from humanrt.zoo import Progress, Store, find_card
from parity.pictures import PICTURES, read_picture

pytestmark = pytest.mark.usefixtures("loaded_models")

NOTHING = (0, 0, 0, 0)
DETECTOR = {**FACES_ALONE, "face": dict.fromkeys(("mesh", "iris", "emotion", "description"), OFF)}
WITH_CROPS = {**DETECTOR, "face": {**DETECTOR["face"], "detector": {"return": True}}}
SELFIE = {"segmentation": {"model_path": "selfie.json"}}
STATE = {"segmentation": {"model_path": "selfie.json", "mode": "state"}}
SELFIE_IN_DETECT = {"segmentation": {"model_path": "selfie.json", "enabled": True}}


@pytest.fixture
async def human():
    async with Human(WITH_CROPS) as human:
        yield human
        assert human.engine.memory().baseline == NOTHING


@pytest.fixture
def heard():
    """Events, and all that were delivered."""
    events, seen = Events(), []

    def note(event):
        seen.append(event)

    for name in ("create", "load", "image", "detect", "warmup", "error"):
        events.on(name, note)

    def delivered():
        assert events.flush(30)
        return seen

    delivered.callback = note  # it is held weakly
    return events, delivered


async def cancelled_in(monkeypatch, owner, name, call):
    """Cancel a call while it is in a function of a worker thread."""
    loop, entered, leave = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    plain = getattr(owner, name)

    def wait(*arguments, **options):
        loop.call_soon_threadsafe(entered.set)
        assert leave.wait(30)
        return plain(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, wait)
        task = asyncio.create_task(call)
        await entered.wait()
        task.cancel()
        loop.call_soon(leave.set)
        with pytest.raises(asyncio.CancelledError):
            await task


# warmup()


@pytest.mark.parametrize(("choice", "side"), [("face", 256), ("body", 1200), ("full", 1200)])
async def test_warmup_detects_in_the_sample_that_the_configuration_chooses(human, choice, side):
    with await human.warmup({"warmup": choice}) as result:
        assert (result.width, result.height) == (side, side)
        assert len(result.face) == 1
        assert human.engine.memory().num_tensors == 1
    assert human.models.loaded() == ("blazeface",)


@pytest.mark.parametrize("choice", ["none", ""])
async def test_warmup_may_be_switched_off(human, choice):
    with await human.warmup({"warmup": choice}) as result:
        assert (result.width, result.height, result.face, result.persons) == (0, 0, (), ())
    assert human.models.loaded() == ()


async def test_warmup_is_cancelled_while_the_picture_is_fetched(human, monkeypatch):
    loop, entered, cancel, ended = asyncio.get_running_loop(), asyncio.Event(), threading.Event(), threading.Event()

    def fetch(store, *, cancelled):
        loop.call_soon_threadsafe(entered.set)
        assert cancel.wait(30)
        assert cancelled()
        ended.set()

    with monkeypatch.context() as patch:
        patch.setattr(Store, "samples", fetch)
        task = asyncio.create_task(human.warmup())
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        cancel.set()
        assert await asyncio.to_thread(ended.wait, 30)
    assert human.models.loaded() == ()
    with await human.warmup({"warmup": "face"}):
        pass


async def test_a_picture_that_cannot_be_fetched_is_an_error(human, monkeypatch):
    def refuse(*_, **__):
        raise errors.OfflineError("not cached")

    monkeypatch.setattr(Store, "samples", refuse)
    with pytest.raises(errors.OfflineError):
        await human.warmup()


# reset()


@pytest.mark.usefixtures("own_sessions")
async def test_reset_unloads_the_models_and_keeps_what_cannot_change():
    async with Human({**DETECTOR, "device": "cpu", "deallocate": "manual"}) as human:
        await human.load()
        assert sessions.statistics().live == 1
        await human.reset()
        assert sessions.statistics().live == 0
        assert human.models.loaded() == ()
        assert human.config == humanrt.Config.preset("balanced").merge({"device": "cpu", "deallocate": "manual"})
        with await human.detect(PICTURES / "human_face.png", DETECTOR) as result:
            assert len(result.face) == 1
        assert human.engine.memory().baseline == NOTHING


@pytest.mark.usefixtures("own_sessions")
async def test_reset_unloads_off_the_thread_of_the_event_loop(human, monkeypatch):
    threads = []
    monkeypatch.setattr(sessions, "return_memory", lambda: threads.append(threading.current_thread()))
    await human.load()
    await human.reset()
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()


@pytest.mark.usefixtures("own_sessions")
async def test_a_call_in_flight_ends_with_the_models_that_it_began_with(human, monkeypatch):
    from humanrt.vision.face.blazeface import BlazeFace

    loop, entered, leave = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    plain = BlazeFace.prepare

    def wait(*arguments):
        loop.call_soon_threadsafe(entered.set)
        assert leave.wait(30)
        return plain(*arguments)

    await human.load()
    old = human._models.loaded()["blazeface"].graph
    with monkeypatch.context() as patch:
        patch.setattr(BlazeFace, "prepare", wait)
        call = asyncio.create_task(human.detect(PICTURES / "human_face.png"))
        await entered.wait()
    reset = asyncio.create_task(human.reset())
    await asyncio.sleep(0)
    with await human.detect(PICTURES / "black.png", DETECTOR):  # with a model of its own
        assert human._models.loaded()["blazeface"].graph is not old
    assert not reset.done()
    assert not old.is_disposed
    leave.set()
    with await call as result:
        assert len(result.face) == 1
        assert result.face[0].tensor is not None
    await reset
    assert old.is_disposed


async def test_a_cancelled_reset_unloads_all_the_same(human):
    await human.load()
    model = human._models.loaded()["blazeface"].graph
    task = asyncio.create_task(human.reset())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert model.is_disposed
    assert human.models.loaded() == ()


async def test_reset_keeps_tensors_and_sessions(human):
    with human.session() as session, await human.detect(PICTURES / "human_face.png", session=session) as result:
        await human.reset()
        assert not result.face[0].tensor.is_disposed
        assert not session.is_closed


# models


async def test_models_are_listed_with_their_sizes_and_devices():
    async with Human({**DETECTOR, "device": "cpu", "object": {"enabled": True}}) as human:
        blazeface, centernet = find_card("blazeface"), find_card("centernet")
        assert human.models.list() == (
            ("blazeface", "face.detector", blazeface.size, False, None, 0),
            ("centernet", "object", centernet.size, False, None, 0),
        )
        assert human.models.stats() == (2, 0, blazeface.size + centernet.size, {})
        assert human.models.plan() == human.engine.store.plan([blazeface, centernet])
        await human.load({"object": {"enabled": False}, "face": {"emotion": {"enabled": True}}})
        assert human.models.loaded() == ("blazeface", "emotion")
        listed = {model.name: model for model in human.models.list()}
        assert list(listed) == ["blazeface", "emotion", "centernet"]
        assert [model.loaded for model in listed.values()] == [True, True, False]
        assert {model.device for model in listed.values()} == {"cpu", None}
        weights = blazeface.files[1].bytes  # stored as float32, as they are in memory
        assert weights < listed["blazeface"].memory < 1.05 * weights
        stats = human.models.stats()
        assert (stats.listed, stats.loaded) == (3, 2)
        assert stats.devices == {"cpu": stats.memory}
        assert stats.memory == listed["blazeface"].memory + listed["emotion"].memory


async def test_a_configuration_that_names_no_model_cannot_be_listed():
    async with Human({**FACES_ALONE, "face": {"detector": {"model_path": "mine.json"}}}) as human:
        with pytest.raises(errors.UnknownModelError):
            human.models.list()
        assert human.models.loaded() == ()


async def test_progress_ends_at_100_percent_when_nothing_is_fetched_or_loaded():
    card, threads = find_card("blazeface"), set()
    ends = {Progress(file.name, file.bytes, file.bytes) for file in card.files}

    def note(progress):
        threads.add(threading.current_thread())
        seen.append(progress)

    async with Human(DETECTOR) as human:
        for _ in ("cached", "loaded"):
            seen = []
            await human.load(on_progress=note)
            assert set(seen) == ends
    assert threading.current_thread() not in threads


# profile()


async def test_a_profile_has_the_time_of_each_model_and_module():
    config = {"preset": "human", "hand": OFF, "face": {"detector": {"max_detected": 2}, "iris": OFF, "emotion": OFF}}
    async with Human(config) as human:
        profile = await human.profile(np.tile(read_picture("human_face"), (1, 2, 1)))
        with profile.result as result:
            assert len(result.face) == 2
        runs = {model.model: (model.key, model.runs) for model in profile.models}
        assert runs.keys() == {"blazeface", "facemesh", "faceres", "movenet-lightning"}
        assert runs["blazeface"] == ("face.detector", 1)
        times = [model.milliseconds for model in profile.models]
        assert times == sorted(times, reverse=True)
        assert sum(model.share for model in profile.models) == pytest.approx(1)
        assert profile.modules.keys() == {"face", "body"}
        assert sum(profile.modules.values()) == pytest.approx(sum(times))
        assert profile.tensors.new_tensors == 0
        assert human.engine.memory().baseline == NOTHING


async def test_a_profile_that_fails_or_is_cancelled_leaves_nothing(human, monkeypatch):
    from humanrt.vision.face.blazeface import BlazeFace

    with pytest.raises(errors.InputError):
        await human.profile(b"")
    await cancelled_in(monkeypatch, BlazeFace, "decode", human.profile(PICTURES / "human_face.png"))
    assert human.engine.memory().baseline == NOTHING


# compare()


@pytest.mark.parametrize("shape", [(1, 1), (63, 40), (64, 40), (200, 3)])
async def test_the_difference_of_two_pictures_is_humans_formula(human, shape):
    first, second = np.random.default_rng(1).integers(0, 256, (2, *shape, 3), np.uint8)
    expected = np.square(first.astype(float) - second).sum() / shape[0] / shape[1] / 255 / 3
    assert await human.compare(first, second) == pytest.approx(expected, rel=1e-12)
    assert await human.compare(first, first) == 0
    assert await human.compare(first, first[..., ::-1].copy(), bgr=True) > 0


async def test_black_and_white_differ_by_255_and_a_size_does_not_matter(human):
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((9, 2, 3), 255, np.uint8)
    assert await human.compare(black, white) == 255
    assert await human.compare(white, np.full((1, 1, 3), 255, np.uint8)) == 0


async def test_sources_of_every_kind_are_compared(human):
    path, pixels = PICTURES / "human_face.png", read_picture("human_face")
    with human.engine.tensor(pixels) as tensor:
        assert await human.compare(path, tensor) == await human.compare(path.read_bytes(), pixels) == 0
        assert human.engine.memory().num_tensors == 1
    assert human.models.loaded() == ()


async def test_a_comparison_that_fails_or_is_cancelled_leaves_nothing(human, monkeypatch):
    from humanrt import housekeeping

    black = np.zeros((2, 2, 3), np.uint8)
    with pytest.raises(errors.InputError):
        await human.compare(black, b"")
    await cancelled_in(monkeypatch, housekeeping, "difference", human.compare(black, black))
    assert scheduler.statistics().running == 0


# segmentation()


async def test_segmentation_alone_owes_its_tensors_as_a_result_does(human):
    found = await human.segmentation(PICTURES / "human_face.png", SELFIE)
    assert human.models.loaded() == ("selfie",)
    assert human.engine.memory().num_tensors == len(list(found.tensors())) == 4
    with await human.detect(
        PICTURES / "human_face.png", {**SELFIE, "segmentation": {**SELFIE["segmentation"], "enabled": True}}
    ) as result:
        assert np.array_equal(result.segmentation.labels.data_sync(), found.labels.data_sync())
    human.engine.dispose(found)
    async with human.engine.scope():
        await human.segmentation(PICTURES / "human_face.png", SELFIE)
    assert human.engine.memory().baseline == NOTHING
    # auto: nobody holds it
    found = await human.segmentation(PICTURES / "human_face.png", SELFIE)
    del found


async def test_a_segmentation_that_fails_or_is_cancelled_leaves_nothing(human, monkeypatch):
    from humanrt.vision.segmentation.person import PersonMask

    with pytest.raises(errors.ConfigError, match="'state' shows the state of a recurrent model"):
        await human.segmentation(
            PICTURES / "human_face.png", {"segmentation": {"model_path": "selfie.json", "mode": "state"}}
        )
    await cancelled_in(monkeypatch, PersonMask, "decode", human.segmentation(PICTURES / "human_face.png", SELFIE))
    assert human.engine.memory().baseline == NOTHING


# events


async def test_events_of_a_call(heard):
    events, delivered = heard
    async with Human(DETECTOR, events=events) as human:
        with await human.detect(PICTURES / "human_face.png") as result:
            assert human.events is events
        (await human.warmup({"warmup": "face"})).dispose()
    create, image, load, detect, *rest = delivered()
    assert create == ("create", {"device": "auto"})
    assert load.details.keys() == {"models", "milliseconds"}
    assert load.details["models"] == ("blazeface",)
    assert image.name == "image"
    assert (image.details["width"], image.details["height"]) == (256, 256)
    expected = {"width": 256, "height": 256, "face": 1, "body": 0, "hand": 0, "object": 0, "gesture": 0, "persons": 1}
    assert detect == ("detect", {**expected, "errors": (), "milliseconds": result.performance["total"]})
    assert [event.name for event in rest] == ["image", "detect", "warmup"]
    assert rest[-1].details["picture"] == "human_face"


async def test_an_error_is_an_event_once_and_a_cancellation_is_none(heard, monkeypatch):
    events, delivered = heard
    async with Human(DETECTOR, events=events) as human:
        for call in (human.detect(b""), human.load({"face": {"detector": {"model_path": "nonesuch"}}})):
            with pytest.raises(errors.HumanRTError):
                await call
        monkeypatch.setattr(Store, "samples", lambda *_, **__: {"human_body": "/no/such/file"})
        with pytest.raises(errors.InputError):
            await human.warmup()
        await cancelled_in(monkeypatch, humanrt.human, "read_into", human.detect(b""))
    assert [(event.name, event.details.get("type")) for event in delivered()] == [
        ("create", None),
        ("error", "InputError"),
        ("error", "UnknownModelError"),
        ("error", "InputError"),
    ]
    assert "there is no model named 'nonesuch'" in delivered()[2].details["message"]


async def test_a_callback_that_fails_or_blocks_harms_no_detect(human, caplog):
    blocked, leave = threading.Event(), threading.Event()

    def fail(event):
        raise ValueError("mine")

    def block(event):
        blocked.set()
        assert leave.wait(30)

    human.events.on("detect", fail)
    human.events.on("detect", block)
    for _ in range(3):  # also while the first event is being delivered
        with await human.detect(PICTURES / "human_face.png") as result:
            assert len(result.face) == 1
        await asyncio.to_thread(blocked.wait, 30)
        assert human.engine.memory().baseline == NOTHING
    leave.set()
    assert await asyncio.to_thread(human.events.flush, 30)
    assert [record.message for record in caplog.records] == ["a callback of the event 'detect' failed"] * 3


# what can be asked


async def test_validate_names_the_inert_keys_of_a_call(human):
    assert human.validate() == {}
    assert human.validate({"debug": True, "face": {"detector": {"maxDetected": 3}}}).keys() == {"debug"}
    assert human.config.face.detector.max_detected == 1
    with pytest.raises(errors.ConfigError, match="unknown key"):
        human.validate({"face": {"detecter": {}}})
    with pytest.raises(errors.ConfigError, match="deallocate cannot change"):
        human.validate({"deallocate": "manual"})


async def test_version_and_environment(human):
    assert human.version == humanrt.__version__
    env = human.env
    assert env.version == humanrt.__version__
    assert env.python == ".".join(map(str, sys.version_info[:3]))
    assert env.device == "auto"
    assert env.packages
    assert env.threads >= 1
    await human.load()
    assert human.env.device == human.engine.backend != "auto"


def test_a_plain_with_names_both_cures():
    with pytest.raises(errors.EngineError, match=r"`async with Human\(\) .* `with HumanSync\(\)"), Human():
        pytest.fail("it was entered")


# what cannot change from call to call


@pytest.mark.parametrize(("instance", "call"), [("manual", True), ("manual", "auto"), ("auto", False)])
async def test_another_deallocate_is_refused_for_one_call(instance, call):
    async with Human({**DETECTOR, "deallocate": instance}) as human:
        with pytest.raises(errors.ConfigError, match="deallocate cannot change from call to call"):
            await human.detect(PICTURES / "human_face.png", {"deallocate": call})
        with await human.detect(PICTURES / "human_face.png", {"deallocate": instance}):
            pass
        assert human.engine.memory().baseline == NOTHING


@pytest.mark.parametrize("base", ["/no/such/folder", "file:///no/such/folder", __file__])
def test_a_folder_of_models_that_does_not_exist_is_an_error_at_once(base):
    with pytest.raises(errors.ConfigError, match=f"model_base_path is '{base}', which is not a folder"):
        Human({"modelBasePath": base})


async def test_a_model_is_known_by_its_address(human):
    config = {"face": {"detector": {"modelPath": "https://example.org/models/blazeface-back.json"}}}
    with await human.detect(PICTURES / "human_face.png", config) as result:
        assert len(result.face) == 1
    assert human.models.loaded() == ("blazeface-back",)


@pytest.mark.parametrize("method", ["warmup", "reset", "profile", "compare", "segmentation"])
async def test_nothing_begins_after_the_end(method):
    human = Human(DETECTOR)
    await human.aclose()
    arguments = {"profile": [b""], "compare": [b"", b""], "segmentation": [b""]}.get(method, [])
    with pytest.raises(errors.EngineClosedError):
        await getattr(human, method)(*arguments)
    assert human.engine.memory().baseline == NOTHING
