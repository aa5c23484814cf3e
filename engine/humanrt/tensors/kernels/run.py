"""Running an op: the inputs are read, a kernel computes, and the result becomes a tensor.

A kernel is a plain function from arrays to new arrays, which share no memory with the inputs. It has no access to
tensors: its intermediates are never counted, and none of them can outlive the op. While it computes it holds the arrays
of its inputs, which pins them if the tensors are disposed meanwhile.

Kernels run with NumPy's warnings off: infinities and NaN are ordinary values, as in TF.js. NumPy 2 keeps its error
handling in a context variable. To set it for one call, with ``np.errstate``, takes twice as long as to add two small
arrays. So kernels run in contexts in which it was set once. A context is used by one call at a time; free ones are kept
in a list, whose ``pop()`` and ``append()`` need no lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.handle import Handle
from humanrt.tensors.kernels.promotion import is_number, number_array, promoted
from humanrt.tensors.ledger import Ledger
from humanrt.tensors.profile import kernel_ended, kernel_started
from humanrt.tensors.values import copy_values

H = TypeVar("H", bound=Handle[Any])
T = TypeVar("T")

_free_contexts: list[Context] = []

TensorLike: TypeAlias = Handle[Any] | ArrayLike
"""An input of an op: a tensor, or a number, nested lists or an array that are read as a tensor for the call."""

ReadAs: TypeAlias = Sequence[DTypeLike | None]
"""For each input, the dtype in which values other than tensors are read; None for the one that ``tensor()`` chooses."""


def run(ledger: Ledger[H], name: str, kernel: Callable[..., Array], *inputs: TensorLike, read_as: ReadAs = ()) -> H:
    """Run the op ``name`` on tensors of ``ledger`` and on values, and return its result, a new tensor.

    Raises ``TensorDisposedError`` for a disposed input; ``InputError`` for a tensor of another engine, for values that
    cannot become a tensor, and for arguments that the kernel rejects. Then nothing was counted.
    """
    return ledger.adopt(_plain(compute(name, kernel, _arrays(ledger, inputs, read_as))))


def run_many(ledger: Ledger[H], name: str, kernel: Callable[..., Sequence[Array]], *inputs: TensorLike) -> list[H]:
    """Run an op with several results, as ``run()`` does; either all become tensors, or none."""
    tensors: list[H] = []
    try:
        for result in compute(name, kernel, _arrays(ledger, inputs, ())):
            tensors.append(ledger.adopt(_plain(result)))  # noqa: PERF401 - on an error, those created so far are freed
    except BaseException:
        for tensor in tensors:
            ledger.release(tensor.id)
        raise
    return tensors


def run_in_thread(
    ledger: Ledger[H], name: str, kernel: Callable[..., Array], *inputs: TensorLike, read_as: ReadAs = ()
) -> Coroutine[Any, Any, H]:
    """Run an op as ``run()`` does, in a thread.

    The inputs are read when this is called, not when it is awaited. The tensor is created after the thread has ended,
    by the task that awaits: a cancelled task leaves nothing behind.
    """
    return _finish(ledger, name, kernel, _arrays(ledger, inputs, read_as))


async def _finish(ledger: Ledger[H], name: str, kernel: Callable[..., Array], arrays: list[Array]) -> H:
    return ledger.adopt(_plain(await asyncio.to_thread(compute, name, kernel, arrays)))


def compute(name: str, kernel: Callable[..., T], arrays: Sequence[Array]) -> T:
    """Call a kernel and record it in the open profiles. Every eager op calls this, on whatever thread it runs.

    Raises ``InputError``, with the name of the op and its inputs, for errors of the kernel and of NumPy in it.
    """
    started = kernel_started()
    try:
        results = quietly(kernel, arrays)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        given = ", ".join(f"{array.dtype} {array.shape}" for array in arrays)
        raise InputError(f"{name}() of {given or 'nothing'}: {error}") from error
    if started is not None:
        outputs: Any = results if isinstance(results, list | tuple) else (results,)
        kernel_ended(started, name, arrays, outputs)
    return results


def quietly(kernel: Callable[..., T], arrays: Sequence[Array]) -> T:
    """Call a kernel without NumPy's warnings, and in no scope: a finaliser that runs meanwhile is in none either."""
    try:
        context = _free_contexts.pop()
    except IndexError:
        context = Context()
        context.run(np.seterr, all="ignore")
    try:
        return context.run(kernel, *arrays)
    finally:
        _free_contexts.append(context)


def _arrays(ledger: Ledger[H], inputs: Sequence[Any], read_as: ReadAs) -> list[Array]:
    """Return the values of tensors as they are, and anything else as the values of a tensor created from it."""
    arrays = []
    all_tensors = True
    for value in inputs:
        if isinstance(value, Handle):
            arrays.append(ledger.values(value))
        else:
            arrays.append(value)
            all_tensors = False
    if not all_tensors:
        _read(inputs, arrays, read_as)
    return arrays


def _read(inputs: Sequence[Any], arrays: list[Array], read_as: ReadAs) -> None:
    """Convert inputs other than tensors to arrays; plain numbers last, because they adapt to the other dtypes."""
    numbers = []
    beside = None
    for i, value in enumerate(inputs):
        if not isinstance(value, Handle):
            dtype = read_as[i] if read_as else None
            if dtype is None and is_number(value):
                numbers.append(i)
                continue
            arrays[i] = copy_values(value, dtype)
        beside = arrays[i].dtype if beside is None else promoted(beside, arrays[i].dtype)
    for i in numbers:
        arrays[i] = number_array(inputs[i], beside)


def _plain(result: Array | np.generic) -> Array:
    """Return an array in C order: NumPy returns a scalar for scalars, and a strided array for strided ones."""
    if isinstance(result, np.ndarray) and result.flags.c_contiguous:
        return result
    return np.array(result, order="C")
