"""With HUMANRT_REQUIRE_PEERS=1, which CI sets, a session fails unless every peer test ran: none is skipped unseen."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

# Some tests import ONNX Runtime themselves; our own door to it switches its telemetry off.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

EXPECTED = Path(__file__).with_name("peer") / "EXPECTED"


# The same examples everywhere: what fails in CI fails here. How long one takes says more about what else the
# machine does than about the code.
settings.register_profile("humanrt", derandomize=True, database=None, deadline=None)
settings.load_profile("humanrt")


@pytest.fixture
def own_sessions(monkeypatch):
    """Give a test that counts sessions a cache of its own: what wider fixtures have loaded would be shared with it."""
    from humanrt.runtime import sessions  # most tests need none

    monkeypatch.setattr(sessions, "_cache", sessions.SessionCache())


@pytest.fixture(scope="session")
def negation(tmp_path_factory):
    """The path of the smallest model there is: y = -x, float32 [n]."""
    from onnx import TensorProto, helper, save  # most tests need no onnx

    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "graph", values[:1], values[1:])
    path = tmp_path_factory.mktemp("negation") / "negation.onnx"
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def pytest_configure(config):
    if os.environ.get("HUMANRT_REQUIRE_PEERS") == "1":
        config.pluginmanager.register(PeerQuorum(int(EXPECTED.read_text())))


class PeerQuorum:
    """Counts the tests marked ``peer`` that passed or failed; fails the session when it is not the number expected."""

    def __init__(self, expected):
        self.expected = expected
        self.ran = set()

    def pytest_runtest_logreport(self, report):
        ran = not report.skipped or hasattr(report, "wasxfail")  # a failure that was expected is reported as skipped
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
                "Look for skipped or deselected ones, or correct the number."
            )
