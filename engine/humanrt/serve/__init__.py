"""The HTTP service and its page: ``humanrt serve``. It needs the extra ``serve``.

::

    app.py         the application: what is mounted where, start and end
    pages.py       stream.py      the page and its files; frames over a WebSocket
    routes.py      the endpoints
    guard.py       what happens before a body is read: request id, host, origin, token, admission; headers, log lines
    body.py        parameters.py  the pictures and the options of a request
    metrics.py     answers.py     counters; results to JSON and PNG
    backend.py     gate.py        indexed.py      what detects; places of requests; PNG with a palette
    problems.py    options.py     errors as problem documents; the limits of the service
"""

from humanrt.serve.app import create_app
from humanrt.serve.options import ServeOptions

__all__ = ["ServeOptions", "create_app"]
