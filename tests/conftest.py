"""With HUMANRT_REQUIRE_PEERS=1, which CI sets, a session fails unless every peer test ran: none is skipped unseen."""

import os
from pathlib import Path

import pytest

EXPECTED = Path(__file__).with_name("peer") / "EXPECTED"


def pytest_configure(config):
    if os.environ.get("HUMANRT_REQUIRE_PEERS") == "1":
        config.pluginmanager.register(PeerQuorum(int(EXPECTED.read_text())))


class PeerQuorum:
    """Counts the tests marked ``peer`` that passed or failed; fails the session when it is not the number expected."""

    def __init__(self, expected):
        self.expected = expected
        self.ran = set()

    def pytest_runtest_logreport(self, report):
        if report.when == "call" and not report.skipped and "peer" in report.keywords:
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
