"""Human's options of drawing: each acts."""

from dataclasses import fields, replace

import numpy as np
import pytest
from crowds import crowd
from records import FACE, OBJECT

from humanrt import DrawOptions, Emotion, Gesture, Result, draw_result
from humanrt.drawing.descriptions import face_texts, face_values, fill, gesture_texts
from humanrt.drawing.style import style_of
from humanrt.errors import ConfigError

GROUP = replace(crowd(2, 800, 500, seed=1), object=(replace(OBJECT, box=(600.0, 400.0, 80.0, 80.0)),))
PICTURE = np.full((500, 800, 3), 90, np.uint8)

# A value of each option under Human's name; with those that it needs to be seen.
VALUES = {
    "color": "#ff0000",
    "alpha": 0.9,
    "labelColor": (255, 0, 0),
    "shadowColor": None,
    "font": "22px italic",
    "lineHeight": 30,
    "lineWidth": 5,
    "pointSize": 9,
    "roundRect": 40,
    "drawPoints": True,
    "drawLabels": False,
    "drawAttention": False,
    "drawGestures": False,
    "drawBoxes": False,
    "drawPolygons": False,
    "drawGaze": False,
    "fillPolygons": True,
    "useDepth": True,
    "useCurves": True,
    "faceLabels": "face\n[score]%",
    "bodyLabels": "body [id]",
    "bodyPartLabels": "[label]",
    "handLabels": "[label] [id]",
    "fingerLabels": "[label]",
    "objectLabels": "thing [id]",
    "gestureLabels": "[where]: [what]",
}


@pytest.fixture(scope="module")
def meshed():
    """The group with meshes that look to the side."""
    points = np.random.default_rng(0).uniform(0.2, 0.8, (478, 3))
    result = replace(crowd(2, 800, 500, seed=1, mesh=points), object=GROUP.object)
    faces = [
        replace(face, rotation=replace(face.rotation, gaze=replace(face.rotation.gaze, bearing=1.0, strength=0.5)))
        for face in result.face
    ]
    return replace(result, face=tuple(faces), gesture=tuple(Gesture("face", i, each) for i in (0, 1) for each in "ab"))


def test_all_of_humans_options_are_known_under_their_names():
    """src/draw/options.ts of Human 3.3.6; tests/peer compares the list with the file."""
    words = {"".join(["_" + letter.lower() if letter.isupper() else letter for letter in name]) for name in VALUES}
    assert words == {field.name for field in fields(DrawOptions)}


@pytest.mark.parametrize("name", VALUES)
def test_each_option_acts(name, meshed):
    base = {"drawPoints": True} if name == "pointSize" else {}
    default = draw_result(PICTURE, meshed, base)
    assert (draw_result(PICTURE, meshed, base | {name: VALUES[name]}) != default).any()


def test_options_are_frozen_and_checked():
    options = DrawOptions(line_width=3)
    with pytest.raises(AttributeError):
        options.line_width = 4
    assert options.merge({"shadowColor": "rgb(1, 2, 3)"}).shadow_color == (1, 2, 3)
    assert options.merge({"color": np.array([1, 2, 3]).tolist()}).color == (1, 2, 3)
    assert options.merge({"color": "LightBlue"}).color == (173, 216, 230)
    for values, message in (
        ({"lineColor": 1}, "unknown key 'draw.lineColor'; the nearest known one is"),
        ({"color": "rgba(173, 216, 230, 0.6)"}, "the opacity is draw.alpha"),
        ({"color": "teal-ish"}, "must be three integers"),
        ({"color": (1, 2)}, "must be three integers"),
        ({"color": (1, 2, 256)}, "must be three integers"),
        ({"color": (1.5, 2, 3)}, "must be three integers"),
        ({"alpha": 1.5}, "draw.alpha is 1.5; it must be 0 to 1"),
        ({"lineWidth": 0}, "draw.line_width is 0; it must be 1 to 1000"),
        ({"font": "8px sans"}, "type is at least 9px"),
        ({"font": "1000.5px sans"}, "at most 1000px"),
        ({"font": f"{'9' * 400}px sans"}, "at most 1000px"),
        ({"font": " "}, "must be a font"),
        ({"drawBoxes": 1}, "draw.draw_boxes is 1; it must be a bool"),
    ):
        with pytest.raises(ConfigError, match=message):
            DrawOptions().merge(values)


def test_a_size_in_the_font_is_the_size_of_the_type():
    style = style_of(GROUP, DrawOptions(font='16px "sans"'))
    assert (style.type.font, style.type.size) == ("sans", 16)
    assert style_of(GROUP, DrawOptions(font="9px sans")).small.size == 9
    assert style_of(GROUP, DrawOptions(line_height=50)).type.line_height == 50


def test_templates_are_filled_in_with_humans_values():
    """defaultLabels.face of src/draw/labels.ts; but a line without values is left out."""
    face = replace(
        FACE,
        score=0.9444,
        gender="female",
        gender_score=0.5,
        age=24.26,
        distance=0.523,
        emotion=(Emotion(0.83, "happy"), Emotion(0.1, "sad")),
    )
    template = """face
      confidence: [score]%
      [gender] [genderScore]%
      age: [age] years
      distance: [distance]cm
      real: [real]%
      live: [live]%
      [emotions]
      roll: [roll]° yaw:[yaw]° pitch:[pitch]°
      gaze: [gaze]°"""
    assert fill(template, face_values(face)) == [
        "face",
        "confidence: 94.4%",
        "female 50.0%",
        "age: 24.3 years",
        "distance: 52.3cm",
        "83% happy 10% sad",
        "roll: 6° yaw:11° pitch:17°",
    ]


def test_by_default_a_face_has_one_short_line():
    known = replace(FACE, id=3, score=0.98, gender="female", age=24.4, emotion=(Emotion(0.8, "happy"),))
    nothing = replace(FACE, id=3, score=0.98)
    assert face_texts(known, numbered=False) == [["female 24, happy"], ["female 24"]]
    assert face_texts(known, numbered=True) == [["#3 female 24, happy"], ["#3 female 24"], ["#3"]]
    assert face_texts(replace(known, gender="unknown", emotion=()), numbered=False) == [["age 24"]]
    assert face_texts(replace(nothing, emotion=known.emotion), numbered=False) == [["happy"]]
    assert face_texts(nothing, numbered=False) == [["98%"]]
    assert face_texts(nothing, numbered=True) == [["#3 98%"], ["#3"]]


def test_many_gestures_are_counted_where_there_is_no_room():
    gestures = [Gesture("face", 2, f"gesture {i}") for i in range(6)]
    full, some, one = gesture_texts("[where] [who]: [what]", gestures)
    assert full[5] == "face #2: gesture 5"
    assert (len(full), some[3:], one[1:]) == (6, ["+3"], ["+5"])
    assert gesture_texts("[what]", gestures[:1]) == [["gesture 0"]]
    assert gesture_texts("", gestures) == [[]]


def test_a_label_without_text_is_not_drawn():
    result = Result(800, 500, face=(replace(FACE, box=(100.0, 100.0, 50.0, 50.0)),))
    plain = draw_result(PICTURE, result, {"draw_labels": False})
    for template in ("", "[age]", "\n"):
        np.testing.assert_array_equal(draw_result(PICTURE, result, {"faceLabels": template}), plain)
