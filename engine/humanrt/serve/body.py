"""The pictures and the options of a request: multipart, raw bytes, or JSON with base64.

A body is read in memory, and never beyond the limit. Options of the address are overridden by those of the body.
"""

import base64
import binascii
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from humanrt.errors import InputError
from humanrt.imaging import read_header
from humanrt.runtime import scheduler
from humanrt.serve.gate import SLOW_BYTES, Place
from humanrt.serve.options import ServeOptions
from humanrt.serve.parameters import read_json
from humanrt.serve.problems import ProblemError

MOST_PARTS = 16
DATA_URL = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,")
BINARY = re.compile(r"image/[\w.+-]+|application/octet-stream")
ACCEPTED = "multipart/form-data, application/json, image/* and application/octet-stream"


@dataclass(frozen=True)
class Upload:
    """The pictures of a request by name, and its options."""

    pictures: dict[str, bytes] = field(default_factory=dict)
    options: dict[str, object] = field(default_factory=dict)

    def picture(self, *names: str) -> bytes:
        """Return the first picture of these names, or the only one. Raises ``ProblemError``, 400, without one."""
        for name in names:
            if name in self.pictures:
                return self.pictures[name]
        if len(self.pictures) == 1:
            return next(iter(self.pictures.values()))
        raise ProblemError(400, f"there is no picture {names[0]!r} in the body; accepted are {ACCEPTED}")


class _InMemory(MultiPartParser):
    """Starlette's parser, which writes no file: the body is within its limit."""

    spool_max_size = 2**62


async def read_upload(request: Request, options: ServeOptions) -> Upload:
    """Return the pictures and the options of a request, whose headers of pictures were checked.

    Raises ``ProblemError``: 400 without a picture, 408 if the body does not come in time or its place is lost, 413 for
    too large a body or picture, 415 for an unknown format, 422 for a damaged picture.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    check_length(request.headers, options.max_body)
    place: Place = request.state.place
    try:
        async with place.receiving(options.body_timeout):
            if kind == "multipart/form-data":
                upload = await _multipart(request, options)
            elif kind == "application/json":
                upload = await _from_json(await _whole(request, options))
            elif BINARY.fullmatch(kind):
                upload = Upload({"image": await _whole(request, options)})
            else:
                raise ProblemError(415, f"the content type is {kind[:60]!r}; accepted are {ACCEPTED}")
    except TimeoutError:
        late = f"was not complete after {options.body_timeout:g} s"
        slow = f"came slower than {SLOW_BYTES // 1024} KiB a second while other requests waited; repeat it later"
        raise ProblemError(408, f"the body {late if place.is_held else slow}") from None
    except ClientDisconnect:
        raise ProblemError(400, "the body is not complete") from None
    for picture in upload.pictures.values():
        await check_picture(picture, options)
    return Upload(upload.pictures, {**request.query_params, **upload.options})


def check_length(headers: Headers, limit: int) -> None:
    """Raise ``ProblemError``, 413, if a body declares to be too long, 400 if its length is not a number."""
    length = headers.get("content-length")
    if length is not None:
        if not (length.isascii() and length.isdecimal()):
            raise ProblemError(400, "the content length is not a number")
        if int(length) > limit:
            raise _too_large(limit)


async def check_picture(picture: bytes, options: ServeOptions) -> None:
    """Raise ``ProblemError`` if the header of a picture shows that it cannot be read. Nothing is decoded."""
    if not picture:
        raise ProblemError(400, "the picture is empty: 0 bytes")
    try:
        header = await scheduler.run(read_header, picture)
    except InputError as error:
        unknown = "unknown picture format" in str(error) or "which is not read" in str(error)
        raise ProblemError(415 if unknown else 422, str(error)) from error
    try:
        header.check(options.max_pixels)
    except InputError as error:
        raise ProblemError(413 if "too large" in str(error) else 422, str(error)) from error


def _too_large(limit: int) -> ProblemError:
    return ProblemError(413, f"the body has more than {limit:,} bytes, which is the limit")


async def _limited(request: Request, options: ServeOptions) -> AsyncGenerator[bytes, None]:
    place: Place = request.state.place
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        place.count(len(chunk))
        if received > options.max_body:
            raise _too_large(options.max_body)
        yield chunk
    place.complete()


async def _whole(request: Request, options: ServeOptions) -> bytes:
    return b"".join([chunk async for chunk in _limited(request, options)])


async def _multipart(request: Request, options: ServeOptions) -> Upload:
    parser = _InMemory(
        request.headers,
        _limited(request, options),
        max_files=MOST_PARTS,
        max_fields=MOST_PARTS,
    )
    try:
        form = await parser.parse()
    except (MultiPartException, FormParserError, KeyError, UnicodeDecodeError, ValueError) as error:
        reason = error.message if isinstance(error, MultiPartException) else type(error).__name__
        raise ProblemError(400, f"the multipart body cannot be read: {reason}") from error
    pictures: dict[str, bytes] = {}
    fields: dict[str, object] = {}
    try:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                pictures[name] = await value.read()
            else:
                fields[name] = value
    finally:
        await form.close()
    return Upload(pictures, fields)


async def _from_json(body: bytes) -> Upload:
    try:
        document = await scheduler.run(read_json, body)
    except ValueError as error:
        raise ProblemError(400, "the body is not JSON, or has too many parts") from error
    if not isinstance(document, dict):
        raise ProblemError(422, 'the body must be a JSON object, {"image": "...base64..."} for instance')
    pictures = {name: _decode(name, document.pop(name)) for name in ("image", "first", "second") if name in document}
    return Upload(pictures, document)


def _decode(name: str, text: object) -> bytes:
    if not isinstance(text, str):
        raise ProblemError(422, f"{name} must be a picture in base64")
    prefix = DATA_URL.match(text)
    try:
        return base64.b64decode(text[prefix.end() :] if prefix else text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProblemError(422, f"{name} is not base64") from error
