"""The endpoints, with Human's models: the answers are those of Human.detect() and of the engine."""

import asyncio
import base64
import io
import json
import re
from functools import partial

import numpy as np
import pytest
from PIL import Image
from services import Held, serving, until

from humanrt import Human, draw_result, read_picture
from humanrt.matching import OPERATING_POINTS, match
from humanrt.serve import ServeOptions
from humanrt.serve.parameters import MODULES
from humanrt.workers import WorkerPool
from parity.pictures import PICTURES

pytestmark = pytest.mark.usefixtures("loaded_models")

FACE = (PICTURES / "human_face.png").read_bytes()
PNG = {"content-type": "image/png"}
FACES_ONLY = {"modules": "face"}


@pytest.fixture
async def human():
    async with Human() as human:
        yield human


@pytest.fixture
async def client():
    async with serving(Human) as (client, app):
        before = app.state.backend.tensors()
        yield client
        assert app.state.backend.tensors() == before == (0, 0)


def boxes(document):
    return [face["box"] for face in document["face"]]


async def test_each_form_of_a_body_gives_the_result_of_detect(client, human):
    with await human.detect(FACE, {"body": {"enabled": False}, "hand": {"enabled": False}}) as result:
        expected = json.loads(json.dumps(result.to_human()))["face"][0]
    text = base64.b64encode(FACE).decode()
    for request in (
        {"files": {"image": FACE}, "data": FACES_ONLY},
        {"content": FACE, "headers": PNG, "params": FACES_ONLY},
        {"json": {"image": text, "modules": ["face"]}},
        {"json": {"image": f"data:image/png;base64,{text}", "config": {"body": {"enabled": False}}}},
    ):
        answer = await client.post("/v1/detect", **request)
        assert answer.status_code == 200
        face = answer.json()["face"][0]
        assert face["box"] == expected["box"]
        assert face["embedding"] == expected["embedding"]


async def test_the_slim_form_is_that_of_to_dict(client, human):
    answer = await client.post("/v1/detect?form=slim&modules=face", content=FACE, headers=PNG)
    with await human.detect(FACE, {"body": {"enabled": False}, "hand": {"enabled": False}}) as result:
        expected = result.to_dict(only="face")
    assert answer.json()["face"] == json.loads(json.dumps(expected["face"]))
    assert answer.json()["body"] == []


async def test_the_drawing_is_that_of_draw_result(client, human):
    answer = await client.post("/v1/detect?form=png&modules=face", content=FACE, headers=PNG)
    drawn = np.array(Image.open(io.BytesIO(answer.content)).convert("RGB"))
    pixels = read_picture(FACE)
    off = {name: {"enabled": False} for name in ("body", "hand", "gesture")}
    with await human.detect(FACE, off) as result:
        assert np.array_equal(drawn, draw_result(pixels, result))


async def test_a_segmentation_is_an_indexed_png_with_a_legend_and_instances(client, human):
    small = io.BytesIO()
    Image.open(io.BytesIO(FACE)).resize((96, 96)).save(small, "PNG")
    config = {"segmentation": {"enabled": True}, "face": {"enabled": False}, "hand": {"enabled": False}}
    with await human.detect(small.getvalue(), config) as result:
        labels = result.segmentation.labels.numpy().copy()
        (segment,) = result.segmentation.legend
    answer = (await client.post("/v1/segment", content=small.getvalue(), headers=PNG)).json()
    indexed = Image.open(io.BytesIO(base64.b64decode(answer["png"])))
    assert indexed.mode == "P"
    assert np.array_equal(np.array(indexed), labels)
    assert tuple(indexed.getpalette()[3:6]) == segment.color
    assert [(each["name"], each["area"]) for each in answer["legend"]] == [("person", int((labels == 1).sum()))]
    instances = np.array(Image.open(io.BytesIO(base64.b64decode(answer["instances_png"]))))
    assert set(np.unique(instances)) <= {0, *(each["instance"] for each in answer["instances"])}
    assert not instances[labels == 0].any()
    plain = await client.post("/v1/segment?form=png", content=small.getvalue(), headers=PNG)
    assert plain.content == base64.b64decode(answer["png"])


async def test_a_style_is_that_of_the_engine(client, human):
    answer = await client.post("/v1/style/oil?brush=2", content=FACE, headers=PNG)
    painted = np.array(Image.open(io.BytesIO(answer.content)))
    async with human.engine.scope("test"):
        tensor = await human.engine.decode_image(FACE)
        assert np.array_equal(painted, (await human.engine.style(tensor, "oil", brush=2)).numpy())


