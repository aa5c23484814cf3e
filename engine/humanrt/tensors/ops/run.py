"""The one place where ops run: inputs are read, a kernel computes, and its result enters the accounts.

A kernel is a plain function: arrays in, fresh arrays out, which share no memory with what came in. It knows nothing of
tensors, so that nothing it makes on its way is ever counted, and nothing of it can outlive the op. While it computes it
holds its inputs' arrays: that pins them, whoever disposes the tensors meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from humanrt.errors import InputError
from humanrt.tensors.buffer import Array
from humanrt.tensors.ops.promotion import is_number, number_array, promoted
from humanrt.tensors.ops.quiet import quietly
from humanrt.tensors.profile import kernel_ended, kernel_started
from humanrt.tensors.values import copy_values

if TYPE_CHECKING:
    from humanrt.tensors.registry import Registry
    from humanrt.tensors.tensor import Tensor

T = TypeVar("T")


class Operand:
    """What makes a Tensor known here: it cannot be imported, for its operators are made of this file."""

    __slots__ = ()


# What an op accepts: a tensor, or what can become one for the time of the call.
TensorLike: TypeAlias = Operand | ArrayLike
# For each input, the dtype in which values that are no tensors are read; None where they decide themselves.
ReadAs: TypeAlias = Sequence[DTypeLike | None]


def run(
    registry: Registry, name: str, kernel: Callable[..., Array], *inputs: TensorLike, read_as: ReadAs = ()
) -> Tensor:
    """Run the op ``name`` on tensors of ``registry`` and on values, and return its result, a new tensor.

    Raises TensorDisposedError for a disposed input; InputError for a tensor of another registry, for values that no
    tensor can be made of, and for arguments that the kernel refuses. Then nothing was made.
    """
    return registry.adopt(_plain(compute(name, kernel, _arrays(registry, inputs, read_as))))


def run_many(
    registry: Registry, name: str, kernel: Callable[..., Sequence[Array]], *inputs: TensorLike, read_as: ReadAs = ()
) -> list[Tensor]:
    """Run an op with several results, as ``run`` does; either all become tensors, or none."""
    return _adopt_all(registry, compute(name, kernel, _arrays(registry, inputs, read_as)))


def run_in_thread(
    registry: Registry, name: str, kernel: Callable[..., Array], *inputs: TensorLike, read_as: ReadAs = ()
) -> Coroutine[Any, Any, Tensor]:
    """Run an op as ``run`` does, without blocking the event loop.

    The inputs are read when this is called, not when it is awaited. The result is made after the thread has ended, by
    the task that awaits: a cancelled one leaves nothing behind.
    """
    return _finish(registry, name, kernel, _arrays(registry, inputs, read_as))


def run_many_in_thread(
    registry: Registry,
    name: str,
    kernel: Callable[..., Sequence[Array]],
    *inputs: TensorLike,
    read_as: ReadAs = (),
    record: Callable[..., T],
) -> Coroutine[Any, Any, T]:
    """Run an op with several results as ``run_in_thread`` does, and return ``record`` of them."""
    return _finish_many(registry, name, kernel, _arrays(registry, inputs, read_as), record)


def as_tensor(registry: Registry, value: TensorLike) -> AbstractContextManager[Tensor]:
    """Return a context of ``value`` as a tensor of ``registry``: itself, or one that is freed at the end.

    Raises as ``run`` does.
    """
    if isinstance(value, Operand):
        registry.values(value)  # type: ignore[arg-type]  # Tensor is the only Operand
        return nullcontext(value)  # type: ignore[arg-type]
    return registry.tensor(value)


async def _finish(registry: Registry, name: str, kernel: Callable[..., Array], arrays: list[Array]) -> Tensor:
    return registry.adopt(_plain(await asyncio.to_thread(compute, name, kernel, arrays)))


async def _finish_many(
    registry: Registry,
    name: str,
    kernel: Callable[..., Sequence[Array]],
    arrays: list[Array],
    record: Callable[..., T],
) -> T:
    return record(*_adopt_all(registry, await asyncio.to_thread(compute, name, kernel, arrays)))


def _adopt_all(registry: Registry, results: Sequence[Array]) -> list[Tensor]:
    """Make tensors of all results, or of none."""
    tensors: list[Tensor] = []
    try:
        for result in results:
            tensors.append(registry.adopt(_plain(result)))  # noqa: PERF401 - on an error, those made so far are freed
    except BaseException:
        registry.dispose(tensors)
        raise
    return tensors


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


def _arrays(registry: Registry, inputs: Sequence[Any], read_as: ReadAs) -> list[Array]:
    """Return the values of tensors as they are, and of everything else what a tensor made of it would hold."""
    arrays = []
    all_tensors = True
    for value in inputs:
        if isinstance(value, Operand):
            arrays.append(registry.values(value))  # type: ignore[arg-type]  # Tensor is the only Operand
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
        if not isinstance(value, Operand):
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
