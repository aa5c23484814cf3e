"""Every test in this folder runs on an NVIDIA card. Where none can be proved it is skipped, with the reason."""

import subprocess

import pytest

from humanrt import Human
from humanrt.errors import DeviceError
from humanrt.runtime.device import resolve_device


def pytest_itemcollected(item):
    item.add_marker(pytest.mark.cuda)


@pytest.fixture(autouse=True)
def first_card():
    """The first card, proved."""
    try:
        return resolve_device("cuda")
    except DeviceError as error:
        pytest.skip(str(error))


@pytest.fixture
async def human(first_card):
    """Human on the card; it must end with no tensor left."""
    async with Human({"device": first_card.name}) as human:
        await human.load()
        yield human
        assert human.engine.memory().baseline == (0, 0, 0, 0)


@pytest.fixture
def device_memory():
    """Tells how many MiB of the first card are in use, by whomever: other programs must leave it alone meanwhile."""

    def read():
        command = ["nvidia-smi", "--id=0", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    return read