@pytest.mark.parametrize(
    ("path", "filters"),
    [
        ("/v1/filter/sepia", {"sepia": True}),
        ("/v1/filter/brightness?value=0.2&contrast=-0.1", {"brightness": 0.2, "contrast": -0.1}),
        ("/v1/filter/width?value=40", {"width": 40}),
    ],
)
async def test_a_filter_is_that_of_the_engine(client, human, path, filters):
    answer = await client.post(path, content=FACE, headers=PNG)
    assert answer.status_code == 200, answer.text
    filtered = np.array(Image.open(io.BytesIO(answer.content)))
    async with human.engine.scope("test"):
        tensor = await human.engine.decode_image(FACE)
        assert np.array_equal(filtered, (await human.engine.filter(tensor, **filters)).numpy())


async def test_pictures_are_compared_at_the_operating_point_of_their_embeddings(client, human):
    astronaut = (PICTURES / "astronaut.png").read_bytes()
    mirrored = io.BytesIO()
    Image.fromarray(np.fliplr(read_picture(FACE))).save(mirrored, "PNG")
    point, vectors = OPERATING_POINTS["sface"], {}
    for name, picture in (("face", FACE), ("mirrored", mirrored.getvalue()), ("astronaut", astronaut)):
        with await human.detect(picture) as result:
            vectors[name] = match.normalize(result.face[0].embedding)
    for name, picture, is_same in (("mirrored", mirrored.getvalue(), True), ("astronaut", astronaut, False)):
        expected = match.similarity(vectors["face"], vectors[name], **point.options)
        answer = (await client.post("/v1/match", files={"first": FACE, "second": picture})).json()
        assert answer == {"similarity": expected, "same": is_same, "threshold": point.similarity}


async def test_pictures_that_cannot_be_compared(client):
    black = (PICTURES / "black.png").read_bytes()
    answer = await client.post("/v1/match", files={"first": FACE, "second": black})
    assert (answer.status_code, "no face" in answer.json()["detail"]) == (422, True)
    assert (await client.post("/v1/match", files={"first": FACE})).status_code == 400


BROKEN = {
    "empty": (b"", 400),
    "text": (b"hello", 415),
    "cut": (FACE[:2000], 422),
    "bit flips": (FACE[:200] + bytes(200) + FACE[400:], 422),
    "too large": (FACE[:16] + (60_000).to_bytes(4, "big") * 2 + FACE[24:], 413),
    "no pixels": (FACE[:16] + bytes(8) + FACE[24:], 422),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_bad_picture_is_a_problem_document(name, client):
    body, status = BROKEN[name]
    for path in ("/v1/detect", "/v1/segment", "/v1/style/oil"):
        answer = await client.post(path, content=body, headers=PNG)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        problem = answer.json()
        assert problem["status"] == status
        assert problem["detail"]
        assert problem["instance"].endswith(answer.headers["x-request-id"])


BOMB = "[" + "{}," * 3_000_000 + "{}]"
WRONG = [
    ({"content": BOMB, "headers": {"content-type": "application/json"}}, 400),
    ({"files": {"image": FACE}, "data": {"config": BOMB[:300_000] + "{}]"}}, 422),
    ({"content": FACE, "headers": {"content-type": "text/plain"}}, 415),
    ({"content": b"{", "headers": {"content-type": "application/json"}}, 400),
    ({"content": b"[" * 9_000, "headers": {"content-type": "application/json"}}, 400),
    ({"json": []}, 422),
    ({"json": {"image": "###"}}, 422),
    ({"json": {}}, 400),
    ({"content": b"--x", "headers": {"content-type": "multipart/form-data"}}, 400),
    ({"content": FACE, "headers": PNG, "params": {"form": "xml"}}, 422),
    ({"content": FACE, "headers": PNG, "params": {"max_face": "5"}}, 422),
    ({"files": {"image": FACE}, "data": {"Modules": "face"}}, 422),
    ({"content": FACE, "headers": PNG, "params": {"modules": "feet"}}, 422),
    ({"content": FACE, "headers": PNG, "params": {"max_faces": "101"}}, 422),
    ({"content": FACE, "headers": PNG, "params": {"config": "["}}, 422),
    ({"content": FACE, "headers": PNG, "params": {"config": '{"face": {"nose": 1}}'}}, 422),
    ({"content": FACE, "headers": PNG, "params": {"config": '{"device": "cuda"}'}}, 422),
    ({"content": FACE, "headers": PNG, "params": {"config": '{"model_base_path": "/etc"}'}}, 422),
    ({"content": FACE, "headers": PNG, "params": {"config": '{"face": {"detector": {"modelPath": "/x"}}}'}}, 422),
    ({"content": FACE, "headers": PNG, "params": {"config": '{"object": {"max_detected": 1e9}}'}}, 422),
    ({"content": FACE, "headers": PNG, "params": {"config": '{"face": 3, "filter": 4}'}}, 422),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
async def test_a_wrong_request_is_a_problem_document(number, client):
    request, status = WRONG[number]
    answer = await client.post("/v1/detect", **request)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text


async def test_the_problem_of_a_multipart_body_has_the_reason(client):
    answer = await client.post("/v1/detect", files=[("image", FACE)] * 17)
    assert answer.status_code == 400
    assert answer.json()["detail"].endswith("cannot be read: Too many files. Maximum number of files is 16.")


async def test_wrong_filters_and_styles_are_problem_documents(client):
    for path, status in (
        ("/v1/style/cubist", 404),
        ("/v1/style/oil?brush=99", 422),
        ("/v1/style/oil?levels=many", 422),
        ("/v1/filter/none", 422),
        ("/v1/filter/brightness?value=7", 422),
        ("/v1/filter/blur?value=100000", 422),
        ("/v1/filter/width?value=100000", 422),
    ):
        assert (await client.post(path, content=FACE, headers=PNG)).status_code == status, path


@pytest.mark.slow(3)
async def test_the_figures_of_a_pool_are_those_of_its_workers():
    async with serving(partial(WorkerPool, {name: {"enabled": False} for name in MODULES}, workers=2)) as (client, _):
        metrics = (await client.get("/metrics")).text
        assert "humanrt_workers 2.0" in metrics
        assert float(re.search(r"^humanrt_workers_resident_bytes (\S+)$", metrics, re.MULTILINE)[1]) > 0
        assert (await client.get("/v1/status")).json()["workers"] == 2


async def test_pages_and_figures_are_served_without_foreign_addresses(client):
    for path in ("/", "/docs", "/static/app.js", "/static/app.css", "/static/docs.js", "/static/mesh.js"):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert "https://" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await client.get("/static/..%2fapp.py")).status_code == 404
    assert (await client.get("/live")).json() == {"status": "live"}
    assert (await client.get("/ready")).json() == {"status": "ready"}
    assert (await client.get("/openapi.json")).json()["paths"]["/v1/detect"]["post"]["requestBody"]
    await client.post("/v1/detect?modules=", content=FACE, headers=PNG)
    metrics = (await client.get("/metrics")).text
    assert 'humanrt_requests_total{endpoint="/v1/detect",status="200"} 1.0' in metrics
    assert "humanrt_tensors 0.0" in metrics
    for name in ("front_handles", "front_threads"):
        assert float(re.search(rf"^humanrt_{name} (\S+)$", metrics, re.MULTILINE)[1]) > 0
    assert "humanrt_event_loop_lag_seconds " in metrics


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/static/app.js", "/static/none.js", "/live", "/ready", "/v1/status", "/openapi.json"]
)
async def test_head_is_answered_as_get(client, path):
    expected, answer = await client.get(path), await client.head(path)
    assert answer.status_code == expected.status_code
    assert {**answer.headers, "x-request-id": ""} == {**expected.headers, "x-request-id": ""}
    assert int(answer.headers["content-length"]) == len(expected.content) > 0


