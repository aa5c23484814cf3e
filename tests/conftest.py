"""Settings of hypothesis, fixtures with models, the order of tests under xdist, and the count of peer tests.

With HUMANRT_REQUIRE_PEERS=1, which CI sets, a run fails unless every peer test ran: none is skipped unseen.
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

# Some tests import ONNX Runtime and OpenCV directly; the package switches off the telemetry of the one and the logs of
# the other before it imports them.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

EXPECTED = Path(__file__).with_name("peer") / "EXPECTED"


# The same examples everywhere: what fails in CI fails here. There is no deadline, since the duration of an example
# depends on what else runs on the machine.
settings.register_profile("humanrt", derandomize=True, database=None, deadline=None)
settings.load_profile("humanrt")


@pytest.fixture
def registry():
    """A registry that must be empty at the end of the test, without leaks."""
    from humanrt.tensors import Registry  # most tests need none

    registry = Registry()
    yield registry
    assert registry.memory().baseline == (0, 0, 0, 0)
    registry.close()


@pytest.fixture(scope="session")
def loaded_models():
    """Keep Human's default models loaded, so that each test that uses them finds their sessions in the cache."""
    from humanrt.engine import Engine, internals  # most tests need none of these
    from parity.choice import default_cards

    with Engine("cpu") as engine:
        for card in default_cards():
            internals(engine).load(card)
        yield


@pytest.fixture
def own_sessions(monkeypatch):
    """Give a test that counts sessions an empty cache, without the sessions of wider fixtures."""
    from humanrt.runtime import sessions  # most tests need none

    monkeypatch.setattr(sessions, "_cache", sessions.SessionCache())


@pytest.fixture(scope="session")
def negation(tmp_path_factory):
    """The path of the smallest model: y = -x, float32 [n]."""
    from onnx import TensorProto, helper, save  # most tests need no onnx

    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "graph", values[:1], values[1:])
    path = tmp_path_factory.mktemp("negation") / "negation.onnx"
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def pytest_configure(config):
    in_worker = hasattr(config, "workerinput")
    if in_worker:
        config.pluginmanager.register(LongestFirst())
    elif os.environ.get("HUMANRT_REQUIRE_PEERS") == "1":  # xdist sends the reports of all workers to this process
        config.pluginmanager.register(PeerQuorum(int(EXPECTED.read_text())))


class LongestFirst:
    """Starts the longest tests first under xdist: one that starts last would keep one worker busy and others idle."""

    @pytest.hookimpl(trylast=True)  # after pytest-randomly; the order of tests of equal length stays random
    def pytest_collection_modifyitems(self, items):
        items.sort(key=self.seconds, reverse=True)

    @staticmethod
    def seconds(item):
        marker = item.get_closest_marker("slow")
        return 0 if marker is None else next(iter(marker.args), 1)


class PeerQuorum:
    """Counts the tests marked ``peer`` that passed or failed, and fails the run when their number is unexpected."""

    def __init__(self, expected):
        self.expected = expected
        self.ran = set()

    def pytest_runtest_logreport(self, report):
        ran = not report.skipped or hasattr(report, "wasxfail")  # an expected failure is reported as skipped
        if report.when == "call" and ran and "peer" in report.keywords:
            self.ran.add(report.nodeid)

    def pytest_sessionfinish(self, session):
        if len(self.ran) != self.expected:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if len(self.ran) != self.expected:
            terminalreporter.section("peer tests", red=True)
            terminalreporter.line(
                f"HUMANRT_REQUIRE_PEERS=1: {len(self.ran)} peer tests ran, tests/peer/EXPECTED says {self.expected}. "
                "Check for skipped or deselected tests, or correct the number."
            )
