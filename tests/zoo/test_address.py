"""Models from addresses: fetched once, completely or not at all, and from safe addresses only."""

import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from humanrt.errors import FetchError, ModelFormatError, OfflineError
from humanrt.zoo import DownloadLimits, Progress, Store, as_address, local_path
from humanrt.zoo import transfer as transfer_module

JSON, WEIGHTS, ONNX = b'{"model": true}', b"0123456789" * 1000, b"onnx" * 50


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        self.server.authorizations.append(self.headers["Authorization"])
        self.server.agents.append(self.headers["User-Agent"])
        self.server.before_answer()
        status, headers, body = self.server.answers.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_):
        """Log nothing."""


@pytest.fixture
def web():
    """A local server; ``answers`` are (status, headers, body) by path."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.answers, server.requests, server.authorizations, server.agents = {}, [], [], []
        server.before_answer = lambda: None
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
    """The address of a TF.js model with weights in a subfolder."""
    web.answers["/a/model.json"] = (200, {}, JSON)
    web.answers["/a/shards/w%201.bin"] = (200, {}, WEIGHTS)
    return f"{web.address}/a/model.json"


def shards(path):
    assert path.read_bytes() == JSON
    return [path.parent / "shards" / "w 1.bin"]


def nothing_more(_):
    return ()


def complete(_):
    return True


def files(cache):
    return sorted(path for path in cache.rglob("*") if path.is_file() and path.parent.name != "locks")


def test_a_model_is_fetched_once_with_its_weights(store, web, model):
    seen = []
    path = store.download(model, shards, check=complete, on_progress=seen.append)
    assert path.read_bytes() == JSON
    assert (path.parent / "shards" / "w 1.bin").read_bytes() == WEIGHTS
    assert seen[0] == Progress("model.json", len(JSON), len(JSON))
    assert seen[-1] == Progress("w 1.bin", len(WEIGHTS), len(WEIGHTS))
    seen.clear()
    assert store.download(model, shards, check=complete, on_progress=seen.append) == path
    assert seen == [Progress("model.json", len(JSON), len(JSON))]
    assert web.requests == ["/a/model.json", "/a/shards/w%201.bin"]


def test_files_may_lie_together_in_an_inner_folder(store, web):
    web.answers["/m.json"] = (200, {}, JSON)
    names = ("inner/more/a.bin", "inner/more/b.bin")
    for name in names:
        web.answers[f"/{name}"] = (200, {}, name.encode())
    first = store.download(f"{web.address}/m.json", lambda path: [path.parent / name for name in names], check=complete)
    assert [(first.parent / name).read_bytes() for name in names] == [name.encode() for name in names]


def test_the_query_is_sent_for_every_file(store, web):
    web.answers["/a/model.json?key=1"] = (200, {}, JSON)
    web.answers["/a/shards/w%201.bin?key=1"] = (200, {}, WEIGHTS)
    path = store.download(f"{web.address}/a/model.json?key=1", shards, check=complete)
    assert path.name == "model.json"


def test_two_addresses_are_two_models(store, web):
    for folder in "ab":
        web.answers[f"/{folder}/model.onnx"] = (200, {}, ONNX + folder.encode())
    paths = [store.download(f"{web.address}/{folder}/model.onnx", nothing_more, check=complete) for folder in "ab"]
    assert [path.read_bytes()[-1:] for path in paths] == [b"a", b"b"]


@pytest.mark.parametrize(
    "answer",
    [
        (404, {}, b""),
        (500, {}, b"sorry"),
        (200, {"Content-Length": "20000"}, WEIGHTS),
    ],
)
def test_nothing_is_kept_of_a_failed_fetch(store, cache, web, model, answer):
    web.answers["/a/shards/w%201.bin"] = answer
    with pytest.raises(FetchError, match=r"shards/w%201\.bin: (HTTP status|broke off)"):
        store.download(model, shards, check=complete)
    assert files(cache) == []
    web.answers["/a/shards/w%201.bin"] = (200, {}, WEIGHTS)
    assert store.download(model, shards, check=complete).exists()


def test_the_files_of_a_killed_fetch_are_deleted(store, cache, web, model):
    folder = store.download(model, shards, check=complete).parent
    part = folder.rename(folder.with_name(f"{folder.name}.part"))
    (part / "junk").write_bytes(b"junk")
    path = store.download(model, shards, check=complete)
    assert path.read_bytes() == JSON
    assert not part.exists()
    assert not (path.parent / "junk").exists()


def test_nothing_is_kept_after_an_exception_of_the_reader(store, cache, model):
    def refuse(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.download(model, refuse, check=complete)
    assert files(cache) == []


def test_offline(cache, model):
    offline = Store(cache, offline=True)
    with pytest.raises(OfflineError, match="HUMANRT_OFFLINE"):
        offline.download(model, shards, check=complete)
    path = Store(cache).download(model, shards, check=complete)
    assert offline.download(model, shards, check=complete) == path


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
def test_unsafe_addresses(store, cache, url):
    with pytest.raises(FetchError, match="https only"):
        store.download(url, nothing_more, check=complete)
    assert not cache.exists()


@pytest.mark.parametrize("path", ["/model", "/model.bin", "/", ""])
def test_addresses_that_are_not_those_of_models(store, web, path):
    with pytest.raises(FetchError, match=r"ends with \.json or \.onnx"):
        store.download(f"{web.address}{path}", nothing_more, check=complete)
    assert web.requests == []


def test_a_redirect_is_followed(store, web):
    web.answers["/old/model.onnx"] = (302, {"Location": "/new/model.onnx"}, b"")
    web.answers["/new/model.onnx"] = (200, {}, ONNX)
    assert store.download(f"{web.address}/old/model.onnx", nothing_more, check=complete).read_bytes() == ONNX


def test_a_redirect_to_an_unsafe_address_is_not_followed(store, cache, web):
    web.answers["/model.onnx"] = (302, {"Location": "http://example.com/model.onnx"}, b"")
    with pytest.raises(FetchError, match=r"http://example\.com/model\.onnx: .*https only"):
        store.download(f"{web.address}/model.onnx", nothing_more, check=complete)
    assert files(cache) == []


def test_a_chunked_body(store, web, monkeypatch):
    monkeypatch.setattr(Handler, "protocol_version", "HTTP/1.1")
    body = b"c8\r\n" + ONNX + b"\r\n0\r\n\r\n"
    web.answers["/model.onnx"] = (200, {"Transfer-Encoding": "chunked", "Content-Length": None}, body)
    assert store.download(f"{web.address}/model.onnx", nothing_more, check=complete).read_bytes() == ONNX


def test_a_host_without_a_server(store, nowhere):
    with pytest.raises(FetchError, match="refused"):
        store.download(f"{nowhere}/model.onnx", nothing_more, check=complete)


def test_no_answer_in_time(store, web, monkeypatch):
    monkeypatch.setattr(transfer_module, "ANSWER_TIMEOUT_S", 0.05)
    asked = threading.Event()
    web.before_answer = lambda: asked.wait(30)
    with pytest.raises(FetchError, match=r"no answer within 0\.05 s"):
        store.download(f"{web.address}/model.onnx", nothing_more, check=complete)
    asked.set()


@pytest.mark.parametrize("length", [{}, {"Content-Length": None}])
def test_an_incomplete_model_is_not_kept(store, cache, web, length):
    """Without a length, only the content shows that a body broke off."""
    web.answers["/model.onnx"] = (200, length, ONNX[:50])

    def check(path):
        if path.read_bytes() != ONNX:
            raise ModelFormatError("broke off")
        return True

    with pytest.raises(ModelFormatError, match="broke off"):
        store.download(f"{web.address}/model.onnx", nothing_more, check=check)
    assert files(cache) == []
    web.answers["/model.onnx"] = (200, length, ONNX)
    assert store.download(f"{web.address}/model.onnx", nothing_more, check=check).read_bytes() == ONNX


def test_an_incomplete_model_of_an_earlier_version_is_fetched_again(store, web, model):
    path = store.download(model, shards, check=complete)
    weights = path.parent / "shards" / "w 1.bin"
    weights.unlink()
    assert store.download(model, shards, check=complete) == path
    assert weights.read_bytes() == WEIGHTS
    assert web.requests.count("/a/model.json") == 2


def test_a_limit_on_the_bytes_of_all_files(cache, web, model):
    limits = DownloadLimits(max_bytes=len(JSON) + len(WEIGHTS) - 1)
    for headers in ({}, {"Content-Length": None}):
        web.answers["/a/shards/w%201.bin"] = (200, headers, WEIGHTS)
        with pytest.raises(FetchError, match=r"more than 10014 bytes.*HUMANRT_DOWNLOAD_BYTES"):
            Store(cache, limits=limits).download(model, shards, check=complete)
    assert files(cache) == []
    enough = DownloadLimits(max_bytes=len(JSON) + len(WEIGHTS))
    assert Store(cache, limits=enough).download(model, shards, check=complete)


def test_user_information_is_sent_as_a_header_and_not_to_another_host(store, web):
    web.answers["/a.onnx"] = (302, {"Location": "/b.onnx"}, b"")
    web.answers["/b.onnx"] = (200, {}, ONNX)
    store.download(web.address.replace("//", "//me:p%40ss@") + "/a.onnx", nothing_more, check=complete)
    assert web.authorizations == ["Basic bWU6cEBzcw==", None]  # me:p@ss


def test_a_server_sees_the_name_of_the_library(store, web, model):
    store.download(model, shards, check=complete)
    assert web.agents == ["humanrt", "humanrt"]


def test_this_machine_may_be_named_localhost(store, web, model):
    assert store.download(model.replace("127.0.0.1", "localhost"), shards, check=complete).read_bytes() == JSON


def test_the_progress_of_a_file_whose_length_is_not_known_ends_with_what_was_received(store, web):
    web.answers["/model.onnx"] = (200, {"Content-Length": None}, ONNX)
    seen = []
    store.download(f"{web.address}/model.onnx", nothing_more, check=complete, on_progress=seen.append)
    assert seen == [Progress("model.onnx", len(ONNX), len(ONNX))]


def test_other_characters_are_percent_encoded(store, web):
    web.answers["/m%C3%B6%20del.onnx"] = (200, {}, ONNX)
    assert store.download(f"{web.address}/m\u00f6 del.onnx", nothing_more, check=complete).read_bytes() == ONNX


SECRET = "hunter2"  # noqa: S105 - of a test


@pytest.mark.parametrize(
    "address",
    [
        "{host}/absent.onnx?token=hunter2",
        "{host}/absent.onnx?a=b&token=hunter2#hunter2",
        "http://me:hunter2@{authority}/absent.onnx",
        "http://me:pa/hunter2@{authority}/absent.onnx",
        "http://me:hunter2@example.com/model.onnx",
        "http://me:hunter2@[x/model.onnx?hunter2",
        "ftp://me:hunter2@{authority}/model.onnx",
        "{host}/model?token=hunter2",
        "{host}/redirect.onnx?token=hunter2",
    ],
)
def test_errors_contain_no_secrets(cache, web, address):
    """Neither the message nor the causes, which a traceback shows."""
    web.answers[f"/redirect.onnx?token={SECRET}"] = (302, {"Location": f"http://me:{SECRET}@x.com/?{SECRET}"}, b"")
    address = address.format(host=web.address, authority=web.address.removeprefix("http://"))
    for offline in (False, True):
        with pytest.raises(FetchError) as caught:
            Store(cache, offline=offline).download(address, nothing_more, check=complete)
        assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("https://host/model.json", "https://host/model.json"),
        ("ftp://host/model.json", "ftp://host/model.json"),
        ("https:/host/model.json", "https://host/model.json"),
        (Path("https://host/model.json"), "https://host/model.json"),
        (Path("file:///models/a.onnx"), "file:///models/a.onnx"),
        ("models/a.onnx", None),
        ("models/https:/a.onnx", None),
        ("C:/models/a.onnx", None),
        (b"https://host/model.json", None),
        (5, None),
    ],
)
def test_addresses_are_recognized(source, expected):
    assert as_address(source) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("file:///a%20b/m%C3%B6del.onnx", Path("/a b/m\u00f6del.onnx")),
        ("file://localhost/a.onnx", Path("/a.onnx")),
        ("https://host/a.onnx", None),
    ],
)
def test_paths_of_file_addresses(address, expected):
    assert local_path(address) == expected


def test_a_file_address_with_a_host():
    with pytest.raises(FetchError, match=r"must not have a host"):
        local_path("file://server/a.onnx")
