"""Dtypes of ONNX models that tensors do not have: they are cast where a session is run."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from humanrt.runtime.library import InferenceSession, RunOptions

CASTS: Final[Mapping[str, tuple[np.dtype[Any], np.dtype[Any]]]] = {
    "tensor(double)": (np.dtype(np.float64), np.dtype(np.float32)),
    "tensor(int8)": (np.dtype(np.int8), np.dtype(np.int32)),
    "tensor(int16)": (np.dtype(np.int16), np.dtype(np.int32)),
    "tensor(uint16)": (np.dtype(np.uint16), np.dtype(np.int32)),
    "tensor(uint32)": (np.dtype(np.uint32), np.dtype(np.int64)),
    "tensor(uint64)": (np.dtype(np.uint64), np.dtype(np.int64)),
}
"""The dtype of an input or output, and that of the tensors that stand for it, by ONNX Runtime's name of the dtype."""


class CastingSession:
    """A session whose inputs and outputs are cast from and to the dtypes that tensors have."""

    def __init__(self, session: InferenceSession) -> None:
        self._session = session
        self._inputs = {each.name: CASTS[each.type][0] for each in session.get_inputs() if each.type in CASTS}
        self._outputs = {each.name: CASTS[each.type][1] for each in session.get_outputs() if each.type in CASTS}

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of the session
        return getattr(self._session, name)

    def run(
        self, names: Sequence[str], feeds: Mapping[str, NDArray[Any]], options: RunOptions | None = None
    ) -> list[NDArray[Any]]:
        """Run the session.

        Raises ``OverflowError`` if an integer does not fit the dtype to which it is cast.
        """
        given = {name: _cast(name, array, self._inputs.get(name, array.dtype)) for name, array in feeds.items()}
        results: list[NDArray[Any]] = self._session.run(names, given, options)
        return [
            _cast(name, result, self._outputs[name]) if name in self._outputs else result
            for name, result in zip(names, results, strict=True)
        ]


def with_casts(session: InferenceSession) -> InferenceSession:
    """Return the session, in a ``CastingSession`` if it has inputs or outputs of dtypes that tensors do not have."""
    values = (*session.get_inputs(), *session.get_outputs())
    return cast(InferenceSession, CastingSession(session)) if any(each.type in CASTS for each in values) else session


def _cast(name: str, array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    if array.dtype == dtype:
        return array
    with np.errstate(over="ignore"):
        result = array.astype(dtype)
    if dtype.kind in "iu" and array.size and not np.can_cast(array.dtype, dtype):
        limits, least, most = np.iinfo(dtype), int(array.min()), int(array.max())
        if least < limits.min or most > limits.max:
            raise OverflowError(f"values of {name!r} from {least} to {most} do not fit {dtype}")
    return result
