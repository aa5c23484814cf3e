"""Everything in an image: the modules run concurrently, and what happens if one of them fails."""

import asyncio
import time
from functools import partial

from humanrt.errors import ConfigError, EngineError, ModelDisposedError, ScopeError, TensorDisposedError
from humanrt.people.persons import join_persons
from humanrt.runtime import scheduler
from humanrt.runtime.side_by_side import side_by_side
from humanrt.tracebacks import without_frames
from humanrt.vision.caching import compare_frames
from humanrt.vision.call import Call, Clock
from humanrt.vision.families import Families
from humanrt.vision.modules import MODULES, Found, Module
from humanrt.vision.scaling import DetailNeededError, Original
from humanrt.vision.tracking import track_persons

# A wrong configuration, and what concerns a whole engine: the other modules could not go on after these.
NO_MODULES_OWN = (
    ConfigError,
    DetailNeededError,
    EngineError,
    ModelDisposedError,
    ScopeError,
    TensorDisposedError,
)


class Detection:
    """The modules of one call, each of which fills its field of ``Found``."""

    def __init__(self, call: Call, families: Families, clock: Clock, modules: tuple[Module, ...] = MODULES) -> None:
        self._call = call
        self._families = families
        self._clock = clock
        self._modules = [module for module in modules if module.enabled(call.config)]
        self._ended = {module.name: asyncio.Event() for module in self._modules}
        self._found = Found()

    async def run(self) -> Found:
        """Run the modules that the configuration enables, and join persons.

        The error of a module that fails is in ``errors``, and the others go on. An error that is not a module's own is
        raised, and with ``raise_errors`` any error: then the others are cancelled. So is ``DetailNeededError``, if the
        picture was decoded at a smaller scale and must be decoded whole.
        """
        if self._call.frame is not None:
            await compare_frames(self._call, self._call.frame)
        await side_by_side(*(self._attempt(module) for module in self._modules))
        found, size, original = self._found, self._call.size, self._call.original
        if original is not None:
            size = original.size
            await scheduler.run(_scale, found, original)
        join = partial(join_persons, join=self._families.join)
        found.persons = await scheduler.run(join, found.face, found.body, found.hand, found.gesture, size)
        if self._call.frame is not None:
            found.persons = track_persons(self._call, self._call.frame, found.persons)
        return found

    async def _attempt(self, module: Module) -> None:
        for name in module.needs(self._call.config):
            if name in self._ended:
                await self._ended[name].wait()
        start = time.perf_counter()
        try:
            await module.detect(self._call, self._families, self._found)
        except NO_MODULES_OWN:
            raise
        except Exception as error:
            if self._call.config.raise_errors:
                raise
            self._found.errors[module.name] = without_frames(error)
        self._clock.record(module.name, start)
        self._ended[module.name].set()


def _scale(found: Found, original: Original) -> None:
    """Replace the records by those in pixels of the original."""
    found.face = original.faces(found.face)
    found.body = original.bodies(found.body)
    found.hand = original.hands(found.hand)
    found.object = original.objects(found.object)
