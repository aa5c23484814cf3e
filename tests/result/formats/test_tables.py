"""pandas and supervision. Without supervision, a class with the documented constructor stands for its Detections."""

import importlib.util
import sys
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from records import BODY, FACE, HAND, OBJECT

from humanrt import Hands, Person, Result
from humanrt.errors import MissingDependencyError

BOX = (5.0, 6.0, 50.0, 54.0)
PERSON = Person(0, FACE, BODY, Hands(), (), BOX, BOX)
RESULT = Result(100, 50, (FACE,), (BODY,), (HAND,), (OBJECT,), persons=(PERSON,))


@pytest.mark.slow
class TestPandas:
    def test_a_frame_has_the_rows_with_a_dtype_for_each_column(self):
        frame = RESULT.to_pandas()
        assert frame["kind"].tolist() == ["face", "body", "hand", "object"]
        assert frame["score"].tolist() == [1.0, 0.75, 0.5, 0.25]
        assert frame[["x", "y", "width", "height"]].iloc[3].tolist() == [60, 20, 10, 12]
        assert frame["person"].fillna(-1).tolist() == [0, 0, -1, -1]
        assert frame["points"].sum() == 2 + 2 + 21

    def test_an_empty_frame_has_the_same_columns_and_dtypes(self):
        empty, frame = Result(1, 1).to_pandas(), RESULT.to_pandas()
        assert len(empty) == 0
        assert empty.dtypes.tolist() == frame.dtypes.tolist()
        assert list(empty.columns) == list(frame.columns) == list(RESULT.rows()[0]._fields)

    def test_a_frame_is_written_to_parquet_and_read_back(self, tmp_path):
        import pandas as pd

        frame = RESULT.to_pandas()
        frame.to_parquet(tmp_path / "rows.parquet")
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "rows.parquet"), frame)


@dataclass
class Detections:
    """The constructor of ``supervision.Detections``, as its documentation has it."""

    xyxy: np.ndarray
    mask: np.ndarray | None = None
    confidence: np.ndarray | None = None
    class_id: np.ndarray | None = None
    tracker_id: np.ndarray | None = None
    data: dict | None = None


@pytest.fixture(params=["supervision", "its constructor"])
def supervision(request, monkeypatch):
    """The library where it is installed, and the stand-in everywhere."""
    if request.param == "its constructor":
        monkeypatch.setitem(sys.modules, "supervision", SimpleNamespace(Detections=Detections))
    elif importlib.util.find_spec("supervision") is None:
        pytest.skip("supervision is not installed")


@pytest.mark.usefixtures("supervision")
class TestSupervision:
    def test_boxes_are_corners_with_scores_and_classes(self):
        found = RESULT.to_supervision()
        assert found.xyxy.tolist() == [[10, 20, 40, 60], [5, 6, 55, 50], [1, 2, 9, 11], [60, 20, 70, 32]]
        assert found.confidence.tolist() == [1.0, 0.75, 0.5, 0.25]
        assert found.class_id.tolist() == [0, 1, 2, 2 + OBJECT.class_]
        assert found.data["class_name"].tolist() == ["face", "body", "hand", "cup"]
        assert found.data["kind"].tolist() == ["face", "body", "hand", "object"]
        assert found.data["person"].tolist() == [0, 0, -1, -1]

    def test_nothing_found(self):
        found = Result(1, 1).to_supervision()
        assert found.xyxy.shape == (0, 4)
        assert [len(each) for each in (found.confidence, found.class_id, *found.data.values())] == [0] * 6


@pytest.mark.parametrize(
    ("library", "convert", "extra"),
    [("pandas", Result.to_pandas, "data"), ("supervision", Result.to_supervision, "supervision")],
)
def test_without_a_library_the_error_contains_the_cure(monkeypatch, library, convert, extra):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingDependencyError, match=rf'pip install "humanrt\[{extra}\]"') as raised:
        convert(RESULT)
    assert raised.value.name == library
