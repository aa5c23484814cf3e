"""Replace the background of a video: ``python examples/green_screen.py FRAME.png...`` writes ``FRAME-green.png``.

The session holds what the model remembers of the frames before; leaving its block frees it.
"""

import asyncio
import sys
from pathlib import Path

from humanrt import Human, write_png

OFF = {"enabled": False}
ONLY_SEGMENTATION = {"face": OFF, "body": OFF, "hand": OFF, "gesture": OFF, "segmentation": {"enabled": True}}
GREEN = (0, 160, 0)


async def main(frames: list[str]) -> None:
    async with Human(ONLY_SEGMENTATION) as human:
        with human.session() as session:
            for frame in map(Path, frames):
                with await human.detect(frame, session=session) as result:
                    pixels = await asyncio.to_thread(result.segmentation.over, GREEN)
                written = Path(f"{frame.stem}-green.png")
                await asyncio.to_thread(write_png, written, pixels)
                print(f"written: {written}")
        print(f"live tensors: {human.engine.memory().num_tensors}")


asyncio.run(main(sys.argv[1:]))
