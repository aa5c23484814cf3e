"""Sessions of pytest inside a test: the tests in them whose names contain "leaky" must fail, and no others."""

import gc
import sys
import warnings

import pytest

# A session in this process forgets what it was the first to import; NumPy, for one, cannot be imported twice.
from humanrt import Human, pytest_plugin
from humanrt.pytest_plugin import check
from humanrt.tensors import watch

IMPORTED = (Human, pytest_plugin, check)

PRELUDE = """
import asyncio, gc, unittest, warnings
import hypothesis, pytest
import pytest_asyncio
from hypothesis import strategies as st
from humanrt import Engine, Human

KEPT = []

def automatic(engine):
    # Like the tensors of a Result, it may vanish silently.
    tensor = engine.scalar(1.0)
    engine.registry.mark_automatic(tensor)
    return tensor

@pytest.fixture(scope="module")
def engine():
    with Engine("cpu") as engine:
        yield engine

"""


def outcomes(record):
    """Return the result of each test: its outcome, or "error at" a phase."""
    became = {}
    for report in record.getreports("pytest_runtest_logreport"):
        name = report.head_line.rpartition(".")[2]
        if report.when == "call":
            assert name not in became, "reported twice"
            became[name] = report.outcome
        elif report.failed:
            became[name] = f"error at {report.when}"
    return became


@pytest.fixture
def forget_the_leaks():
    """Free what a session leaked on purpose, without warnings; ``pytester`` references it until its own teardown."""
    yield
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setattr(sys, "unraisablehook", lambda _: None)
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
        for registry in watch.registries():
            registry.memory()


@pytest.fixture
def session(forget_the_leaks, pytester, monkeypatch):  # torn down in the opposite order
    """Run tests in a session of their own, and return the result of each."""

    for name in ("CI", "BUILD_NUMBER"):  # where one is set, pytest prints every failure again, in full, in its summary
        monkeypatch.delenv(name, raising=False)

    def run(code, *arguments, ini="humanrt_tensor_leaks = error"):
        pytester.makeini(f"[pytest]\nasyncio_default_fixture_loop_scope = function\n{ini}\n")
        pytester.makepyfile(PRELUDE + code)
        mode = "strict" if "import anyio" in code else "auto"
        return outcomes(pytester.inline_run("-Wdefault", "-pno:randomly", f"--asyncio-mode={mode}", *arguments))

    return run


@pytest.fixture
def assert_only_leaky_ones_fail(session):
    """Run tests as ``session`` does, and assert that the leaky ones failed and all others passed."""

    def run(*arguments, **options):
        became = session(*arguments, **options)
        assert any("leaky" in name for name in became)
        assert became == {name: "failed" if "leaky" in name else "passed" for name in became}

    return run
