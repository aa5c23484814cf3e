"""Results of every face model are those of the real Human 3.3.6: the same pixels, model files and configuration."""

import math

import pytest

from parity.detection import OFF, ON, detect_both
from parity.difference import Difference
from parity.faces import DEFAULT_FACE_MODELS, compare_faces
from parity.pictures import read_picture

PORTRAITS = ("human_face", "human_body", "astronaut")

# These differ on purpose: we do not mirror the right eye, and they depend on its iris.
BETTER = {"mesh, 95 %", "distance", "gaze"}
# Without ``compat``, ``face.box`` is the face as annotators draw it, not Human's crop.
TIGHT = {"box"}

MODELS = {
    "blazeface-back": {"detector": {"modelPath": "blazeface-back.json", "maxDetected": 5}},
    "blazeface-front": {"detector": {"modelPath": "blazeface-front.json", "maxDetected": 5}},
    "facemesh-detection-full": {"detector": {"modelPath": "facemesh-detection-full.json", "maxDetected": 5}},
    "facemesh-detection-short": {"detector": {"modelPath": "facemesh-detection-short.json", "maxDetected": 5}},
    "front-alone": {"detector": {"modelPath": "blazeface-front.json"}, "mesh": OFF, "iris": OFF},
    "faceres-deep": {"description": {"modelPath": "faceres-deep.json"}},
    "gear": {"gear": {**ON, "modelPath": "gear.json"}},
    "gear-cropped": {"gear": {**ON, "modelPath": "gear.json", "crop": 0.1}},
    "ssrnet": {"ssrnet": {**ON, "modelPathAge": "age.json", "modelPathGender": "gender.json"}},
    "ssrnet-imdb": {"ssrnet": {**ON, "modelPathAge": "age.json", "modelPathGender": "gender-ssrnet-imdb.json"}},
    "ssrnet-cropped": {"ssrnet": {**ON, "modelPathAge": "age.json", "modelPathGender": "gender.json", "crop": 0.2}},
    "mobilefacenet": {"mobilefacenet": {**ON, "modelPath": "mobilefacenet.json"}},
    "mobileface": {"mobilefacenet": {**ON, "modelPath": "mobileface.json"}},
    "everything": {
        "gear": {**ON, "modelPath": "gear.json"},
        "ssrnet": {**ON, "modelPathAge": "age.json", "modelPathGender": "gender.json"},
        "mobilefacenet": {**ON, "modelPath": "mobilefacenet.json"},
        **DEFAULT_FACE_MODELS,
    },
    "cropped": {"description": {"crop": 0.1}, "emotion": {"crop": 0.2}},
    "masked": {"detector": {"mask": True}},
    "masked-turned": {"detector": {"mask": True, "rotation": True}},
    "min-confidence-0": {"detector": {"minConfidence": 0}},
    "iris-scale": {"iris": {"scale": 2.8}},
}

SWITCHES = {
    "default": {},
    "all": DEFAULT_FACE_MODELS,
    "no-mesh": {"mesh": OFF},
    "no-iris": {"iris": OFF},
    "no-description": {"description": OFF},
    "no-emotion": {"emotion": OFF},
    "detector-alone": {"mesh": OFF, "iris": OFF, "emotion": OFF, "description": OFF},
    "keep-invalid": {"mesh": {"keepInvalid": True}, "detector": {"maxDetected": 20, "minConfidence": 0.05}},
    "gear": {"gear": {**ON, "modelPath": "gear.json"}, "description": OFF},
    "ssrnet-imdb": MODELS["ssrnet-imdb"],
    "no-faces": {"enabled": False},
}


def missed(ours, theirs, *, apart_from=frozenset()):
    differences = compare_faces(ours["face"], theirs["face"])
    return [each for each in differences if not each.within and each.field not in apart_from]


@pytest.mark.parametrize("rotation", [False, True])
@pytest.mark.parametrize("name", PORTRAITS)
async def test_the_default_models_in_compat_mode(peer, name, rotation):
    detector = {**DEFAULT_FACE_MODELS["detector"], "rotation": rotation}
    ours, theirs = await detect_both(peer, read_picture(name), {"face": {**DEFAULT_FACE_MODELS, "detector": detector}})
    assert len(theirs["face"]) == 1
    assert missed(ours, theirs) == []


@pytest.mark.parametrize("name", PORTRAITS)
async def test_the_default_models_in_default_mode(peer, name):
    picture = read_picture(name)
    ours, theirs = await detect_both(peer, picture, {"face": DEFAULT_FACE_MODELS}, compat=None)
    assert missed(ours, theirs, apart_from=BETTER | TIGHT) == []
    no_iris = {**DEFAULT_FACE_MODELS, "iris": OFF}
    assert missed(*await detect_both(peer, picture, {"face": no_iris}, compat=None), apart_from=TIGHT) == []


