import re
import shlex
import subprocess
import sys

import pytest

import humanrt
from humanrt import cli
from humanrt.cli.parser import parse


@pytest.mark.parametrize(
    "arguments", [[], ["detect"], ["detect", "--nonsense", "x"], ["models"], ["models", "eat"], ["models", "pull"]]
)
def test_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == cli.USAGE
    assert "usage:" in capsys.readouterr().err


@pytest.mark.slow
def test_as_a_module():
    command = [sys.executable, "-m", "humanrt", "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == humanrt.__version__


LIGHT = """
import sys
from humanrt.cli import main
try:
    main([{argument!r}])
except SystemExit as end:
    assert end.code in (None, 0)
print(sorted({{"numpy", "cv2", "onnxruntime", "onnx", "asyncio"}} & set(sys.modules)))
"""


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_version_and_help_import_no_library(argument):
    code = LIGHT.format(argument=argument)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


COMMANDS = [["doctor"], ["models", "list"], ["--help"], ["--version"]]


def run_in_shell(redirections, *arguments):
    """Run the command line with redirections of the shell; return the exit code and what it wrote to a pipe."""
    command = f"exec {shlex.join([sys.executable, '-m', 'humanrt', *arguments])} {redirections}"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
class TestUnderAServiceManager:
    @pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
    def test_closed_streams(self, arguments, closed):
        code, out, err = run_in_shell(closed, *arguments)
        assert (code, err) == (cli.DONE, "")
        assert out

    def test_all_streams_closed(self, arguments):
        assert run_in_shell("<&- >&- 2>&-", *arguments) == (cli.DONE, "", "")

    def test_a_full_disk(self, arguments):
        expected = "humanrt: standard output cannot be written: No space left on device\n"
        assert run_in_shell(">/dev/full", *arguments) == (cli.FAILED, "", expected)
        assert run_in_shell(">/dev/full 2>/dev/full", *arguments) == (cli.FAILED, "", "")

    def test_an_output_open_for_reading_only(self, arguments):
        expected = "humanrt: standard output cannot be written: Bad file descriptor\n"
        assert run_in_shell("1</dev/null", *arguments) == (cli.FAILED, "", expected)


@pytest.mark.slow
def test_wrong_usage_with_closed_or_full_standard_error():
    for redirection in ("2>&-", "2>/dev/full"):
        assert run_in_shell(redirection, "models", "pull") == (cli.USAGE, "", "")


INTERRUPTED = """
import os, signal, sys
from humanrt import cli
sys.argv = ["humanrt", "doctor"]
signal.signal(signal.SIGINT, signal.default_int_handler)  # the tests may run where it is ignored
{when}
sys.exit(cli.main())
"""
AT_IMPORT = """
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.slow
@pytest.mark.parametrize("module", ["argparse", "humanrt.cli.parser", "humanrt.errors", "numpy", "humanrt.zoo"])
def test_an_interrupt_at_any_import_ends_silently(module):
    code = INTERRUPTED.format(when=AT_IMPORT.format(module=module))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (cli.INTERRUPTED, "", "")


@pytest.mark.slow
def test_an_interrupt_that_is_ignored_stays_ignored():
    when = "signal.signal(signal.SIGINT, signal.SIG_IGN)" + AT_IMPORT.format(module="humanrt.errors")
    done = subprocess.run([sys.executable, "-c", INTERRUPTED.format(when=when)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (cli.DONE, "")


def help_of(capsys, *arguments):
    """Return the help of a command."""
    with pytest.raises(SystemExit):
        cli.main([*arguments, "--help"])
    return capsys.readouterr().out


def test_the_examples_of_the_help_are_accepted(capsys):
    commands = re.findall(r"^ {4}(\w+) ", help_of(capsys), re.MULTILINE)
    assert {"detect", "models", "doctor"} <= {*commands}
    with_examples = set()
    for command in (*([name] for name in commands), ["models", "list"]):
        _, has_examples, text = help_of(capsys, *command).partition("\nexamples:\n")
        for line in text.splitlines():
            words = shlex.split(line.partition(" && ")[0])
            assert words[: 1 + len(command)] == ["humanrt", *command]
            assert parse(words[1:])
            with_examples.add(" ".join(command))
        assert not has_examples or text
    assert {*commands, "models list"} - with_examples == {"config", "doctor", "models"}


def positionals(arguments, *names):
    """Return the values of positional arguments of a command line, as the command gets them."""
    (options,) = parse(arguments).args
    return [str(getattr(options, name)) for name in names]


@pytest.mark.parametrize(
    ("before", "option", "after", "names"),
    [
        (["style", "oil"], ["--fast"], ["a.jpg", "-o", "b.png"], ("style", "picture")),
        (["match", "a.jpg"], ["-q"], ["b.jpg"], ("first", "second")),
        (["extract", "photos"], ["--recursive"], ["faces.npz"], ("source", "output")),
        (["detect", "a.jpg"], ["--set", "face.iris.enabled=false"], ["b.jpg"], ("paths",)),
        (["detect", "a.jpg", "--draw", "out"], ["--json"], ["--", "-b.jpg"], ("paths",)),
        (["models", "pull", "iris"], ["--from", "files"], ["facemesh"], ("names",)),
        (["models", "convert", "model.json"], ["--force"], ["model.onnx"], ("source", "destination")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_options_may_stand_between_the_positional_arguments(before, option, after, names):
    command = 2 if before[0] == "models" else 1
    expected = positionals([*before[:command], *option, *before[command:], *after], *names)
    assert positionals([*before, *option, *after], *names) == expected
    assert "None" not in expected


def test_all_styles_need_no_style():
    assert positionals(["style", "a.jpg", "--all", "-o", "out"], "style", "picture") == ["None", "a.jpg"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["match", "a.jpg"],
        ["match", "a.jpg", "-q", "b.jpg", "c.jpg"],
        ["style", "photo.jpg", "--fast", "other.jpg", "-o", "out.png"],
        ["style", "oil", "photo.jpg"],
        ["detect", "--json"],
        ["detect", "a.jpg", "--json", "--output", "b.csv", "c.jpg"],
        ["detect", "a.jpg", "--nonsense", "b.jpg"],
    ],
    ids=" ".join,
)
def test_what_is_missing_or_too_much_is_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == cli.USAGE
    error = capsys.readouterr().err
    assert error.startswith("usage: humanrt ")
    assert "Traceback" not in error
