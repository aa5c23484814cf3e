"""``humanrt serve`` starts the server with limits."""

from granian import server
from granian.constants import HTTPModes

from humanrt import cli


def test_the_server_speaks_http_1_only(monkeypatch, capsys):
    """With HTTP/2 beside it, Granian never closes a connection that sends nothing: 270 of them block the service."""
    given = {}

    class Server:
        def __init__(self, *_, **options):
            given.update(options)

        def serve(self, **_):
            pass

    monkeypatch.setattr(server, "Server", Server)
    assert cli.main(["serve", "--port", "9999", "--queue", "3", "--workers", "2", "--streams", "1"]) == cli.DONE
    assert (given["http"], given["http1_settings"].header_read_timeout) == (HTTPModes.http1, 10_000)
    assert given["backlog"] == 4096  # with 1,024 the kernel reset hundreds of 5,000 connections at once
    assert given["backpressure"] == 2 + 3 + 1 + 256
    assert "http://127.0.0.1:9999" in capsys.readouterr().out
