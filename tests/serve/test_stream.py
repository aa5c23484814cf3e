"""Frames over a WebSocket: the newest takes precedence, and no client makes memory grow."""

import asyncio
import json

import pytest
from services import Held, Socket, serving, until

from humanrt import Human
from humanrt.serve import ServeOptions
from parity.pictures import PICTURES

FRAME = (PICTURES / "black.png").read_bytes()
TOKEN = "secret"  # noqa: S105
FACE = (PICTURES / "human_face.png").read_bytes()


def frame(number):
    """Return a valid picture that differs from others: what follows the end of a PNG is ignored."""
    return FRAME + bytes([number])


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
        ):
            socket.send(options)
            socket.send(data)
            assert json.loads((await socket.read())["text"])["problem"]["status"] == status
        socket.send('{"form": "human", "modules": "face"}')
        socket.send(FRAME)
        assert json.loads((await socket.read())["text"])["width"] == 8


@pytest.mark.parametrize("message", [bytes(101), "x" * 70_000])
async def test_too_large_a_message_ends_the_stream(message):
    async with serving(Held, ServeOptions(max_body=100)) as (_, app), Socket(app) as socket:
        await socket.read()
        socket.send(message)
        assert (await socket.read())["code"] == 1009


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


@pytest.mark.usefixtures("loaded_models")
async def test_a_stream_returns_the_faces_and_keeps_no_tensor():
    async with serving(Human) as (_, app):
        async with Socket(app) as socket:
            await socket.read()
            socket.send('{"modules": "face"}')
            socket.send(FACE)
            found = json.loads((await socket.read())["text"])
        assert (len(found["face"]), found["tensors"], app.state.backend.tensors()) == (1, 0, (0, 0))
