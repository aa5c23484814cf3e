"""The report of a leak: one failure of a test that passed."""

import pytest

pytestmark = pytest.mark.tensor_leaks(allow=1000)  # the sessions leak on purpose, in this process

ONE_LEAK = """
@pytest.fixture
def talkative():
    yield
    print("what the teardown printed")
def test_leaky(engine, talkative):
    print("what the test printed")
    KEPT.append(engine.tensor([1.0, 2.0]))
"""

NOT_PASSED = """
def test_fails(engine):
    KEPT.append(engine.scalar(1.0))
    assert False, "for a reason of its own"
def test_skips(engine):
    KEPT.append(engine.scalar(1.0))
    pytest.skip("not here")
@pytest.mark.xfail
def test_fails_as_expected(engine):
    KEPT.append(engine.scalar(1.0))
    assert False
@pytest.fixture
def broken(engine):
    KEPT.append(engine.scalar(1.0))
    raise RuntimeError("a broken fixture")
def test_with_a_broken_fixture(broken): pass
class Things(unittest.TestCase):
    def test_fails_in_unittest(self):
        KEPT.append(Engine("cpu").scalar(1.0))
        self.fail("for a reason of its own")
"""

OWN_WAY_TO_RUN = """
from _pytest.runner import runtestprotocol
def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    runtestprotocol(item, nextitem=nextitem)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
"""


def test_the_report_contains_the_places(session, capsys):
    assert session(ONE_LEAK) == {"test_leaky": "failed"}
    output = capsys.readouterr().out
    assert "\n1 tensor leaked\n" in output
    (line,) = [line for line in output.splitlines() if " in test_leaky" in line]
    assert line.split()[:3] == ["live", "1", "8"]
    assert output.count("what the test printed") == output.count("what the teardown printed") == 1
    assert "::test_leaky - Failed: 1 " in output  # in the summary, cut at the width of the terminal
    assert "= 1 failed in " in output


def test_the_report_contains_only_the_tensors_of_the_test(session, capsys):
    code = """
def make_elsewhere(engine):
    return engine.scalar(1.0)
@pytest.fixture(scope="module", autouse=True)
def elsewhere(engine):
    KEPT.append(make_elsewhere(engine))
    make_elsewhere(engine)
def test_leaky(engine):
    KEPT.extend(engine.scalar(1.0) for _ in range(3))
    engine.scalar(2.0)
    Engine("cpu").scalar(3.0)
"""
    assert session(code) == {"test_leaky": "failed"}
    output = capsys.readouterr().out
    assert "\n5 tensors leaked\n" in output
    assert "make_elsewhere" not in output.partition("= warnings summary =")[0]
    rows = [line.split()[:2] for line in output.splitlines() if " in test_leaky" in line]
    assert sorted(rows) == [["live", "3"], ["lost", "1"], ["lost", "1"]]


@pytest.mark.parametrize("arguments", [[], ["--setup-show"]], ids=["our way to run", "pytest's"])
def test_tests_that_did_not_pass_are_not_checked(session, capsys, arguments):
    assert session(NOT_PASSED, *arguments) == {
        "test_fails": "failed",
        "test_skips": "skipped",
        "test_fails_as_expected": "skipped",
        "test_with_a_broken_fixture": "error at setup",
        "test_fails_in_unittest": "failed",
    }
    assert "leaked" not in capsys.readouterr().out


def test_a_leak_can_be_an_expected_failure(session, capsys):
    code = """
@pytest.mark.xfail(reason="a known leak")
def test_known(engine):
    KEPT.append(engine.scalar(1.0))
@pytest.mark.xfail(reason="a known leak", strict=True)
def test_known_and_strict(engine):
    KEPT.append(engine.scalar(1.0))
"""
    session(code)
    assert "= 1 failed, 1 xfailed in " in capsys.readouterr().out


def test_an_error_at_teardown_remains_one_error(session):
    code = """
@pytest.fixture
def broken(engine):
    with engine.scalar(1.0):
        yield
    raise RuntimeError("a broken fixture")
def test_clean(broken): pass
"""
    assert session(code) == {"test_clean": "error at teardown"}


