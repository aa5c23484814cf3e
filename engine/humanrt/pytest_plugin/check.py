"""The checks of tests that have the marker, or of all tests if the ini option is set."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from inspect import iscoroutinefunction
from typing import Any, NamedTuple

import pytest

from humanrt.pytest_plugin import MARKER, OPTION, TensorLeakWarning, protocol
from humanrt.pytest_plugin.growth import Leak, TensorGrowth, describe, total
from humanrt.tensors import watch

# The methods of a unittest that are called after its body; those of ``unittest.IsolatedAsyncioTestCase``, too.
ENDS_OF_UNITTEST = ("asyncTearDown", "tearDown", "doCleanups")


class Rule(NamedTuple):
    """The arguments of the marker of one test."""

    allow: int = 0
    warmup: int = 0


class LeakCheck:
    """The hooks of a session in which tests are checked; the package's docstring has the rule.

    They wrap everything that a test does, and hide themselves from its tracebacks.
    """

    def __init__(self, session: pytest.Session) -> None:
        self._option: str = session.config.getini(OPTION)
        self._audit: Audit | None = None
        self._reports_wait = False
        for item in session.items:
            _rule(item)  # raises for a wrong marker before the first test runs
        watch.watchers.append(self)  # for the whole session: new engines record sites

    def pytest_unconfigure(self) -> None:
        """Stop the recording of sites."""
        watch.watchers.remove(self)

    def opened(self, registry: watch.Watched) -> None:
        """Do nothing: the ``TensorGrowth`` of the running test watches the engine."""

    def emptying(self, registry: watch.Watched) -> None:
        """Do nothing: the ``TensorGrowth`` of the running test watches the engine."""

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a test that is checked, unless another plugin runs tests in its own way."""
        if not self._is_checked(item) or not self._may_run(item.config):
            return None
        self._reports_wait = True
        try:
            protocol.run(item, nextitem, self._report)
        finally:
            self._reports_wait = False
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None]:
        """Begin to count at the end of the setup, if no fixture of the test began it."""
        __tracebackhide__ = True
        self._audit = Audit(item, _rule(item)) if self._is_checked(item) else None
        yield
        if self._audit is not None:
            self._audit.begin()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Begin to count at the first fixture of the test, and exclude later ones of a wider scope."""
        __tracebackhide__ = True
        if self._audit is None:
            return (yield)
        if fixturedef.scope == "function":
            self._audit.begin()
            return (yield)
        with self._audit.excused():
            return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self) -> Generator[None]:
        """Run the warm-ups before the body of the test, and find the tensors that vanished with its variables."""
        __tracebackhide__ = True
        if self._audit is None:
            return (yield)
        with self._audit.of_unittest():
            self._audit.warm_up()
            yield
        self._audit.reclaim()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Record whether the body of the test passed."""
        report = yield
        if self._audit is not None and call.when == "call":
            self._audit.passed = report.passed
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
        """Finish after the fixtures of the test are torn down, and before those of a wider scope are."""
        __tracebackhide__ = True
        audit = self._audit
        if audit is None:
            return (yield)
        audit.begin_teardown()
        if audit.passed and item.parent is not None and item.parent not in (nextitem.listchain() if nextitem else ()):
            item.parent.addfinalizer(audit.finish)  # the last one added runs first
        try:
            yield
        finally:
            audit.finish()
        if not self._reports_wait:
            self._report()

    def _report(self) -> None:
        audit, self._audit = self._audit, None
        if audit is not None:
            audit.report(as_warning=self._option == "warn" and not _is_marked(audit.item))

    def _is_checked(self, item: pytest.Item) -> bool:
        return self._option != "off" or _is_marked(item)

    def _may_run(self, config: pytest.Config) -> bool:
        """Return whether this plugin may run a test instead of pytest's runner without a loss."""
        known = (self, config.pluginmanager.get_plugin("runner"))
        hooks = config.hook.pytest_runtest_protocol.get_hookimpls()
        others = [hook for hook in hooks if hook.plugin not in known and not (hook.wrapper or hook.hookwrapper)]
        return not others and not config.getoption("setupshow")


