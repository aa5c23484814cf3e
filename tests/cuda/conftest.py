"""The tests in this folder run on an NVIDIA GPU; without one that works they are skipped, with the reason."""

import subprocess

import pytest

from humanrt import Human
from humanrt.errors import DeviceError
from humanrt.runtime.device import resolve_device


def pytest_itemcollected(item):
    item.add_marker(pytest.mark.cuda)


@pytest.fixture(autouse=True)
def first_gpu():
    """The first GPU, which works."""
    try:
        return resolve_device("cuda")
    except DeviceError as error:
        pytest.skip(str(error))


@pytest.fixture
async def human(first_gpu):
    """Human on the GPU; at its end no tensor may be alive."""
    async with Human({"preset": "human", "device": first_gpu.name}) as human:
        await human.load()
        yield human
        assert human.engine.memory().baseline == (0, 0, 0, 0)


@pytest.fixture
def device_memory():
    """Returns the MiB in use on the first GPU, by all processes: other programs must not use it meanwhile."""

    def read():
        command = ["nvidia-smi", "--id=0", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    return read
