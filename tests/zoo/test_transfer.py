"""The bounds of downloads, their cancellation, and addresses without secrets."""

import socket
import threading
import time
from contextlib import ExitStack, suppress

import pytest

from humanrt.errors import ConfigError, FetchError
from humanrt.zoo import DownloadLimits, Store, redact

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.fixture
def serve():
    """Serve one connection with a function that is called with its socket, on a thread; return the address."""
    ended = threading.Event()
    with ExitStack() as servers:

        def serve(answer):
            listener = servers.enter_context(socket.create_server(("127.0.0.1", 0)))

            def run():
                connection, _ = listener.accept()
                with connection:
                    connection.recv(4096)
                    with suppress(OSError):  # the client closes the connection
                        answer(connection, ended)

            thread = threading.Thread(target=run)
            thread.start()
            servers.callback(thread.join)
            return f"http://127.0.0.1:{listener.getsockname()[1]}/model.onnx"

        yield serve
        ended.set()


def endless(connection, ended):
    connection.sendall(HEAD)
    while not ended.is_set():
        connection.sendall(bytes(65536))


def trickling(connection, ended):
    connection.sendall(HEAD)
    while not ended.wait(0.01):
        connection.sendall(b"x")


def silent(connection, ended):
    connection.sendall(HEAD + b"x")
    ended.wait()


def unanswered(connection, ended):
    ended.wait()


def download(cache, url, cancelled=lambda: False, **limits):
    store = Store(cache, limits=DownloadLimits(**limits))
    store.download(url, lambda _: (), check=lambda _: True, cancelled=cancelled)


@pytest.mark.parametrize(
    ("answer", "limits", "message"),
    [
        (endless, {"max_bytes": 1_000_000}, "more than 1000000 bytes"),
        (endless, {"total_s": 0.3}, r"not complete after 0\.3 s"),
        (trickling, {"total_s": 0.3}, r"not complete after 0\.3 s"),
        (silent, {"idle_s": 0.3}, r"no data within 0\.3 s"),
        (unanswered, {"total_s": 0.3}, r"not complete after 0\.3 s"),
    ],
)
def test_limits(tmp_path, serve, answer, limits, message):
    with pytest.raises(FetchError, match=message):
        download(tmp_path, serve(answer), **limits)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"] == []


@pytest.mark.parametrize("answer", [endless, trickling, silent, unanswered])
def test_a_cancelled_download_ends_within_a_second(tmp_path, serve, answer):
    cancelled = threading.Event()
    timer = threading.Timer(0.2, cancelled.set)
    timer.start()
    start = time.monotonic()
    with pytest.raises(FetchError, match="the fetch was cancelled"):
        download(tmp_path, serve(answer), cancelled.is_set)
    assert time.monotonic() - start < 1.2
    timer.join()


def test_an_interrupt_of_the_callback_ends_all_downloads_within_a_second(tmp_path, serve, make_model, monkeypatch):
    """Ctrl-C in the main thread, while another thread waits for a silent host."""
    monkeypatch.setattr("humanrt.zoo.web.RAW_ADDRESS", serve(silent).removesuffix("/model.onnx"))
    entered = threading.Event()

    def wait(jobs, return_when):
        assert entered.wait(10)
        raise KeyboardInterrupt

    monkeypatch.setattr("humanrt.zoo.fetching.wait", wait)
    start = None

    def on_progress(progress):
        nonlocal start
        start = time.monotonic()
        entered.set()

    with pytest.raises(KeyboardInterrupt):
        Store(tmp_path).ensure(make_model().card, on_progress=on_progress)
    assert time.monotonic() - start < 1


def test_a_wait_for_a_lock_can_be_cancelled(tmp_path, model):
    store, other = Store(tmp_path), Store(tmp_path)
    with other._cache.lock_of(model.card), pytest.raises(FetchError, match="the fetch was cancelled"):
        store.ensure(model.card, cancelled=lambda: True)


@pytest.mark.parametrize("limits", [{"max_bytes": 0}, {"total_s": -1.0}, {"idle_s": float("nan")}])
def test_limits_must_be_positive(limits):
    with pytest.raises(ConfigError, match="must be positive"):
        DownloadLimits(**limits)


def test_limits_of_the_environment(monkeypatch):
    assert DownloadLimits.from_environment() == DownloadLimits()
    monkeypatch.setenv("HUMANRT_DOWNLOAD_BYTES", "1000")
    monkeypatch.setenv("HUMANRT_DOWNLOAD_SECONDS", "2.5")
    monkeypatch.setenv("HUMANRT_DOWNLOAD_IDLE_SECONDS", "1")
    assert DownloadLimits.from_environment() == DownloadLimits(max_bytes=1000, total_s=2.5, idle_s=1)
    for text in ("many", "-1", "0", "nan", "inf"):
        monkeypatch.setenv("HUMANRT_DOWNLOAD_SECONDS", text)
        with pytest.raises(ConfigError, match=r"HUMANRT_DOWNLOAD_SECONDS is .*; it must be a positive number"):
            DownloadLimits.from_environment()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://host/a.onnx", "https://host/a.onnx"),
        ("https://host/a.onnx?token=1", "https://host/a.onnx?***"),
        ("https://host/a.onnx#part", "https://host/a.onnx#***"),
        ("https://me:pass@host:8443/a.onnx?x", "https://***@host:8443/a.onnx?***"),
        ("https://me@host/a", "https://***@host/a"),
        ("https://me:p@ss@host/a", "https://***@host/a"),
        ("https://me:p/ss@host/a?b", "https://***@host/a?***"),
        ("https://me:p?ss@host/a", "https://***@host/a"),
        ("https://host:8080/@scope/package@1.2.3/a.json", "https://host:8080/@scope/package@1.2.3/a.json"),
        ("https:/me:pass@host/a?b", "https:/***@host/a?***"),
        ("see https://me:pass@host/ and http://h/?q=1 too", "see https://***@host/ and http://h/?*** too"),
        ("C:/a?b@c", "C:/a?b@c"),
        ("nothing", "nothing"),
    ],
)
def test_addresses_are_redacted(text, expected):
    assert redact(text) == expected
