"""What happens before an endpoint: request id, host, origin, token, admission; and after it: headers and the log line.

All of it happens before the body is read. A line of the log has the id, the method, the endpoint, the status and the
time, and nothing of the request's content.
"""

import asyncio
import hmac
import logging
import re
import secrets
import time
from collections.abc import MutableMapping
from contextlib import ExitStack, suppress
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from humanrt.serve.body import check_length
from humanrt.serve.gate import SLOW_BYTES, Gate
from humanrt.serve.metrics import Metrics
from humanrt.serve.options import ServeOptions
from humanrt.serve.problems import ProblemError, problem_of

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# What is open to all: the page itself, and whether the service lives. The page then asks for the token.
COMPUTES = "/v1/"
PRIVATE = ("/v1/", "/metrics", "/openapi.json")
# Browsers cannot send a header with a WebSocket: its token is one of the protocols that the client offers.
TOKEN_PROTOCOL = "humanrt.token."  # noqa: S105 - the prefix, not a token
# How long the rest of a body is received and discarded after the answer; its connection counts among those that the
# server accepts. One that comes faster than ``SLOW_BYTES`` a second has more time: its client reads the answer soon.
DISCARD_SECONDS, LONGEST_DISCARD = 5.0, 30.0
# Close codes of RFC 6455.
POLICY_VIOLATION, TRY_AGAIN_LATER = 1008, 1013

_log = logging.getLogger("humanrt.serve")


class Guard:
    """The middleware around the application."""

    def __init__(self, app: ASGIApp, options: ServeOptions, gate: Gate, metrics: Metrics) -> None:
        self._app = app
        self._options = options
        self._gate = gate
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request or a WebSocket, and pass it on."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        scope.setdefault("state", {})["request_id"] = request_id
        status, start, method, body = 0, time.monotonic(), scope["method"], _Body(headers, receive)
        if method == "HEAD":
            scope["method"] = "GET"  # the answer is the same, and the server leaves its contents out

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, scope["path"], request_id)
                if not body.is_complete:
                    MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        try:
            with ExitStack() as places:
                self._check(scope, headers)
                if scope["method"] == "POST" and scope["path"].startswith(COMPUTES):
                    check_length(headers, self._options.max_body)
                    scope["state"]["place"] = places.enter_context(self._gate.place())
                await self._app(scope, body.receive, answer)
        except Exception as error:
            if not isinstance(error, ProblemError):
                _log.exception("%s failed", request_id)
            if status:
                raise
            await problem_of(error).response(request_id)(scope, body.receive, answer)
        finally:
            seconds, endpoint = time.monotonic() - start, _endpoint(scope)
            self._metrics.observe(endpoint, status or 499, seconds)
            _log.info("%s %s %s %d %.0f ms", request_id, method, endpoint, status or 499, 1000 * seconds)
        await body.discard(self._options.max_body)  # the time of the request is that until its answer

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        scope.setdefault("state", {})["request_id"] = request_id
        start = time.monotonic()
        try:
            with ExitStack() as places:
                self._check(scope, headers)
                places.enter_context(self._gate.stream())
                await self._app(scope, receive, send)
        except ProblemError as problem:
            await receive()  # websocket.connect
            code = TRY_AGAIN_LATER if problem.status in (429, 503) else POLICY_VIOLATION
            await send({"type": "websocket.close", "code": code, "reason": problem.detail[:120]})
        finally:
            _log.info("%s WEBSOCKET %s %.1f s", request_id, _endpoint(scope), time.monotonic() - start)

    def _check(self, scope: Scope, headers: Headers) -> None:
        """Raise ``ProblemError`` unless host, origin and token are accepted."""
        options, host = self._options, headers.get("host", "")
        if len(headers.getlist("host")) > 1:  # RFC 9112, 3.2: a proxy may have read another one
            raise ProblemError(400, "a request has one Host header")
        if options.hosts and _without_port(host) not in options.hosts:
            raise ProblemError(421, "this name of the host is not accepted; start the service with --allow-host NAME")
        origin = headers.get("origin")
        # A page of another origin may send a form, and open a WebSocket, without asking first.
        if (
            origin is not None
            and (scope["type"] == "websocket" or scope["method"] == "POST")
            and origin not in options.origins
            and urlsplit(origin).netloc != host
        ):
            raise ProblemError(
                403, "pages of this origin are not accepted; start the service with --allow-origin ORIGIN"
            )
        if options.token is not None and scope["path"].startswith(PRIVATE) and not self._has_token(scope, headers):
            raise ProblemError(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})

    def _has_token(self, scope: Scope, headers: Headers) -> bool:
        if scope.get("method") == "OPTIONS":
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        offered = [given.strip()] if scheme.lower() == "bearer" else []
        protocols = scope.get("subprotocols", ())
        offered += [each.removeprefix(TOKEN_PROTOCOL) for each in protocols if each.startswith(TOKEN_PROTOCOL)]
        expected = (self._options.token or "").encode()
        return any(hmac.compare_digest(each.encode("utf-8", "replace"), expected) for each in offered)


class _Body:
    """The body of a request, of which a refusal reads nothing or a part."""

    def __init__(self, headers: Headers, receive: Receive) -> None:
        self.is_complete: bool = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
        self._receive = receive

    async def receive(self) -> Message:
        """Receive the next message."""
        message = await self._receive()
        self.is_complete = not message.get("more_body")  # also without the rest, when the client has gone
        return message

    async def discard(self, most: int) -> None:
        """Receive the rest after the answer, which a client may read when it has sent the body, or never.

        Otherwise the connection is reset while the client sends, and the answer is lost. Nothing is kept. The server
        closes the connection after ``most`` bytes, or when the time is over, as the answer announces.
        """
        start, received = asyncio.get_running_loop().time(), 0
        with suppress(TimeoutError):
            async with asyncio.timeout(DISCARD_SECONDS) as timeout:
                while received < most and not self.is_complete:
                    received += len((await self.receive()).get("body", b""))
                    timeout.reschedule(start + min(LONGEST_DISCARD, DISCARD_SECONDS + received / SLOW_BYTES))


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _add_headers(message: MutableMapping[str, Any], path: str, request_id: str) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers[name] = value
    headers["X-Request-ID"] = request_id
    headers.setdefault("Cache-Control", "no-store" if path.startswith(PRIVATE) else "no-cache")


def _endpoint(scope: Scope) -> str:
    """Return the path of the route: metrics and logs have no path that a client has made up."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    return path if isinstance(path, str) else "other"


def _without_port(host: str) -> str:
    name, separator, port = host.rpartition(":")
    return (name if separator and port.isdecimal() else host).lower()
