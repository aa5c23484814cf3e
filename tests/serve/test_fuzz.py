"""Each endpoint with damaged pictures and made-up options: each answer is as described, or a problem of the client."""

import json
import random
from dataclasses import fields
from functools import partial

import pytest
from services import serving

from fuzz.service import fuzz_service
from humanrt import Human
from humanrt.config import Config
from parity.pictures import PICTURES

SEED, REQUESTS = 20, 120
DESCRIBED_SEED, EXAMPLES = 24, 15  # with answers of filters, of which most values are wrong
ENDPOINTS = ("detect", "segment", "match", "style/oil", "style/sketch", "style/%00", "filter/blur", "filter/é")
TYPES = ("image/png", "image/jpeg", "application/octet-stream", "application/json", "multipart/form-data", "text/html")
VALUES = ("", "0", "-1", "1e999", "nan", "true", "[]", "{}", "null", "face", "\0", "é", "9" * 400, "png", "[" * 5000)
OPTIONS = ("form", "modules", "max_faces", "config", "value", "brush", "fast", "blur", "width", "image")
NOTHING = {name: {"enabled": False} for name in ("face", "body", "hand", "gesture")}
PICTURE = (PICTURES / "black.png").read_bytes()


def damaged(choice):
    data = bytearray(PICTURE)
    for _ in range(choice.randrange(4)):
        data[choice.randrange(len(data))] = choice.randrange(256)
    return bytes(data[: choice.choice([len(data), choice.randrange(len(data)), 33])])


def keys(choice):
    """Return a configuration of names that exist, with values of any type."""
    name = choice.choice([*(each.name for each in fields(Config)), "face", "filter", "preset"])
    return json.dumps({name: choice.choice([None, 1, "x", [], {"enabled": "yes"}, {"width": 10**9}, {"blur": 1e30}])})


def request(choice):
    kind = choice.choice(TYPES)
    options = {choice.choice(OPTIONS): choice.choice(VALUES) for _ in range(choice.randrange(3))}
    if choice.random() < 0.3:
        options["config"] = keys(choice)
    body = {"params": options, "headers": {"content-type": kind}, "content": damaged(choice)}
    if kind == "application/json":
        body["content"] = choice.choice([b"[]", b"{}", json.dumps({"image": "AAAA", **options}).encode()])
    elif kind == "multipart/form-data" and choice.random() < 0.7:
        names = choice.sample(["image", "first", "second"], choice.randrange(1, 4))
        body = {"files": {name: damaged(choice) for name in names}, "data": options}
    return body


async def test_no_request_is_a_failure_of_the_service():
    choice = random.Random(SEED)  # noqa: S311
    statuses = set()
    async with serving(partial(Human, NOTHING)) as (client, app):
        for _ in range(REQUESTS):
            endpoint, body = choice.choice(ENDPOINTS), request(choice)
            if endpoint in ("segment", "match"):  # undamaged ones need models
                body.update(params={"form": "xml"}) if "files" not in body else body["data"].update(form="xml")
            answer = await client.post(f"/v1/{endpoint}", **body)
            statuses.add(answer.status_code)
            assert answer.status_code < 500, (endpoint, body, answer.text)
            if answer.status_code >= 400:
                assert answer.json()["status"] == answer.status_code
        assert (app.state.gate.inside, app.state.gate.running) == (0, 0)
        assert app.state.backend.detector.engine.memory().baseline == (0, 0, 0, 0)
    assert {200, 400, 415, 422} <= statuses


@pytest.mark.slow(8)
async def test_each_answer_is_as_the_description_has_it():
    report = await fuzz_service(EXAMPLES, DESCRIBED_SEED)
    assert report.failures == []
    assert {"200", "400", "415", "422"} <= {status for (operation, status) in report.counts if "POST" in operation}
