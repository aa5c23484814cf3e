"""Plain dicts of records. The expected values are those of the records in ``tests/support/records.py``."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from records import BODY, FACE, HAND, OBJECT

from humanrt import Gesture, Hands, Person, Result, Segment, Segmentation
from humanrt.errors import InputError, ModelError

BOX = (5.0, 6.0, 50.0, 54.0)
GESTURE = Gesture("hand", 0, "victory")
PERSON = Person(0, FACE, BODY, Hands(right=HAND), (GESTURE,), BOX, BOX)
RESULT = Result(
    100,
    50,
    (FACE,),
    (BODY,),
    (HAND,),
    (OBJECT,),
    (GESTURE,),
    (PERSON,),
    errors={"object": ModelError("broken")},
    performance={"total": 1.23456},
    timestamp=7,
)


def test_a_result_has_its_fields_by_their_names():
    plain = RESULT.to_dict()
    assert list(plain) == [
        *("width", "height", "face", "body", "hand", "object", "gesture", "persons"),
        *("segmentation", "errors", "performance", "timestamp"),
    ]
    assert (plain["width"], plain["timestamp"], plain["segmentation"]) == (100, 7, None)
    assert (plain["errors"], plain["performance"]) == ({"object": "broken"}, {"total": 1.235})
    assert plain["object"] == [{"id": 0, "score": 0.25, "class": 42, "label": "cup", "box": [60, 20, 10, 12]}]
    assert plain["gesture"] == [{"part": "hand", "id": 0, "gesture": "victory"}]


def test_points_and_embeddings_are_left_out():
    plain = RESULT.to_dict()
    (face,), (body,), (hand,) = plain["face"], plain["body"], plain["hand"]
    assert set(face) == {
        *("id", "score", "box_score", "face_score", "box", "crop", "size", "rotation"),
        *("age", "gender", "gender_score", "emotion", "race", "distance", "real", "live", "quality"),
    }
    assert face["rotation"] == {
        "angle": {"roll": 0.1, "yaw": 0.2, "pitch": 0.3},
        "gaze": {"bearing": 0, "strength": 0},
    }
    assert body["keypoints"][0] == {"part": "nose", "score": 0.5, "position": [20, 25]}
    assert set(hand) == {"id", "score", "box_score", "finger_score", "box", "label", "keypoints", "landmarks"}
    assert hand["keypoints"][20] == [60, 61, 62]
    assert hand["landmarks"]["thumb"] == {"curl": "none", "direction": "verticalUp"}


def test_a_person_of_a_result_refers_to_its_records():
    assert RESULT.to_dict()["persons"] == [
        {
            "id": 0,
            "face": 0,
            "body": 0,
            "hands": {"left": None, "right": 0},
            "gestures": [{"part": "hand", "id": 0, "gesture": "victory"}],
            "box": list(BOX),
        }
    ]
    alone = replace(RESULT, persons=(replace(PERSON, body=None, hands=Hands()),)).to_dict()
    assert (alone["persons"][0]["body"], alone["persons"][0]["hands"]) == (None, {"left": None, "right": None})


def test_a_person_alone_contains_its_records():
    plain = PERSON.to_dict()
    assert plain["face"] == FACE.to_dict()
    assert plain["hands"] == {"left": None, "right": HAND.to_dict()}


def test_only_names_what_is_written_also_what_is_large():
    face = replace(FACE, embedding=np.array([0.5, 0.25], np.float32))
    result = replace(RESULT, face=(face,))
    assert result.to_dict(only="width") == {"width": 100}
    assert result.to_dict(only=["face.embedding", "face.rotation.angle.yaw"]) == {
        "face": [{"embedding": [0.5, 0.25], "rotation": {"angle": {"yaw": 0.2}}}]
    }
    both = result.to_dict(only=["face", "face.mesh"])
    assert set(both["face"][0]) == {*FACE.to_dict(), "mesh"}
    assert both["face"][0]["mesh"] == [[1, 2, 3], [4.5, 5, 6]]
    assert result.to_dict(only="face.annotations") == {
        "face": [{"annotations": {"noseTip": [[4.5, 5, 6]], "leftEyeIris": []}}]
    }


def test_only_may_name_the_records_of_persons():
    plain = RESULT.to_dict(only=["persons", "persons.face", "persons.hands.right.label"])
    assert plain["persons"] == [
        {
            "id": 0,
            "face": FACE.to_dict(),
            "body": 0,
            "hands": {"right": {"label": "fist"}},
            "gestures": [GESTURE.to_dict()],
            "box": list(BOX),
        }
    ]


def test_without_names_what_is_left_out():
    plain = RESULT.to_dict(without=["face.rotation.gaze", "body", "persons.gestures"])
    assert plain["face"][0]["rotation"] == {"angle": {"roll": 0.1, "yaw": 0.2, "pitch": 0.3}}
    assert "body" not in plain
    assert "gestures" not in plain["persons"][0]
    assert RESULT.to_dict(only="object", without="object.box")["object"] == [
        {"id": 0, "score": 0.25, "class": 42, "label": "cup"}
    ]


def test_floats_are_rounded_to_three_decimals_or_as_asked_for():
    face = replace(FACE, age=23.456789)
    assert face.to_dict(only="age") == {"age": 23.457}
    assert face.to_dict(only="age", decimals=1) == {"age": 23.5}
    assert face.to_dict(only="age", decimals=0) == {"age": 23.0}
    assert str(replace(FACE, age=-0.001).to_dict(only="age", decimals=1)) == "{'age': 0.0}"
    assert face.to_dict(only="age", decimals=None) == {"age": 23.456789}
    assert face.to_dict(only="mesh_raw", decimals=None)["mesh_raw"][1][0] == float(np.float32(4.5) / np.float32(100))


def test_infinite_numbers_and_nan_are_none():
    body = replace(BODY, box=(math.inf, -math.inf, math.nan, 1.0))
    assert body.to_dict()["box"] == [None, None, None, 1.0]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("fase", "'fase': Result has no field 'fase'; accepted are width, height, face, body,"),
        ("face.box.x", "face.box has no field 'x'; it has none"),
        ("face.tensor", "face has no field 'tensor'; accepted are id, score,"),
        ("face.", "face has no field ''"),
        ("object.id_", "object has no field 'id_'"),
    ],
)
@pytest.mark.parametrize("argument", ["only", "without"])
def test_a_field_that_does_not_exist_is_refused(argument, path, message):
    with pytest.raises(InputError, match=message):
        Result(1, 1).to_dict(**{argument: path})


def test_negative_decimals_are_refused():
    with pytest.raises(InputError, match="decimals is -1; accepted are 0 and more, and None"):
        RESULT.to_dict(decimals=-1)


@pytest.mark.parametrize("decimals", ["2", 1.5, -1])
def test_decimals_are_whole_numbers(decimals):
    with pytest.raises(InputError, match="decimals is"):
        OBJECT.to_dict(decimals=decimals)


@pytest.mark.parametrize("argument", ["only", "without"])
@pytest.mark.parametrize("paths", [5, [5], [None]])
def test_a_path_is_a_str(argument, paths):
    with pytest.raises(InputError, match="no path of a field"):
        OBJECT.to_dict(**{argument: paths})


def test_a_class_has_its_name_in_the_dict_and_that_in_python():
    assert OBJECT.to_dict(only="class_") == OBJECT.to_dict(only="class") == {"class": OBJECT.class_}
    assert "class" not in OBJECT.to_dict(without="class_")


def test_tensors_are_left_out(humanrt_engine):
    with humanrt_engine.zeros((5, 5), "uint8") as labels, humanrt_engine.zeros((1, 5, 5), "uint8") as masks:
        segmentation = Segmentation((Segment(1, "person", (255, 0, 0), 12, 0.5),), labels, masks)
        result = Result(5, 5, (replace(FACE, tensor=labels),), segmentation=segmentation)
        plain = result.to_dict()
        assert plain["segmentation"] == {
            "legend": [{"label": 1, "name": "person", "color": [255, 0, 0], "area": 12, "score": 0.5}]
        }
        assert "tensor" not in plain["face"][0]
        assert humanrt_engine.memory().num_tensors == 2


def test_json_is_one_short_line_of_the_dict():
    text = RESULT.to_json(without="persons", decimals=2)
    assert json.loads(text) == RESULT.to_dict(without="persons", decimals=2)
    assert "\n" not in text
    assert ", " not in text
    assert json.loads(replace(BODY, score=math.nan).to_json(only="score")) == {"score": None}
