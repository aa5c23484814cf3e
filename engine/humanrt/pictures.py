"""The methods of an engine on pictures."""

import threading
from functools import partial

from humanrt.config import FilterConfig
from humanrt.imaging.filters import read_filtered
from humanrt.imaging.opencv import PIXEL_CEILING
from humanrt.imaging.room import UNLIMITED
from humanrt.runtime import scheduler
from humanrt.tensors import Registry, Tensor


class Pictures:
    """The methods of an engine on pictures. They run on worker threads."""

    registry: Registry

    async def filter(self, picture: Tensor, **filters: float) -> Tensor:
        """Return a picture with filters, uint8 [h, w, 3]: ``await engine.filter(picture, brightness=0.2, sepia=True)``.

        ``picture`` is [h, w, 3], [h, w, 4], [h, w, 1] or [h, w], with values 0..255; it stays as it is. ``filters`` are
        the keys of ``FilterConfig``, without which the result is a copy. The result belongs to the caller's scope if
        there is one, else to the caller. Besides it, a copy of ``picture`` and strips of some MB are allocated. A
        cancelled call ends within a strip.

        Raises ``ConfigError`` if there is no such filter or a value lies out of range, ``InputError`` if ``picture``
        has another shape or other values, ``TensorDisposedError``, ``EngineClosedError``.
        """
        config = FilterConfig().merge(filters)
        stopped = threading.Event()
        read = partial(
            read_filtered, UNLIMITED, picture, config, bgr=False, max_pixels=PIXEL_CEILING, stopped=stopped.is_set
        )
        return self.registry.adopt(await scheduler.run(read, on_cancel=stopped.set))
