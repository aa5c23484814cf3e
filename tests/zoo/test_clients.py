import os
import select

import pytest

from humanrt.errors import FetchError, StoreError
from humanrt.zoo import DownloadLimits, PyPISource, clients, never
from humanrt.zoo.clients import packed
from humanrt.zoo.transfer import FetchEndedError


@pytest.fixture
def source(model):
    return model.card.sources[0].npm


@pytest.fixture
def wheel():
    return PyPISource(package="made", version="1.0", folder="made/models")


@pytest.fixture
def scratch(tmp_path):
    return tmp_path / "cache" / "npm" / "maker-models"


def pack(source, scratch, cancelled=never, **limits):
    with packed(source, scratch, DownloadLimits(**limits), cancelled) as archive:
        return archive.read_bytes()


def test_the_package_exists_within_the_context(npm, source, scratch):
    npm.pack({"package/a": b"a"})
    with packed(source, scratch, DownloadLimits(), never) as archive:
        assert archive.read_bytes() == npm.package.read_bytes()
        assert scratch in archive.parents
    assert not scratch.exists()
    assert npm.calls() == ["pack @maker/models@1.2.3"]


def test_the_folder_is_deleted_after_an_exception(npm, source, scratch):
    npm.pack({})
    with pytest.raises(ZeroDivisionError), packed(source, scratch, DownloadLimits(), never):
        raise ZeroDivisionError
    assert not scratch.exists()


def test_the_files_of_a_killed_fetch_are_deleted(npm, source, scratch):
    npm.pack({"package/a": b"a"})
    (scratch / "tmp123").mkdir(parents=True)
    (scratch / "tmp123" / "half.tgz").write_bytes(b"half")
    assert pack(source, scratch) == npm.package.read_bytes()
    assert not scratch.exists()


def test_npm_runs_in_its_own_folder(npm, source, scratch, tmp_path):
    npm.program.write_text(f'#!/bin/sh\npwd > {tmp_path}/folder\n: > "$4/x.tgz"\n')
    pack(source, scratch)
    assert (tmp_path / "folder").read_text().startswith(str(scratch))


def test_without_npm(source, scratch):
    with pytest.raises(FetchError, match="npm is not installed"):
        pack(source, scratch)
    assert not scratch.exists()


def test_the_error_contains_the_output_of_npm(npm, source, scratch):
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


def test_an_npm_that_writes_nothing(npm, source, scratch):
    npm.program.write_text("#!/bin/sh\n")
    with pytest.raises(FetchError, match="wrote no archive"):
        pack(source, scratch)
    assert not scratch.exists()


def test_a_cache_that_cannot_be_written(npm, source, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="HUMANRT_CACHE_DIR"):
        pack(source, tmp_path / "file" / "npm")


def test_the_error_of_npm_contains_no_secrets(npm, source, scratch):
    npm.program.write_text("#!/bin/sh\necho 'GET https://me:hunter2@host/x?token=hunter2' >&2\nexit 1\n")
    with pytest.raises(FetchError, match=r"GET https://\*\*\*@host/x\?\*\*\*"):
        pack(source, scratch)


@pytest.fixture
def child(npm, tmp_path):
    """A reader of the pipe that a child of npm holds open; it ends when the child does."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    npm.program.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n(echo ready; exec sleep 600) > {fifo} &\nwait\n")
    descriptor = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    yield descriptor
    os.close(descriptor)


def is_ready(reader):
    return select.select([reader], [], [], 0)[0] and os.read(reader, 6) == b"ready\n"


def require_ended(reader):
    while True:
        assert select.select([reader], [], [], 10)[0], "the child of npm is still alive"
        if not os.read(reader, 100):  # the end of the file: no process has the other end open
            return


def test_npm_and_its_children_end_with_a_cancelled_fetch(source, scratch, child):
    with pytest.raises(FetchEndedError):
        pack(source, scratch, lambda: is_ready(child))
    require_ended(child)
    assert not scratch.exists()


def test_npm_and_its_children_end_with_an_exception(source, scratch, child):
    def interrupt():
        if is_ready(child):
            raise KeyboardInterrupt("stop")

    with pytest.raises(KeyboardInterrupt, match="stop"):
        pack(source, scratch, interrupt)
    require_ended(child)
    assert not scratch.exists()


def test_npm_and_its_children_end_with_the_total_time(source, scratch, child):
    with pytest.raises(FetchError, match=r"not complete after 0\.5 s"):
        pack(source, scratch, total_s=0.5)
    require_ended(child)


def test_a_wheel_is_fetched_by_the_pip_of_this_python(pip, wheel, scratch):
    pip.pack({"made/models/a": b"a"})
    assert pack(wheel, scratch) == pip.wheel.read_bytes()
    assert pip.calls() == ["download made==1.0"]
    assert not scratch.exists()


def test_pip_runs_no_code_of_a_package_and_fetches_nothing_else(pip, wheel, scratch):
    # The message of an error is cut: the options come first, however long the paths are.
    pip.program.write_text("import sys\nsys.exit(' '.join(sorted(sys.argv[1:])))\n")
    with pytest.raises(FetchError, match=r"--no-deps .*--only-binary=:all:"):
        pack(wheel, scratch)


def test_the_error_contains_the_output_of_pip(pip, wheel, scratch):
    pip.program.write_text("import sys\nsys.exit('ERROR: No matching distribution at https://me:hunter2@host/x')\n")
    with pytest.raises(FetchError, match=r"pip download made==1\.0: pip ended with status 1: .*https://\*\*\*@host/x"):
        pack(wheel, scratch)
    assert not scratch.exists()


def test_without_a_module_pip_the_program_is_used(wheel, scratch, path_folder, monkeypatch):
    monkeypatch.setattr(clients.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(FetchError, match=r"pip download made==1\.0: pip is not installed"):
        pack(wheel, scratch)
    program = path_folder / "pip"
    program.write_text('#!/bin/sh\n: > "$4/made-1.0-py3-none-any.whl"\n')
    program.chmod(0o755)
    assert pack(wheel, scratch) == b""
