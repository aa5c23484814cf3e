"""How the runs of the test suite are ordered and counted. Each case is a small run of pytest."""

import shutil
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent

TWO_PEER_TESTS = """
import pytest
pytestmark = pytest.mark.peer
def test_one(): pass
def test_two(): {two}
"""


in_workers = pytest.mark.slow(5)


@pytest.fixture
def suite(pytester, monkeypatch):
    """A folder with our conftest.py, in which runs of pytest are made."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\nmarkers =\n    peer\n    slow\n")
    shutil.copy(FOLDER / "conftest.py", pytester.path)
    monkeypatch.delenv("HUMANRT_REQUIRE_PEERS", raising=False)  # CI sets it
    return pytester


@pytest.fixture
def run(suite, monkeypatch):
    """Run two peer tests of which one has the body ``two``; return the exit code and the output."""
    suite.mkdir("peer")
    (suite.path / "peer" / "EXPECTED").write_text("2\n")

    def run(two, *arguments, required="1"):
        monkeypatch.setenv("HUMANRT_REQUIRE_PEERS", required)
        (suite.path / "peer" / "test_pair.py").write_text(TWO_PEER_TESTS.format(two=two))
        (suite.path / "test_other.py").write_text("def test_other(): pass\n")
        done = suite.runpytest_inprocess("-p", "no:cacheprovider", *arguments)
        return done.ret, done.stdout.str()

    return run


@pytest.mark.parametrize(
    ("two", "arguments", "expected"),
    [
        ("pass", [], pytest.ExitCode.OK),
        pytest.param("pass", ["-n2"], pytest.ExitCode.OK, marks=in_workers),
        ("assert False", [], pytest.ExitCode.TESTS_FAILED),
        ("pytest.xfail('known')", [], pytest.ExitCode.OK),
    ],
    ids=["passed", "passed-in-workers", "failed", "failed-as-expected"],
)
def test_a_run_with_all_peer_tests(run, two, arguments, expected):
    code, output = run(two, *arguments)
    assert code == expected
    assert "EXPECTED" not in output


@pytest.mark.parametrize(
    ("two", "arguments", "ran"),
    [
        ("pytest.skip('no Node')", [], 1),
        pytest.param("pytest.skip('no Node')", ["-n2"], 1, marks=in_workers),
        ("pass", ["-k", "not two"], 1),
        ("pass", ["-m", "not peer"], 0),
        ("pass", ["test_other.py"], 0),
        ("pass", ["--ignore=peer"], 0),
    ],
    ids=["skipped", "skipped-in-a-worker", "deselected", "by-marker", "another-file", "folder-ignored"],
)
def test_a_peer_test_that_did_not_run_fails_the_run(run, two, arguments, ran):
    code, output = run(two, *arguments)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert f"{ran} peer tests ran, tests/peer/EXPECTED says 2" in output


def test_an_unexpected_peer_test_fails_the_run(run, suite):
    (suite.path / "peer" / "EXPECTED").write_text("1\n")
    code, output = run("pass")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "2 peer tests ran, tests/peer/EXPECTED says 1" in output


def test_no_peer_test_is_required_by_default(run):
    code, _ = run("pytest.skip('no Node')", required="")
    assert code == pytest.ExitCode.OK


@in_workers
def test_workers_start_the_longest_tests_first(suite):
    suite.makepyfile("""
        import pytest
        def test_quick(): pass
        @pytest.mark.slow
        def test_slow(): pass
        @pytest.mark.slow(20)
        def test_slowest(): pass
    """)
    done = suite.runpytest_inprocess("-n1", "-v", "-p", "no:cacheprovider")
    done.stdout.re_match_lines([f".*PASSED.*::test_{name} *$" for name in ("slowest", "slow", "quick")])
