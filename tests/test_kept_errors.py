"""Errors that a program keeps hold no pictures, batches or tensors."""

import asyncio
import contextlib
import gc
import io
import weakref

import numpy as np
import pytest
from holding import Hold, happens
from PIL import Image
from switches import FACES_ALONE

from humanrt import Human, Tensor, read_picture
from humanrt.errors import InputError, ModelInputError, ModelRunError
from humanrt.imaging import source as source_module
from humanrt.runtime.graph_model import GraphModel
from humanrt.vision.face.blazeface import BlazeFace
from parity.pictures import read_picture as sample

KEPT = 10
NOTHING = (0, 0, 0, 0)


class Picture(np.ndarray):
    """An array that weak references, and the collector, find."""


class Watch:
    """The arrays that were made, and those of them that are held."""

    def __init__(self):
        self.references = []

    def add(self, array):
        self.references.append(weakref.ref(array))
        return array

    @property
    def held(self):
        """The bytes of all that are alive."""
        gc.collect()
        arrays = [reference() for reference in self.references]
        return sum(array.nbytes for array in arrays if array is not None)


@pytest.fixture
def watch():
    return Watch()


def locals_of(error):
    """The local variables of all frames of humanrt and of the libraries that an error holds."""
    for each in (error, error.__cause__, error.__context__):
        trace = each and each.__traceback__
        while trace is not None:
            if trace.tb_frame.f_globals["__name__"] != __name__:
                yield from trace.tb_frame.f_locals.values()
            trace = trace.tb_next


def pictures_in(errors):
    kinds = np.ndarray, bytes, bytearray, memoryview, Tensor, Image.Image, io.IOBase
    return [value for error in errors for value in locals_of(error) if isinstance(value, kinds)]


async def errors_of(call, kind):
    """Make a call ``KEPT`` times, and return its errors."""
    errors = []
    for _ in range(KEPT):
        try:
            await call()
        except kind as error:
            errors.append(error)
    assert len(errors) == KEPT
    assert all(error.__traceback__ is not None for error in errors)
    return errors


def in_a_coroutine(call):
    """Return a coroutine function that makes a blocking call."""

    async def make():
        return call()

    return make


BAD_ARRAYS = {
    "values": lambda: np.full((64, 64, 3), 256, np.int32),
    "dtype": lambda: np.zeros((64, 64, 3), bool),
    "shape": lambda: np.zeros((64, 64, 5), np.uint8),
    "size": lambda: np.zeros((64, 640, 3), np.uint8),
}


@pytest.mark.parametrize("make", BAD_ARRAYS.values(), ids=BAD_ARRAYS.keys())
@pytest.mark.usefixtures("loaded_models")
async def test_input_errors_do_not_hold_the_callers_arrays(make, watch):
    async with Human({"preset": "human", "max_pixels": 64 * 64}) as human:
        errors = await errors_of(lambda: human.detect(watch.add(make())), InputError)
        errors += await errors_of(in_a_coroutine(lambda: read_picture(watch.add(make()), max_pixels=4096)), InputError)
    assert (watch.held, pictures_in(errors)) == (0, [])


def encoded():
    file = io.BytesIO()
    Image.fromarray(sample("human_face")).save(file, "JPEG")
    return file.getvalue()


class FailingFile:
    def __init__(self):
        self.chunks = [encoded()]

    def read(self, size):
        if self.chunks:
            return self.chunks.pop()
        raise OSError("the disk is on fire")


BAD_FILES = {
    "bytes": lambda: encoded()[:-500],
    "bytearray": lambda: bytearray(encoded()[:-500]),
    "file": lambda: io.BytesIO(encoded()[:-500]),
    "failing": FailingFile,
    "image": lambda: Image.open(io.BytesIO(encoded()[:-5000])),
}


