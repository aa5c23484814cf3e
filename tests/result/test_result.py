import json
from dataclasses import replace

import pytest
from records import BODY, FACE, HAND, OBJECT

from humanrt import Gesture, Hands, Person, Result, Segment, Segmentation
from humanrt.errors import ModelError

BOX, BOX_RAW = (5.0, 6.0, 50.0, 54.0), (0.05, 0.12, 0.5, 1.08)


def face(**changes):
    return replace(FACE, **changes)


def test_to_human_is_json_in_camel_case():
    result = Result(100, 50, (face(),), performance={"total": 1.5}, timestamp=7)
    human = json.loads(json.dumps(result.to_human()))
    (found,) = human.pop("face")
    assert [human.pop(name) for name in ("body", "hand", "gesture", "object", "persons")] == [[]] * 5
    assert human == {"performance": {"total": 1.5}, "timestamp": 7, "error": None, "width": 100, "height": 50}
    assert found["boxScore"] == 0.875
    assert found["boxRaw"] == [0.1, 0.4, 0.3, 0.8]
    assert found["annotations"] == {"noseTip": [[4.5, 5, 6]], "leftEyeIris": [None] * 5}
    assert found["rotation"]["angle"] == {"pitch": 0.3, "yaw": 0.2, "roll": 0.1}


def test_whole_numbers_have_no_fraction_as_in_javascript():
    assert json.dumps(face().to_human()["box"]) == "[10, 20, 30, 40]"
    assert json.dumps(face().to_human()["mesh"]) == "[[1, 2, 3], [4.5, 5, 6]]"


def test_bodies_hands_objects_and_gestures():
    gesture = Gesture("hand", 0, "victory")
    human = Result(100, 50, body=(BODY,), hand=(HAND,), object=(OBJECT,), gesture=(gesture,)).to_human()
    human = json.loads(json.dumps(human))
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


@pytest.mark.parametrize("record", [FACE, BODY, HAND, OBJECT], ids=lambda record: type(record).__name__)
def test_a_record_is_printed_without_its_arrays(record):
    assert repr(record).startswith(f"{type(record).__name__}(id=0, score=")
    assert len(repr(record)) < 700
    assert "array(" not in repr(record)


def test_depth_and_distance():
    keypoint = replace(BODY.keypoints[0], position=(1.0, 2.0, 3.0), distance=(0.5, 0.25, -1.0))
    human = keypoint.to_human()
    assert (human["position"], human["distance"]) == ([1, 2, 3], [0.5, 0.25, -1])


def test_persons():
    person = Person(0, FACE, BODY, Hands(right=HAND), (Gesture("body", 0, "leaning left"),), BOX, BOX_RAW)
    (human,) = json.loads(json.dumps(Result(100, 50, persons=(person,)).to_human()))["persons"]
    assert human["face"]["id"] == human["body"]["id"] == human["hands"]["right"]["id"] == 0
    assert human["hands"]["left"] is None
    assert human["gestures"] == [{"body": 0, "gesture": "leaning left"}]
    assert (human["box"], human["boxRaw"]) == ([5, 6, 50, 54], [0.05, 0.12, 0.5, 1.08])
    alone = replace(person, body=None, hands=Hands()).to_human()
    assert (alone["body"], alone["hands"]) == (None, {"left": None, "right": None})


def test_what_failed_is_one_line():
    errors = {"body": ModelError("broken"), "hand": ValueError("odd")}
    assert Result(1, 1, errors=errors).to_human()["error"] == "body: broken; hand: odd"


def test_without_a_mesh_there_is_no_rotation():
    assert "rotation" not in face(rotation=None).to_human()


def test_faces_are_compared_by_identity():
    one = face()
    assert one == one
    assert one != face()
    assert len({one, face()}) == 2


def test_disposing(humanrt_engine):
    tensors = [humanrt_engine.scalar(1.0), humanrt_engine.scalar(2.0)]
    result = Result(1, 1, (face(tensor=tensors[0]), face(), face(tensor=tensors[1])))
    assert list(result.tensors()) == tensors
    with result:
        assert humanrt_engine.memory().num_tensors == 2
    assert humanrt_engine.memory().num_tensors == 0
    result.dispose()


@pytest.mark.parametrize("more", ["alpha", "foreground", None])
def test_disposing_a_segmentation(humanrt_engine, more):
    labels, masks, extra = (humanrt_engine.zeros((2, 2), "uint8") for _ in range(3))
    extras = {} if more is None else {more: extra}
    segmentation = Segmentation((Segment(1, "person", (255, 0, 0), 0, 1.0),), labels, masks, **extras)
    with Result(2, 2, segmentation=segmentation) as result:
        assert set(result.tensors()) == {labels, masks, *extras.values()}
    assert extra.is_disposed is bool(extras)
    extra.dispose()
    assert humanrt_engine.memory().num_tensors == 0


def test_disposing_on_an_error(humanrt_engine):
    result = Result(1, 1, (face(tensor=humanrt_engine.scalar(1.0)),))
    with pytest.raises(KeyError), result:
        raise KeyError
    assert humanrt_engine.memory().baseline == (0, 0, 0, 0)
