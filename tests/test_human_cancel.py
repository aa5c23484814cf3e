"""Cancelled detections leave no tensor, in whichever phase they are cancelled. CONFORMANCE 26 and 47."""

import asyncio
import contextlib
import itertools
import random
import threading
from collections import Counter
from contextvars import ContextVar

import anyio
import pytest
from repetitions import CANCELLED_DETECTIONS, EACH_PHASE
from switches import FACES_ALONE

from humanrt import Human
from humanrt import human as human_module
from humanrt.runtime import scheduler
from humanrt.runtime.graph_model import GraphModel
from humanrt.vision import detection as detection_module
from humanrt.vision.face import pipeline
from humanrt.vision.face.blazeface import BlazeFace
from humanrt.vision.face.emotion import EmotionFamily
from humanrt.vision.face.facemesh import FaceMesh, MeshFamily
from humanrt.vision.face.faceres import FaceRes
from humanrt.vision.face.iris import Iris
from humanrt.vision.face.second_look import SecondLook
from parity.pictures import PICTURES, read_picture

WITH_CROPS = {
    "face": {
        "detector": {"max_detected": 20, "return": True},
        "mesh": {"second_look": True},
        "quality": {"enabled": True},
    },
    **FACES_ALONE,
}

FAMILIES = (BlazeFace, MeshFamily, FaceMesh, SecondLook, Iris, FaceRes, EmotionFamily)
# The functions that run on worker threads, and the phases that they are.
PHASES = [
    (human_module, "read_into", "decode"),
    *((family, "prepare", "preparation") for family in FAMILIES if "prepare" in vars(family)),
    (GraphModel, "_run", "run"),
    *((family, "decode", "post-processing") for family in FAMILIES if "decode" in vars(family)),
    (pipeline, "in_first_crop", "post-processing"),
    (pipeline, "_record_meshes", "post-processing"),
    (pipeline, "_with_quality", "post-processing"),
    (pipeline, "_split", "post-processing"),
    (detection_module, "join_persons", "post-processing"),
]


class Detection:
    """One detection: its phase, and the one in which it was first cancelled."""

    def __init__(self, cancel, aim=None):
        self.phase = "between"
        self.caught = None
        self.finished = False
        self._cancel = cancel
        self._aim = aim
        self._loop = asyncio.get_running_loop()
        self._cancelled = threading.Event()

    def cancel(self):
        if not self.finished and self.caught is None:
            self.caught = self.phase
        self._cancel()
        self._cancelled.set()

    def enter(self, phase):
        """Note the phase; if it is the one aimed at, wait for the cancellation."""
        self.phase = phase
        if phase == self._aim:
            self._loop.call_soon_threadsafe(self.cancel)
            if phase != "queue":  # which is entered on the loop's own thread
                assert self._cancelled.wait(30)


detection = ContextVar("detection")


@pytest.fixture
def watched(monkeypatch):
    """Make every phase enter itself in its ``Detection``."""
    plain_run = scheduler.run

    async def run(function, *arguments, on_cancel=None):
        current = detection.get(None)
        if current is None:
            return await plain_run(function, *arguments, on_cancel=on_cancel)
        current.enter("queue")
        result = await plain_run(function, *arguments, on_cancel=on_cancel)
        current.enter("between")
        return result

    def entering(function, phase):
        def enter(*arguments, **options):
            current = detection.get(None)  # a worker thread has the context of its caller
            if current is not None:
                current.enter(phase)
            return function(*arguments, **options)

        return enter

    monkeypatch.setattr(scheduler, "run", run)
    monkeypatch.setattr(scheduler, "run_on_gpu", run)
    for owner, name, phase in PHASES:
        monkeypatch.setattr(owner, name, entering(getattr(owner, name), phase))


async def detect(human, source, current):
    detection.set(current)
    with await human.detect(source) as result:
        assert len(result.face) == 1
    current.finished = True


