"""The pytest plugin: a test that leaks tensors fails, and its report contains the places that created them.

``@pytest.mark.tensor_leaks(allow=0, warmup=0)`` checks one test, class or module; the ini option
``humanrt_tensor_leaks = off | warn | error`` checks all tests without that marker. The rule:

- Counting begins before the first function-scoped fixture of a test is set up, and ends after the last is torn down. So
  a fixture may hold tensors while its test runs, and a fixture that leaks is found. Tensors of fixtures of a wider
  scope never count, whenever these are set up.
- A leak is each tensor by which an engine has grown at the end, and each handle that vanished undisposed, over all
  engines of the process. More than ``allow`` of them fail the test.
- A test that closes an engine frees its tensors. A fixture that closes an engine does not: the tensors that the engine
  still holds count, or a fixture that closes its engine would hide every leak. Tensors of a ``Result`` in "auto" mode
  are the exception, because Human frees them.
- The test's body runs ``warmup`` times before, with the same fixtures, and is not counted: it may fill caches.
- A test that failed or was skipped is not checked.

Works for plain, asyncio (pytest-asyncio), anyio and unittest tests. Reports contain creation sites for the engines that
were created after the tests had been collected. If another plugin runs tests in its own way (reruns, for instance), and
with ``--setup-show``, a leak is an error at teardown instead of a failure.

Nothing else of humanrt is imported before a marker, a fixture or the option requires it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from humanrt.engine import Engine
    from humanrt.pytest_plugin.growth import TensorGrowth

OPTION = "humanrt_tensor_leaks"
MARKER = "tensor_leaks"
FIXTURE = "humanrt_tensors"


class TensorLeakWarning(pytest.PytestWarning):
    """A test leaked tensors, and ``humanrt_tensor_leaks`` is "warn"."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini option."""
    parser.addini(OPTION, "the report of a test that leaks tensors: off, warn or error", default="off")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and check the option.

    Raises ``UsageError`` if the option has another value.
    """
    config.addinivalue_line(
        "markers",
        f"{MARKER}(allow=0, warmup=0): fail the test if it leaks more than `allow` tensors; its body runs `warmup` "
        "times before that, uncounted",
    )
    if config.getini(OPTION) not in ("off", "warn", "error"):
        raise pytest.UsageError(f"{OPTION} is {config.getini(OPTION)!r}; accepted: off, warn, error")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Register the checks, if any test is to be checked."""
    config = session.config
    if config.getini(OPTION) != "off" or any(_is_checked(item) for item in session.items):
        from humanrt.pytest_plugin.check import LeakCheck

        config.pluginmanager.register(LeakCheck(session), "humanrt-leak-check")


def _is_checked(item: pytest.Item) -> bool:
    return item.get_closest_marker(MARKER) is not None or FIXTURE in getattr(item, "fixturenames", ())


@pytest.fixture
def humanrt_engine() -> Iterator[Engine]:
    """Yield a new engine on the CPU that records creation sites, and close it at the end."""
    from humanrt.engine import Engine

    with Engine("cpu", track_sites=True) as engine:
        yield engine


@pytest.fixture
def humanrt_tensors() -> Iterator[TensorGrowth]:
    """Yield the live tensors of all engines: ``count``, ``delta`` since the fixture began, ``assert_no_leaks()``."""
    from humanrt.pytest_plugin.growth import TensorGrowth

    growth = TensorGrowth()
    yield growth
    growth.stop()
