"""Every code block of the README runs."""

import ast
import inspect
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from onnx import TensorProto, helper, save

from humanrt import Human
from parity.pictures import PICTURES

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def photo(tmp_path, monkeypatch):
    """A folder with the files that the README speaks of, as the current one."""
    shutil.copy(PICTURES / "human_face.png", tmp_path / "photo.jpg")
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "graph", values[:1], values[1:])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), tmp_path / "model.onnx")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("code", blocks("python"), ids=lambda code: code.strip().splitlines()[-1].strip()[:40])
async def test_a_python_block(code, photo):
    if "def test_" in code:
        assert "1 passed" in output_of_test_file(code, photo)
    elif "asyncio.run" in code:
        assert output_of_script(code).splitlines()[-1] == "0"
    else:
        async with Human() as human:
            await run(code, {"human": human})
            assert human.engine.memory().baseline == (0, 0, 0, 0)


def output_of_test_file(code, folder):
    (folder / "test_block.py").write_text(code)
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def output_of_script(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


async def run(code, names):
    """Run code that may await at its top level."""
    compiled = compile(code, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(compiled, names)  # noqa: S307  # it is our own README
    if inspect.iscoroutine(result):
        await result


@pytest.mark.slow
def test_the_command_lines(photo):
    (commands,) = (block for block in blocks("sh") if block.startswith("humanrt"))
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for line in commands.splitlines():
        subprocess.run(["sh", "-c", line], cwd=photo, env=environment, capture_output=True, check=True)
    assert (photo / "out" / "photo.png").exists()


def test_the_two_commands_stand_first():
    first = blocks("sh")[0].splitlines()
    assert [line.split()[0] for line in first] == ["tools/demo", "tools/test"]
    assert all(os.access(ROOT / line.split()[0], os.X_OK) for line in first)
    assert README.index("```") == README.index("```sh\ntools/demo")
