"""load() and the first detect() import nothing on the thread of the event loop: in a process of its own."""

import subprocess
import sys

import pytest

SCRIPT = """
import asyncio, sys, threading
import numpy as np
from humanrt import Human
from humanrt.runtime import scheduler

class Finder:
    imported = None
    def find_spec(self, name, path=None, target=None):
        if self.imported is not None and threading.current_thread() is threading.main_thread():
            self.imported.append(name)

async def main():
    config = {"device": "cpu", "compat": COMPAT, "segmentation": {"enabled": True, "model_path": "selfie.json"}}
    async with Human(config) as human:
        finder.imported = []
        await human.load()
        source = np.zeros((64, 64, 3), np.uint8)
        with human.session() as session, await human.detect(source, session=session):
            pass
        call = asyncio.create_task(human.detect(source))
        while scheduler.statistics().running + scheduler.statistics().queued == 0:
            await asyncio.sleep(0)
        call.cancel()  # the call drains its work: with anyio's backend
        await asyncio.wait([call])
        print(finder.imported)

finder = Finder()
sys.meta_path.insert(0, finder)
asyncio.run(main())
"""


@pytest.mark.slow(3)
@pytest.mark.parametrize("compat", [None, "human"])
@pytest.mark.usefixtures("loaded_models")
def test_load_and_the_first_detect_import_nothing_on_the_loop(compat):
    script = SCRIPT.replace("COMPAT", repr(compat))
    command = [sys.executable, "-c", script]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "[]\n"
