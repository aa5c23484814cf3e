"""Where ``humanrt serve`` listens. ``tests/serve`` has the service itself."""

import socket

import pytest

pytest.importorskip("granian")

from granian import server
from granian.constants import HTTPModes

from humanrt import cli


@pytest.fixture
def served(monkeypatch):
    """The options of each server that is made; none listens."""
    made = []

    class Server:
        def __init__(self, _, **options):
            made.append(options)

        def serve(self, **_):
            """Serve nothing."""

    monkeypatch.setattr(server, "Server", Server)
    return made


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_a_host_may_be_a_name(served, capsys):
    """The server takes addresses only."""
    port = free_port()
    assert cli.main(["serve", "--host", "localhost", "--port", str(port)]) == cli.DONE
    assert served[0]["address"] in ("127.0.0.1", "::1")
    assert capsys.readouterr().out == f"http://localhost:{port}\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--port", "65536"], "--port is 65536; it must be 1 to 65535"),
        (["--port", "0"], "--port is 0; it must be 1 to 65535"),
        (["--host", "300.1.1.1"], "--host 300.1.1.1 --port 8000: the service cannot listen there"),
        (["--host", "a..b"], "the service cannot listen there"),
        (["--host", "192.0.2.1"], "the service cannot listen there: "),  # RFC 5737: an address of no machine
    ],
)
def test_places_where_nothing_can_listen(served, capsys, options, message):
    assert cli.main(["serve", *options]) == cli.USAGE
    assert message in capsys.readouterr().err
    assert not served


def test_a_port_that_another_process_has(served, capsys):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert cli.main(["serve", "--port", str(listener.getsockname()[1])]) == cli.USAGE
    assert "the service cannot listen there: Address already in use" in capsys.readouterr().err
    assert not served


def test_the_server_speaks_http_1_only(served):
    """With HTTP/2 beside it, Granian never closes a connection that sends nothing: 270 of them block the service."""
    port = str(free_port())
    assert cli.main(["serve", "--port", port, "--queue", "3", "--workers", "2", "--streams", "1"]) == cli.DONE
    (given,) = served
    assert (given["http"], given["http1_settings"].header_read_timeout) == (HTTPModes.http1, 10_000)
    assert given["backlog"] == 4096  # with 1,024 the kernel reset hundreds of 5,000 connections at once
    assert given["backpressure"] == 2 + 3 + 1 + 256
