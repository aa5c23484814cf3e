"""One side of a comparison of two commits: a process that has one of them imported, and works in rounds.

The first line that it writes is the path of the ``humanrt`` that it has imported. Then it reads JSON lines,
``{"work": ..., "count": ...}``, where the work is a ``Work``, and answers each with the CPU and wall seconds of that
many goes, as a list. The commits differ, so only the public interface is used, and of configurations Human's defaults.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import cycle
from typing import Any, NamedTuple

import numpy as np

import humanrt
from bench.rounds import Side, Spent, Stopwatch, here
from humanrt import Engine, Human


class Work(NamedTuple):
    """What a round consists of: the name of one of ``SIDES``, and its arguments."""

    side: str
    arguments: Mapping[str, Any]


def tensor_work(engine: Engine) -> dict[str, Callable[[], object]]:
    """Return by name what is measured of tensors, on one of 4 floats."""
    values = np.arange(1, 5, dtype=np.float32)
    tensor = engine.from_numpy(values)

    def add_ten() -> None:
        total = tensor
        for _ in range(10):
            total = engine.add(total, tensor)

    return {
        "create": lambda: engine.from_numpy(values).dispose(),
        "clone": lambda: tensor.clone().dispose(),
        "tidy with 10 adds": lambda: engine.tidy(add_ten),
    }


@contextmanager
def tensors(name: str) -> Iterator[Side]:
    """Yield the side that does one of ``tensor_work``."""
    with Engine("cpu") as engine:
        yield here(tensor_work(engine)[name])


@contextmanager
def detections(picture: str, config: dict[str, Any]) -> Iterator[Side]:
    """Yield the side that detects a picture again and again, with the same Human.

    ``picture`` is the path of an array in NumPy's format, RGB uint8 [height, width, 3].
    """
    pixels = np.load(picture)

    async def detect(count: int) -> Spent:
        stopwatch = Stopwatch()
        for _ in range(count):
            with await human.detect(pixels):
                pass
        return stopwatch.read()

    with asyncio.Runner() as runner:
        human = Human(humanrt.Config().merge(config))
        try:
            yield lambda count: runner.run(detect(count))
        finally:
            runner.run(human.aclose())


@contextmanager
def followed(frames: str, config: dict[str, Any], points: int) -> Iterator[Side]:
    """Yield the side that follows the one face of a video in a stream, whose frames are played again and again.

    ``frames`` is the path of an array in NumPy's format, RGB uint8 [n, height, width, 3]. Every face has a mesh of
    ``points``. The first frame, in which the detector runs, is no part of a round.
    """

    async def follow(count: int) -> Spent:
        stopwatch = Stopwatch()
        for _ in range(count):
            _, result = await anext(stream)
            with result:
                (face,) = result.face
                assert len(face.mesh) == points  # noqa: S101 - what is measured must be right
        return stopwatch.read()

    async def begin() -> None:
        await stream.__aenter__()
        await follow(1)
        profile = await human.engine.profile(lambda: follow(1))
        assert [kernel.name for kernel in profile.kernels] == ["facemesh"]  # noqa: S101 - without the detector

    with asyncio.Runner() as runner:
        human = Human(humanrt.Config().merge(config))
        stream = human.stream(cycle(np.load(frames)))
        try:
            runner.run(begin())
            yield lambda count: runner.run(follow(count))
        finally:
            runner.run(stream.aclose())
            runner.run(human.aclose())


SIDES: Mapping[str, Callable[..., AbstractContextManager[Side]]] = {
    "tensors": tensors,
    "detections": detections,
    "followed": followed,
}


def main() -> None:
    """Work until standard input ends."""
    print(humanrt.__file__, flush=True)
    current: Work | None = None
    with ExitStack() as stack:
        for line in sys.stdin:
            request = json.loads(line)
            work = Work(*request["work"])
            if work != current:
                stack.close()  # one at a time: the models of another workload would take memory and caches
                measure = stack.enter_context(SIDES[work.side](**work.arguments))
                current = work
            print(json.dumps(measure(request["count"])), flush=True)


if __name__ == "__main__":
    main()
