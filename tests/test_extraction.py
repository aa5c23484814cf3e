"""The faces of a folder in one file, each picture exactly once, also after a kill."""

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from holding import Hold, happens
from videos import assert_nothing_is_left

from humanrt import Human
from humanrt import human as human_module
from humanrt.errors import ConfigError, InputError, MissingDependencyError
from humanrt.extraction import Journal
from humanrt.result.formats.faces import FaceRow, PictureRows
from humanrt.runtime.graph_model import GraphModel
from parity.pictures import PICTURES, read_picture

FACE, NOTHING = PICTURES / "human_face.png", PICTURES / "black.png"
OFF = {"enabled": False}
# A mesh would take longer, and faceres runs without it.
QUICK = {"preset": "human", "face": {"mesh": OFF, "iris": OFF, "emotion": OFF, "detector": {"max_detected": 3}}}


@pytest.fixture
def folder(tmp_path):
    """Pictures with and without faces, a broken one, and a folder with another."""
    folder = tmp_path / "photos"
    (folder / "inner").mkdir(parents=True)
    for name in ("a.png", "c.png", "inner/d.png"):
        shutil.copy(FACE, folder / name)
    shutil.copy(NOTHING, folder / "b.png")
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


@pytest.fixture
async def human():
    async with Human(QUICK) as human:
        yield human
        assert_nothing_is_left(human)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def load(path):
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


@pytest.mark.slow(2)
async def test_boxes_and_embeddings_are_those_of_detect(human, folder, tmp_path):
    output = tmp_path / "faces.npz"
    assert await human.extract(folder, output, recursive=True) == (5, 3, 1, 0)
    arrays = load(output)
    with await human.detect(read_picture("human_face")) as result:
        (face,) = result.face
    order = np.argsort(arrays["path"])
    assert arrays["path"][order].tolist() == ["a.png", "c.png", "inner/d.png"]
    for i in order:
        assert arrays["box"][i] == pytest.approx(face.box)
        assert arrays["score"][i] == pytest.approx(face.score)
        np.testing.assert_allclose(arrays["embedding"][i], face.embedding, rtol=1e-5)
    errors = dict(zip(arrays["pictures"].tolist(), arrays["errors"].tolist(), strict=True))
    assert errors.pop("broken.png").startswith("InputError: unknown")
    assert set(errors.values()) == {""}
    assert names_in(tmp_path) == ["faces.npz", "photos"]


@pytest.mark.slow(2)
async def test_a_pattern_and_a_second_run_replace_the_output(human, folder, tmp_path):
    output = tmp_path / "faces.npz"
    output.write_bytes(b"before")
    assert await human.extract(folder / "b*.png", output) == (2, 0, 1, 0)
    assert load(output)["pictures"].size == 2
    assert await human.extract(folder / "[ab].png", output) == (2, 1, 0, 0)
    assert load(output)["path"].tolist() == [(folder / "a.png").as_posix()]


async def test_a_picture_on_which_a_model_fails_is_written_with_the_error(human, folder, tmp_path, monkeypatch):
    def fail(*_):
        raise LookupError("in the model")

    monkeypatch.setattr(GraphModel, "_run", fail)
    assert await human.extract(folder / "[ab].png", tmp_path / "faces.npz") == (2, 0, 2, 0)
    assert load(tmp_path / "faces.npz")["errors"].tolist() == ["LookupError: in the model"] * 2


@pytest.mark.parametrize(
    ("output", "config", "error"),
    [
        ("faces.csv", None, ConfigError),
        ("", None, ConfigError),
        ("faces.npz", {"face": {"description": OFF}}, ConfigError),
        ("faces.npz", {"face": OFF}, ConfigError),
        ("faces.npz", {"nonesuch": 1}, ConfigError),
        ("no such folder/faces.npz", None, FileNotFoundError),
    ],
)
async def test_what_cannot_be_extracted_leaves_no_file(human, folder, tmp_path, output, config, error):
    with pytest.raises(error):
        await human.extract(folder, output and tmp_path / output, config)
    assert names_in(tmp_path) == ["photos"]


async def test_parquet_without_pyarrow_is_refused_at_once(human, folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError):
        await human.extract(folder, tmp_path / "faces.parquet")
    assert names_in(tmp_path) == ["photos"]


@pytest.mark.slow(2)
async def test_a_cancelled_extraction_goes_on_where_it_ended(human, folder, tmp_path, monkeypatch):
    output, detected = tmp_path / "faces.npz", Counter()
    read = human_module.read_into

    def counting(place, source, **options):
        detected[source.name] += 1
        return read(place, source, **options)

    with monkeypatch.context() as patch:
        hold = Hold(patch, Journal, "add", after=True)
        running = asyncio.create_task(human.extract(folder, output, at_once=1))
        await happens(hold.reached)
        running.cancel()
        hold.release()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert not output.exists()
    with pytest.raises(ConfigError, match="with another folder or configuration"):
        await human.extract(folder / "inner", output)
    with pytest.raises(ConfigError, match="with another folder or configuration"):
        await human.extract(folder, output, {"face": {"detector": {"max_detected": 2}}})
    monkeypatch.setattr(human_module, "read_into", counting)
    assert await human.extract(folder, output) == (4, 2, 1, 1)
    assert (len(detected), detected.total()) == (3, 3)


