"""The pytest plugin: a test that leaves a tensor behind fails, and says where the tensor was made.

``@pytest.mark.tensor_leaks(allow=0, warmup=0)`` checks one test, class or module; the ini option
``humanrt_tensor_leaks = off | warn | error`` all tests without that marker. The rule:

- The count begins before the first function-scoped fixture of a test, and ends after the last of them was torn down. So
  a fixture may hold tensors while its test runs, and a fixture that leaks is found. What fixtures of a wider scope make
  is never the test's, whenever they are asked for.
- A leak is each tensor by which an engine has grown at the end, and each handle that vanished undisposed; over all
  engines of the process. More than ``allow`` of them fail the test.
- An engine that is closed by the test itself has freed its tensors. One that is closed while fixtures are torn down has
  not: what it still held counts, or a fixture that closes its engine would hide every leak. Tensors of a Result
  in "auto" mode are the exception, for they may be left to Human.
- ``warmup`` runs of the test's body come first, with the same fixtures, and are not counted: they may fill caches.
- Nothing is said of a test that failed or was skipped.

Works for plain, asyncio (pytest-asyncio), anyio and unittest tests. Whatever is printed has creation sites for the
engines that were made after the tests had been collected. Where another plugin runs tests in its own way (reruns, for
instance), and with ``--setup-show``, a leak shows as an error at teardown instead of a failure.

Nothing of humanrt is imported before a marker, a fixture or the option asks for it.
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
    parser.addini(OPTION, "what a test that leaks tensors gets: off, warn or error", default="off")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and check the option."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(allow=0, warmup=0): fail the test if it leaks more than `allow` tensors; its body runs `warmup` "
        "times before that, uncounted",
    )
    if config.getini(OPTION) not in ("off", "warn", "error"):
        raise pytest.UsageError(f"{OPTION} is {config.getini(OPTION)!r}; accepted: off, warn, error")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start checking, if any test asks for it."""
    config = session.config
    if config.getini(OPTION) != "off" or any(_asks(item) for item in session.items):
        from humanrt.pytest_plugin.check import LeakCheck

        config.pluginmanager.register(LeakCheck(session), "humanrt-leak-check")


def _asks(item: pytest.Item) -> bool:
    return item.get_closest_marker(MARKER) is not None or FIXTURE in getattr(item, "fixturenames", ())


@pytest.fixture
def humanrt_engine() -> Iterator[Engine]:
    """Give an Engine of the test's own, on the CPU, that records creation sites; it is closed at the end."""
    from humanrt.engine import Engine

    with Engine("cpu", track_sites=True) as engine:
        yield engine


@pytest.fixture
def humanrt_tensors() -> Iterator[TensorGrowth]:
    """Give the live tensors of all engines: ``count``, ``delta`` since this fixture's start, ``assert_no_leaks()``."""
    from humanrt.pytest_plugin.growth import TensorGrowth

    growth = TensorGrowth()
    yield growth
    growth.stop()
