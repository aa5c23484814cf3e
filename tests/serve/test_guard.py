"""What happens before a body is read: admission, token, origin and host; limits of time; the end of the service."""

import asyncio
import base64
import json
import logging

import pytest
from services import Held, serving, until

from humanrt.errors import ConfigError
from humanrt.serve import ServeOptions, gate, guard
from humanrt.serve.guard import DISCARD_SECONDS
from parity.pictures import PICTURES

PICTURE = (PICTURES / "black.png").read_bytes()
PNG = {"content-type": "image/png"}
JSON = json.dumps(dict.fromkeys(("first", "second"), base64.b64encode(PICTURE).decode())).encode()
TOKEN = "secret"  # noqa: S105


async def never_read():
    """A body that does not come: its request is answered all the same."""
    await asyncio.Event().wait()
    yield b""


@pytest.fixture(autouse=True)
def no_wait_for_bodies(monkeypatch):
    monkeypatch.setattr(guard, "DISCARD_SECONDS", 0.0)


async def test_a_request_without_a_place_is_refused_before_its_body_is_read():
    held = Held()
    async with serving(lambda: held, ServeOptions(concurrency=1, queue=1)) as (client, app):
        inside = [asyncio.create_task(client.post("/v1/detect", content=PICTURE, headers=PNG)) for _ in range(2)]
        await held.wait_for(1)
        await until(lambda: app.state.gate.inside == 2)
        refused = await client.post("/v1/detect", content=never_read(), headers=PNG)
        assert (refused.status_code, refused.json()["status"]) == (429, 429)
        assert int(refused.headers["retry-after"]) >= 1
        assert (await client.get("/live")).status_code == 200  # pages need no place
        held.release.set()
        assert [answer.status_code for answer in await asyncio.gather(*inside)] == [200, 200]
        assert (await client.post("/v1/detect", content=PICTURE, headers=PNG)).status_code == 200
        assert app.state.gate.inside == 0


async def test_the_time_of_a_refusal_ends_with_its_answer(monkeypatch, caplog):
    """Not with the body, which is received after it."""
    monkeypatch.setattr(guard, "DISCARD_SECONDS", 60.0)
    caplog.set_level(logging.INFO, "humanrt.serve")
    is_logged = []

    async def body():
        for _ in range(100):
            await asyncio.sleep(0)
        is_logged.append(" 401 " in caplog.text)
        yield PICTURE

    async with serving(Held, ServeOptions(token=TOKEN)) as (client, _):
        assert (await client.post("/v1/detect", content=body(), headers=PNG)).status_code == 401
    assert is_logged == [True]


async def test_a_request_that_takes_too_long_is_answered_with_504():
    held = Held()
    async with serving(lambda: held, ServeOptions(timeout=0.01)) as (client, app):
        answer = await client.post("/v1/detect", content=PICTURE, headers=PNG)
        assert answer.status_code == 504
        assert (app.state.gate.inside, app.state.gate.running) == (0, 0)


@pytest.mark.parametrize(("configured", "smaller"), [(0, 640), (2000, 1000)])
async def test_pictures_are_decoded_smaller_while_requests_wait(configured, smaller):
    held = Held()
    held.config = held.config.merge({"image": {"max_side": configured}})
    async with serving(lambda: held, ServeOptions(concurrency=1, queue=4, adaptive=True)) as (client, app):
        requests = []
        for waiting in (0, 1, 2):
            requests.append(asyncio.create_task(client.post("/v1/detect", content=PICTURE, headers=PNG)))
            await until(lambda waiting=waiting: (len(held.begun), app.state.gate.waiting) == (1, waiting))
        held.release.set()
        assert {answer.status_code for answer in await asyncio.gather(*requests)} == {200}
        assert app.state.gate.waiting == 0
    found = [config["image"].get("max_side", configured) for config in held.configs]
    assert found == [configured, smaller, configured]  # the second begins while the third waits


async def test_a_body_that_does_not_come_in_time_is_answered_with_408():
    held = Held()

    async def slow():
        yield PICTURE[:10]
        await asyncio.Event().wait()

    async with serving(lambda: held, ServeOptions(body_timeout=0.01)) as (client, _):
        answer = await client.post("/v1/detect", content=slow(), headers=PNG)
    assert (answer.status_code, held.begun) == (408, [])


