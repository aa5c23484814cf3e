"""Pictures that are decoded at a smaller scale: ``image.max_side``. The results are those of the original."""

import asyncio
import gc
import io
import threading
import weakref

import cv2
import numpy as np
import pytest
from PIL import Image
from switches import FACES_ALONE, OFF, ON

from humanrt import Human, admission
from humanrt import human as human_module
from humanrt.errors import InputError
from parity.pictures import read_picture

DETECTOR = {**FACES_ALONE, "face": dict.fromkeys(("mesh", "iris", "emotion", "description"), OFF)}
MESH = {**FACES_ALONE, "face": {"mesh": ON, "iris": ON, "emotion": OFF, "description": OFF}}
WIDTH, HEIGHT = 2000, 1500
SIDE = 640


def jpeg(share, **options):
    """A face whose side is ``share`` of the height, in a grey picture."""
    face = read_picture("human_face")
    scale = share * HEIGHT / max(face.shape[:2])
    face = cv2.resize(face, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    picture = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    picture[200 : 200 + face.shape[0], 300 : 300 + face.shape[1]] = face
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=92, **options)
    return file.getvalue()


@pytest.fixture
def decoded(monkeypatch):
    """The sizes at which pictures were decoded."""
    sizes = []
    for name in ("read_scaled", "read_into", "decode"):
        function = getattr(human_module, name)

        def noted(*arguments, function=function, **options):
            picture = function(*arguments, **options)
            height, width, _ = getattr(picture, "pixels", picture).shape
            sizes.append((width, height))
            return picture

        monkeypatch.setattr(human_module, name, noted)
    return sizes


@pytest.fixture
async def human():
    async with Human(DETECTOR) as human:
        yield human
        assert human.engine.memory().num_tensors == 0
        assert admission.statistics()[:3] == (0, 0, 0)


def with_side(side, config=DETECTOR):
    return {**config, "image": {"max_side": side}}


def assert_near(box, other):
    assert np.abs(np.subtract(box, other)).max() <= max(2, 0.01 * max(other[2:]))


