from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest
from crowds import crowd
from records import BODY, FACE, HAND, OBJECT

from humanrt import Gesture, Hands, Person, Result, Segment, Segmentation, crop_faces, draw_result
from humanrt.drawing import DrawOptions
from humanrt.drawing.canvas import Canvas
from humanrt.drawing.faces import draw_faces
from humanrt.drawing.records import draw_bodies, draw_gestures, draw_hands, draw_objects
from humanrt.drawing.style import OBJECT as OBJECT_COLOR
from humanrt.drawing.style import PEOPLE, style_of
from humanrt.errors import ConfigError, InputError, TensorDisposedError
from humanrt.vision.modules import MODULES

PICTURE = np.full((120, 160, 3), 90, np.uint8)
EMPTY = Result(160, 120)
BLINK = Gesture("face", 0, "blink left eye")
EVERYTHING = replace(EMPTY, face=(FACE,), body=(BODY,), hand=(HAND,), object=(OBJECT,), gesture=(BLINK,))
NO_LABELS = DrawOptions(draw_labels=False)


def changed(result, options=None):
    drawn = draw_result(PICTURE, result, options)
    return (drawn != PICTURE).any(axis=2)


def has_color(drawn, color):
    return bool((np.abs(drawn.astype(int) - color).max(axis=2) < 20).any())


def test_an_empty_result_draws_nothing_on_a_copy():
    drawn = draw_result(PICTURE, EMPTY)
    assert drawn is not PICTURE
    assert not changed(EMPTY).any()


@pytest.mark.parametrize(
    ("draw", "points"),
    [
        (draw_faces, [(10, 40), (40, 40), (25, 60)]),  # three sides of the box
        (draw_bodies, [(20, 25), (5, 6), (12, 16), (30, 50)]),  # nose, wrist, between them, the box
        (draw_hands, [(15, 16), (27, 28), (60, 61)]),  # joints of the first, the second and the last finger
        (draw_objects, [(65, 32), (70, 26)]),
    ],
)
def test_each_module_is_drawn_alone_at_its_coordinates(draw, points):
    pixels = PICTURE.copy()
    draw(Canvas(pixels, EVERYTHING, DrawOptions()), EVERYTHING)
    mask = (pixels != PICTURE).any(axis=2)
    for x, y in points:
        assert mask[y - 1 : y + 2, x - 1 : x + 2].any()
    assert not mask[100:, 100:].any()


def test_a_result_is_drawn_module_by_module_and_labels_above_all():
    pixels = PICTURE.copy()
    canvas = Canvas(pixels, EVERYTHING, DrawOptions())
    for module in sorted(MODULES, key=lambda module: module.layer):
        module.draw(canvas, EVERYTHING)
    np.testing.assert_array_equal(draw_result(PICTURE, EVERYTHING, NO_LABELS), pixels)
    canvas.draw_labels()
    np.testing.assert_array_equal(draw_result(PICTURE, EVERYTHING), pixels)


def test_a_person_has_one_colour_across_face_body_and_hands():
    result = crowd(3, 640, 480)
    for i, person in enumerate(result.persons):
        hand = person.hands.left
        style = style_of(result, DrawOptions())
        colors = {
            style.color(kind, part.id) for kind, part in (("face", person.face), ("body", person.body), ("hand", hand))
        }
        assert colors == {PEOPLE[i]}
        alone = draw_result(
            np.full((480, 640, 3), 90, np.uint8), replace(result, face=(), body=(person.body,), hand=()), NO_LABELS
        )
        assert has_color(alone, PEOPLE[i])
        assert not any(has_color(alone, other) for other in PEOPLE[:3] if other != PEOPLE[i])


def test_what_belongs_to_no_person_has_another_colour():
    person = Person(0, FACE, None, Hands(), (), FACE.box, FACE.box_raw)
    drawn = draw_result(PICTURE, replace(EVERYTHING, persons=(person,)), NO_LABELS)
    for color in (*PEOPLE[:3], OBJECT_COLOR):
        assert has_color(drawn, color)
    drawn = draw_result(PICTURE, replace(EVERYTHING, persons=()), {"color": (250, 10, 10), "drawLabels": False})
    assert has_color(drawn, (250, 10, 10))
    assert not any(has_color(drawn, color) for color in (*PEOPLE, OBJECT_COLOR))


def test_a_hand_without_keypoints_is_drawn_as_a_box_and_a_body_without_is_not_drawn():
    mask = changed(replace(EMPTY, hand=(replace(HAND, keypoints=HAND.keypoints[:0], annotations={}, landmarks={}),)))
    assert mask[8, 1]
    assert not mask[56:64, 56:64].any()  # where a joint was
    assert not changed(replace(EMPTY, body=(replace(BODY, keypoints=(), annotations={}),))).any()