@pytest.mark.parametrize("is_slow", [True, False])
async def test_a_slow_upload_loses_its_place_to_another_request(monkeypatch, is_slow):
    """Otherwise a few clients that send little hold all places for as long as a body may take."""
    monkeypatch.setattr(gate, "SLOW_SECONDS", 0.0)
    monkeypatch.setattr(gate, "SLOW_BYTES", 1e12 if is_slow else 0)
    held, begun = Held(), []
    held.release.set()

    async def slow(number):
        yield PICTURE[:10]
        begun.append(number)
        await asyncio.Event().wait()

    async with serving(lambda: held, ServeOptions(concurrency=1, queue=1)) as (client, app):
        uploads = []
        for number in range(2):
            uploads.append(asyncio.create_task(client.post("/v1/detect", content=slow(number), headers=PNG)))
            await until(lambda number=number: begun[-1:] == [number])
        answer = await client.post("/v1/detect", content=PICTURE, headers=PNG)
        assert answer.status_code == (200 if is_slow else 429)
        if is_slow:
            refused = await uploads[0]
            assert (refused.status_code, "slower" in refused.json()["detail"]) == (408, True)
            assert (app.state.gate.inside, uploads[1].done()) == (1, False)
            assert (await client.post("/v1/detect", content=PICTURE, headers=PNG)).status_code == 200
        for upload in uploads:
            upload.cancel()
        await asyncio.gather(*uploads, return_exceptions=True)
        assert (len(held.begun), app.state.gate.inside) == (2 * is_slow, 0)


async def test_the_end_of_the_service_waits_for_requests_and_refuses_new_ones():
    held = Held()
    async with serving(lambda: held) as (client, app):
        inside = asyncio.create_task(client.post("/v1/detect", content=PICTURE, headers=PNG))
        await held.wait_for(1)
        closing = asyncio.create_task(app.state.gate.close())
        await until(lambda: app.state.gate.is_closed)
        assert (await client.post("/v1/detect", content=never_read(), headers=PNG)).status_code == 503
        assert (await client.get("/ready")).status_code == 503
        assert not closing.done()
        held.release.set()
        assert (await inside).status_code == 200
        assert await closing


async def test_without_the_token_nothing_but_the_page_is_served():
    held = Held()
    held.release.set()
    async with serving(lambda: held, ServeOptions(token=TOKEN)) as (client, _):
        for given in (None, "Bearer other", "Basic secret", "Bearer sécret".encode("latin-1")):
            headers = {"authorization": given} if given else {}
            refused = await client.post("/v1/detect", content=never_read(), headers={**PNG, **headers})
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        for path, status in (
            ("/", 200),
            ("/live", 200),
            ("/metrics", 401),
            ("/v1/status", 401),
            ("/openapi.json", 401),
        ):
            assert (await client.get(path)).status_code == status
        headers = {**PNG, "authorization": "Bearer secret"}
        assert (await client.post("/v1/detect", content=PICTURE, headers=headers)).status_code == 200


async def test_pages_of_other_origins_and_other_names_are_refused():
    held = Held()
    held.release.set()
    foreign = {**PNG, "origin": "https://foreign.example"}
    async with serving(lambda: held) as (client, _):
        assert (await client.post("/v1/detect", content=never_read(), headers=foreign)).status_code == 403
        own = {**PNG, "origin": "http://127.0.0.1"}
        answer = await client.post("/v1/detect", content=PICTURE, headers=own)
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers
        rebound = {**PNG, "host": "foreign.example"}
        assert (await client.post("/v1/detect", content=never_read(), headers=rebound)).status_code == 421
        two = [*PNG.items(), ("host", "127.0.0.1"), ("host", "foreign.example")]
        assert (await client.post("/v1/detect", content=never_read(), headers=two)).status_code == 400
    async with serving(Held, ServeOptions(origins=("https://foreign.example",))) as (client, _):
        asked = {"origin": "https://foreign.example", "access-control-request-method": "POST"}
        answer = await client.options("/v1/detect", headers=asked)
        assert answer.headers["access-control-allow-origin"] == "https://foreign.example"


async def test_a_line_of_the_log_has_the_id_and_no_content(caplog):
    held = Held()
    held.release.set()
    with caplog.at_level(logging.INFO, logger="humanrt.serve"):
        async with serving(lambda: held) as (client, _):
            headers = {**PNG, "x-request-id": "abc-1"}
            answer = await client.post("/v1/detect?form=slim&max_faces=7", content=PICTURE, headers=headers)
            await client.get("/made-up/path%0A")
            other = await client.get("/live", headers={"x-request-id": "not an id"})
    assert answer.headers["x-request-id"] == "abc-1"
    assert other.headers["x-request-id"] != "not an id"
    lines = [record.getMessage() for record in caplog.records if record.name == "humanrt.serve"]
    assert lines[0].startswith("abc-1 POST /v1/detect 200 ")
    assert not any("max_faces" in line or "made-up" in line for line in lines)