class Audit:
    """The count of one test, from its first fixture to its report."""

    def __init__(self, item: pytest.Item, rule: Rule) -> None:
        self.item = item
        self.passed = False
        self._rule = rule
        self._growth: TensorGrowth | None = None
        self._instance: object = None
        self._leaks: list[Leak] = []

    def begin(self) -> None:
        """Begin to count. Idempotent."""
        if self._growth is None:
            self._growth = TensorGrowth()

    def excused(self) -> AbstractContextManager[None]:
        """Exclude what happens in the block."""
        return nullcontext() if self._growth is None else self._growth.excused()

    def warm_up(self) -> None:
        """Run the body of the test without counting."""
        for _ in range(self._rule.warmup):
            with self.excused():
                self.item.runtest()
        if self._growth is not None:
            self._growth.closing_frees = True

    @contextmanager
    def of_unittest(self) -> Iterator[None]:
        """Treat ``tearDown()`` and the cleanups of a unittest, which run with its body in the block, as a teardown."""
        __tracebackhide__ = True
        instance = getattr(self.item, "instance", None)
        is_unittest = hasattr(instance, "doCleanups")
        names = [name for name in ENDS_OF_UNITTEST if is_unittest and hasattr(instance, name)]
        for name in names:
            setattr(instance, name, self._ending(getattr(instance, name)))
        try:
            yield
        finally:
            for name in names:  # with it there is a cycle of references, which would keep the attributes of ``self``
                vars(instance).pop(name, None)

    def _ending(self, method: Callable[[], Any]) -> Callable[[], Any]:
        """Return ``method``, before which the teardown begins."""
        if not iscoroutinefunction(method):

            def end() -> object:
                self.begin_teardown()
                return method()

            return end

        async def end_async() -> None:
            self.begin_teardown()
            await method()

        return end_async

    def reclaim(self) -> None:
        """Find the tensors that have vanished so far: fixtures that close their engines would warn of them."""
        self._instance = getattr(self.item, "instance", None)  # that of unittest is gone after the teardown
        if self._growth is not None:
            self._growth.reclaim()

    def begin_teardown(self) -> None:
        """Record that the fixtures of the test are torn down from here on."""
        if self._growth is not None:
            self._growth.closing_frees = False

    def finish(self) -> None:
        """Determine the leaks and end the count. Idempotent."""
        growth, self._growth = self._growth, None
        if growth is None:
            return
        try:
            if self.passed:
                self._leaks = growth.leaks(self._rule.allow, self._release)
        finally:
            growth.stop()

    def _release(self) -> None:
        """Release what only pytest still holds: the values of the fixtures, and the attributes of ``self``."""
        if isinstance(self.item, pytest.Function):
            self.item.funcargs.clear()
        if hasattr(self._instance, "__dict__"):
            vars(self._instance).clear()

    def report(self, *, as_warning: bool) -> None:
        """Fail the test, or warn, if it leaked more tensors than are allowed."""
        if total(self._leaks) <= self._rule.allow:
            return
        text = describe(self._leaks, self._rule.allow)
        if as_warning:
            self.item.warn(TensorLeakWarning(text))
        else:
            pytest.fail(text, pytrace=False)


def _is_marked(item: pytest.Item) -> bool:
    return item.get_closest_marker(MARKER) is not None


def _rule(item: pytest.Item) -> Rule:
    """Return the arguments of a test's marker, or the defaults.

    Raises ``UsageError`` if the marker has others.
    """
    marker = item.get_closest_marker(MARKER)
    if marker is None:
        return Rule()
    given = (*marker.args, *marker.kwargs.values())
    if all(isinstance(number, int) and number >= 0 for number in given):
        with suppress(TypeError):
            return Rule(*marker.args, **marker.kwargs)
    raise pytest.UsageError(f"{item.nodeid}: {marker}; accepted is {MARKER}(allow=0, warmup=0) with integers from 0")