async def by_task_cancel(human, source, delay, aim):
    task = None
    current = Detection(lambda: task.cancel(), aim)
    task = asyncio.create_task(detect(human, source, current))
    with cancelling(current, delay, aim), contextlib.suppress(asyncio.CancelledError):
        await task
    return current


async def by_two_cancels(human, source, delay, aim):
    def cancel():
        task.cancel()
        # In the very next turn of the loop, while the first is still draining.
        asyncio.get_running_loop().call_soon(task.cancel)

    current = Detection(cancel, aim)
    task = asyncio.create_task(detect(human, source, current))
    with cancelling(current, delay, aim), contextlib.suppress(asyncio.CancelledError):
        await task
    return current


async def by_anyio_scope(human, source, delay, aim):
    with anyio.CancelScope() as scope:
        current = Detection(scope.cancel, aim)
        with cancelling(current, delay, aim):
            await detect(human, source, current)
    return current


async def by_move_on_after(human, source, delay, aim):
    with anyio.move_on_after(delay) as scope:
        current = Detection(scope.cancel, aim)
        await detect(human, source, current)
    if scope.cancelled_caught and current.caught is None:
        current.caught = current.phase
    return current


async def by_wait_for(human, source, delay, aim):
    current = Detection(lambda: None)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(detect(human, source, current), delay)
    if not current.finished:
        current.caught = current.phase
    return current


@contextlib.contextmanager
def cancelling(current, delay, aim):
    """Cancel after ``delay`` seconds, unless the cancellation is aimed at a phase."""
    timer = asyncio.get_running_loop().call_later(delay, current.cancel) if aim is None else None
    yield
    if timer is not None:
        timer.cancel()


WAYS = [by_task_cancel, by_two_cancels, by_anyio_scope, by_move_on_after, by_wait_for]
AIMED_WAYS = [by_task_cancel, by_two_cancels, by_anyio_scope]
NOT_CAUGHT = "finished before"
AIMS = ["decode", "queue", "preparation", "run", "post-processing"]


@pytest.mark.slow(5)
@pytest.mark.soak
@pytest.mark.usefixtures("watched")
async def test_detections_cancelled_at_random_times():
    chance = random.Random(2026)  # noqa: S311  # no secret
    loop = asyncio.get_running_loop()
    sources = [PICTURES / "astronaut.png", read_picture("astronaut"), read_picture("human_face")]
    hits, random_hits = Counter(), Counter()

    async def cancel_one(human, longest, aim):
        way = chance.choice(AIMED_WAYS if aim else WAYS)
        current = await way(human, chance.choice(sources), chance.uniform(0, longest), aim)
        hits[current.caught or NOT_CAUGHT] += 1
        if aim is None:
            random_hits[current.caught or NOT_CAUGHT] += 1

    async with Human(WITH_CROPS) as human:
        await human.load()
        started = loop.time()
        for source in sources:
            with await human.detect(source):
                pass
        # Four at a time on fewer threads: each takes some times longer than alone, and some of it in the queue.
        longest = 2 * (loop.time() - started) / len(sources)
        before = human.engine.memory().baseline
        for i in itertools.count():
            # Every third round is aimed, so that short phases are cancelled too.
            aims = [None] * 4 if i % 3 else chance.choices(AIMS, k=4)
            await asyncio.gather(*(cancel_one(human, longest, aim) for aim in aims))
            assert human.engine.memory().baseline == before
            if hits.total() - hits[NOT_CAUGHT] >= CANCELLED_DETECTIONS:
                break
        with await human.detect(sources[0]) as result:
            assert len(result.face) == 1
        assert scheduler.statistics().queued == scheduler.statistics().running == 0
    print(f"detections cancelled in {dict(hits.most_common())}; at random times {dict(random_hits)}")
    for phase in AIMS:
        assert hits[phase] >= EACH_PHASE, f"too few were caught in {phase}: {hits}"
