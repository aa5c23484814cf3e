import json

import numpy as np
import pytest

from humanrt import Angle, Face, Gaze, Result, Rotation

MESH = np.array([[1, 2, 3], [4.5, 5, 6]], np.float32)
ROTATION = Rotation(Angle(roll=0.1, yaw=0.2, pitch=0.3), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0), Gaze(0.0, 0.0))


def face(**changes):
    values = {
        "id": 0,
        "score": 1.0,
        "box_score": 0.875,
        "face_score": 1.0,
        "box": (10.0, 20.0, 30.5, 40.0),
        "box_raw": (0.1, 0.1, 0.305, 0.2),
        "size": (30.0, 40.0),
        "mesh": MESH,
        "mesh_raw": MESH / 100,
        "annotations": {"noseTip": MESH[[1]], "leftEyeIris": MESH[[]]},
        "rotation": ROTATION,
    }
    return Face(**{**values, **changes})


def test_to_human_is_json_in_camel_case():
    result = Result(100, 200, (face(),), performance={"total": 1.5}, timestamp=7)
    human = json.loads(json.dumps(result.to_human()))
    (found,) = human.pop("face")
    assert [human.pop(name) for name in ("body", "hand", "gesture", "object", "persons")] == [[]] * 5
    assert human == {"performance": {"total": 1.5}, "timestamp": 7, "error": None, "width": 100, "height": 200}
    assert found["boxScore"] == 0.875
    assert found["boxRaw"] == [0.1, 0.1, 0.305, 0.2]
    assert found["annotations"] == {"noseTip": [[4.5, 5, 6]], "leftEyeIris": [None] * 5}
    assert found["rotation"]["angle"] == {"pitch": 0.3, "yaw": 0.2, "roll": 0.1}


def test_whole_numbers_have_no_fraction_as_in_javascript():
    assert json.dumps(face().to_human()["box"]) == "[10, 20, 30.5, 40]"
    assert json.dumps(face().to_human()["mesh"]) == "[[1, 2, 3], [4.5, 5, 6]]"


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


def test_disposing_on_an_error(humanrt_engine):
    result = Result(1, 1, (face(tensor=humanrt_engine.scalar(1.0)),))
    with pytest.raises(KeyError), result:
        raise KeyError
    assert humanrt_engine.memory().baseline == (0, 0, 0, 0)
