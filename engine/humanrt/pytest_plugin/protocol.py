"""Running one test so that its end decides whether its body passed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from _pytest.runner import call_and_report


def run(item: pytest.Item, nextitem: pytest.Item | None, conclude: Callable[[], None]) -> None:
    """Run a test as pytest does, but hold the report of a call that passed back until after the teardown.

    Then ``conclude`` is called, and what it raises fails the test: a leak of the function's own fixtures, which shows
    only after they were torn down, is a failure of the test and not an error beside a test that passed. (pytest has no
    hook for that. Plugins that run a test again do as we do here.)
    """
    hook = item.ihook
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    if getattr(item, "_request", None) is False:
        item._initrequest()  # type: ignore[attr-defined]  # noqa: SLF001 - as pytest does when a test runs once more
    held = None
    try:
        if call_and_report(item, "setup").passed:
            report = call_and_report(item, "call", log=False)
            if report.passed:
                held = report
            else:
                hook.pytest_runtest_logreport(report=report)
        # As in pytest: a session about to stop tears everything down now, where errors are reported.
        if item.session.shouldfail or item.session.shouldstop:
            nextitem = None
        teardown = call_and_report(item, "teardown", log=False, nextitem=nextitem)
        if held is not None:
            hook.pytest_runtest_logreport(report=_concluded(item, held, conclude))
        hook.pytest_runtest_logreport(report=teardown)
    finally:
        if hasattr(item, "_request"):
            item._request = False  # noqa: SLF001 - as pytest does, to let go of the values of the fixtures
            item.funcargs = None  # type: ignore[attr-defined]  # the same
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _concluded(item: pytest.Item, passed: pytest.TestReport, conclude: Callable[[], None]) -> pytest.TestReport:
    """Return the report of a call that passed, or, if the conclusion is another, of one that failed."""
    call = pytest.CallInfo.from_call(conclude, when="call", reraise=(KeyboardInterrupt,))
    if call.excinfo is None:
        return passed
    # By the hook, so that xfail and whatever plugins do to reports apply.
    failed: pytest.TestReport = item.ihook.pytest_runtest_makereport(item=item, call=call)
    # The output of the teardown is in the teardown's own report.
    failed.sections = [section for section in failed.sections if not section[0].endswith(" teardown")]
    failed.start, failed.stop, failed.duration = passed.start, passed.stop, passed.duration
    return failed
