"""What ``Human()`` does without a configuration: the preset ``balanced``, and Human's where it is asked for."""

import numpy as np
import pytest

from humanrt import Config, Human
from parity.pictures import read_picture


@pytest.fixture(scope="module")
def people():
    """Two persons beside one another, and a third face that is small."""
    astronaut, body = read_picture("astronaut")[..., :3], read_picture("human_body")[..., :3]
    canvas = np.full((1200, 1720, 3), 127, np.uint8)
    canvas[:, :1200] = body
    canvas[:512, 1204:1716] = astronaut
    canvas[600:856, 1400:1656] = astronaut[::2, ::2]
    return canvas


@pytest.mark.slow(6)
async def test_all_people_are_detected_with_aligned_embeddings(people):
    async with Human() as human:
        with await human.detect(people) as result:
            assert len(result.face) == len(result.persons) == 3
            assert [face.embedding.shape for face in result.face] == [(128,)] * 3
            assert len(result.body) >= 2
            assert len(result.hand) == 2
        assert human.engine.memory().baseline == (0, 0, 0, 0)
        with await human.detect(people, {"preset": "human"}) as result:
            assert len(result.face) == 1
            assert result.face[0].embedding.shape == (1024,)
        assert human.engine.memory().baseline == (0, 0, 0, 0)
        await human.reset()
        assert human.config == Config.preset("balanced")


async def test_hands_do_not_need_a_face():
    hands = read_picture("human_body")[400:800, 780:1180, :3]
    async with Human({"body": {"enabled": False}}) as human:
        with await human.detect(np.ascontiguousarray(hands)) as result:
            assert (len(result.face), len(result.hand)) == (0, 1)


async def test_reset_returns_to_the_preset_of_human_if_that_is_what_it_began_with():
    async with Human({"compat": "human", "device": "cpu", "raise_errors": True}) as human:
        assert human.config == Config(compat="human", device="cpu", raise_errors=True)
        await human.reset()
        assert human.config == Config(device="cpu")
