"""Detect in many pictures at the same time, each with a deadline: ``python examples/many_at_once.py PICTURE...``.

Calls share the models and the worker threads, and nothing else. A call that runs out of time stops its model, and has
freed all its tensors when TimeoutError is raised. Calls that run at the same time share the CPUs and end late together.
A semaphore therefore admits as many as there are CPUs, and the others wait.
"""

import asyncio
import os
import sys

from humanrt import Human
from humanrt.errors import InputError


async def count_faces(human: Human, admitted: asyncio.Semaphore, picture: str) -> int | str:
    try:
        async with asyncio.timeout(10), admitted:
            return len((await human.detect(picture)).face)
    except (TimeoutError, InputError) as error:
        return f"no result: {error}"


async def main(pictures: list[str]) -> None:
    async with Human() as human:
        admitted = asyncio.Semaphore(os.cpu_count() or 1)
        counts = await asyncio.gather(*(count_faces(human, admitted, picture) for picture in pictures))
        for picture, count in zip(pictures, counts, strict=True):
            print(f"{picture}: {count}")
        print(f"live tensors: {human.engine.memory().num_tensors}")


asyncio.run(main(sys.argv[1:]))
