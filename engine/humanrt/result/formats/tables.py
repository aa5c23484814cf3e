"""Results as the objects of pandas and supervision, which are optional and imported at their first use."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from humanrt.errors import MissingDependencyError
from humanrt.result import Result, Row
from humanrt.result.formats.rows import to_rows

if TYPE_CHECKING:
    from pandas import DataFrame
    from supervision import Detections

CLASS_IDS = {"face": 0, "body": 1, "hand": 2, "object": 2}
"""The class id of each kind in ``to_supervision()``; to that of objects their class is added, which counts from 1."""

# The others are float64. A dtype for each column, so that a frame without rows has the same.
_DTYPES = {
    "id": "int64",
    "person": "Int64",
    "points": "Int64",
    **dict.fromkeys(("kind", "label", "gender", "emotion", "gestures"), "string"),
}


def to_pandas(result: Result) -> "DataFrame":
    """Return the rows of a result as a DataFrame."""
    pandas = _library("pandas", "data")
    rows = to_rows(result)
    columns = {
        name: pandas.Series([getattr(row, name) for row in rows], dtype=_DTYPES.get(name, "float64"))
        for name in Row._fields
    }
    frame: DataFrame = pandas.DataFrame(columns)
    return frame


def to_supervision(result: Result) -> "Detections":
    """Return the boxes of a result as Detections."""
    supervision = _library("supervision", "supervision")
    rows = to_rows(result)
    boxes = np.array([row.box for row in rows], np.float32).reshape(-1, 4)
    classes = [CLASS_IDS[row.kind] for row in rows[: len(rows) - len(result.object)]]
    classes += [CLASS_IDS["object"] + thing.class_ for thing in result.object]
    detections: Detections = supervision.Detections(
        xyxy=np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1),
        confidence=np.array([row.score for row in rows], np.float32),
        class_id=np.array(classes, int),
        data={
            "class_name": np.array([row.label if row.kind == "object" else row.kind for row in rows], str),
            "kind": np.array([row.kind for row in rows], str),
            "id": np.array([row.id for row in rows], int),
            "person": np.array([-1 if row.person is None else row.person for row in rows], int),
        },
    )
    return detections


def _library(name: str, extra: str) -> Any:  # noqa: ANN401  # a module
    try:
        return import_module(name)
    except ImportError as error:
        message = f'{name} cannot be imported ({error}): pip install "humanrt[{extra}]"'
        raise MissingDependencyError(message, name=name) from error
