"""The endpoints. A request with a body holds a place of the gate already; ``slot()`` is the wait for its turn."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

import humanrt
from humanrt.errors import InputError
from humanrt.matching import match, point_for
from humanrt.matching.match import Embedding
from humanrt.result import Result
from humanrt.runtime import scheduler
from humanrt.serve import answers, schema
from humanrt.serve.backend import PICTURE_FORMS, Backend, PictureForm
from humanrt.serve.body import Upload, read_upload
from humanrt.serve.gate import Gate
from humanrt.serve.metrics import Metrics
from humanrt.serve.options import ServeOptions
from humanrt.serve.parameters import FORMS, STYLES, choose, detection_config, filters_of, parameters_of
from humanrt.serve.problems import ProblemError

# Only the faces are compared, and the largest of these.
COMPARED: Mapping[str, object] = {"modules": "face", "max_faces": 10}
SHOWN_LIMITS = ("max_body", "max_pixels", "max_faces", "concurrency", "queue", "streams", "timeout")


class Endpoints:
    """The endpoints of a service."""

    def __init__(self, backend: Backend, gate: Gate, metrics: Metrics, options: ServeOptions) -> None:
        self._backend = backend
        self._gate = gate
        self._metrics = metrics
        self._options = options

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter()
        detection = [schema.MODULES, schema.MAX_FACES, schema.CONFIG]
        image, two = schema.body("image"), schema.body("first", "second")
        detected = schema.answer("application/json", "image/png")
        pictures = schema.answer(*schema.PICTURES)
        post = _Posts(router)
        post.add("/v1/detect", self.detect, image, [schema.FORM, *detection], detected)
        post.add("/v1/segment", self.segment, image, [schema.SEGMENT_FORM, *detection[1:]], detected)
        post.add("/v1/filter/{name}", self.filter, image, [schema.FILTER, schema.VALUE, schema.PICTURE_FORM], pictures)
        post.add("/v1/style/{name}", self.style, image, [schema.STYLE, schema.PICTURE_FORM], pictures)
        post.add("/v1/match", self.match, two, [], schema.answer("application/json", required=["similarity"]))
        for path, endpoint, answer in (
            ("/live", self.live, schema.answer("application/json", required=["status"])),
            ("/ready", self.ready, schema.answer("application/json", required=["status"])),
            ("/metrics", self.metrics, schema.answer("text/plain")),
            ("/v1/status", self.status, schema.answer("application/json", required=["version", "ready", "tensors"])),
        ):
            responses = {**answer, **schema.REFUSALS}
            router.add_api_route(
                path, endpoint, summary=_summary(endpoint), responses=responses, response_class=Response
            )
        return router

    async def detect(self, request: Request) -> Response:
        """Detect faces, bodies, hands, gestures, objects and segments.

        The answer is Human's JSON, its slim form, or a PNG with the detections drawn on the picture.
        """
        upload = await read_upload(request, self._options)
        form = choose(upload.options, "form", FORMS, "human")
        picture = upload.picture("image", "file")
        with await self._detected(request, picture, upload.options) as result:
            if form == "png":
                async with self._gate.slot(request.receive):
                    drawn = await scheduler.run(answers.drawing, picture, result, self._options.max_pixels)
                return Response(drawn, media_type="image/png")
            write = answers.human_json if form == "human" else answers.slim_json
            return _json(await scheduler.run(write, result))

    async def segment(self, request: Request) -> Response:
        """Segment a picture: an indexed PNG, its legend, areas, and the person of each pixel."""
        upload = await read_upload(request, self._options)
        form = choose(upload.options, "form", ("json", "png"), "json")
        with await self._detected(
            request, upload.picture("image", "file"), {**upload.options, "modules": "body,segmentation"}
        ) as result:
            if form == "png":
                return Response(await scheduler.run(answers.segmentation_png, result), media_type="image/png")
            return _json(await scheduler.run(answers.segmentation_json, result))

    async def filter(self, request: Request) -> Response:
        """Apply a filter of Human, with ``value`` and further filters in the query."""
        upload = await read_upload(request, self._options)
        given = _parameters(upload)
        filters = filters_of({request.path_params["name"]: given.pop("value", True), **given}, self._options)
        form, picture = _picture_form(upload), upload.picture("image", "file")
        async with self._gate.slot(request.receive):
            return Response(await self._backend.filter(picture, filters, form), media_type=f"image/{form}")

    async def style(self, request: Request) -> Response:
        """Paint a picture in a style, with its parameters in the query: sketch, pencil, oil, watercolor."""
        name = request.path_params["name"]
        upload = await read_upload(request, self._options)
        parameters = parameters_of(name, _parameters(upload))
        form, picture = _picture_form(upload), upload.picture("image", "file")
        async with self._gate.slot(request.receive):
            return Response(await self._backend.style(picture, name, parameters, form), media_type=f"image/{form}")

    async def match(self, request: Request) -> Response:
        """Compare the largest faces of two pictures, ``first`` and ``second``."""
        upload = await read_upload(request, self._options)
        point = point_for(self._backend.detector.config.face)
        found = []
        for name in ("first", "second"):
            if name not in upload.pictures:
                raise ProblemError(400, f"there is no picture {name!r} in the body; send first and second")
            with await self._detected(request, upload.pictures[name], COMPARED) as result:
                embedding = _embedding(name, result)
                found.append(match.normalize(embedding) if point and point.normalize else embedding)
        similarity = match.similarity(found[0], found[1], **(point.options if point else {}))
        verdict = {"same": similarity >= point.similarity, "threshold": point.similarity} if point else {}
        return _json({"similarity": round(similarity, 4), **verdict})

    async def live(self) -> Response:
        """Return whether the service lives."""
        if self._backend.has_failed:
            raise ProblemError(503, "the detector could not start; the log of the service has the reason")
        return _json({"status": "live"})

    async def ready(self) -> Response:
        """Return whether the service takes requests."""
        if self._gate.is_closed or not self._backend.is_ready:
            raise ProblemError(503, "the service is starting or shutting down", {"Retry-After": "5"})
        return _json({"status": "ready"})

    async def metrics(self) -> Response:
        """Return Prometheus's metrics."""
        return Response(self._metrics.text(), headers={"Content-Type": self._metrics.media_type})

    async def status(self) -> Response:
        """Return the number of live tensors, the requests, the limits, and what can be chosen."""
        tensors, size = self._backend.tensors()
        return _json(
            {
                "version": humanrt.__version__,
                "ready": self._backend.is_ready and not self._gate.is_closed,
                "tensors": tensors,
                "tensor_bytes": size,
                "workers": len(self._backend.workers()),
                "inside": self._gate.inside,
                "running": self._gate.running,
                "streams": self._gate.streams,
                "segmentation_model": self._backend.segmentation_model(),
                "segmentation_classes": self._backend.segmentation_classes(),
                "styles": STYLES,
                "limits": {name: getattr(self._options, name) for name in SHOWN_LIMITS},
            }
        )

    async def _detected(self, request: Request, picture: bytes, options: Mapping[str, object]) -> Result:
        config = detection_config(options, self._options)
        async with self._gate.slot(request.receive):
            return await self._backend.detect(picture, config)


