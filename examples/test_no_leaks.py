"""Test that a program leaks no tensor: ``python -m pytest examples/test_no_leaks.py``.

The plugin comes with HumanRT. A marked test fails if it leaves a tensor, and names the line that created it.
"""

import asyncio

import numpy as np
import pytest

from humanrt import Human

PICTURE = np.zeros((120, 160, 3), np.uint8)


@pytest.mark.tensor_leaks
def test_a_detection_frees_everything() -> None:
    async def program() -> int:
        async with Human() as human:
            with await human.detect(PICTURE) as result:
                return len(result.face)

    assert asyncio.run(program()) == 0


@pytest.mark.tensor_leaks
def test_a_timeout_frees_everything() -> None:
    async def program() -> None:
        async with Human() as human:
            await human.load()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(human.detect(PICTURE), 0)
            assert human.engine.memory().num_tensors == 0

    asyncio.run(program())
