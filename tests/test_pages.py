"""The README and the pages in engine/docs: their code prints what they show, and their links lead somewhere."""

import ast
import contextlib
import inspect
import io
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from onnx import TensorProto, helper, save
from videos import write_clip

from docs import measured, model_excerpt
from docs_pages import PAGES, ROOT, links
from humanrt import Human, errors
from parity.pictures import PICTURES, read_picture

TOP = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
ALL_PAGES = [*TOP, *sorted(PAGES.glob("*.md"))]
README = TOP[0].read_text(encoding="utf-8")
BLOCK = re.compile(
    r"^```(?P<language>\w+)\n(?P<code>.*?)^```\n(?:\n```text\n(?P<output>.*?)^```)?", re.MULTILINE | re.DOTALL
)
NOT_RUN = re.compile(r"<!-- not run: .+ -->\n+\Z")


class Block(NamedTuple):
    page: str
    line: int
    code: str
    output: str | None

    def __str__(self):
        return f"{self.page}:{self.line}"


def blocks(language, pages=ALL_PAGES):
    found = []
    for path in pages:
        text = path.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            if match["language"] == language and not NOT_RUN.search(text[: match.start()]):
                line = text.count("\n", 0, match.start()) + 1
                found.append(Block(path.name, line, match["code"], match["output"]))
    return found


def assert_output(printed, block):
    """Compare what a block printed with what its page shows, in which ``...`` stands for anything."""
    if block.output is not None:
        pattern = ".*".join(map(re.escape, block.output.strip().split("...")))
        assert re.fullmatch(pattern, printed.strip(), re.DOTALL), f"{printed}\n-- is not --\n{block.output}"


@pytest.fixture
def photo(tmp_path, monkeypatch):
    """A folder with the files that the pages name, as the current one."""
    shutil.copy(PICTURES / "human_body.png", tmp_path / "photo.jpg")
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "graph", values[:1], values[1:])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), tmp_path / "model.onnx")
    write_clip(tmp_path / "video.mp4", [read_picture("human_face")] * 3, codec="mp4v")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("block", blocks("python"), ids=str)
async def test_a_python_block_prints_what_its_page_shows(block, photo):
    if "def test_" in block.code:
        assert "1 passed" in output_of_test_file(block.code, photo)
    elif "asyncio.run" in block.code:
        assert_output(output_of_script(block.code), block)
    elif "human" in names_missing_in(block.code):
        async with Human() as human:
            assert_output(await output_of_block(block, {"human": human}), block)
            assert human.engine.memory().baseline == (0, 0, 0, 0)
    else:
        assert_output(await output_of_block(block, {}), block)


def names_missing_in(code):
    """Return the names that a block uses and does not define."""
    names = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)]
    return {node.id for node in names} - {node.id for node in names if isinstance(node.ctx, ast.Store)}


def output_of_test_file(code, folder):
    (folder / "test_block.py").write_text(code)
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def output_of_script(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


async def output_of_block(block, names):
    """Run code that may await at its top level."""
    compiled = compile(block.code, str(block), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        result = eval(compiled, names)  # noqa: S307  # it is our own page
        if inspect.iscoroutine(result):
            await result
    return printed.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("block", [block for block in blocks("sh") if block.code.startswith("humanrt ")], ids=str)
def test_a_block_of_commands_prints_what_its_page_shows(block, photo):
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    printed = ""
    for line in block.code.splitlines():
        done = subprocess.run(["sh", "-c", line], cwd=photo, env=environment, capture_output=True, check=True)
        printed += done.stdout.decode()
    assert_output(printed, block)
    if "--draw" in block.code:
        assert (photo / "out" / "photo.png").exists()


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_a_toml_block_can_be_parsed(block):
    assert tomllib.loads(block.code)


@pytest.mark.parametrize("path", ALL_PAGES, ids=lambda path: path.name)
def test_the_links_of_a_page_lead_to_files_and_headings(path):
    for link in links(path.read_text(encoding="utf-8")):
        target = path.parent / link["path"]
        assert target.exists(), link[0]
        if link["anchor"]:
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert link["anchor"] in {f"#{slug(heading)}" for heading in headings}, link[0]


def slug(heading):
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def test_every_page_is_linked_from_the_readme():
    linked = {(ROOT / link["path"]).resolve() for link in links(README)}
    assert {*PAGES.glob("*.md"), *TOP[1:]} <= linked


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 150


def test_the_two_commands_come_first_in_the_readme():
    first = blocks("sh", TOP[:1])[0].code.splitlines()
    assert [line.split()[0] for line in first] == ["tools/demo", "tools/test"]
    assert all(os.access(ROOT / line.split()[0], os.X_OK) for line in first)
    assert README.index("```") == README.index("```sh\ntools/demo")


def test_the_excerpt_in_the_readme_is_that_of_the_measured_table():
    assert measured(README, {"models": model_excerpt()}) == README


def test_the_tree_of_errors_is_complete():
    page = (PAGES / "public-api.md").read_text(encoding="utf-8")
    tree = re.search(r"```text\n(HumanRTError\n.*?)```", page, re.DOTALL)[1]
    depths = {}
    for line in tree.splitlines():
        name = re.search(r"\w+", line)
        kind = getattr(errors, name[0])
        depths[name.start() // 4] = kind
        if name.start():
            assert issubclass(kind, depths[name.start() // 4 - 1])
        for builtin in re.findall(r"\((\w+)\)", line):
            assert issubclass(kind, getattr(__import__("builtins"), builtin))
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
    assert kinds == set(re.findall(r"\w+Error(?=$| \()", tree, re.MULTILINE))