def test_if_warnings_are_errors_a_leak_is_one_failure(session, capsys):
    """No ResourceWarning follows for a handle that vanished."""
    code = """
@pytest.mark.tensor_leaks
def test_leaky(engine):
    engine.scalar(1.0)
@pytest.mark.tensor_leaks(allow=1)
def test_allowed(humanrt_engine):
    humanrt_engine.scalar(1.0)
"""
    assert session(code, "-Werror", ini="") == {"test_leaky": "failed", "test_allowed": "passed"}
    assert "= 1 failed, 1 passed in " in capsys.readouterr().out


def test_a_leak_counts_for_maxfail(session):
    became = session(ONE_LEAK + "def test_after(): pass", "-x")
    assert became == {"test_leaky": "failed"}


def test_fixtures_are_torn_down_before_maxfail_stops_the_session(session):
    code = """
@pytest.fixture(scope="module", autouse=True)
def broken():
    yield
    raise RuntimeError("a broken fixture")
def test_fails():
    assert False
def test_after(): pass
"""
    assert session(code, "-x") == {"test_fails": "error at teardown"}


@pytest.mark.parametrize("way", ["plugin", "--setup-show"])
def test_if_another_plugin_runs_the_test_a_leak_is_an_error_at_teardown(session, pytester, way, capsys):
    if way == "plugin":
        pytester.makeconftest(OWN_WAY_TO_RUN)
    code = ONE_LEAK + "def test_clean(): pass\n"
    arguments = [way] if way.startswith("--") else []
    assert session(code, *arguments) == {"test_leaky": "error at teardown", "test_clean": "passed"}
    output = capsys.readouterr().out
    assert "1 tensor leaked" in output
    assert "= 2 passed, 1 error in " in output


def test_the_report_of_a_leak_reaches_the_hooks_for_reports(session, pytester, capsys):
    pytester.makeconftest("""
import pytest
@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        report.sections.append(("from a hook", f"{report.when} of {item.name}"))
    return report
""")
    session(ONE_LEAK)
    assert "from a hook" in capsys.readouterr().out


def test_the_report_of_a_leak_has_the_times_of_the_test(session, pytester, capsys):
    pytester.makeconftest("""
import pytest
times = []
@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        times.append((report.start, report.stop, report.duration))
    return report
def pytest_runtest_logreport(report):
    if report.when == "call":
        print("as long:", (report.start, report.stop, report.duration) == times[0])
""")
    assert session(ONE_LEAK) == {"test_leaky": "failed"}
    assert "as long: True" in capsys.readouterr().out


def test_values_of_fixtures_are_released_after_each_test(session):
    code = """
import weakref
class Value: pass
SEEN = []
@pytest.fixture
def value():
    return Value()
def test_first(value):
    SEEN.append(weakref.ref(value))
def test_second():
    assert SEEN[0]() is None
"""
    assert session(code) == {"test_first": "passed", "test_second": "passed"}


def test_a_test_may_run_again(pytester):
    pytester.makeini("[pytest]\nhumanrt_tensor_leaks = error\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makeconftest("""
def pytest_runtestloop(session):
    for item in session.items:
        for _ in range(3):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    return True
""")
    pytester.makepyfile("""
def test_clean(humanrt_engine):
    humanrt_engine.scalar(1.0).dispose()
""")
    pytester.runpytest_inprocess("-pno:randomly").assert_outcomes(passed=3)


def test_tracebacks_contain_no_frame_of_the_plugin(session, capsys):
    """Not even without a frame of the test, when pytest raises the error of a finaliser."""
    code = """
class Broken:
    def __del__(self):
        raise RuntimeError("a broken finaliser")
@pytest.fixture
def before():
    Broken()
@pytest.fixture
def after():
    yield
    Broken()
def test_setup(before): pass
def test_call():
    Broken()
def test_teardown(after): pass
"""
    became = session(code, "-Werror::pytest.PytestUnraisableExceptionWarning")
    assert became == {"test_setup": "error at setup", "test_call": "failed", "test_teardown": "error at teardown"}
    output = capsys.readouterr().out
    assert "a broken finaliser" in output
    assert "pytest_plugin" not in output.partition("= ERRORS =")[2]


def test_a_collector_that_cannot_be_set_up_is_one_error(session, pytester):
    """Nothing can be added to the teardown of a collector that was never set up."""
    pytester.makeconftest("""
import pytest
class Broken(pytest.Module):
    def setup(self):
        raise RuntimeError("a broken module")
def pytest_pycollect_makemodule(module_path, parent):
    return Broken.from_parent(parent, path=module_path)
""")
    assert session("class TestThings:\n    def test_first(self): pass\n") == {"test_first": "error at setup"}