@pytest.mark.parametrize(
    "box", [(inf, inf, -inf, -inf), (nan, 5.0, 5.0, 5.0), (10.0, 10.0, 0.0, 0.0), (10.0, 10.0, 20.0, 0.0)], ids=str
)
def test_empty_boxes_are_not_drawn_and_have_no_labels(box):
    """With compat="human" a record of Human without keypoints has an infinite one."""
    face = replace(FACE, box=box, mesh=FACE.mesh[:0])
    hand = replace(HAND, box=box, keypoints=HAND.keypoints[:0], annotations={}, landmarks={})
    body = replace(BODY, box=box, keypoints=(), annotations={})
    result = replace(
        EMPTY, face=(face,), body=(body,), hand=(hand,), object=(replace(OBJECT, box=box),), gesture=(BLINK,)
    )
    assert not changed(result).any()


def test_boxes_far_outside_of_the_picture_are_drawn_nowhere():
    box = (1e300, 1e300, 5.0, 5.0)
    face = replace(FACE, box=box, mesh=FACE.mesh[:0])
    assert not changed(replace(EMPTY, face=(face,), object=(replace(OBJECT, box=box),), gesture=(BLINK,))).any()
    everywhere = replace(OBJECT, box=(-1e300, -1e300, 2e300, 2e300))
    assert changed(replace(EMPTY, object=(everywhere,))).any(), "its label"


def test_points_that_are_not_finite_are_left_out():
    lost = replace(BODY.keypoints[0], position=(nan, nan))
    limb = {"leftArm": ((lost.position, BODY.keypoints[1].position),)}
    mask = changed(
        replace(EMPTY, body=(replace(BODY, keypoints=(lost, BODY.keypoints[1]), annotations=limb),)), NO_LABELS
    )
    assert mask[6, 5]
    assert not mask[16, 12]


def test_gestures_are_beside_their_person():
    boxes = ((20.0, 50.0, 30.0, 30.0), (110.0, 50.0, 30.0, 30.0))
    faces = tuple(replace(FACE, id=i, box=box, mesh=FACE.mesh[:0]) for i, box in enumerate(boxes))
    people = replace(EMPTY, face=faces)
    plain = draw_result(PICTURE, people)
    for i, columns in ((0, slice(0, 80)), (1, slice(80, 160))):
        for part in ("face", "iris"):
            drawn = draw_result(PICTURE, replace(people, gesture=(Gesture(part, i, "blink"),)))
            new = (drawn != plain).any(axis=2)
            assert new[:, columns].sum() > 100
            assert new.sum() == new[:, columns].sum()
    no_gestures = draw_result(PICTURE, replace(people, gesture=(BLINK,)), {"draw_gestures": False})
    np.testing.assert_array_equal(no_gestures, plain)
    hand_of_nobody = replace(EMPTY, hand=(HAND,), gesture=(Gesture("hand", 0, "thumb up"),))
    pixels = PICTURE.copy()
    draw_gestures(canvas := Canvas(pixels, hand_of_nobody, DrawOptions()), hand_of_nobody)
    canvas.draw_labels()
    assert (pixels != PICTURE).any()


@pytest.mark.parametrize(("count", "side"), [(1, 256), (12, 256), (20, 1000)])
def test_labels_leave_the_faces_visible(count, side):
    """Pixels under labels are those that differ from the drawing without labels."""
    result = crowd(count, side, side, seed=3)
    picture = np.full((side, side, 3), 128, np.uint8)
    labels = (draw_result(picture, result) != draw_result(picture, result, NO_LABELS)).any(axis=2)
    assert labels.any()
    for face in result.face:
        x, y, width, height = (round(value) for value in face.box)
        assert labels[y : y + height, x : x + width].mean() <= 0.1


def test_segments_are_tinted_and_have_a_contour(humanrt_engine):
    labels = np.zeros((120, 160), np.uint8)
    labels[10:30, 10:30] = 1
    before = humanrt_engine.memory().num_tensors
    with humanrt_engine.tensor(labels) as label_map, humanrt_engine.tensor(labels[None]) as masks:
        legend = (Segment(1, "person", (255, 0, 0), 400, 1.0),)
        result = replace(EMPTY, segmentation=Segmentation(legend, label_map, masks))
        drawn = draw_result(PICTURE, result, {"alpha": 0.4})
        assert humanrt_engine.memory().num_tensors == before + 2
    assert (drawn[14:26, 14:26] == (156, 54, 54)).all()
    assert np.abs(drawn[10, 12:28].astype(int) - (255, 0, 0)).max() < 60
    assert not (drawn != PICTURE)[35:, 35:].any()
    with pytest.raises(TensorDisposedError):
        draw_result(PICTURE, result)
    assert humanrt_engine.memory().num_tensors == before


