"""Many pictures at the same time, each with a deadline: ``python examples/many_at_once.py PICTURE...``.

Calls share the models and the worker threads, and nothing else. One that runs out of time stops computing, and has
freed all its tensors when the TimeoutError arrives. All that are let in share the processors, and end late together:
so only as many are let in as there are processors, and the others wait for their turn.
"""

import asyncio
import os
import sys

from humanrt import Human
from humanrt.errors import InputError


async def count_faces(human: Human, turn: asyncio.Semaphore, picture: str) -> int | str:
    try:
        async with asyncio.timeout(10), turn:
            return len((await human.detect(picture)).face)
    except (TimeoutError, InputError) as error:
        return f"no answer: {error}"


async def main(pictures: list[str]) -> None:
    async with Human() as human:
        turn = asyncio.Semaphore(os.cpu_count() or 1)
        counts = await asyncio.gather(*(count_faces(human, turn, picture) for picture in pictures))
        for picture, count in zip(pictures, counts, strict=True):
            print(f"{picture}: {count}")
        print(f"live tensors: {human.engine.memory().num_tensors}")


asyncio.run(main(sys.argv[1:]))
