"""Kernels run with NumPy's warnings off, and leave what the caller has set as it was. Warnings are errors here."""

import threading

import numpy as np
import pytest

from humanrt.tensors.kernels.quiet import quietly

ZERO = np.float32([0])


def divide(*arrays):
    return np.divide(*arrays)


def test_the_caller_keeps_its_own_settings():
    with np.errstate(divide="raise"):
        assert quietly(divide, [np.float32([1]), ZERO]) == np.inf
        with pytest.raises(FloatingPointError):
            divide(np.float32([1]), ZERO)


def test_a_call_may_come_while_another_runs_on_the_same_thread():
    """The garbage collector can run a finaliser in the midst of a kernel."""
    assert quietly(lambda x: quietly(divide, [x, x]) + divide(x + 1, x), [ZERO]).shape == (1,)


def test_calls_on_many_threads_at_once():
    together = threading.Barrier(4)

    def kernel(x):
        together.wait(10)
        return divide(x + 1, x)

    results = []
    threads = [threading.Thread(target=lambda: results.append(quietly(kernel, [ZERO]))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [np.inf] * 4


def test_after_an_error_the_next_call_is_quiet_too():
    def fail(_):
        raise ZeroDivisionError

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            quietly(fail, [ZERO])
        assert quietly(divide, [ZERO + 1, ZERO]) == np.inf
