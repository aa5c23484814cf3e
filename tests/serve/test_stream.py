"""Frames over a WebSocket: the newest takes precedence, and no client makes memory grow."""

import asyncio
import gc
import json
from functools import partial

import numpy as np
import pytest
from services import Held, Socket, serving, until

from humanrt import Human
from humanrt.imaging.encode import encode
from humanrt.serve import ServeOptions
from humanrt.workers import WorkerPool
from parity.pictures import PICTURES, read_picture

FRAME = (PICTURES / "black.png").read_bytes()
TOKEN = "secret"  # noqa: S105
OFF, WIDTH = {"enabled": False}, 640
FACES = {
    **dict.fromkeys(("body", "hand", "gesture"), OFF),
    "face": {**dict.fromkeys(("iris", "emotion", "description"), OFF), "detector": {"max_detected": 2}},
}


def frame(number):
    """Return a valid picture that differs from others: what follows the end of a PNG is ignored."""
    return FRAME + bytes([number])


def side_by_side(left, right):
    """Return a picture with two faces, one in each half."""
    picture = np.full((320, WIDTH, 3), 128, np.uint8)
    for face, start in ((left, 0), (right, WIDTH // 2)):
        height, width = face.shape[:2]
        picture[32 : 32 + height, start + 32 : start + 32 + width] = face
    return encode(picture, ".png")


async def test_the_newest_frame_takes_precedence():
    held = Held()
    async with serving(lambda: held) as (_, app), Socket(app) as socket:
        assert (await socket.read())["type"] == "websocket.accept"
        socket.send(frame(0))
        await held.wait_for(1)
        for number in range(1, 100):
            socket.send(frame(number))
        await until(socket._to_app.empty)
        held.release.set()
        first, last = [json.loads((await socket.read())["text"]) for _ in range(2)]
        assert (first["frame"], last["frame"], last["dropped"]) == (0, 99, 98)
        assert held.begun == [frame(0), frame(99)]


async def test_a_client_that_reads_nothing_is_disconnected():
    held = Held()
    held.release.set()
    async with serving(lambda: held, ServeOptions(body_timeout=0.01)) as (_, app):
        async with Socket(app) as socket:
            await socket.read()
            socket.reads.clear()
            for number in range(50):
                socket.send(frame(number))
            async with asyncio.timeout(10):
                await socket.task
            assert len(held.begun) == 1
        assert app.state.gate.streams == 0


async def test_a_client_that_vanishes_cancels_its_frame():
    held = Held()
    async with serving(lambda: held) as (_, app):
        async with Socket(app) as socket:
            await socket.read()
            socket.send(FRAME)
            await held.wait_for(1)
        assert (app.state.gate.streams, app.state.gate.running) == (0, 0)


async def test_a_bad_frame_and_bad_options_are_problems_and_the_stream_goes_on():
    held = Held()
    held.release.set()
    async with serving(lambda: held) as (_, app), Socket(app) as socket:
        await socket.read()
        for options, data, status in (
            ("{}", b"no picture", 415),
            ("[1", FRAME, 422),
            ('{"modules": "feet"}', FRAME, 422),
            ('{"form": "png"}', FRAME, 422),
            ('{"module": "face"}', FRAME, 422),
        ):
            socket.send(options)
            socket.send(data)
            assert json.loads((await socket.read())["text"])["problem"]["status"] == status
        socket.send('{"form": "human", "modules": "face"}')
        socket.send(FRAME)
        assert json.loads((await socket.read())["text"])["width"] == 8


@pytest.mark.parametrize(
    ("message", "reason"),
    [(bytes(101), "a frame has at most 100 bytes"), ("x" * 70_000, "a text has at most 65,536 characters")],
)
async def test_too_large_a_message_ends_the_stream(message, reason):
    async with serving(Held, ServeOptions(max_body=100)) as (_, app), Socket(app) as socket:
        await socket.read()
        socket.send(message)
        closed = await socket.read()
        assert (closed["code"], closed["reason"]) == (1009, reason)


async def test_a_stream_without_frames_ends():
    async with serving(Held, ServeOptions(idle_timeout=0.01)) as (_, app), Socket(app) as socket:
        await socket.read()
        assert (await socket.read())["code"] == 1001


async def test_streams_beyond_the_limit_and_foreign_pages_are_refused():
    async with serving(Held, ServeOptions(streams=1, token=TOKEN)) as (_, app):
        protocols = ["humanrt.token.secret", "humanrt"]
        async with Socket(app, subprotocols=protocols) as socket:
            assert (await socket.read())["subprotocol"] == "humanrt"
            async with Socket(app, subprotocols=protocols) as second:
                assert (await second.read())["code"] == 1013
        async with Socket(app) as socket:
            assert (await socket.read())["code"] == 1008
        async with Socket(app, [(b"origin", b"https://foreign.example")], protocols) as socket:
            assert (await socket.read())["code"] == 1008


async def test_a_slow_client_holds_two_frames_and_one_result():
    """Of all frames that were sent, only the one that is computed and the newest are in memory."""

    alive = set()

    class Frame(bytes):
        def __del__(self):
            alive.discard(id(self))

    held = Held()
    async with serving(lambda: held) as (_, app), Socket(app) as socket:
        await socket.read()
        for number in range(200):
            data = Frame(frame(number))
            alive.add(id(data))
            socket.send(data)
            del data
            if not number:
                await held.wait_for(1)
        await until(socket._to_app.empty)
        gc.collect()
        assert len(alive) == 2
        held.release.set()
        for _ in range(2):
            await socket.read()
    held.begun.clear()
    gc.collect()
    assert not alive


async def test_a_stream_has_a_session_and_closes_it():
    held = Held()
    held.release.set()
    async with serving(lambda: held) as (_, app), Socket(app) as first, Socket(app) as second:
        for socket in (first, second, first):
            socket.send(FRAME)
            while (await socket.read())["type"] != "websocket.send":
                pass  # accepted
        assert [session.is_closed for session in held.sessions] == [False, False]
    assert [session.is_closed for session in held.sessions] == [True, True]


@pytest.mark.usefixtures("loaded_models")
@pytest.mark.parametrize("detector", [Human, pytest.param(WorkerPool, marks=pytest.mark.slow(4))])
async def test_ids_stay_with_faces_over_the_frames_of_a_stream(detector):
    """Two faces change places in the order of their sizes; the tensor is the last frame of each stream."""
    small, large = (np.ascontiguousarray(read_picture("human_face")[::step, ::step]) for step in (2, 1))
    open_detector = partial(detector, {**FACES, "cache_sensitivity": 0})
    async with serving(open_detector) as (_, app):
        async with Socket(app) as socket:
            await socket.read()
            places = []
            for left, right in ((small, large), (large, small)):
                socket.send(side_by_side(left, right))
                found = json.loads((await socket.read())["text"])
                places.append({face["id"]: face["box"][0] < WIDTH / 2 for face in found["face"]})
            assert places[0] == places[1]
            assert len(places[0]) == 2
            async with Socket(app) as other:
                await other.read()
                empty = np.empty((0, 0, 3), np.uint8)
                other.send(side_by_side(large, empty) if places[0][1] else side_by_side(empty, small))
                found = json.loads((await other.read())["text"])
                assert [face["id"] for face in found["face"]] == [0]  # in the first stream this face has the id 1
        await until(lambda: app.state.backend.tensors() == (0, 0))