@pytest.mark.parametrize("make", BAD_FILES.values(), ids=BAD_FILES.keys())
async def test_input_errors_do_not_hold_encoded_pictures(make):
    async with Human({"preset": "human"}) as human:
        errors = await errors_of(lambda: human.detect(make()), InputError)
        errors += await errors_of(in_a_coroutine(lambda: read_picture(make())), InputError)
    assert pictures_in(errors) == []


@pytest.fixture
async def human(watch, monkeypatch):
    """Human that looks for faces, and raises errors; batches and decoded pictures are watched."""
    prepare, decode = BlazeFace.prepare, source_module.decode

    def watched(*arguments, **options):
        prepared = prepare(*arguments, **options)
        watch.add(prepared.pixels)
        return prepared

    monkeypatch.setattr(BlazeFace, "prepare", watched)
    monkeypatch.setattr(source_module, "decode", lambda *given, **options: watch.add(decode(*given, **options)))
    async with Human({**FACES_ALONE, "raise_errors": True}) as human:
        await human.load()
        yield human


class Broken:
    """A session that fails, and holds what it was given."""

    def run(self, names, feeds, options):
        raise RuntimeError("broken")


@pytest.mark.parametrize("source", [lambda watch: watch.add(sample("human_face").copy()), lambda watch: encoded()])
@pytest.mark.usefixtures("loaded_models")
async def test_errors_of_a_broken_model_hold_nothing(human, watch, source, monkeypatch):
    model = human._models.loaded()["blazeface"].graph
    monkeypatch.setattr(model, "_session", Broken())
    errors = await errors_of(lambda: human.detect(source(watch)), ModelRunError)
    assert len(watch.references) >= 2 * KEPT
    assert (watch.held, pictures_in(errors)) == (0, [])
    assert human.engine.memory().baseline == NOTHING


@pytest.mark.usefixtures("loaded_models")
async def test_cancellations_hold_nothing(human, watch, monkeypatch):
    async def cancelled():
        with monkeypatch.context() as patch:
            hold = Hold(patch, GraphModel, "_run")
            task = asyncio.create_task(human.detect(watch.add(sample("human_face").copy())))
            await happens(hold.reached)
            task.cancel()
            hold.release()
            await task

    errors = await errors_of(cancelled, asyncio.CancelledError)
    await asyncio.sleep(0)  # the loop holds a task until this step has ended
    assert (watch.held, pictures_in(errors)) == (0, [])
    assert human.engine.memory().baseline == NOTHING


@pytest.mark.usefixtures("loaded_models")
async def test_the_handled_error_of_the_caller_keeps_its_frames(human):
    def users(picture):
        raise ValueError

    picture = sample("human_face")
    try:
        users(picture)
    except ValueError as error:
        users_error = error
        with pytest.raises(InputError):
            await human.detect(b"")
    assert users_error.__traceback__.tb_next.tb_frame.f_locals["picture"] is picture


@pytest.mark.parametrize("way", ["execute", "execute_async", "predict"])
@pytest.mark.parametrize("broken", [True, False])
async def test_errors_of_a_model_do_not_hold_its_inputs(humanrt_engine, negation, monkeypatch, way, broken):
    model = await humanrt_engine.load_graph_model(negation)
    references = []

    async def call():
        # A broken session, or an input of another shape.
        with humanrt_engine.tensor(np.zeros(3 if broken else (1, 3), np.float32)) as tensor:
            references.append(weakref.ref(tensor))
            if way == "execute":
                monkeypatch.setattr("humanrt.runtime.graph_model._refuse_event_loop", lambda: None)
                model.execute(tensor)
            else:
                await getattr(model, way)(tensor)

    with monkeypatch.context() as patch, contextlib.ExitStack() as stack:
        stack.callback(model.dispose)
        if broken:
            patch.setattr(model, "_session", Broken())
        errors = await errors_of(call, ModelRunError if broken else ModelInputError)
        for error in errors:  # the frame of call() holds the tensor, which is its own
            error.__traceback__.tb_next.tb_frame.clear()
        gc.collect()
        assert [reference() for reference in references] == [None] * KEPT
        assert pictures_in(errors) == []