class _Posts:
    """The routes that take a body, added with its description."""

    def __init__(self, router: APIRouter) -> None:
        self._router = router

    def add(
        self,
        path: str,
        endpoint: Callable[..., Awaitable[Response]],
        body: dict[str, Any],
        parameters: list[dict[str, Any]],
        answer: dict[int | str, dict[str, Any]],
    ) -> None:
        """Add a route."""
        self._router.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            summary=_summary(endpoint),
            responses={**answer, **schema.PROBLEMS},
            openapi_extra={"requestBody": body, "parameters": parameters},
            response_class=Response,
        )


def _summary(endpoint: Callable[..., Awaitable[Response]]) -> str:
    return (endpoint.__doc__ or "").partition("\n")[0].rstrip(".").replace("``", "")


def _parameters(upload: Upload) -> dict[str, object]:
    """Return the options of a request without that of its answer: those of a filter or a style."""
    return {name: value for name, value in upload.options.items() if name != "form"}


def _picture_form(upload: Upload) -> PictureForm:
    return PICTURE_FORMS[choose(upload.options, "form", tuple(PICTURE_FORMS), "png")]


def _embedding(name: str, result: Result) -> Embedding:
    for error in result.errors.values():
        raise error
    faces = [(face.box[2] * face.box[3], face.embedding) for face in result.face if face.embedding is not None]
    if not faces:
        raise InputError(f"there is no face in the picture {name!r}")
    return max(faces, key=lambda face: face[0])[1]


def _json(document: object) -> Response:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Response(body, media_type="application/json")
