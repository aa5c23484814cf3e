import csv
import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet
import pytest
from records import FACE, OBJECT

from humanrt import Result, Row
from humanrt.cli.output import COLUMNS, Place, create_output
from humanrt.cli.stdio import OutputError
from humanrt.errors import ConfigError, MissingDependencyError, ModelError

FOUND = Result(100, 50, face=(FACE,), object=(OBJECT,))
NAME = "grü\udcff.jpg"


def write(path, fields=()):
    """Write a picture with two detections, a frame with none, and a picture that failed; return the path."""
    with create_output(path, fields) as output:
        output.add(Place(NAME), FOUND)
        output.add(Place("clip.mp4", 3, 0.125), replace(Result(9, 9), errors={"body": ModelError("broken")}))
        output.fail(Place("bad.jpg"), "not an image")
    return path


def test_json_lines(tmp_path):
    first, second, third = map(json.loads, write(tmp_path / "out.jsonl").read_text().splitlines())
    assert first == {"path": NAME, **FOUND.to_dict(), "error": None}
    assert (second["frame"], second["seconds"], second["error"]) == (3, 0.125, "body: broken")
    assert third == {"path": "bad.jpg", "error": "not an image"}


def test_fields_of_json_lines(tmp_path):
    first = json.loads(write(tmp_path / "out.jsonl", ["face.score"]).read_text().splitlines()[0])
    assert first == {"path": NAME, "face": [{"score": 1.0}], "error": None}


def test_csv(tmp_path):
    with write(tmp_path / "out.CSV").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS == ("path", "frame", "seconds", *Row._fields, "error")
    assert [(row["path"], row["frame"], row["kind"], row["error"]) for row in rows] == [
        ("grü\\udcff.jpg", "", "face", ""),
        ("grü\\udcff.jpg", "", "object", ""),
        ("clip.mp4", "3", "", "body: broken"),
        ("bad.jpg", "", "", "not an image"),
    ]
    assert [float(rows[0][name]) for name in ("x", "y", "width", "height")] == list(FACE.box)


def test_parquet_has_the_types_of_the_columns(tmp_path):
    table = pyarrow.parquet.read_table(write(tmp_path / "out.parquet", ["score", "kind", "points"]))
    assert table.schema.names == ["path", "score", "kind", "points", "error"]
    assert list(map(str, table.schema.types)) == ["string", "double", "string", "int64", "string"]
    assert table.column("kind").to_pylist() == ["face", "object", None, None]
    assert table.column("error").to_pylist() == [None, None, "body: broken", "not an image"]


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_a_file_appears_at_the_end(tmp_path, ending):
    path, part = tmp_path / f"out.{ending}", tmp_path / f"out.{ending}.part"
    path.write_text("before")
    with pytest.raises(KeyboardInterrupt), create_output(path, ()) as output:  # noqa: PT012
        output.add(Place("a.jpg"), FOUND)
        raise KeyboardInterrupt
    assert path.read_text() == "before"
    assert part.stat().st_size
    write(path)
    assert path.stat().st_size > 6
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("out.txt", (), "out.txt: its ending must be .jsonl, .csv or .parquet"),
        ("out.csv", ("kind", "colour"), "'colour' is no column; accepted are path, frame"),
        ("out.jsonl", ("face.colour",), "has no field 'colour'"),
    ],
)
def test_what_is_refused(name, fields, message):
    with pytest.raises(ConfigError, match=message):
        create_output(Path(name), fields)


def test_a_file_that_cannot_be_created_is_wrong_usage(tmp_path):
    (tmp_path / "out.csv").mkdir()
    for path in (tmp_path / "out.csv", tmp_path / "absent" / "out.csv"):
        with pytest.raises(ConfigError, match="name a file that can be written"), create_output(path, ()):
            pass


def test_parquet_without_pyarrow_names_the_cure(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r"humanrt\[data\].*, or write a .jsonl or .csv file"):
        create_output(Path("out.parquet"), ())


@pytest.mark.parametrize(("ending", "error"), [("jsonl", OutputError), ("csv", ConfigError)])
def test_a_full_disk(tmp_path, ending, error):
    """The header of a .csv file is written when it is created."""
    path = tmp_path / f"out.{ending}"
    Path(f"{path}.part").symlink_to("/dev/full")
    with pytest.raises(error, match=f"{path}.*: No space left on device"):
        write(path)
    assert not path.exists()