@pytest.mark.parametrize("case", MODELS)
async def test_other_models_and_settings(peer, case):
    ours, theirs = await detect_both(peer, read_picture("astronaut"), {"face": MODELS[case]})
    assert len(theirs["face"]) == (0 if case == "min-confidence-0" else 1)
    assert missed(ours, theirs) == []
    for our, their in zip(ours["face"], theirs["face"], strict=True):
        assert our.get("race") == their.get("race")
        assert our.get("genderScore") == pytest.approx(their.get("genderScore"), abs=0.02)


@pytest.mark.slow
async def test_the_attention_mesh(peer):
    """On TF.js's CPU backend: WASM has no int32 matrix multiplication."""
    face = {"attention": {**ON, "modelPath": "facemesh-attention.json"}, "emotion": OFF, "description": OFF}
    ours, theirs = await detect_both(peer, read_picture("astronaut"), {"face": face}, backend="cpu")
    assert len(theirs["face"][0]["mesh"]) == 478
    assert missed(ours, theirs) == []
    depths = [[point[2] for point in result["face"][0]["mesh"]] for result in (ours, theirs)]
    assert depths[0] == pytest.approx(depths[1], abs=1)


def shape_of(value):
    """Keys, lengths and JSON types, recursively."""
    if isinstance(value, dict):
        return {key: shape_of(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [shape_of(inner) for inner in value]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def without_known_differences(face):
    """Human's `symmetryLine` holds undefined points, and without a mesh it divides a depth of 0 by 0."""
    if len(face["mesh"]) == 6:
        face["annotations"].pop("symmetryLine", None)  # our persons share their face
        face["meshRaw"] = [point[:2] for point in face["meshRaw"]]
    return face


@pytest.mark.parametrize("case", SWITCHES)
async def test_the_json_has_humans_keys_and_types(peer, case):
    shapes = []
    for result in await detect_both(peer, read_picture("astronaut"), {"face": SWITCHES[case]}):
        # Human measures other steps than we do; it has a canvas only in a browser.
        assert {type(value) for value in result.pop("performance").values()} <= {int, float}
        result.pop("canvas", None)
        for face in (*result["face"], *(person["face"] for person in result["persons"])):
            without_known_differences(face)
        shapes.append(shape_of(result))
    ours, theirs = shapes
    assert ours == theirs


FACE = {
    "box": [0, 0, 10, 10],
    "mesh": [[0, 0, 0], [5, 5, 0], [9, 9, 0]],
    **dict.fromkeys(("score", "boxScore", "faceScore"), 0.9),
    "age": 30.0,
    "gender": "female",
    "genderScore": 0.8,
    "emotion": [{"score": 0.9, "emotion": "happy"}, {"score": 0.1, "emotion": "sad"}],
    "embedding": [1.0, 0.0],
    "distance": 0.5,
    "rotation": {"angle": {"roll": 0, "yaw": 0, "pitch": 0}, "gaze": {"bearing": 0, "strength": 0}},
}


class TestComparing:
    """The comparison reports what exceeds a limit."""

    @staticmethod
    def fields(**changes):
        return {each.field for each in compare_faces([{**FACE, **changes}], [FACE]) if not each.within}

    def test_an_equal_face(self):
        assert self.fields() == set()

    @pytest.mark.parametrize(
        ("field", "change"),
        [
            ("box", {"box": [0, 0, 10, 12]}),
            ("mesh, 95 %", {"mesh": [[0, 0, 0], [5, 5, 0], [9, 19, 0]]}),
            ("mesh, median", {"mesh": [[0, 0, 0]]}),
            ("score", {"score": 0.93}),
            ("faceScore", {"faceScore": math.nan}),
            ("age", {"age": 30.6}),
            ("real", {"real": 0.5}),
            ("gender", {"gender": "male"}),
            ("emotion", {"emotion": []}),
            ("embedding", {"embedding": [1.0, 0.1]}),
            ("embedding", {"embedding": []}),
            ("distance", {"distance": 0.53}),
            ("rotation", {"rotation": {**FACE["rotation"], "angle": {"roll": 0, "yaw": 0.03, "pitch": 0}}}),
            ("gaze", {"rotation": {**FACE["rotation"], "gaze": {"bearing": 0.03, "strength": 0}}}),
        ],
    )
    def test_a_field_is_off(self, field, change):
        assert self.fields(**change) == {field}

    def test_half_a_turn_does_not_change_the_gaze(self):
        gaze = {"bearing": math.pi, "strength": 0}
        assert self.fields(rotation={**FACE["rotation"], "gaze": gaze}) == set()

    def test_a_face_and_a_rotation_that_one_side_has_not(self):
        assert compare_faces([], [FACE]) == [Difference(0, "faces", 1, limit=0)]
        without = {key: value for key, value in FACE.items() if key != "rotation"}
        (difference,) = (each for each in compare_faces([without], [FACE]) if not each.within)
        assert difference[:3] == (0, "rotation", math.inf)