@pytest.mark.slow
async def test_the_boxes_are_those_of_the_original(human, decoded):
    data = jpeg(0.8)
    with await human.detect(data) as whole, await human.detect(data, with_side(SIDE)) as reduced:
        assert decoded == [(WIDTH, HEIGHT), (WIDTH // 2, HEIGHT // 2)]
        assert (reduced.width, reduced.height) == (WIDTH, HEIGHT)
        assert len(whole.face) == len(reduced.face) == 1
        assert_near(reduced.face[0].box, whole.face[0].box)
        assert_near(reduced.face[0].crop, whole.face[0].crop)
        assert_near(reduced.persons[0].box, whole.persons[0].box)
        np.testing.assert_allclose(reduced.face[0].box_raw, whole.face[0].box_raw, atol=0.01)
        np.testing.assert_allclose(reduced.face[0].mesh[:, :2], whole.face[0].mesh[:, :2], atol=8)
        np.testing.assert_allclose(reduced.face[0].size, whole.face[0].size, rtol=0.02)


@pytest.mark.slow
async def test_the_event_of_an_image_has_the_size_of_the_original(decoded):
    seen = []

    def note(event):
        seen.append(event)

    async with Human({"image": {"max_side": SIDE}, **DETECTOR}) as human:
        human.events.on("image", note)
        (await human.detect(jpeg(0.8))).dispose()
        await asyncio.to_thread(human.events.flush)
    assert decoded[0] != (WIDTH, HEIGHT)
    assert [(event.details["width"], event.details["height"]) for event in seen] == [(WIDTH, HEIGHT)]


async def test_every_field_of_a_face_with_a_mesh_is_that_of_the_original(human, decoded):
    data = jpeg(0.85)
    with await human.detect(data, MESH) as whole, await human.detect(data, with_side(SIDE, MESH)) as reduced:
        assert decoded[1:] == [(WIDTH // 2, HEIGHT // 2)]
        (one,), (other,) = reduced.face, whole.face
        assert_near(one.box, other.box)
        np.testing.assert_allclose(one.mesh, other.mesh, atol=9)
        np.testing.assert_allclose(one.annotations["noseTip"], other.annotations["noseTip"], atol=9)
        assert one.distance == pytest.approx(other.distance, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bytes", "file", "path"])
async def test_a_picture_with_a_small_face_is_decoded_whole(human, decoded, kind, tmp_path):
    data = jpeg(0.2)
    (tmp_path / "small.jpg").write_bytes(data)
    source = {"bytes": data, "file": io.BytesIO(data), "path": tmp_path / "small.jpg"}[kind]
    with await human.detect(data, MESH) as whole, await human.detect(source, with_side(SIDE, MESH)) as reduced:
        assert decoded[1:] == [(WIDTH // 2, HEIGHT // 2), (WIDTH, HEIGHT)]
        assert len(whole.face) == 1
        assert [face.box for face in reduced.face] == [face.box for face in whole.face]
        np.testing.assert_array_equal(reduced.face[0].mesh, whole.face[0].mesh)


async def test_a_turned_picture(human, decoded):
    exif = Image.Exif()
    exif[274] = 6  # stored on its side: upright it is HEIGHT wide
    data = jpeg(0.8, exif=exif)
    with await human.detect(data, with_side(SIDE)) as result:
        assert decoded == [(HEIGHT // 2, WIDTH // 2)]
        assert (result.width, result.height) == (HEIGHT, WIDTH)


@pytest.mark.parametrize("kind", ["off", "compat", "session", "segmentation", "array", "PNG", "small", "min_size"])
async def test_other_pictures_are_decoded_whole(human, decoded, kind, monkeypatch):
    data, config = jpeg(0.8), with_side(SIDE)
    monkeypatch.setattr(human, "_detect_in", lambda pixels, *_: asyncio.sleep(0, pixels.shape))
    options = {}
    match kind:
        case "off":
            config = with_side(0)
        case "compat":
            config["compat"] = "human"
        case "session":
            options["session"] = human.session()
        case "segmentation":
            config["segmentation"] = {"enabled": True}
            monkeypatch.setattr(human, "_load", lambda *_: asyncio.sleep(0))
        case "array":
            data = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        case "PNG":
            file = io.BytesIO()
            Image.new("RGB", (WIDTH, HEIGHT)).save(file, "PNG", compress_level=1)
            data = file.getvalue()
        case "small":
            config = with_side(1001)
        case "min_size":
            config["face"] = {**config["face"], "detector": {"min_size": 50}}
    assert await human.detect(data, config, **options) == (HEIGHT, WIDTH, 3)
    assert decoded == [(WIDTH, HEIGHT)]


async def test_the_side_is_not_less_than_the_detector_samples(human, decoded, monkeypatch):
    monkeypatch.setattr(human, "_detect_in", lambda pixels, *_: asyncio.sleep(0))
    for size, expected in ((320, WIDTH // 2), (1001, WIDTH)):
        config = {**with_side(1), "face": {**DETECTOR["face"], "detector": {"input_size": [128, size]}}}
        await human.detect(jpeg(0.8), config)
        assert decoded[-1][0] == expected


@pytest.mark.parametrize("name", ["read_scaled", "decode"])
async def test_a_call_that_is_cancelled_or_fails_leaves_nothing(human, name, monkeypatch):
    await human.load(MESH)
    reached, go_on = threading.Event(), threading.Event()
    work = getattr(human_module, name)

    def slow(*arguments, **options):
        reached.set()
        go_on.wait()
        return work(*arguments, **options)

    monkeypatch.setattr(human_module, name, slow)
    task = asyncio.create_task(human.detect(jpeg(0.2), with_side(SIDE, MESH)))
    await asyncio.to_thread(reached.wait)
    task.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(InputError, match="no end marker"):
        await human.detect(jpeg(0.2)[:-1000], with_side(SIDE, MESH))


async def test_the_tensor_of_a_face_does_not_hold_its_picture(human):
    picture = read_picture("human_face")
    held = weakref.ref(picture)
    config = {"face": {"detector": {"return": True}}}
    with await human.detect(picture, config) as result:
        del picture
        gc.collect()
        assert held() is None
        assert len(await result.face[0].tensor.data())
