"""A GPU is probed before it is used; an error contains the reason why it cannot be."""

import os
import subprocess
import sys

import pytest

from humanrt import Engine, cli
from humanrt.errors import DeviceError
from humanrt.runtime import sessions
from humanrt.runtime.device import NvidiaProbe
from humanrt.zoo import find_card


@pytest.fixture
def in_process():
    """Runs a program in a new process with more environment variables; returns its output and its log."""

    def run(program, **environment):
        command = [sys.executable, "-c", program]
        done = subprocess.run(
            command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=True
        )
        return done.stdout.splitlines(), done.stderr

    return run


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "auto"])
async def test_the_gpu_is_used(name, first_gpu):
    async with Engine(name) as engine:
        assert await engine.ready() == first_gpu
        assert engine.backend == "cuda:0"


@pytest.mark.usefixtures("own_sessions")
async def test_a_model_is_loaded_into_gpu_memory(device_memory, monkeypatch):
    acquired = []
    acquire = sessions.acquire
    monkeypatch.setattr(sessions, "acquire", lambda *arguments: acquired.append(acquire(*arguments)) or acquired[-1])
    async with Engine("cuda") as engine:
        before = device_memory()
        await engine.load_graph_model(find_card("faceres"))
        assert acquired[0].session.get_providers() == ["CUDAExecutionProvider", "CPUExecutionProvider"]
        assert device_memory() - before >= 13, "the weights of faceres are 14 MB"


async def test_nothing_is_printed(capfd):
    async with Engine("cuda") as engine:
        model = await engine.load_graph_model(find_card("liveness"))
        async with engine.scope():
            await model.execute_async(engine.zeros((1, 32, 32, 3)))
    assert capfd.readouterr() == ("", "")


async def test_a_missing_gpu_is_refused():
    gpus = NvidiaProbe().count_gpus()
    async with Engine(f"cuda:{gpus}") as engine:
        with pytest.raises(DeviceError, match=rf"'cuda:{gpus}' cannot be used: .* counts {gpus} "):
            await engine.ready()


def test_doctor_reports_the_gpu(capsys):
    assert cli.main(["doctor"]) == cli.DONE
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert rows["device"] == "cuda:0"
    assert rows["CUDA"].startswith("used")


HIDDEN = """
import logging
from humanrt import Engine, errors
from humanrt.runtime.device import resolve_device
logging.basicConfig()
for name in ("auto", "auto", "cuda"):
    try:
        print(resolve_device(name).name)
    except errors.DeviceError as error:
        print(error)
"""


def test_a_hidden_gpu_is_refused_and_auto_falls_back_with_one_warning(in_process):
    (first, second, refusal), log = in_process(HIDDEN, CUDA_VISIBLE_DEVICES="")
    assert first == second == "cpu"
    assert refusal.startswith(
        "'cuda' cannot be used: the NVIDIA driver does not work here (its error 100: there is no GPU"
    )
    assert log.count("running on the CPU and not on CUDA: the NVIDIA driver does not work here") == 1


FORKED = """
import os
from humanrt import errors
from humanrt.runtime.device import resolve_device
print(resolve_device("cuda").name, flush=True)
child = os.fork()
if child == 0:
    try:
        resolve_device("cuda")
    except errors.DeviceError as error:
        print(error, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""


def test_a_forked_child_is_refused_the_gpu(in_process):
    """CUDA does not work in a forked child: it is refused, without a crash or hang."""
    (parent, child), _ = in_process(FORKED)
    assert parent == "cuda:0"
    assert child.startswith("'cuda' cannot be used: the NVIDIA driver does not work here (its error 3")
