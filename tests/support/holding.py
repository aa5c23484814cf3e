"""Functions that are held on their worker thread until the test lets them continue."""

import asyncio
import threading

PATIENCE = 30  # seconds until a test that hangs fails


class Hold:
    """``reached`` is set when the function is called; it continues when ``release()`` is called."""

    def __init__(self, monkeypatch, owner, name, *, after=False):
        """Replace a function of a module, class or object; ``after`` holds it after it has run."""
        self.reached, self._free = threading.Event(), threading.Event()
        function = getattr(owner, name)

        def held(*arguments, **options):
            if after:
                value = function(*arguments, **options)
                self._wait()
                return value
            self._wait()
            return function(*arguments, **options)

        monkeypatch.setattr(owner, name, held)

    def _wait(self):
        self.reached.set()
        assert self._free.wait(PATIENCE)

    def release(self):
        self._free.set()


async def happens(event):
    """Wait for an event of another thread."""
    assert await asyncio.to_thread(event.wait, PATIENCE)