async def test_the_methods_of_an_endpoint(client):
    assert (await client.head("/metrics")).status_code == 200  # its numbers change
    for path, allowed in (("/", "GET, HEAD"), ("/live", "GET, HEAD"), ("/v1/detect", "POST")):
        refused = await client.put(path)
        assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    assert (await client.head("/v1/detect")).status_code == 405


async def test_a_failure_of_the_engine_is_503_without_its_message():
    held = Held()
    held.error = RuntimeError("/home/secret")
    held.release.set()
    async with serving(lambda: held) as (client, _):
        answer = await client.post("/v1/detect", content=FACE, headers=PNG)
    assert answer.status_code == 503
    assert "secret" not in answer.text


async def test_a_detector_that_cannot_start_is_reported():
    def broken():
        raise OSError("no device")

    async with serving(broken) as (client, _):
        assert (await client.get("/live")).status_code == 503
        assert (await client.get("/ready")).status_code == 503
        assert (await client.post("/v1/detect", content=FACE, headers=PNG)).status_code == 503


async def test_a_cancelled_request_frees_its_tensors_and_its_place():
    async with serving(partial(Human, {"body": {"enabled": False}})) as (client, app):
        task = asyncio.create_task(client.post("/v1/detect", content=FACE, headers=PNG))
        await until(lambda: app.state.gate.running)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (app.state.gate.inside, app.state.gate.running, app.state.backend.tensors()) == (0, 0, (0, 0))


async def test_too_large_a_body_is_refused_by_its_length_and_while_it_comes():
    held = Held()
    async with serving(lambda: held, ServeOptions(max_body=1000)) as (client, _):
        declared = await client.post("/v1/detect", content=bytes(1001), headers=PNG)

        async def chunks():
            for _ in range(11):
                yield bytes(100)

        streamed = await client.post("/v1/detect", content=chunks(), headers=PNG)
    assert (declared.status_code, streamed.status_code, held.begun) == (413, 413, [])


async def test_json_of_too_many_parts_is_not_parsed(client, monkeypatch):
    """Three million empty objects would take 200 MB, and seconds on the event loop."""
    parsed = []
    monkeypatch.setattr(json, "loads", lambda *given: parsed.append(given))
    answer = await client.post("/v1/detect", content=BOMB, headers={"content-type": "application/json"})
    assert (answer.status_code, parsed) == (400, [])
