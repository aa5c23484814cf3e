"""Human's JSON, read. ``tests/peer/test_from_human.py`` reads what Human itself writes."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from records import BODY, FACE, HAND, OBJECT

from humanrt import Emotion, Gesture, Hands, Person, Race, Result
from humanrt.errors import HumanRTError, InputError, ModelError

BOX = (5.0, 6.0, 50.0, 54.0)
SEEN = replace(
    FACE,
    age=30.5,
    gender="male",
    gender_score=0.9,
    emotion=(Emotion(0.5, "happy"),),
    race=(Race(0.75, "other"),),
    embedding=np.array([0.5, 0.1], np.float32),
    distance=1.5,
    real=0.25,
    live=0.75,
)
GESTURE = Gesture("hand", 0, "victory")
PERSON = Person(0, SEEN, BODY, Hands(right=HAND), (GESTURE,), BOX, BOX)
RESULT = Result(
    100, 50, (SEEN,), (BODY,), (HAND,), (OBJECT,), (GESTURE,), (PERSON,), None, {}, {"total": 1.5, "body": 2.0}, 7
)


def there_and_back(human):
    return json.loads(json.dumps(Result.from_human(human).to_human()))


def test_every_field_returns():
    human = RESULT.to_human()
    assert there_and_back(human) == human
    assert there_and_back(json.dumps(human)) == human
    result = Result.from_human(human)
    (face,) = result.face
    assert (face.age, face.gender, face.emotion, face.race) == (30.5, "male", SEEN.emotion, SEEN.race)
    assert (face.embedding.dtype, face.embedding.tolist()) == (np.float32, SEEN.embedding.tolist())
    assert (face.rotation, result.body[0].keypoints, result.object) == (FACE.rotation, BODY.keypoints, (OBJECT,))
    assert (result.width, result.height, result.timestamp, result.gesture) == (100, 50, 7, (GESTURE,))


def test_a_person_has_the_records_of_its_result():
    result = Result.from_human(json.dumps(RESULT.to_human()))
    (person,) = result.persons
    assert person.face is result.face[0]
    assert person.body is result.body[0]
    assert person.hands.right is result.hand[0]
    assert person.hands.left is None


def test_arrays_are_float32_where_that_is_exact_and_read_only():
    human = RESULT.to_human()
    human["face"][0]["meshRaw"] = [[0.1, 0.2, 0.3]]
    (face,) = Result.from_human(human).face
    assert (face.mesh.dtype, face.mesh_raw.dtype) == (np.float32, np.float64)
    assert face.mesh_raw.tolist() == [[0.1, 0.2, 0.3]]
    assert not face.mesh.flags.writeable


def test_a_face_without_a_mesh_has_flat_points():
    human = replace(RESULT, face=(replace(FACE, rotation=None),), persons=()).to_human()
    assert Result.from_human(human).face[0].mesh.tolist() == [[1, 2, 0], [4.5, 5, 0]]
    assert there_and_back(human) == human


def test_points_that_are_null():
    human = replace(RESULT, persons=()).to_human()
    human["face"][0]["annotations"] = {"leftEyeIris": [None] * 5, "symmetryLine": [None], "nose": [None, [1, 2, 3]]}
    annotations = Result.from_human(human).face[0].annotations
    assert annotations["leftEyeIris"].shape == (0, 3)
    assert np.isnan(annotations["symmetryLine"]).tolist() == [[True] * 3]
    assert there_and_back(human) == human


def test_nulls_and_infinite_numbers():
    body = replace(BODY, box=(math.inf,) * 4, box_raw=(math.nan,) * 4, keypoints=(), annotations={"torso": ()})
    groups = dict.fromkeys(("thumb", "palm"), HAND.keypoints[:0])
    hand = replace(HAND, keypoints=HAND.keypoints[:0], annotations=groups, landmarks={})
    human = replace(RESULT, body=(body,), hand=(hand,), persons=()).to_human()
    assert there_and_back(human) == human
    assert math.isnan(Result.from_human(human).body[0].box[0])


@pytest.mark.parametrize(
    ("errors", "text"),
    [
        ({}, None),
        ({"body": ModelError("broken; odd"), "hand": ModelError("face: no")}, "body: broken; odd; hand: face: no"),
        ({"": HumanRTError("input: not a tensor")}, "input: not a tensor"),
    ],
)
def test_errors(errors, text):
    human = replace(RESULT, errors=errors).to_human()
    assert human["error"] == text
    read = Result.from_human(human)
    assert {module: str(error) for module, error in read.errors.items()} == {
        module: str(error) for module, error in errors.items()
    }
    assert read.to_human() == human


def changed(**changes):
    return {**RESULT.to_human(), **changes}


@pytest.mark.parametrize(
    ("human", "message"),
    [
        ("{", "Expecting property name"),
        ("[]", "not the JSON of a result of Human"),
        ({}, "'face' is missing"),
        (changed(face=[{}]), "'rotation'|'id' is missing"),
        (changed(gesture=[{"foot": 0, "gesture": "kick"}]), "none of face, iris, body and hand"),
        (changed(object=[{**OBJECT.to_human(), "box": [1, 2, 3]}]), "not enough values"),
        (changed(performance=None), "not the JSON of a result of Human"),
        (changed(face=[{**FACE.to_human(), "score": "high"}]), "could not convert string"),
    ],
)
def test_something_else_is_refused(human, message):
    with pytest.raises(InputError, match=message):
        Result.from_human(human)


@pytest.mark.parametrize("name", ["width", "height", "timestamp"])
@pytest.mark.parametrize("value", ["100", None, 1.5, True, [1], math.nan])
def test_sizes_and_times_are_whole_numbers(name, value):
    with pytest.raises(InputError, match=f"{name} is .* instead of a whole number"):
        Result.from_human({**RESULT.to_human(), name: value})


@pytest.mark.parametrize("part", ["face", "body", "hand", "object", "persons"])
def test_an_id_is_a_whole_number(part):
    human = RESULT.to_human()
    human[part] = [{**human[part][0], "id": "0"}]
    with pytest.raises(InputError, match="id is '0' instead of a whole number"):
        Result.from_human(human)


def test_deep_nesting_and_numbers_too_large_are_refused():
    with pytest.raises(InputError, match="not the JSON of a result of Human"):
        Result.from_human("[" * 100_000)
    with pytest.raises(InputError, match="too large"):
        Result.from_human({**RESULT.to_human(), "performance": {"total": 10**400}})
