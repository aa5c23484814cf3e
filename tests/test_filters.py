"""Filters in ``engine.filter()``, ``human.image()`` and ``detect()``: values, owners, errors and cancellations."""

import asyncio
import threading
import time

import numpy as np
import pytest
from switches import FACES_ALONE

from humanrt import Engine, Human, HumanSync, pictures
from humanrt.config import FilterConfig
from humanrt.errors import ConfigError, EngineClosedError, InputError, TensorDisposedError
from humanrt.imaging.filters import filter_picture, passes
from parity.pictures import PICTURES, read_picture

FACE = PICTURES / "human_face.png"
SEPIA = {"filter": {"enabled": True, "sepia": True}}


@pytest.fixture(scope="module")
def face():
    return read_picture("human_face")


@pytest.fixture
def held(monkeypatch):
    """Make the filters wait until they are stopped; return the event that is set when they have begun."""
    begun, plain = threading.Event(), filter_picture

    def wait(pixels, filters, *, in_place, stopped):
        begun.set()
        while not stopped():
            time.sleep(0.001)
        return plain(pixels, filters, in_place=in_place, stopped=stopped)

    monkeypatch.setattr(passes, "filter_picture", wait)
    return begun


async def cancel_when(begun, call):
    task = asyncio.create_task(call)
    await asyncio.to_thread(begun.wait, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class TestEngine:
    async def test_the_result_is_a_new_tensor_of_the_caller(self, face):
        with Engine("cpu") as engine:
            picture = engine.tensor(face)
            before = engine.memory().baseline
            filtered = await engine.filter(picture, sepia=True, brightness=0.2, width=100)
            assert (filtered.shape, filtered.dtype) == ((100, 100, 3), np.uint8)
            expected = filter_picture(face, FilterConfig(sepia=True, brightness=0.2, width=100))
            assert (filtered.numpy() == expected).all()
            assert (picture.numpy() == face).all()
            filtered.dispose()
            copy = await engine.filter(picture)
            assert (copy.numpy() == face).all()
            copy.dispose()
            assert engine.memory().baseline == before

    async def test_a_scope_owns_the_result(self, face):
        with Engine("cpu") as engine:
            picture = engine.tensor(face)
            before = engine.memory().baseline
            async with engine.scope():
                await engine.filter(picture, flip=True)
            assert engine.memory().baseline == before

    async def test_other_pictures_become_rgb(self, face):
        with Engine("cpu") as engine:
            gray = face[..., 0]
            for array in (
                gray,
                gray[np.newaxis, ..., np.newaxis],
                np.stack([gray] * 4, axis=-1),
                gray.astype(np.float32),
            ):
                with engine.tensor(array) as picture, await engine.filter(picture, negative=True) as filtered:
                    assert (filtered.numpy() == np.minimum(256 - gray.astype(int), 255)[..., np.newaxis]).all()

    async def test_errors_leave_nothing(self, face):
        with Engine("cpu") as engine:
            picture, line = engine.tensor(face), engine.tensor(np.zeros(3))
            gone = engine.tensor(face)
            gone.dispose()
            before = engine.memory().baseline
            with pytest.raises(ConfigError, match=r"filter\.brightness is 3\.0; it must be -1 to 1"):
                await engine.filter(picture, brightness=3)
            with pytest.raises(ConfigError, match=r"unknown key 'filter\.sepie'; the nearest known one is"):
                await engine.filter(picture, sepie=True)
            with pytest.raises(InputError, match="is not a picture"):
                await engine.filter(line, sepia=True)
            with pytest.raises(InputError, match="pixels"):
                await engine.filter(picture, width=2**30)
            with pytest.raises(TensorDisposedError):
                await engine.filter(gone, sepia=True)
            assert engine.memory().baseline == before
        with pytest.raises((EngineClosedError, TensorDisposedError)):
            await engine.filter(picture, sepia=True)

    async def test_a_cancelled_call_ends_within_a_strip(self, face, held):
        with Engine("cpu") as engine:
            picture = engine.tensor(face)
            before = engine.memory().baseline
            await cancel_when(held, engine.filter(picture, sepia=True))
            assert engine.memory().baseline == before

    async def test_a_picture_is_filtered_off_the_thread_of_the_loop(self, monkeypatch):
        threads = []
        read = pictures.read_filtered
        monkeypatch.setattr(
            pictures, "read_filtered", lambda *a, **k: threads.append(threading.get_ident()) or read(*a, **k)
        )
        with Engine("cpu") as engine, engine.zeros((30, 40, 3), "uint8") as picture:
            with await engine.filter(picture, contrast=0.3, flip=True):
                assert len(threads) == 1
            assert threading.get_ident() not in threads


class TestImage:
    async def test_it_is_the_picture_with_the_filters_of_the_configuration(self, face):
        async with Human(SEPIA) as human:
            before = human.engine.memory().baseline
            for source in (FACE, FACE.read_bytes(), face):
                with await human.image(source) as image:
                    assert (image.numpy() == filter_picture(face, FilterConfig(sepia=True))).all()
            with await human.image(face, {"filter": {"enabled": False}}) as image:
                assert (image.numpy() == face).all()
                assert not np.shares_memory(image.numpy(), face)
            with await human.image(face[..., ::-1], {"filter": {"enabled": False}}, bgr=True) as image:
                assert (image.numpy() == face).all()
            assert human.engine.memory().baseline == before

    async def test_errors_and_cancellations_leave_nothing(self, face, held):
        async with Human(SEPIA) as human:
            before = human.engine.memory().baseline
            with pytest.raises(InputError):
                await human.image(b"nothing")
            await cancel_when(held, human.image(face))
            assert human.engine.memory().baseline == before
        with pytest.raises(EngineClosedError):
            await human.image(face)

    def test_without_asyncio(self, face):
        with HumanSync(SEPIA) as human, human.image(face) as image:
            assert (image.numpy() == filter_picture(face, FilterConfig(sepia=True))).all()


@pytest.mark.usefixtures("loaded_models")
class TestDetect:
    @pytest.mark.slow(2)
    async def test_results_are_those_of_the_filtered_picture(self, face):
        filters = {"enabled": True, "flip": True, "width": 300, "contrast": 0.1}
        async with Human(FACES_ALONE) as human:
            before = human.engine.memory().baseline
            with await human.detect(FACE, {"filter": filters}) as result:
                assert (result.width, result.height) == (300, 300)
                assert result.canvas.dtype == np.uint8
                with await human.detect(result.canvas) as again:
                    assert again.canvas is None
                    assert [found.box for found in again.face] == [found.box for found in result.face]
                assert (result.canvas.numpy() == filter_picture(face, FilterConfig(**filters))).all()
                assert "canvas" not in result.to_dict()
                assert result.to_human()["canvas"] is None
            assert human.engine.memory().baseline == before

    @pytest.mark.slow
    async def test_the_canvas_is_only_in_results_that_ask_for_it(self, face):
        async with Human(FACES_ALONE) as human:
            before = human.engine.memory().baseline
            for filters in ({}, {"sepia": True}, {"enabled": True, "sepia": True, "return": False}):
                with await human.detect(face, {"filter": filters}) as result:
                    assert result.canvas is None
            assert human.engine.memory().baseline == before

    async def test_a_cancelled_detection_leaves_nothing(self, face, held):
        async with Human({**FACES_ALONE, **SEPIA}) as human:
            await human.load()
            before = human.engine.memory().baseline
            await cancel_when(held, human.detect(face))
            assert human.engine.memory().baseline == before
