"""``humanrt.compat`` is imported where ``compat="human"`` is asked for, and only there."""

import subprocess
import sys

import pytest

from humanrt.compat import HUMAN
from humanrt.vision.families import FAMILIES

# Everything that a user can import from humanrt, a Human, and one image through every module that needs no model.
PROGRAM = """
import asyncio, sys
import numpy as np
import humanrt
for name in humanrt.__all__:
    getattr(humanrt, name)
import humanrt.human, humanrt.vision.detection, humanrt.cli
off = dict.fromkeys(("face", "body", "hand"), {"enabled": False})

async def detect():
    async with humanrt.Human({**off, "compat": COMPAT}) as human:
        with await human.detect(np.zeros((8, 8, 3), np.uint8)):
            print(sorted(name for name in sys.modules if name.startswith("humanrt.compat")))

asyncio.run(detect())
"""


@pytest.mark.parametrize("compat", [None, "human"])
def test_compat_is_imported_only_for_a_call_with_compat_human(compat):
    program = PROGRAM.replace("COMPAT", repr(compat))
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert ("humanrt.compat.face" in printed) == (compat == "human")
    assert compat or printed.strip() == "[]"


def test_each_part_of_humans_behaviour_stands_in_the_place_of_ours():
    for name in vars(FAMILIES):
        ours, humans = getattr(FAMILIES, name), getattr(HUMAN, name)
        assert humans != ours
        assert isinstance(humans, type(ours))
