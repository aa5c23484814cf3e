"""Running one test such that a leak found after the teardown fails the test itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from _pytest.runner import call_and_report


def run(item: pytest.Item, nextitem: pytest.Item | None, conclude: Callable[[], None]) -> None:
    """Run a test as pytest does, but delay the report of a call that passed until after the teardown.

    Then ``conclude`` is called, and an error that it raises fails the test: a leak of the test's own fixtures, which
    is found only after they are torn down, becomes a failure of the test and not an error beside a test that passed.
    pytest has no hook for this; plugins that rerun tests do the same.
    """
    hook = item.ihook
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    if getattr(item, "_request", None) is False:
        item._initrequest()  # type: ignore[attr-defined]  # noqa: SLF001 - as pytest does when a test runs again
    delayed = None
    try:
        if call_and_report(item, "setup").passed:
            report = call_and_report(item, "call", log=False)
            if report.passed:
                delayed = report
            else:
                hook.pytest_runtest_logreport(report=report)
        # As in pytest: a session that is about to stop tears everything down now, so that errors are reported.
        if item.session.shouldfail or item.session.shouldstop:
            nextitem = None
        teardown = call_and_report(item, "teardown", log=False, nextitem=nextitem)
        if delayed is not None:
            hook.pytest_runtest_logreport(report=_concluded(item, delayed, conclude))
        hook.pytest_runtest_logreport(report=teardown)
    finally:
        if hasattr(item, "_request"):
            item._request = False  # noqa: SLF001 - as pytest does, to release the values of the fixtures
            item.funcargs = None  # type: ignore[attr-defined]  # the same
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _concluded(item: pytest.Item, passed: pytest.TestReport, conclude: Callable[[], None]) -> pytest.TestReport:
    """Return the report of a call that passed, or one of a failure if ``conclude`` raises."""
    call = pytest.CallInfo.from_call(conclude, when="call", reraise=(KeyboardInterrupt,))
    if call.excinfo is None:
        return passed
    # Created by the hook, so that xfail and the hooks of other plugins apply.
    failed: pytest.TestReport = item.ihook.pytest_runtest_makereport(item=item, call=call)
    # The teardown's own report contains its output.
    failed.sections = [section for section in failed.sections if not section[0].endswith(" teardown")]
    failed.start, failed.stop, failed.duration = passed.start, passed.stop, passed.duration
    return failed
