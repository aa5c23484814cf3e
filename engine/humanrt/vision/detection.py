"""Everything in a picture: Human's modules side by side, and what becomes of one that fails."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from traceback import clear_frames

from humanrt.config import Config
from humanrt.errors import ConfigError, EngineError, ModelDisposedError, ScopeError, TensorDisposedError
from humanrt.people.gestures import find_gestures
from humanrt.people.persons import join_persons
from humanrt.result import Body, Face, Gesture, Hand, Object, Person, Segmentation
from humanrt.runtime import scheduler
from humanrt.runtime.side_by_side import side_by_side
from humanrt.vision.body.pipeline import body_models, detect_bodies
from humanrt.vision.call import Call
from humanrt.vision.clock import Clock
from humanrt.vision.face.pipeline import detect_faces, face_models
from humanrt.vision.hand.pipeline import detect_hands, hand_models
from humanrt.vision.object.pipeline import detect_objects, object_models
from humanrt.vision.segmentation.pipeline import detect_segments, segmentation_models

AS_MANY_AS_FACES = -1
# A face has one body and two hands. Where no faces are looked for, a picture is taken for one of each.
BODIES_OF_A_FACE, HANDS_OF_A_FACE = 1, 2
# A wrong configuration, and what happens to a whole engine: nothing that the other modules could go on after.
NO_MODULES_OWN = (ConfigError, EngineError, ModelDisposedError, ScopeError, TensorDisposedError)


def needed_models(config: Config) -> dict[str, str]:
    """Tell which models a call needs: the path of each, by its key of the configuration."""
    return {
        **face_models(config.face),
        **body_models(config.body),
        **hand_models(config.hand),
        **object_models(config.object),
        **segmentation_models(config.segmentation),
    }


@dataclass
class Found:
    """What there is in a picture: the fields of a Result, as far as they are known."""

    face: tuple[Face, ...] = ()
    body: tuple[Body, ...] = ()
    hand: tuple[Hand, ...] = ()
    object: tuple[Object, ...] = ()
    gesture: tuple[Gesture, ...] = ()
    persons: tuple[Person, ...] = ()
    segmentation: Segmentation | None = None
    errors: dict[str, Exception] = field(default_factory=dict)


class Detection:
    """The modules of one call, each of which fills its field of what was found."""

    def __init__(self, call: Call, clock: Clock) -> None:
        self._call = call
        self._config = call.config
        self._clock = clock
        self._found = Found()

    async def run(self) -> Found:
        """Run what the configuration asks for.

        A module that fails is in ``errors``, and the others go on. What is no module's own fault is raised, and with
        ``raise_errors`` any error: then the others are cancelled.
        """
        await side_by_side(
            self._people(), self._attempt("object", self._objects), self._attempt("segmentation", self._segments)
        )
        await self._attempt("gesture", self._gestures)
        found = self._found
        join = partial(join_persons, quirks=self._call.quirks)
        found.persons = await scheduler.run(join, found.face, found.body, found.hand, found.gesture, self._call.size)
        return found

    async def _people(self) -> None:
        """Find faces, bodies and hands: all side by side, unless bodies or hands are counted after the faces."""
        faces = partial(self._attempt, "face", self._faces)
        bodies, hands = partial(self._attempt, "body", self._bodies), partial(self._attempt, "hand", self._hands)
        if AS_MANY_AS_FACES in (self._config.body.max_detected, self._config.hand.max_detected):
            await faces()
            await side_by_side(bodies(), hands())
        else:
            await side_by_side(faces(), bodies(), hands())

    async def _attempt(self, module: str, work: Callable[[], Awaitable[None]]) -> None:
        if not getattr(self._config, module).enabled:
            return
        try:
            with self._clock.measure(module):
                await work()
        except NO_MODULES_OWN:
            raise
        except Exception as error:
            if self._config.raise_errors:
                raise
            self._found.errors[module] = _let_go(error)

    async def _faces(self) -> None:
        self._found.face = await detect_faces(self._call)

    async def _bodies(self) -> None:
        limit = self._limit(self._config.body.max_detected, BODIES_OF_A_FACE)
        self._found.body = await detect_bodies(self._call, limit)

    async def _hands(self) -> None:
        limit = self._limit(self._config.hand.max_detected, HANDS_OF_A_FACE)
        self._found.hand = await detect_hands(self._call, limit)

    async def _objects(self) -> None:
        self._found.object = await detect_objects(self._call)

    async def _segments(self) -> None:
        self._found.segmentation = await detect_segments(self._call)

    async def _gestures(self) -> None:
        found = self._found
        find = partial(find_gestures, quirks=self._call.quirks)
        self._found.gesture = await scheduler.run(find, found.face, found.body, found.hand)

    def _limit(self, max_detected: int, of_a_face: int) -> int:
        if max_detected != AS_MANY_AS_FACES:
            return max_detected
        counted = "face.detector" in self._call.models and "face" not in self._found.errors
        return of_a_face * len(self._found.face) if counted else 1


def _let_go(error: Exception) -> Exception:
    """Empty the frames that an error's traceback holds: whoever keeps the error would keep the pictures in them."""
    reason: BaseException | None = error
    while reason is not None:
        clear_frames(reason.__traceback__)
        reason = reason.__cause__ or reason.__context__
    # The frame of the caller still runs, and holds what will hold the error.
    return error.with_traceback(error.__traceback__ and error.__traceback__.tb_next)
