"""Everything in an image: the modules run concurrently, and what happens if one of them fails."""

import asyncio
import time
from functools import partial

from humanrt.errors import ConfigError, EngineError, ModelDisposedError, ScopeError, TensorDisposedError
from humanrt.people.persons import join_persons
from humanrt.runtime import scheduler
from humanrt.runtime.futures import without_frames
from humanrt.runtime.side_by_side import side_by_side
from humanrt.vision.call import Call, Clock
from humanrt.vision.families import Families
from humanrt.vision.modules import MODULES, Found, Module

# A wrong configuration, and what concerns a whole engine: the other modules could not go on after these.
NO_MODULES_OWN = (ConfigError, EngineError, ModelDisposedError, ScopeError, TensorDisposedError)


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
        raised, and with ``raise_errors`` any error: then the others are cancelled.
        """
        await side_by_side(*(self._attempt(module) for module in self._modules))
        found = self._found
        join = partial(join_persons, join=self._families.join)
        found.persons = await scheduler.run(join, found.face, found.body, found.hand, found.gesture, self._call.size)
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
