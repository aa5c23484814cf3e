"""The faces of many pictures in one file."""

import sys

import numpy as np
import pytest

from humanrt.errors import ConfigError, MissingDependencyError
from humanrt.result.formats.faces import FaceRow, PictureRows, check_output, write_faces

EMBEDDINGS = np.arange(12, dtype=np.float32).reshape(3, 4) / 7
PICTURES = [
    PictureRows("a.png", [FaceRow(0.5, (1, 2, 3, 4), EMBEDDINGS[0]), FaceRow(0.25, (5, 6, 7, 8.5), EMBEDDINGS[1])]),
    PictureRows("broken ä.png", error="InputError: no picture"),
    PictureRows("inner/empty.png"),
    PictureRows("z.png", [FaceRow(0.75, (0, 0, 1, 1), EMBEDDINGS[2])]),
]


def test_a_npz_file_has_a_row_for_each_face(tmp_path):
    path = tmp_path / "faces.npz"
    write_faces(path, lambda: PICTURES)
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    assert arrays["path"].tolist() == ["a.png", "a.png", "z.png"]
    assert arrays["face"].tolist() == [0, 1, 0]
    assert arrays["score"].tolist() == [0.5, 0.25, 0.75]
    assert arrays["box"].tolist() == [[1, 2, 3, 4], [5, 6, 7, 8.5], [0, 0, 1, 1]]
    np.testing.assert_array_equal(arrays["embedding"], EMBEDDINGS)
    assert (arrays["embedding"].dtype, arrays["box"].dtype) == (np.float32, np.float32)
    assert arrays["pictures"].tolist() == [picture.path for picture in PICTURES]
    assert arrays["errors"].tolist() == ["", "InputError: no picture", "", ""]
    assert len(arrays) == 7


def test_a_npz_file_without_faces(tmp_path):
    write_faces(tmp_path / "faces.npz", list)
    with np.load(tmp_path / "faces.npz", allow_pickle=False) as file:
        assert {name: array.shape for name, array in file.items()} == {
            **dict.fromkeys(("path", "face", "score", "pictures", "errors"), (0,)),
            "box": (0, 4),
            "embedding": (0, 0),
        }


def test_a_parquet_file_has_a_row_for_each_face_and_for_each_picture_without(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "faces.parquet"
    write_faces(path, lambda: [*PICTURES, PictureRows("\udce4.png")])
    rows = parquet.read_table(path).to_pylist()
    assert [(row["path"], row["face"], row["error"]) for row in rows] == [
        ("a.png", 0, None),
        ("a.png", 1, None),
        ("broken ä.png", None, "InputError: no picture"),
        ("inner/empty.png", None, None),
        ("z.png", 0, None),
        (r"\udce4.png", None, None),
    ]
    assert [rows[1][name] for name in ("score", "x", "y", "width", "height")] == [0.25, 5, 6, 7, 8.5]
    np.testing.assert_array_equal([row["embedding"] for row in rows if row["embedding"]], EMBEDDINGS)
    assert rows[2]["score"] is None


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "faces.npz"
    path.write_bytes(b"before")

    def failing():
        yield PICTURES[0]
        raise KeyError

    with pytest.raises(KeyError):
        write_faces(path, failing)
    assert [each.name for each in tmp_path.iterdir()] == ["faces.npz"]
    assert path.read_bytes() == b"before"


def test_other_endings_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"its ending must be \.npz or \.parquet"):
        check_output(tmp_path / "faces.csv")
    check_output(tmp_path / "faces.NPZ")


def test_the_error_for_a_missing_pyarrow_contains_the_cure(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "humanrt\[data\]"'):
        check_output(tmp_path / "faces.parquet")
