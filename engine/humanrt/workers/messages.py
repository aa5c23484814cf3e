"""What a pool and its worker send each other over their socket: pickled records, each behind its length.

Pictures, and the tensors of results, are in the shared memory. The worker is a process of the same program, so that
pickles are accepted from it.
"""

import asyncio
import io
import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.config import Config
from humanrt.errors import WorkerError
from humanrt.result import Result
from humanrt.tensors import Tensor, pinned
from humanrt.workers.memory import SharedMemory, aligned

LENGTH = struct.Struct(">Q")


class Encoded(NamedTuple):
    """So many bytes of an encoded picture, at the start of the shared memory."""

    size: int


class Pixels(NamedTuple):
    """An array uint8 [h, w, 3] at the start of the shared memory."""

    shape: tuple[int, ...]
    bgr: bool


@dataclass(frozen=True)
class Configure:
    """The first message of a pool."""

    config: Config
    device_memory: bool


@dataclass(frozen=True)
class Detect:
    """A call. ``source`` is the path of a picture, or what is in the shared memory; ``session`` the number of one."""

    number: int
    source: str | Encoded | Pixels
    config: Config | None
    session: int | None = None


@dataclass(frozen=True)
class Cancel:
    """The end of a call whose answer nobody awaits."""

    number: int


@dataclass(frozen=True)
class EndSession:
    """The end of a session: its tensors are freed."""

    session: int


@dataclass(frozen=True)
class Stop:
    """The end of a worker."""


class Report(NamedTuple):
    """What a worker uses after a call."""

    rss: int
    device_memory: int
    tensors: int
    handles: int
    threads: int


class Array(NamedTuple):
    """An array in the shared memory."""

    offset: int
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Packed:
    """A result in transport form: pickled without its tensors, and the places of these."""

    data: bytes
    arrays: tuple[Array, ...]


@dataclass(frozen=True)
class Ready:
    """What a worker uses: its first message, when its models are loaded, and the answer to the end of a session."""

    report: Report


@dataclass(frozen=True)
class Failed:
    """The first message of a worker that cannot start."""

    error: bytes


@dataclass(frozen=True)
class Answer:
    """The end of a call: its result, its error, or neither if it was cancelled."""

    number: int
    result: Packed | None
    error: bytes | None
    seconds: float
    report: Report


Message: TypeAlias = Configure | Detect | Cancel | EndSession | Stop | Ready | Failed | Answer


def send(writer: asyncio.StreamWriter, message: Message) -> None:
    """Send a message; it is buffered until the other process reads it."""
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    writer.write(LENGTH.pack(len(data)) + data)


async def receive(reader: asyncio.StreamReader) -> Message:
    """Return the next message.

    Raises ``EOFError`` or ``OSError`` if the other process has ended.
    """
    (count,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
    message: Message = pickle.loads(await reader.readexactly(count))  # noqa: S301 - of a process of this program
    return message


def pack_error(error: BaseException) -> bytes:
    """Return an error in transport form, without its traceback."""
    try:
        data = pickle.dumps(error, pickle.HIGHEST_PROTOCOL)
        pickle.loads(data)  # noqa: S301 - just written
    except Exception:  # noqa: BLE001 - an error of any library may refuse
        return pickle.dumps(WorkerError(f"{type(error).__name__}: {error}"))
    return data


def unpack_error(data: bytes) -> Exception:
    """Return the error."""
    error: Exception = pickle.loads(data)  # noqa: S301 - of a process of this program
    return error


def pack(result: Result, memory: SharedMemory, offset: int) -> Packed:
    """Return a result in transport form, its tensors in the shared memory from ``offset`` on."""
    file = io.BytesIO()
    pickler = _Pickler(file, memory, aligned(offset))
    pickler.dump(result)
    return Packed(file.getvalue(), tuple(pickler.arrays))


def unpack(data: bytes, arrays: list[NDArray[Any]], adopt: Callable[[NDArray[Any]], Tensor]) -> Result:
    """Return the result; ``adopt`` creates its tensors of copies of the arrays in the shared memory."""
    result: Result = _Unpickler(io.BytesIO(data), arrays, adopt).load()
    return result


def copies(packed: Packed, memory: SharedMemory) -> list[NDArray[Any]]:
    """Return copies of the arrays of a result."""
    return [memory.array(each.offset, each.shape, np.dtype(each.dtype)).copy() for each in packed.arrays]


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, memory: SharedMemory, offset: int) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.arrays: list[Array] = []
        self._memory = memory
        self._offset = offset

    def persistent_id(self, obj: object) -> int | None:
        """Write a tensor to the shared memory, and return its number; None for any other object."""
        if not isinstance(obj, Tensor):
            return None
        with pinned(obj) as array:
            self.arrays.append(Array(self._offset, array.shape, array.dtype.str))
            self._offset = self._memory.write(self._offset, array)
        return len(self.arrays) - 1

    def reducer_override(self, obj: Any) -> Any:  # noqa: ANN401 - of pickle
        """Return how errors, and mappings that pickle refuses, are created."""
        if isinstance(obj, BaseException):
            return unpack_error, (pack_error(obj),)
        if isinstance(obj, MappingProxyType):
            return MappingProxyType, (dict(obj),)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, arrays: list[NDArray[Any]], adopt: Callable[[NDArray[Any]], Tensor]) -> None:
        super().__init__(file)
        self._tensors = [adopt(array) for array in arrays]

    def persistent_load(self, pid: int) -> Tensor:
        """Return the tensor of a number."""
        return self._tensors[pid]
