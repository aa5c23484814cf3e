"""The rows of a table, for CSV and pandas; ``tests/cli/test_table.py`` has the command line's."""

import csv
import io
from dataclasses import replace

from records import BODY, FACE, HAND, OBJECT

from humanrt import Emotion, Gesture, Hands, Person, Result

BOX = (5.0, 6.0, 50.0, 54.0)
SEEN = replace(FACE, id=1, age=30.5, gender="female", emotion=(Emotion(0.5, "happy"), Emotion(0.2, "sad")), real=0.75)
GESTURES = (Gesture("face", 1, "facing left"), Gesture("iris", 1, "looking up"), Gesture("hand", 0, "victory"))
RESULT = Result(
    100,
    50,
    (replace(FACE, id=0), SEEN),
    (BODY,),
    (HAND,),
    (OBJECT,),
    GESTURES,
    (Person(3, SEEN, BODY, Hands(left=HAND), GESTURES, BOX, BOX),),
)


def test_a_row_for_each_detection():
    other, face, body, hand, thing = RESULT.rows()
    assert [row[:4] for row in (other, face, body, hand, thing)] == [
        ("face", 0, None, 1.0),
        ("face", 1, 3, 1.0),
        ("body", 0, 3, 0.75),
        ("hand", 0, 3, 0.5),
        ("object", 0, None, 0.25),
    ]
    assert face.box == face[4:8] == FACE.box
    assert (face.points, face.age, face.gender, face.emotion, face.real) == (2, 30.5, "female", "happy", 0.75)
    assert (other.gender, other.emotion, other.age, other.live, other.gestures) == ("", "", None, None, "")
    assert (face.gestures, body.gestures, hand.gestures) == ("facing left, looking up", "", "victory")
    assert (body.points, hand.points, thing.points) == (2, 21, None)
    assert (body.label, hand.label, thing.label) == ("", "fist", "cup")


def test_rows_are_lines_of_csv():
    rows = RESULT.rows()
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(rows[0]._fields)
    writer.writerows(rows)
    read = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert [row["kind"] for row in read] == ["face", "face", "body", "hand", "object"]
    assert (read[1]["age"], read[1]["gestures"], read[0]["age"]) == ("30.5", "facing left, looking up", "")


def test_nothing_found():
    assert Result(1, 1).rows() == []
