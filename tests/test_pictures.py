"""Pictures to tensors and back: off the loop, counted, and nothing left after an error or a cancellation."""

import asyncio
import base64
import io
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from humanrt import Animation, Engine, admission
from humanrt import pictures as pictures_module
from humanrt.admission import Desk
from humanrt.errors import EngineClosedError, FetchError, InputError, TensorDisposedError

PHOTO = np.random.default_rng(7).integers(0, 256, (24, 36, 3), np.uint8)


def encoded(name="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(PHOTO).save(file, name, **options)
    return file.getvalue()


def animated():
    frames = [Image.new("RGB", (8, 6), (i, 2 * i, 90)) for i in (10, 60, 110)]
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], duration=70, lossless=True)
    return file.getvalue()


@pytest.fixture
def desk(monkeypatch):
    desk = Desk(10**9, 3)
    monkeypatch.setattr(admission, "_desk", desk)
    yield desk
    assert desk.statistics()[:3] == (0, 0, 0)


@pytest.fixture
async def engine(desk):
    async with Engine("cpu") as engine:
        yield engine
        assert engine.memory().num_tensors == 0


@pytest.fixture
def web():
    """A server of this machine: its address, and the paths that were requested."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            body = encoded()
            self.send_response(200 if self.path != "/missing.png" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", requests
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("kind", ["path", "bytes", "file", "data URL", "PIL", "array", "bgr", "tensor", "DLPack"])
async def test_every_source_becomes_a_tensor_that_owns_its_memory(engine, tmp_path, kind):
    (tmp_path / "photo.png").write_bytes(encoded())
    given = PHOTO.copy()
    source = {
        "path": tmp_path / "photo.png",
        "bytes": encoded(),
        "file": io.BytesIO(encoded()),
        "data URL": f"data:image/png;base64,{base64.b64encode(encoded()).decode()}",
        "PIL": Image.fromarray(PHOTO),
        "array": given,
        "bgr": given[..., ::-1],
        "tensor": given,
        "DLPack": OnlyDLPack(given),
    }[kind]
    with engine.scope():
        if kind == "tensor":
            source = engine.tensor(given)
        tensor = await engine.decode_image(source, bgr=kind == "bgr")
        given[:] = 0
        assert (tensor.shape, tensor.dtype) == ((24, 36, 3), "uint8")
        np.testing.assert_array_equal(await tensor.data(), PHOTO)


class OnlyDLPack:
    def __init__(self, array):
        self.__dlpack__ = array.__dlpack__
        self.__dlpack_device__ = array.__dlpack_device__


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
async def test_the_caller_states_the_value_of_white(engine, dtype):
    unit = np.array([[[0, 0.5, 1]]], dtype)
    with await engine.decode_image(unit, white=1) as tensor:
        assert (await tensor.data()).tolist() == [[[0, 128, 255]]]
    with await engine.decode_image(unit, white=255) as tensor:
        assert (await tensor.data()).tolist() == [[[0, 0, 1]]]
    for source, white, message in (
        (unit, None, "pass white=1"),
        (2 * unit, 1, r"within 0\.\.1; these run from 0\.0 to 2\.0"),
        (PHOTO, 1, "for arrays of floats; this one is uint8"),
        (PHOTO.astype(int), 1, "for arrays of floats; this one is int64"),
    ):
        with pytest.raises(InputError, match=message):
            await engine.decode_image(source, white=white)


async def test_a_tensor_belongs_to_the_scope(engine):
    with engine.scope():
        kept = [await engine.decode_image(encoded()), await engine.decode_animation(animated())]
        assert engine.memory().num_tensors == len(kept)
    assert engine.memory().num_tensors == 0


async def test_the_bounds_of_a_picture(engine):
    with pytest.raises(InputError, match="36 x 24 = 864 pixels, the limit is 863"):
        await engine.decode_image(encoded(), max_pixels=863)
    with pytest.raises(InputError, match="larger than 100 bytes"):
        await engine.decode_image(encoded(), max_bytes=100)
    with pytest.raises(InputError, match="3 frames of 8 x 6 are 144 pixels"):
        await engine.decode_animation(animated(), max_pixels=143)
    with pytest.raises(InputError, match="larger than 20 bytes"):
        await engine.decode_animation(animated(), max_bytes=20)
    with pytest.raises(InputError, match="max_frames is 0"):
        await engine.decode_animation(animated(), max_frames=0)
    with pytest.raises(InputError, match="ndarray is not an animation"):
        await engine.decode_animation(PHOTO)


async def test_an_animation(engine):
    with await engine.decode_animation(animated()) as animation:
        assert isinstance(animation, Animation)
        assert animation.durations == (70, 70, 70)
        assert (await animation.frames.data())[:, 0, 0].tolist() == [[10, 20, 90], [60, 120, 90], [110, 220, 90]]
        assert engine.memory().num_tensors == 1
    with await engine.decode_animation(io.BytesIO(animated()), max_frames=2) as animation:
        assert animation.frames.shape == (2, 6, 8, 3)


@pytest.mark.parametrize("picture_format", ["png", "jpeg", "webp", "avif"])
async def test_encoding(engine, picture_format):
    smooth = np.broadcast_to(np.linspace(0, 255, 64, dtype=np.uint8)[:, np.newaxis, np.newaxis], (64, 48, 3)).copy()
    smooth[..., 1] = 90
    with engine.tensor(smooth) as tensor:
        data = await engine.encode_image(tensor, picture_format)
        assert data == await engine.encode_image(smooth, picture_format)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format.lower() == picture_format
        assert np.abs(np.asarray(image.convert("RGB")).astype(int) - smooth).max() <= (
            0 if picture_format == "png" else 9
        )
    if picture_format != "png":
        noise = PHOTO
        sizes = [len(await engine.encode_image(noise, picture_format, quality=quality)) for quality in (10, 60, 100)]
        assert sizes == sorted(set(sizes))


async def test_what_cannot_be_encoded(engine):
    disposed = engine.tensor(PHOTO)
    disposed.dispose()
    for image, options, error, message in (
        (PHOTO, {"picture_format": "gif"}, InputError, "the format is 'gif'; pictures are encoded as png, jpeg"),
        (PHOTO, {"quality": 50}, InputError, "PNG has none"),
        (PHOTO, {"picture_format": "avif", "quality": 0}, InputError, r"integer of 1\.\.100"),
        (PHOTO / 2, {}, InputError, "float64"),
        (disposed, {}, TensorDisposedError, "disposed"),
        (np.zeros((1, 70_000, 3), np.uint8), {"picture_format": "avif"}, InputError, "too large for .avif"),
    ):
        with pytest.raises(error, match=message):
            await engine.encode_image(image, **options)


async def test_a_closed_engine_refuses(desk):
    engine = Engine("cpu")
    engine.close()
    for call in (engine.decode_image(encoded()), engine.decode_animation(animated()), engine.encode_image(PHOTO)):
        with pytest.raises(EngineClosedError):
            await call


async def test_calls_wait_for_room(engine, desk):
    engine._budget.limit = 6 * 864
    tensors = await asyncio.gather(*(engine.decode_image(encoded()) for _ in range(9)))
    assert 6 * 864 <= desk.statistics().peak <= 2 * 6 * 864
    engine.dispose(tensors)


@pytest.mark.parametrize("name", ["read_into", "_read_frames", "_encode"])
async def test_a_cancelled_call_leaves_nothing(engine, name, monkeypatch):
    reached, go_on = threading.Event(), threading.Event()
    work = getattr(pictures_module, name)

    def slow(*arguments, **options):
        reached.set()
        go_on.wait()
        return work(*arguments, **options)

    monkeypatch.setattr(pictures_module, name, slow)
    call = {
        "read_into": lambda: engine.decode_image(PHOTO),
        "_read_frames": lambda: engine.decode_animation(animated()),
        "_encode": lambda: engine.encode_image(PHOTO),
    }[name]
    task = asyncio.create_task(call())
    await asyncio.to_thread(reached.wait)
    task.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert engine.memory().num_tensors == 0


async def test_no_address_is_opened_unless_it_is_allowed(engine, web):
    address, requests = web
    for source in (f"{address}/photo.png", f"{address.upper()}/photo.png"):
        with pytest.raises(InputError, match=r"allow_http=True|does not exist"):
            await engine.decode_image(source)
        with pytest.raises(InputError, match=r"allow_http=True|does not exist"):
            await engine.decode_animation(source)
    assert requests == []
    with await engine.decode_image(f"{address}/photo.png", allow_http=True) as tensor:
        np.testing.assert_array_equal(await tensor.data(), PHOTO)
    assert requests == ["/photo.png"]


async def test_a_picture_that_cannot_be_fetched(engine, web):
    address, _ = web
    with pytest.raises(FetchError, match="HTTP status 404"):
        await engine.decode_image(f"{address}/missing.png", allow_http=True)
    with pytest.raises(FetchError, match="more than 50 bytes"):
        await engine.decode_image(f"{address}/photo.png", allow_http=True, max_bytes=50)
    with pytest.raises(InputError, match="does not exist"):
        await engine.decode_image("ftp://127.0.0.1/photo.png", allow_http=True)


IN_A_PROCESS_OF_ITS_OWN = """
import asyncio, gc, io, time
import numpy as np
from PIL import Image
from humanrt import Engine

measured, run = [], asyncio.Handle._run

def timed(handle):
    start = time.thread_time()
    run(handle)
    measured.append(time.thread_time() - start)

asyncio.Handle._run = timed
photo = np.random.default_rng(7).integers(0, 256, (2_000, 3_000, 3), np.uint8)
file = io.BytesIO()
Image.fromarray(photo).save(file, "JPEG")
sources = [file.getvalue(), Image.fromarray(photo), photo, photo[:, ::-1]]

async def main():
    async with Engine("cpu") as engine:
        await engine.encode_image(await engine.decode_image(photo[:9, :9]), "jpeg")  # imports
        await asyncio.sleep(0)
        measured.clear()
        for source in sources:
            tensor = engine.keep(await engine.decode_image(source))
            await engine.encode_image(tensor, "jpeg")
            kept.append(tensor)  # the system takes some milliseconds to take so much memory back
        print(len(measured), max(measured))

kept = []
gc.disable()
asyncio.run(main())
"""


@pytest.mark.slow(4)
def test_the_loop_is_never_blocked():
    command = [sys.executable, "-c", IN_A_PROCESS_OF_ITS_OWN]
    count, longest = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    assert int(count) > 20
    assert float(longest) < 0.002
