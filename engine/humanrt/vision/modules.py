"""The modules of Human, in one list, which the pipeline, the command line and the drawing read.

A new module is a folder beside the five of this package, and one entry here; its configuration is a section of
``Config`` and its records are a field of ``Result``.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from humanrt.config import Config
from humanrt.drawing import records
from humanrt.drawing.canvas import Canvas
from humanrt.drawing.faces import draw_faces
from humanrt.result import Body, Face, Gesture, Hand, Object, Person, Result, Segmentation
from humanrt.result.formats import rows
from humanrt.result.formats.rows import Summary
from humanrt.runtime import scheduler
from humanrt.vision.body.pipeline import body_models, detect_bodies, reuse_bodies
from humanrt.vision.call import Call
from humanrt.vision.face.pipeline import detect_faces, face_models
from humanrt.vision.families import Families
from humanrt.vision.hand.caching import follow_hands
from humanrt.vision.hand.pipeline import detect_hands, hand_models, without_faces
from humanrt.vision.object.pipeline import detect_objects, object_models, reuse_objects
from humanrt.vision.segmentation.pipeline import detect_segments, segmentation_models
from humanrt.vision.tracking import track_bodies, track_faces, track_hands

AS_MANY_AS_FACES = -1
# For each face. Without face detection an image is taken to have one of each.
BODIES_OF_A_FACE, HANDS_OF_A_FACE = 1, 2


@dataclass
class Found:
    """The results of the modules of one call, as far as they have ended."""

    face: tuple[Face, ...] = ()
    body: tuple[Body, ...] = ()
    hand: tuple[Hand, ...] = ()
    object: tuple[Object, ...] = ()
    gesture: tuple[Gesture, ...] = ()
    persons: tuple[Person, ...] = ()
    segmentation: Segmentation | None = None
    errors: dict[str, Exception] = field(default_factory=dict)


def _no_models(config: Config) -> Mapping[str, str]:
    del config
    return {}


def _no_others(config: Config) -> tuple[str, ...]:
    del config
    return ()


@dataclass(frozen=True)
class Module:
    """One module: ``name`` is its key in the configuration, in ``Found`` and in ``Result.errors``.

    - ``enabled`` returns whether the configuration enables it.
    - ``detect`` fills the module's field of ``Found``.
    - ``summarize`` returns its rows of the table that the command line prints.
    - ``draw`` draws its detections onto a canvas; higher layers cover lower ones, and labels cover all.
    - ``models`` returns the path of each model needed, by its key of the configuration.
    - ``needs`` returns the names of the modules whose results it reads, which are awaited first.
    """

    name: str
    enabled: Callable[[Config], bool]
    detect: Callable[[Call, Families, Found], Awaitable[None]]
    summarize: Callable[[Result], Summary]
    draw: Callable[[Canvas, Result], None]
    layer: int
    models: Callable[[Config], Mapping[str, str]] = _no_models
    needs: Callable[[Config], tuple[str, ...]] = _no_others


async def _faces(call: Call, families: Families, found: Found) -> None:
    found.face = await detect_faces(call, families.face)
    if call.frame is not None:
        found.face = await track_faces(call, call.frame, found.face)


async def _bodies(call: Call, families: Families, found: Found) -> None:
    limit = _limit(call, found, call.config.body.max_detected, BODIES_OF_A_FACE)
    detect = detect_bodies if call.frame is None else reuse_bodies
    found.body = await detect(call, families.body, limit)
    if call.frame is not None:
        found.body = await track_bodies(call, call.frame, found.body)


async def _hands(call: Call, families: Families, found: Found) -> None:
    limit = _limit(call, found, call.config.hand.max_detected, HANDS_OF_A_FACE)
    detect = detect_hands if call.frame is None else follow_hands
    found.hand = await detect(call, families.hand, limit, found.body)
    if call.config.hand.confirmed:
        found.hand = without_faces(found.hand, found.face)
    if call.frame is not None:
        found.hand = await track_hands(call, call.frame, found.hand)


async def _objects(call: Call, families: Families, found: Found) -> None:
    detect = detect_objects if call.frame is None else reuse_objects
    found.object = await detect(call, families.object)


async def _segments(call: Call, families: Families, found: Found) -> None:
    found.segmentation = await detect_segments(call, families.segmentation)


async def _gestures(call: Call, families: Families, found: Found) -> None:
    del call
    found.gesture = await scheduler.run(families.gestures.find, found.face, found.body, found.hand)


def _limit(call: Call, found: Found, max_detected: int, of_a_face: int) -> int:
    if max_detected != AS_MANY_AS_FACES:
        return max_detected
    counted = "face.detector" in call.models and "face" not in found.errors
    return of_a_face * len(found.face) if counted else 1


def _faces_if_counted(max_detected: int) -> tuple[str, ...]:
    return ("face",) if max_detected == AS_MANY_AS_FACES else ()


def _needs_of_hands(config: Config) -> tuple[str, ...]:
    faces = ("face",) if config.hand.confirmed else _faces_if_counted(config.hand.max_detected)
    return (*faces, "body") if config.hand.around_wrists else faces


MODULES: tuple[Module, ...] = (
    Module(
        "face",
        lambda config: config.face.enabled,
        _faces,
        rows.summarize_faces,
        draw_faces,
        layer=5,
        models=lambda config: face_models(config.face),
    ),
    Module(
        "body",
        lambda config: config.body.enabled,
        _bodies,
        rows.summarize_bodies,
        records.draw_bodies,
        layer=3,
        models=lambda config: body_models(config.body),
        needs=lambda config: _faces_if_counted(config.body.max_detected),
    ),
    Module(
        "hand",
        lambda config: config.hand.enabled,
        _hands,
        rows.summarize_hands,
        records.draw_hands,
        layer=4,
        models=lambda config: hand_models(config.hand),
        needs=_needs_of_hands,
    ),
    Module(
        "object",
        lambda config: config.object.enabled,
        _objects,
        rows.summarize_objects,
        records.draw_objects,
        layer=2,
        models=lambda config: object_models(config.object),
    ),
    Module(
        "gesture",
        lambda config: config.gesture.enabled,
        _gestures,
        rows.summarize_gestures,
        records.draw_gestures,
        layer=1,
        needs=lambda config: ("face", "body", "hand"),
    ),
    Module(
        "segmentation",
        lambda config: config.segmentation.enabled,
        _segments,
        rows.summarize_segments,
        records.draw_segmentation,
        layer=0,
        models=lambda config: segmentation_models(config.segmentation),
    ),
)


def needed_models(config: Config) -> dict[str, str]:
    """Return the path of each model that a call needs, by its key of the configuration."""
    return {key: path for module in MODULES for key, path in module.models(config).items()}
