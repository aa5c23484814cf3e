"""Detect in many pictures at the same time, each with a deadline: ``python examples/many_at_once.py PICTURE...``.

Calls share the models and the worker threads, and nothing else. A call that runs out of time stops its model, and has
freed all its tensors when TimeoutError is raised. Start as many calls as there are pictures: Human reads a picture when
there is room for it in memory and calls before it have ended, so that the first results come early.
"""

import asyncio
import sys

from humanrt import Human
from humanrt.errors import InputError


async def count_faces(human: Human, picture: str) -> int | str:
    try:
        async with asyncio.timeout(10):
            return len((await human.detect(picture)).face)
    except (TimeoutError, InputError) as error:
        return f"no result: {error}"


async def main(pictures: list[str]) -> None:
    async with Human() as human:
        await human.load()  # not within the deadlines
        counts = await asyncio.gather(*(count_faces(human, picture) for picture in pictures))
        for picture, count in zip(pictures, counts, strict=True):
            print(f"{picture}: {count}")
        print(f"live tensors: {human.engine.memory().num_tensors}")


asyncio.run(main(sys.argv[1:]))
