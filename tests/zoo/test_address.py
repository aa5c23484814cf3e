"""Models from an address: fetched once, whole or not at all, and only where nobody can exchange them on the way."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from humanrt.errors import FetchError, OfflineError
from humanrt.zoo import Progress, Store, is_address
from humanrt.zoo import address as address_module

JSON, WEIGHTS, ONNX = b'{"model": true}', b"0123456789" * 1000, b"onnx" * 50


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        status, headers, body = self.server.answers.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_):
        """Stay quiet."""


@pytest.fixture
def web():
    """A server of this machine; ``answers`` are (status, headers, body) by path."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.answers, server.requests = {}, []
        server.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def store(cache):
    return Store(cache)


@pytest.fixture
def model(web):
    """A TF.js model whose weights lie in a folder beside it; returns its address."""
    web.answers["/a/model.json"] = (200, {}, JSON)
    web.answers["/a/shards/w%201.bin"] = (200, {}, WEIGHTS)
    return f"{web.address}/a/model.json"


def shards(path):
    assert path.read_bytes() == JSON
    return [path.parent / "shards" / "w 1.bin"]


def nothing_more(_):
    return ()


def files(cache):
    return sorted(path for path in cache.rglob("*") if path.is_file() and path.parent.name != "locks")


def test_a_model_comes_with_its_weights_and_once(store, web, model):
    seen = []
    path = store.download(model, shards, on_progress=seen.append)
    assert path.read_bytes() == JSON
    assert (path.parent / "shards" / "w 1.bin").read_bytes() == WEIGHTS
    assert seen[0] == Progress("model.json", len(JSON), len(JSON))
    assert seen[-1] == Progress("w 1.bin", len(WEIGHTS), len(WEIGHTS))
    assert store.download(model, shards) == path
    assert web.requests == ["/a/model.json", "/a/shards/w%201.bin"]


def test_a_query_goes_with_every_file(store, web):
    web.answers["/a/model.json?key=1"] = (200, {}, JSON)
    web.answers["/a/shards/w%201.bin?key=1"] = (200, {}, WEIGHTS)
    path = store.download(f"{web.address}/a/model.json?key=1", shards)
    assert path.name == "model.json"


def test_two_addresses_are_two_models(store, web):
    for folder in "ab":
        web.answers[f"/{folder}/model.onnx"] = (200, {}, ONNX + folder.encode())
    paths = [store.download(f"{web.address}/{folder}/model.onnx", nothing_more) for folder in "ab"]
    assert [path.read_bytes()[-1:] for path in paths] == [b"a", b"b"]


@pytest.mark.parametrize(
    "answer",
    [
        (404, {}, b""),
        (500, {}, b"sorry"),
        (200, {"Content-Length": "20000"}, WEIGHTS),
    ],
)
def test_a_file_that_cannot_be_had_leaves_nothing(store, cache, web, model, answer):
    web.answers["/a/shards/w%201.bin"] = answer
    with pytest.raises(FetchError, match=r"shards/w%201\.bin: (HTTP status|broke off)"):
        store.download(model, shards)
    assert files(cache) == []
    web.answers["/a/shards/w%201.bin"] = (200, {}, WEIGHTS)
    assert store.download(model, shards).exists()


def test_what_a_killed_fetch_left_is_swept(store, cache, web, model):
    folder = store.download(model, shards).parent
    part = folder.rename(folder.with_name(f"{folder.name}.part"))
    (part / "junk").write_bytes(b"junk")
    path = store.download(model, shards)
    assert path.read_bytes() == JSON
    assert not part.exists()
    assert not (path.parent / "junk").exists()


def test_an_error_of_the_reader_passes_through_and_leaves_nothing(store, cache, model):
    def refuse(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.download(model, refuse)
    assert files(cache) == []


def test_offline_only_what_is_there(cache, model):
    offline = Store(cache, offline=True)
    with pytest.raises(OfflineError, match="HUMANRT_OFFLINE"):
        offline.download(model, shards)
    path = Store(cache).download(model, shards)
    assert offline.download(model, shards) == path


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/model.json",
        "ftp://example.com/model.json",
        "file:///etc/model.json",
        "http://localhost.example.com/model.json",
        "http://127.0.0.1@example.com/model.json",
    ],
)
def test_only_https_or_this_machine_itself(store, cache, url):
    with pytest.raises(FetchError, match="https only"):
        store.download(url, nothing_more)
    assert not cache.exists()


@pytest.mark.parametrize("path", ["/model", "/model.bin", "/", ""])
def test_only_the_names_of_models(store, web, path):
    with pytest.raises(FetchError, match=r"ends with \.json or \.onnx"):
        store.download(f"{web.address}{path}", nothing_more)
    assert web.requests == []


def test_a_redirect_is_followed(store, web):
    web.answers["/old/model.onnx"] = (302, {"Location": "/new/model.onnx"}, b"")
    web.answers["/new/model.onnx"] = (200, {}, ONNX)
    assert store.download(f"{web.address}/old/model.onnx", nothing_more).read_bytes() == ONNX


def test_a_redirect_to_where_it_could_be_exchanged_is_not(store, cache, web):
    web.answers["/model.onnx"] = (302, {"Location": "http://example.com/model.onnx"}, b"")
    with pytest.raises(FetchError, match=r"http://example\.com/model\.onnx: .*https only"):
        store.download(f"{web.address}/model.onnx", nothing_more)
    assert files(cache) == []


def test_a_server_that_does_not_tell_the_length(store, web, monkeypatch):
    monkeypatch.setattr(Handler, "protocol_version", "HTTP/1.1")
    web.answers["/model.onnx"] = (200, {"Transfer-Encoding": "chunked"}, b"c8\r\n" + ONNX + b"\r\n0\r\n\r\n")
    monkeypatch.setattr(Handler, "send_header", _without_length(Handler.send_header))
    assert store.download(f"{web.address}/model.onnx", nothing_more).read_bytes() == ONNX


def _without_length(send):
    return lambda self, name, value: None if name == "Content-Length" else send(self, name, value)


def test_nobody_answers(store, nowhere):
    with pytest.raises(FetchError, match="refused"):
        store.download(f"{nowhere}/model.onnx", nothing_more)


def test_no_answer_in_time(store, web, monkeypatch):
    monkeypatch.setattr(address_module, "answer", _too_late)
    with pytest.raises(FetchError, match="no answer within"):
        store.download(f"{web.address}/model.onnx", nothing_more)


def _too_late(*_):
    raise TimeoutError


@pytest.mark.parametrize(
    ("source", "expected"),
    [("https://host/model.json", True), ("http://host/model.json", True), ("models/a.onnx", False), (5, False)],
)
def test_what_is_an_address(source, expected):
    assert is_address(source) is expected
