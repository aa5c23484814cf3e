"""HUMANRT_REQUIRE_PEERS=1 fails a session in which a peer test did not run. Each case is a small session of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent

TWO_PEER_TESTS = """
import pytest
pytestmark = pytest.mark.peer
def test_one(): pass
def test_two(): {two}
"""


@pytest.fixture
def session(tmp_path):
    """Run a session with two peer tests of which one has the body ``two``; return its exit code and its output."""
    (tmp_path / "peer").mkdir()
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = peer\n")
    (tmp_path / "peer" / "EXPECTED").write_text("2\n")
    shutil.copy(FOLDER / "conftest.py", tmp_path)

    def run(two, *arguments, required="1"):
        (tmp_path / "peer" / "test_pair.py").write_text(TWO_PEER_TESTS.format(two=two))
        (tmp_path / "test_other.py").write_text("def test_other(): pass\n")
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        environment = {**os.environ, "HUMANRT_REQUIRE_PEERS": required}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout

    return run


def test_all_of_them_passed(session):
    code, output = session("pass")
    assert code == pytest.ExitCode.OK
    assert "EXPECTED" not in output


def test_one_that_failed_has_run(session):
    code, output = session("assert False")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "EXPECTED" not in output


def test_one_that_failed_as_expected_has_run(session):
    code, output = session("pytest.xfail('known')")
    assert code == pytest.ExitCode.OK
    assert "EXPECTED" not in output


@pytest.mark.parametrize(
    ("two", "arguments", "ran"),
    [
        ("pytest.skip('no Node')", [], 1),
        ("pass", ["-k", "not two"], 1),
        ("pass", ["-m", "not peer"], 0),
        ("pass", ["test_other.py"], 0),
        ("pass", ["--ignore=peer"], 0),
    ],
    ids=["skipped", "deselected", "by-marker", "another-file", "folder-ignored"],
)
def test_one_that_did_not_run_fails_the_session(session, two, arguments, ran):
    code, output = session(two, *arguments)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert f"{ran} peer tests ran, tests/peer/EXPECTED says 2" in output


def test_one_too_many_fails_the_session_too(session, tmp_path):
    (tmp_path / "peer" / "EXPECTED").write_text("1\n")
    code, output = session("pass")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "2 peer tests ran, tests/peer/EXPECTED says 1" in output


def test_nothing_is_required_by_default(session):
    code, _ = session("pytest.skip('no Node')", required="")
    assert code == pytest.ExitCode.OK
