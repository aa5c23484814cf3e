import contextvars
import threading

import pytest

from humanrt.runtime.futures import background

PATIENCE = 30  # seconds until a test that hangs gives up


def test_background_work_runs_on_a_named_thread_in_an_empty_context():
    """CONFORMANCE 51"""
    variable = contextvars.ContextVar("variable", default="nothing")
    variable.set("the caller's")

    def work():
        return threading.current_thread().name, variable.get(), len(contextvars.copy_context())

    assert background(work, name="humanrt-test").result(PATIENCE) == ("humanrt-test", "nothing", 0)


@pytest.mark.parametrize("error", [LookupError("gone"), SystemExit(3)], ids=["Exception", "BaseException"])
def test_the_future_has_the_error_of_the_work(error):
    def work():
        raise error

    assert background(work, name="humanrt-test").exception(PATIENCE) is error


def test_background_works_run_concurrently():
    together = threading.Barrier(8, timeout=PATIENCE)
    futures = [background(together.wait, name="humanrt-test") for _ in range(8)]
    assert sorted(future.result(PATIENCE) for future in futures) == list(range(8))
