"""Models that are written to another place."""

import asyncio
import threading
from pathlib import Path

import numpy as np
import pytest
from onnx_models import adder, floats

from humanrt.errors import ModelDisposedError, ModelError
from humanrt.runtime import saving
from humanrt.runtime.graph_model import GraphModel
from humanrt.runtime.saving import StoredModel


@pytest.fixture
def stored(tmp_path):
    """The model y = x + 1, with its weights in another file."""
    folder = tmp_path / "stored"
    folder.mkdir()
    (folder / "add.onnx").write_bytes(adder("data/weights.bin").SerializeToString())
    (folder / "data").mkdir()
    (folder / "data" / "weights.bin").write_bytes(floats(1, 1, 1, 1))
    return StoredModel(folder / "add.onnx", ("data/weights.bin",))


@pytest.fixture
def model(stored, registry, cache, cpu):
    model = GraphModel(registry, cache.acquire(stored.path, "add", cpu), "adder", stored)
    yield model
    model.dispose()
    assert cache.statistics().live == 0


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("address", [Path, str, Path.as_uri])
async def test_what_was_saved_is_the_same_model(model, stored, tmp_path, registry, cache, cpu, address):
    target = tmp_path / "new folder" / "saved.onnx"
    assert await model.save(address(target)) == target
    assert contents(target.parent) == {
        "saved.onnx": stored.path.read_bytes(),
        "data/weights.bin": floats(1, 1, 1, 1),
    }
    saved = GraphModel(registry, cache.acquire(target, "saved", cpu), "saved")
    with registry.tensor(np.zeros(4, np.float32)) as x, await saved.execute_async(x) as y:
        assert y.array() == [1, 1, 1, 1]
    saved.dispose()


async def test_a_file_is_replaced_and_its_own_data_stays(model, tmp_path):
    target = tmp_path / "saved.onnx"
    target.write_bytes(b"an older model")
    for _ in range(2):
        await model.save(target)
        assert set(contents(tmp_path)) == {
            "saved.onnx",
            "data/weights.bin",
            "stored/add.onnx",
            "stored/data/weights.bin",
        }
    assert await model.save(tmp_path / "stored" / "add.onnx")  # onto itself


async def test_external_data_of_another_model_is_not_replaced(model, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "weights.bin").write_bytes(floats(2, 2, 2, 2))
    before = contents(tmp_path)
    with pytest.raises(ModelError, match=r"weights\.bin is another file, .*; save it to another folder"):
        await model.save(tmp_path / "saved.onnx")
    assert contents(tmp_path) == before


def test_a_model_cannot_have_the_name_of_its_external_data(stored, tmp_path):
    beside = StoredModel(stored.path, ("weights.bin",))
    with pytest.raises(ModelError, match=r"weights\.bin is another file"):
        saving.save_model(beside, tmp_path / "weights.bin", lambda: False)


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.parent.write_bytes(b"")])
async def test_what_cannot_be_written_leaves_nothing(model, tmp_path, make):
    target = tmp_path / "place" / "saved.onnx"
    if make.__code__.co_names[0] == "mkdir":
        target.parent.mkdir()
    make(target)
    before = contents(tmp_path)
    with pytest.raises(ModelError, match="the model cannot be saved to"):
        await model.save(target)
    after = contents(tmp_path)
    after.pop("place/data/weights.bin", None)
    assert after == before


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (None, "saved to a NoneType; accepted is the path of an .onnx file"),
        ("https://user:secret@example.com/m.onnx", r"saved to https://\*\*\*@example.com/m.onnx; accepted"),
        ("nul\0byte", "cannot be saved to 'nul.*null byte"),
    ],
)
async def test_what_is_not_a_path_is_refused(model, path, words):
    with pytest.raises(ModelError, match=words):
        await model.save(path)


async def test_a_model_whose_files_are_gone_or_unknown_cannot_be_saved(model, stored, tmp_path, registry, cache, cpu):
    stored.path.unlink()
    with pytest.raises(ModelError, match=r"No such file.*add\.onnx"):
        await model.save(tmp_path / "saved.onnx")
    unknown = GraphModel(registry, cache.acquire(stored.path, "add", cpu), "adder")
    with pytest.raises(ModelError, match="adder was not loaded from a file"):
        await unknown.save(tmp_path / "saved.onnx")
    unknown.dispose()
    with pytest.raises(ModelDisposedError):
        await unknown.save(tmp_path / "saved.onnx")


async def test_a_cancelled_call_ends_and_leaves_nothing(model, tmp_path, monkeypatch):
    writing, cancelled = threading.Event(), threading.Event()
    copy = saving._copy

    def wait_and_copy(reader, writer, is_cancelled):
        writing.set()
        assert cancelled.wait(30)
        copy(reader, writer, is_cancelled)

    monkeypatch.setattr(saving, "_copy", wait_and_copy)
    before = contents(tmp_path)
    call = asyncio.create_task(model.save(tmp_path / "saved.onnx"))
    await asyncio.to_thread(writing.wait, 30)
    call.cancel()
    asyncio.get_running_loop().call_soon(cancelled.set)  # after the call was cancelled
    with pytest.raises(asyncio.CancelledError):
        await call
    assert contents(tmp_path) == before
