"""Human's JSON. The expected keys are those of Human's src/result.ts; tests/peer/ compares with Human itself."""

import json
import math
from dataclasses import replace

import pytest
from records import BODY, FACE, HAND, OBJECT

from humanrt import Gesture, Hands, Person, Result
from humanrt.errors import InputError, ModelError
from humanrt.result.formats.human import to_human

BOX, BOX_RAW = (5.0, 6.0, 50.0, 54.0), (0.05, 0.12, 0.5, 1.08)


def as_json(record):
    return json.loads(json.dumps(record.to_human()))


def test_a_result_is_written_in_camel_case():
    human = as_json(Result(100, 50, (FACE,), performance={"total": 1.5}, timestamp=7))
    (found,) = human.pop("face")
    assert [human.pop(name) for name in ("body", "hand", "gesture", "object", "persons")] == [[]] * 5
    assert human == {
        "performance": {"total": 1.5},
        "canvas": None,
        "timestamp": 7,
        "error": None,
        "width": 100,
        "height": 50,
    }
    assert found["boxScore"] == 0.875
    assert found["boxRaw"] == [0.1, 0.4, 0.3, 0.8]
    assert found["annotations"] == {"noseTip": [[4.5, 5, 6]], "leftEyeIris": [None] * 5}
    assert found["rotation"]["angle"] == {"pitch": 0.3, "yaw": 0.2, "roll": 0.1}


def test_integral_numbers_have_no_fraction_as_in_javascript():
    assert json.dumps(FACE.to_human()["box"]) == "[10, 20, 30, 40]"
    assert json.dumps(FACE.to_human()["mesh"]) == "[[1, 2, 3], [4.5, 5, 6]]"


def test_bodies_hands_objects_and_gestures():
    gesture = Gesture("hand", 0, "victory")
    human = as_json(Result(100, 50, body=(BODY,), hand=(HAND,), object=(OBJECT,), gesture=(gesture,)))
    nose, wrist = [20, 25], [5, 6.5]
    assert human["body"] == [
        {
            "id": 0,
            "score": 0.75,
            "box": [5, 6, 50, 44],
            "boxRaw": [0.05, 0.12, 0.5, 0.88],
            "keypoints": [
                {"part": "nose", "score": 0.5, "position": nose, "positionRaw": [0.2, 0.5]},
                {"part": "leftWrist", "score": 0.75, "position": wrist, "positionRaw": [0.05, 0.13]},
            ],
            "annotations": {"leftArm": [[nose, wrist]]},
        }
    ]
    (hand,) = human["hand"]
    assert (hand["boxScore"], hand["fingerScore"], hand["label"]) == (0.5, 0.875, "fist")
    assert hand["keypoints"][20] == hand["annotations"]["pinky"][3] == [60, 61, 62]
    assert hand["landmarks"]["thumb"] == {"curl": "none", "direction": "verticalUp"}
    assert human["object"] == [
        {"id": 0, "score": 0.25, "class": 42, "label": "cup", "box": [60, 20, 10, 12], "boxRaw": [0.6, 0.4, 0.1, 0.24]}
    ]
    assert human["gesture"] == [{"hand": 0, "gesture": "victory"}]


def test_a_keypoint_with_depth_and_distance():
    keypoint = replace(BODY.keypoints[0], position=(1.0, 2.0, 3.0), distance=(0.5, 0.25, -1.0))
    human = keypoint.to_human()
    assert (human["position"], human["distance"]) == ([1, 2, 3], [0.5, 0.25, -1])


def test_a_person_contains_its_records():
    person = Person(0, FACE, BODY, Hands(right=HAND), (Gesture("body", 0, "leaning left"),), BOX, BOX_RAW)
    (human,) = as_json(Result(100, 50, persons=(person,)))["persons"]
    assert human["face"]["id"] == human["body"]["id"] == human["hands"]["right"]["id"] == 0
    assert human["hands"]["left"] is None
    assert human["gestures"] == [{"body": 0, "gesture": "leaning left"}]
    assert (human["box"], human["boxRaw"]) == ([5, 6, 50, 54], [0.05, 0.12, 0.5, 1.08])
    alone = replace(person, body=None, hands=Hands()).to_human()
    assert (alone["body"], alone["hands"]) == (None, {"left": None, "right": None})


def test_the_errors_of_all_modules_are_one_line():
    errors = {"body": ModelError("broken"), "hand": ValueError("odd")}
    assert Result(1, 1, errors=errors).to_human()["error"] == "body: broken; hand: odd"


def test_a_face_without_a_mesh_has_no_rotation_and_flat_points():
    human = replace(FACE, rotation=None).to_human()
    assert "rotation" not in human
    assert human["mesh"] == [[1, 2], [4.5, 5]]


def test_infinite_numbers_and_nan_are_null():
    keypoint = replace(BODY.keypoints[0], position=(math.inf, -math.inf), distance=(math.nan, 0.0, 1.5))
    human = as_json(keypoint)
    assert (human["position"], human["distance"]) == ([None, None], [None, 0, 1.5])


def test_a_hand_without_points_has_null_for_each_of_them():
    groups = dict.fromkeys(("thumb", "palm"), HAND.keypoints[:0])
    human = as_json(replace(HAND, keypoints=HAND.keypoints[:0], annotations=groups, landmarks={}))
    assert human["annotations"] == {"thumb": [None] * 4, "palm": [None]}
    assert (human["keypoints"], human["landmarks"]) == ([], None)


def test_what_is_not_a_record_is_refused():
    with pytest.raises(InputError, match="no form for int"):
        to_human(5)
