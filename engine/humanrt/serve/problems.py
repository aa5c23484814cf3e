"""Errors as problem documents: RFC 9457, ``application/problem+json``."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

from humanrt.errors import (
    ConfigError,
    EngineClosedError,
    HumanRTError,
    InputError,
    MemoryLimitError,
    MissingDependencyError,
    StoreError,
)

MEDIA_TYPE = "application/problem+json"


class ProblemError(Exception):
    """An answer that is an error: the status, what is wrong, and headers."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status: int = status
        self.detail: str = detail
        self.headers: Mapping[str, str] = headers or {}

    def document(self, request_id: str) -> dict[str, object]:
        """Return the fields of the problem document."""
        return {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "instance": f"urn:humanrt:request:{request_id}",
        }

    def body(self, request_id: str) -> bytes:
        """Return the problem document as JSON."""
        return json.dumps(self.document(request_id)).encode()

    def response(self, request_id: str) -> Response:
        """Return the answer."""
        return Response(self.body(request_id), self.status, dict(self.headers), MEDIA_TYPE)


def busy(seconds: int) -> ProblemError:
    """Return the answer to a request for which there is no place in the queue."""
    return ProblemError(429, "the service is busy; repeat the request later", {"Retry-After": str(seconds)})


def draining() -> ProblemError:
    """Return the answer to a request that came while the service shuts down."""
    return ProblemError(503, "the service is shutting down; repeat the request later", {"Retry-After": "5"})


def timed_out(seconds: float) -> ProblemError:
    """Return the answer to a request that took too long."""
    return ProblemError(504, f"there was no result within {seconds:g} s; send a smaller picture, or switch modules off")


def problem_of(error: Exception) -> ProblemError:
    """Return the answer for an exception of the engine; one that is no fault of the client is 503.

    Messages of errors that may contain paths of this machine are left out.
    """
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, (InputError, ConfigError)):
        return ProblemError(422, str(error))
    if isinstance(error, MemoryLimitError):
        return ProblemError(503, "the memory limit is reached; repeat the request later", {"Retry-After": "5"})
    if isinstance(error, EngineClosedError):
        return draining()
    if isinstance(error, StoreError):
        return ProblemError(
            503, "a model cannot be loaded; the log of the service has the reason", {"Retry-After": "60"}
        )
    if isinstance(error, MissingDependencyError):
        return ProblemError(422, str(error))
    if type(error).__name__ == "OverloadedError":
        return busy(1)
    if isinstance(error, HumanRTError):
        return ProblemError(
            503, f"the detection failed ({type(error).__name__}); the log of the service has the reason"
        )
    return ProblemError(503, "the request failed; the log of the service has the reason")
