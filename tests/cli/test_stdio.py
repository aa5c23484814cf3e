import errno
import io
import os
import shlex
import subprocess
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from humanrt.cli import stdio
from humanrt.cli.stdio import OutputError, ProgressLine, announce, complain, prepare, read_input, write_line
from humanrt.zoo import FetchPlan, Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def lines(self):
        """The texts that the line showed, in order."""
        return [line.strip() for line in self.getvalue().removeprefix("\r").split("\r")]


@contextmanager
def using(**streams):
    """Replace standard streams."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stdio, "sys", SimpleNamespace(**streams))
        yield


@pytest.fixture
def terminal(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(stdio, "sys", SimpleNamespace(stderr=terminal))  # pytest itself replaces sys.stderr
    return terminal


def test_progress_on_a_terminal_is_one_line(terminal):
    line = ProgressLine()
    line(Progress("iris.bin", 1_300_000, 2_600_000))
    line(Progress("iris.bin", 2_600_000, 2_600_000))
    assert terminal.lines() == ["fetching iris.bin:  50% of 2.6 MB", "fetching iris.bin: 100% of 2.6 MB"]
    assert terminal.getvalue().count("\n") == 1


def test_several_fetches_share_the_line(terminal):
    line = ProgressLine(expected=8_000_000)
    for progress in (
        Progress("iris.bin", 0, 2_000_000),
        Progress("gear.bin", 1_000_000, 2_000_000),
        Progress("iris.bin", 2_000_000, 2_000_000),
        Progress("@maker/models@1.2.3", 0, 4_000_000),
        Progress("gear.bin", 2_000_000, 2_000_000),
        Progress("@maker/models@1.2.3", 4_000_000, 4_000_000),
    ):
        line(progress)
    assert terminal.lines() == [
        "fetching iris.bin:   0% of 8.0 MB",
        "fetching 2 files:  12% of 8.0 MB",
        "fetching gear.bin:  38% of 8.0 MB",
        "fetching 2 files:  38% of 8.0 MB",
        "fetching @maker/models@1.2.3:  50% of 8.0 MB",
        "fetching @maker/models@1.2.3: 100% of 8.0 MB",
    ]
    assert terminal.getvalue().count("\n") == 1


def test_files_that_need_no_fetch_are_not_shown(terminal):
    line = ProgressLine()
    line(Progress("iris.bin", 2_600_000, 2_600_000))
    assert terminal.getvalue() == ""


def test_progress_is_not_written_to_a_file(capsys):
    ProgressLine()(Progress("iris.bin", 1, 2))
    assert capsys.readouterr().err == ""


def test_progress_without_a_standard_error(monkeypatch):
    monkeypatch.setattr(stdio, "sys", SimpleNamespace(stderr=None))
    ProgressLine()(Progress("iris.bin", 1, 2))


def test_a_line_is_written_at_once():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=False)
    with using(stdout=stream):
        write_line("grüß dich")
    assert stream.buffer.getvalue() == "grüß dich\n".encode()


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("ascii", b"g\\xfc\\u4e2d\\udcff\n"),
        ("latin-1", b"g\xfc\\u4e2d\\udcff\n"),
        ("utf-8", "gü中\\udcff\n".encode()),
        ("cp1252", b"g\xfc\\u4e2d\\udcff\n"),
    ],
)
def test_text_that_the_encoding_cannot_represent_is_escaped(encoding, written):
    """The last character stands for a byte of a file name that is not UTF-8."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n") for _ in range(2))
    with using(stdout=out, stderr=err):
        write_line("gü中\udcff")
        complain("gü中\udcff")
    assert out.buffer.getvalue() == written
    assert err.buffer.getvalue() == b"humanrt: " + written


def test_closed_streams_are_ignored():
    out = io.StringIO()
    with using(stdout=None, stderr=None):
        write_line("a result")
        complain("a failure")
    with using(stdout=out, stderr=None):
        complain("a failure")  # print() would write it to standard output
    assert out.getvalue() == ""


class Failing(io.RawIOBase):
    """A stream that cannot be written."""

    def __init__(self, error):
        self.error = error

    def writable(self):
        return True

    def write(self, data):
        raise self.error


@pytest.mark.parametrize(
    ("error", "unread"),
    [(OSError(errno.ENOSPC, "No space left on device"), False), (BrokenPipeError(errno.EPIPE, "Broken pipe"), True)],
)
def test_an_output_that_cannot_be_written_is_an_error_and_standard_error_is_not(error, unread):
    out, err = (io.TextIOWrapper(io.BufferedWriter(Failing(error))) for _ in range(2))
    with using(stdout=out, stderr=err):
        complain("a failure")
        with pytest.raises(OutputError, match=f"standard output cannot be written: {error.strerror}") as raised:
            write_line("a result")
    assert raised.value.is_unread is unread
    for stream in (out, err):
        stream.buffer.raw.write = len  # what the stream still holds is written when it vanishes


def test_standard_input_is_read_to_the_limit():
    with using(stdin=SimpleNamespace(buffer=io.BytesIO(b"0123456789"))):
        assert read_input(4) == b"0123"


def test_the_null_device_takes_the_place_of_closed_descriptors(tmp_path):
    script = (
        "import os; from pathlib import Path; from humanrt.cli.stdio import prepare\n"
        "prepare(); Path('result').write_text(str(os.open('file', os.O_CREAT)))"
    )
    command = f"exec {shlex.join([sys.executable, '-c', script])} <&- >&- 2>&-"
    subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, check=True)
    assert int((tmp_path / "result").read_text()) >= 3


def test_open_descriptors_stay():
    before = [os.fstat(descriptor) for descriptor in range(3)]
    prepare()
    assert [os.fstat(descriptor) for descriptor in range(3)] == before


def test_what_is_fetched_is_announced():
    errors = io.StringIO()
    with using(stderr=errors):
        announce(FetchPlan(0, 0, 0))
        announce(FetchPlan(2, 40_400_000, 0))
    assert errors.getvalue() == "fetching 2 models, about 40 MB\n"