@pytest.mark.parametrize("wrong", [{"max_body": 0}, {"queue": -1}, {"timeout": 0}, {"token": ""}, {"token": "ü"}])
def test_wrong_limits_are_errors(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        ServeOptions(**wrong)


@pytest.mark.parametrize(
    ("waiting", "path"),
    [(False, "detect"), *((True, each) for each in ("detect", "segment", "style/oil", "filter/negative", "match"))],
)
async def test_a_request_whose_client_has_gone_is_not_computed(waiting, path):
    held, gone = Held(), asyncio.Event()
    async with serving(lambda: held, ServeOptions(concurrency=1)) as (client, app):
        first = asyncio.create_task(client.post("/v1/detect", content=PICTURE, headers=PNG)) if waiting else None
        if waiting:
            await held.wait_for(1)
        body = JSON if path == "match" else PICTURE
        messages = iter([{"type": "http.request", "body": body}])

        async def receive():
            if (message := next(messages, None)) is None:
                await gone.wait()
                return {"type": "http.disconnect"}
            return message

        async def send(_):
            pass

        kind = b"application/json" if path == "match" else b"image/png"
        headers = [(b"host", b"127.0.0.1"), (b"content-type", kind)]
        scope = {"type": "http", "method": "POST", "path": f"/v1/{path}", "query_string": b"", "headers": headers}
        request = asyncio.create_task(app(scope, receive, send))
        await until(lambda: app.state.gate.inside == 1 + waiting)
        await held.wait_for(1)
        gone.set()
        done, _ = await asyncio.wait([request], timeout=10)  # a timeout that cancels it would end it, too
        assert done
        assert request.cancelling() == 0  # it was cancelled, which is over
        assert (len(held.begun), app.state.gate.inside, app.state.gate.running) == (1, waiting, waiting)
        held.release.set()
        if first is not None:
            assert (await first).status_code == 200


async def answer_of(app, receive, path="/v1/detect"):
    """Post a body whose parts ``receive`` returns; return the status and the headers of the answer."""
    starts = []

    async def send(message):
        starts.extend([message] if message["type"] == "http.response.start" else [])

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"image/png"), (b"transfer-encoding", b"chunked")]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    await app(scope, receive, send)
    (start,) = starts
    return start["status"], dict(start["headers"])


async def test_the_body_of_a_refused_request_is_received_after_its_answer(monkeypatch):
    """A connection that is reset while the client sends loses the answer."""
    monkeypatch.setattr(guard, "DISCARD_SECONDS", 10.0)
    events, parts = [], iter([True, True, False])

    async def receive():
        events.append("part")
        return {"type": "http.request", "body": bytes(100), "more_body": next(parts)}

    async def send(message):
        events.append(message.get("status", "answer"))

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"image/png"), (b"content-length", b"300")]
    scope = {"type": "http", "method": "POST", "path": "/v1/detect", "query_string": b"", "headers": headers}
    async with serving(Held, ServeOptions(token=TOKEN)) as (_, app):
        await app(scope, receive, send)
    assert events == [401, "answer", "part", "part", "part"]


@pytest.mark.parametrize(
    ("path", "status", "part", "parts", "received"),
    [
        ("/v1/detect", 401, 1, None, 7),  # with the part that was awaited when the time was over
        ("/made-up", 404, 1, None, 7),
        ("/v1/detect", 401, 40_000, 20, 20),
        ("/v1/detect", 401, 40_000, None, 31),
    ],
)
async def test_a_body_that_comes_slowly_is_discarded_for_5_seconds(monkeypatch, path, status, part, parts, received):
    """Otherwise its connection counts among those that the server accepts for as long as the client likes."""
    monkeypatch.setattr(guard, "DISCARD_SECONDS", DISCARD_SECONDS)
    loop, seconds = asyncio.get_running_loop(), 0
    start = loop.time()
    monkeypatch.setattr(loop, "time", lambda: start + seconds)

    async def receive():
        nonlocal seconds
        seconds += 1  # the client sends a part each second
        await asyncio.sleep(0)
        return {"type": "http.request", "body": bytes(part), "more_body": seconds != parts}

    async with serving(Held, ServeOptions(token=TOKEN)) as (_, app):
        found, headers = await answer_of(app, receive, path)
    assert (found, headers[b"connection"]) == (status, b"close")
    assert seconds == received


async def test_a_long_body_is_discarded_up_to_the_limit_of_a_body(monkeypatch):
    monkeypatch.setattr(guard, "DISCARD_SECONDS", 10.0)
    parts = 0

    async def receive():
        nonlocal parts
        parts += 1
        return {"type": "http.request", "body": bytes(100), "more_body": parts < 20}

    async with serving(Held, ServeOptions(token=TOKEN, max_body=1000)) as (_, app):
        assert (await answer_of(app, receive))[0] == 401
    assert parts == 10


async def test_a_connection_goes_on_after_an_answer_to_a_whole_request():
    held = Held()
    held.release.set()
    async with serving(lambda: held, ServeOptions(token=TOKEN)) as (client, _):
        answers = [await client.get("/live"), await client.get("/v1/status")]
        headers = {**PNG, "authorization": "Bearer secret"}
        answers += [await client.post("/v1/detect", content=part, headers=headers) for part in (PICTURE, PICTURE[:9])]
        assert [answer.status_code for answer in answers] == [200, 401, 200, 422]
        assert not any("connection" in answer.headers for answer in answers)
