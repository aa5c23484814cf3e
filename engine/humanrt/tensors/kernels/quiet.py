"""Calling kernels with NumPy's warnings off: infinities and NaN come and go, as in TF.js.

NumPy 2 keeps what it does about them in a context variable. Setting that for a call, with ``np.errstate``, takes twice
as long as adding two small arrays. So kernels run in contexts in which it was set once. A context serves one call at a
time; those that are free lie in a list, whose ``pop()`` and ``append()`` need no lock.
"""

from collections.abc import Callable, Sequence
from contextvars import Context
from typing import TypeVar

import numpy as np

from humanrt.tensors.buffer import Array

T = TypeVar("T")

_free: list[Context] = []


def quietly(kernel: Callable[..., T], arrays: Sequence[Array]) -> T:
    """Call a kernel, without warnings and in no scope: a finaliser that happens to run meanwhile is in none either."""
    try:
        context = _free.pop()
    except IndexError:
        context = Context()
        context.run(np.seterr, all="ignore")
    try:
        return context.run(kernel, *arrays)
    finally:
        _free.append(context)
