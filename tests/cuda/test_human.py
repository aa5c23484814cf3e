"""Human on the GPU: the same faces as on the CPU, concurrent calls, and GPU memory that is freed."""

import asyncio

import numpy as np
import pytest

from humanrt import Human
from parity.pictures import read_picture

NAMES = ("human_face", "human_body", "astronaut")
AT_ONCE = 64
DETECTIONS = 500
GROWTH = 64  # MiB: an eighth for each detection

pytestmark = pytest.mark.slow


@pytest.fixture(params=NAMES)
def picture(request):
    return read_picture(request.param)


async def detect(human, picture):
    """Return the detections without times."""
    with await human.detect(picture) as result:
        return {key: value for key, value in result.to_human().items() if key not in {"performance", "timestamp"}}


async def test_the_faces_are_those_of_the_cpu(human, picture):
    async with Human({"preset": "human", "device": "cpu"}) as on_cpu:
        with await human.detect(picture) as found, await on_cpu.detect(picture) as expected:
            assert len(found.face) == len(expected.face) > 0
            for face, same in zip(found.face, expected.face, strict=True):
                assert face.box == pytest.approx(same.box, abs=1.5)
                assert face.score == pytest.approx(same.score, abs=0.01)
                assert np.abs(face.mesh - same.mesh).max() < 1.5
                assert face.age == pytest.approx(same.age, abs=0.5)
                assert face.gender == same.gender
                assert face.emotion[0].emotion == same.emotion[0].emotion
                assert face.embedding @ same.embedding == pytest.approx(same.embedding @ same.embedding, rel=1e-3)


async def test_concurrent_calls_have_the_results_of_single_calls(human):
    pictures = [read_picture(NAMES[i % len(NAMES)]) for i in range(AT_ONCE)]
    alone = [await detect(human, picture) for picture in pictures]
    assert await asyncio.gather(*(detect(human, picture) for picture in pictures)) == alone


async def test_gpu_memory_does_not_grow(human, device_memory):
    pictures = [read_picture(name) for name in NAMES]

    async def detect_many(number):
        await asyncio.gather(*(detect(human, pictures[i % len(NAMES)]) for i in range(number)))

    await detect_many(2 * AT_ONCE)
    before = device_memory()
    for _ in range(DETECTIONS // AT_ONCE + 1):
        await detect_many(AT_ONCE)
    # The memory pools of the models on the GPU may still grow by some steps of 16 MB.
    assert device_memory() - before <= GROWTH


@pytest.mark.usefixtures("own_sessions")
async def test_closing_frees_gpu_memory(first_gpu, device_memory):
    """The context of CUDA and the kernels that it has loaded stay until the process ends."""

    async def use():
        async with Human({"preset": "human", "device": first_gpu.name}) as human:
            await detect(human, read_picture("astronaut"))
            return device_memory()

    await use()
    closed = device_memory()
    assert await use() > closed
    assert device_memory() == closed
