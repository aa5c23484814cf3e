"""The one place where ops run: inputs are read, a kernel computes, and its result enters the accounts.

A kernel is a plain function: arrays in, fresh arrays out, which share no memory with what came in. It knows nothing of
tensors, so that nothing it makes on its way is ever counted, and nothing of it can outlive the op. While it computes it
holds its inputs' arrays: that pins them, whoever disposes the tensors meanwhile.

Kernels run with NumPy's warnings off: infinities and NaN come and go, as in TF.js. NumPy 2 keeps what it does about
them in a context variable. Setting that for a call, with ``np.errstate``, takes twice as long as adding two small
arrays. So kernels run in contexts in which it was set once. A context serves one call at a time; those that are free
lie in a list, whose ``pop()`` and ``append()`` need no lock.
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

# What an op accepts: a tensor, or what can become one for the time of the call.
TensorLike: TypeAlias = Handle[Any] | ArrayLike
# For each input, the dtype in which values that are no tensors are read; None where they decide themselves.
ReadAs: TypeAlias = Sequence[DTypeLike | None]


def run(ledger: Ledger[H], name: str, kernel: Callable[..., Array], *inputs: TensorLike, read_as: ReadAs = ()) -> H:
    """Run the op ``name`` on tensors of ``ledger`` and on values, and return its result, a new tensor.

    Raises TensorDisposedError for a disposed input; InputError for a tensor of another engine, for values that no
    tensor can be made of, and for arguments that the kernel refuses. Then nothing was made.
    """
    return ledger.adopt(_plain(compute(name, kernel, _arrays(ledger, inputs, read_as))))


def run_many(ledger: Ledger[H], name: str, kernel: Callable[..., Sequence[Array]], *inputs: TensorLike) -> list[H]:
    """Run an op with several results, as ``run`` does; either all become tensors, or none."""
    tensors: list[H] = []
    try:
        for result in compute(name, kernel, _arrays(ledger, inputs, ())):
            tensors.append(ledger.adopt(_plain(result)))  # noqa: PERF401 - on an error, those made so far are freed
    except BaseException:
        for tensor in tensors:
            ledger.release(tensor.id)
        raise
    return tensors


def run_in_thread(
    ledger: Ledger[H], name: str, kernel: Callable[..., Array], *inputs: TensorLike, read_as: ReadAs = ()
) -> Coroutine[Any, Any, H]:
    """Run an op as ``run`` does, without blocking the event loop.

    The inputs are read when this is called, not when it is awaited. The result is made after the thread has ended, by
    the task that awaits: a cancelled one leaves nothing behind.
    """
    return _finish(ledger, name, kernel, _arrays(ledger, inputs, read_as))


async def _finish(ledger: Ledger[H], name: str, kernel: Callable[..., Array], arrays: list[Array]) -> H:
    return ledger.adopt(_plain(await asyncio.to_thread(compute, name, kernel, arrays)))


def compute(name: str, kernel: Callable[..., T], arrays: Sequence[Array]) -> T:
    """Call a kernel: every eager op passes here, whatever its results, on whatever thread; profiles look on.

    Raises InputError for what the kernel, or NumPy in it, refuses, with the op's name and what it was given.
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
    """Call a kernel, without warnings and in no scope: a finaliser that happens to run meanwhile is in none either."""
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
    """Return the values of tensors as they are, and of everything else what a tensor made of it would hold."""
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
    """Make arrays of inputs that are no tensors; plain numbers come last, for they adapt to what is there."""
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
    """Return an array in C order: of two scalars, NumPy makes no array, and of strided arrays a strided one."""
    if isinstance(result, np.ndarray) and result.flags.c_contiguous:
        return result
    return np.array(result, order="C")
