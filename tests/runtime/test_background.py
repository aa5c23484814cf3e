import contextvars
import threading

import pytest

from humanrt.runtime.background import background

PATIENCE = 30  # seconds until a test that hangs gives up


def test_work_runs_on_a_thread_of_that_name_in_an_empty_context():
    """CONFORMANCE 51"""
    variable = contextvars.ContextVar("variable", default="nothing")
    variable.set("the caller's")

    def work():
        return threading.current_thread().name, variable.get(), len(contextvars.copy_context())

    assert background(work, name="humanrt-test").result(PATIENCE) == ("humanrt-test", "nothing", 0)


@pytest.mark.parametrize("error", [LookupError("gone"), SystemExit(3)], ids=["Exception", "BaseException"])
def test_whatever_ends_the_work_is_for_those_who_wait(error):
    def work():
        raise error

    assert background(work, name="humanrt-test").exception(PATIENCE) is error


def test_works_run_side_by_side():
    together = threading.Barrier(8, timeout=PATIENCE)
    futures = [background(together.wait, name="humanrt-test") for _ in range(8)]
    assert sorted(future.result(PATIENCE) for future in futures) == list(range(8))