KILLED = """
import asyncio, os, signal, sys
from humanrt import Human
from humanrt.extraction import Journal

folder, output, config, turns = sys.argv[1], sys.argv[2], eval(sys.argv[3]), int(sys.argv[4])
write = Journal._write

def write_and_die(self, content):
    global turns
    turns -= 1
    if turns == 0:
        self._file.write(b'{"path": "half a line')
        self._file.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    write(self, content)
    print(content.get("path", ""), flush=True)

Journal._write = write_and_die

async def main():
    async with Human(config) as human:
        print(*await human.extract(folder, output))

asyncio.run(main())
"""


@pytest.mark.slow(4)
def test_after_a_kill_each_picture_is_written_exactly_once(folder, tmp_path):
    output = tmp_path / "faces.npz"
    command = [sys.executable, "-c", KILLED, str(folder), str(output), repr(QUICK)]
    written = []
    for turns, status in ((3, -signal.SIGKILL), (100, 0)):  # killed while it writes the line of the second picture
        done = subprocess.run([*command, str(turns)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (status, "")
        written += done.stdout.split("\n")
    assert written[-2] == "4 2 1 1"
    pictures = Counter(name for name in written if name.endswith(".png"))
    assert pictures == dict.fromkeys(["a.png", "b.png", "broken.png", "c.png"], 1)
    arrays = load(output)
    assert sorted(arrays["pictures"]) == sorted(pictures)
    assert sorted(arrays["path"]) == ["a.png", "c.png"]
    assert names_in(tmp_path) == ["faces.npz", "photos"]


DAMAGED = [
    b'{"path": "b.png", "error": ""}\n',
    b'{"faces": [], "error": ""}\n',
    b'{"path": "b.png", "faces": []}\n',
    b'{"path": "b.png", "faces": [[1]], "error": ""}\n',
    b'{"path": ["b.png"], "faces": [], "error": ""}\n',
]


class TestJournal:
    ROWS = PictureRows("a.png", [FaceRow(0.5, (1.0, 2.0, 3.0, 4.5), np.array([1.5, -2.25], np.float32))])

    def journal(self, folder, header=None):
        return Journal(folder / "faces.npz", header or {"header": 1})

    @pytest.mark.parametrize(
        "end", [b"", b'{"path": "b', b'{"path": "b.png"}', b"\0\0\0", b"\xff\n", b"[]\n", *DAMAGED]
    )
    def test_the_lines_behind_a_kill_are_removed(self, tmp_path, end):
        journal = self.journal(tmp_path)
        assert journal.open() == 0
        journal.add(self.ROWS)
        journal.close()
        path = tmp_path / "faces.npz.resume"
        whole = path.read_bytes()
        path.write_bytes(whole + end)
        journal = self.journal(tmp_path)
        assert journal.open() == 1
        assert "a.png" in journal
        assert "b.png" not in journal
        assert path.read_bytes() == whole
        journal.add(PictureRows("b.png", error="broken"))
        assert journal.finish(lambda: False, 1) == (2, 1, 1, 1)
        assert not path.exists()
        arrays = load(tmp_path / "faces.npz")
        assert arrays["embedding"].tolist() == [[1.5, -2.25]]
        assert arrays["box"].tolist() == [[1, 2, 3, 4.5]]

    @pytest.mark.parametrize("content", [b"", b'{"hea', b"\0\0"])
    def test_a_header_that_was_not_written_whole_is_written_again(self, tmp_path, content):
        path = tmp_path / "faces.npz.resume"
        path.write_bytes(content)
        journal = self.journal(tmp_path)
        assert journal.open() == 0
        assert json.loads(path.read_text()) == {"header": 1}
        journal.close()
        assert not path.exists()

    def test_a_stop_while_the_output_is_written_leaves_the_lines(self, tmp_path):
        journal = self.journal(tmp_path)
        journal.open()
        journal.add(self.ROWS)
        with pytest.raises(asyncio.CancelledError):
            journal.finish(lambda: True, 0)
        journal.close()
        assert names_in(tmp_path) == ["faces.npz.resume"]
        again = self.journal(tmp_path)
        assert again.open() == 1
        again.close()
        assert names_in(tmp_path) == ["faces.npz.resume"]


async def test_a_folder_that_does_not_exist_is_refused(human, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        await human.extract(tmp_path / "nothing", tmp_path / "faces.npz")
    assert names_in(tmp_path) == []


async def test_the_empty_path_is_not_the_current_folder(human, tmp_path):
    with pytest.raises(InputError, match="the path is empty"):
        await human.extract("", tmp_path / "faces.npz")
    assert names_in(tmp_path) == []


async def test_a_single_picture_is_written_by_its_name(human, folder, tmp_path):
    assert await human.extract(folder / "b.png", tmp_path / "faces.npz") == (1, 0, 0, 0)
    assert load(tmp_path / "faces.npz")["pictures"].tolist() == ["b.png"]


async def test_of_two_extractions_to_one_output_the_second_is_refused(human, folder, tmp_path, monkeypatch):
    output = tmp_path / "faces.npz"
    hold = Hold(monkeypatch, Journal, "finish")
    first = asyncio.create_task(human.extract(folder / "b.png", output))
    await happens(hold.reached)
    try:
        with pytest.raises(ConfigError, match=r"faces\.npz\.resume' is being written by another extraction"):
            await human.extract(folder / "b.png", output)
    finally:
        hold.release()
    assert await first == (1, 0, 0, 0)
    assert names_in(tmp_path) == ["faces.npz", "photos"]