def test_a_bgr_picture_is_drawn_on_in_bgr():
    picture = np.random.default_rng(0).integers(0, 256, PICTURE.shape, np.uint8)
    drawn = draw_result(picture[..., ::-1], EVERYTHING, bgr=True)
    np.testing.assert_array_equal(drawn[..., ::-1], draw_result(picture, EVERYTHING))


@pytest.mark.parametrize("bgr", [False, True])
def test_in_place_the_picture_itself_is_drawn_on(bgr):
    picture = PICTURE.copy()
    picture[..., 0] = 30
    expected = draw_result(picture, EVERYTHING, bgr=bgr)
    assert draw_result(picture, EVERYTHING, bgr=bgr, in_place=True) is picture
    np.testing.assert_array_equal(picture, expected)


def test_an_error_leaves_a_bgr_picture_in_bgr(monkeypatch):
    picture = PICTURE.copy()
    picture[..., 0] = 30
    before = picture.copy()
    monkeypatch.setattr("humanrt.drawing.canvas.Canvas.draw_labels", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        draw_result(picture, EMPTY, bgr=True, in_place=True)
    np.testing.assert_array_equal(picture, before)


def test_a_picture_that_is_not_that_of_the_result_is_refused():
    frozen = PICTURE.copy()
    frozen.flags.writeable = False
    assert draw_result(frozen, EVERYTHING).shape == PICTURE.shape, "a copy is drawn on"
    wider = np.zeros((120, 320, 3), np.uint8)
    for picture, in_place, message in (
        (np.zeros((160, 120, 3), np.uint8), False, "120 x 160 pixels, and that of the result 160 x 120"),
        (PICTURE[:60], True, "160 x 60 pixels"),
        (PICTURE[..., 0], False, r"uint8 \[120, 160\]"),
        (PICTURE / 2, True, "float64"),
        (frozen, True, "writable"),
        (wider[:, ::2], True, "C-contiguous"),
    ):
        with pytest.raises(InputError, match=message):
            draw_result(picture, EVERYTHING, in_place=in_place)
    assert not wider.any()
    with pytest.raises(ConfigError, match=r"unknown key .*colour.*; the nearest known one is .*color"):
        draw_result(PICTURE, EVERYTHING, {"colour": "black"})
    with pytest.raises(ConfigError, match=r"draw.font is 'no such font'.*sans, italic"):
        draw_result(PICTURE, EVERYTHING, {"font": "no such font"})


def test_faces_are_cut_out_as_copies():
    picture = np.random.default_rng(0).integers(0, 256, PICTURE.shape, np.uint8)
    boxes = [
        (10.0, 20.0, 30.0, 40.0),
        (10.4, 20.6, 5.0, 5.0),
        (-5.0, 100.0, 20.0, 90.0),
        (inf, 0.0, 1.0, 1.0),
        (500.0, 0.0, 9.0, 9.0),
    ]
    result = replace(EMPTY, face=tuple(replace(FACE, id=i, box=box) for i, box in enumerate(boxes)))
    crops = crop_faces(picture, result)
    assert [crop.shape for crop in crops] == [(40, 30, 3), (6, 6, 3), (20, 15, 3), (0, 0, 3), (0, 0, 3)]
    np.testing.assert_array_equal(crops[0], picture[20:60, 10:40])
    assert not any(np.shares_memory(crop, picture) for crop in crops)
    with pytest.raises(InputError, match="160 x 60"):
        crop_faces(picture[:60], result)


def test_threads_draw_at_the_same_time():
    results = [crowd(count, 320, 240) for count in range(1, 9)]
    picture = np.full((240, 320, 3), 90, np.uint8)
    expected = [draw_result(picture, result) for result in results]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            for drawn, each in zip(
                pool.map(lambda result: draw_result(picture, result), results), expected, strict=True
            ):
                np.testing.assert_array_equal(drawn, each)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("a.png", EMPTY), InputError, "this is str"),
        ((None, EMPTY), InputError, "this is NoneType"),
        ((PICTURE, None), InputError, "the result is NoneType; it must be a Result"),
        ((PICTURE, EMPTY, []), ConfigError, "options is list; it must be DrawOptions, a dict or None"),
    ],
)
def test_arguments_of_another_type_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        draw_result(*arguments)
