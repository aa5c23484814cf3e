"""The detections of one module, drawn onto the canvas of the result, in the spirit of Human's ``draw``.

``vision/modules.py`` names one of these functions for each module, and ``draw_faces()`` of ``faces.py``. What is owned
by a person has its colour and no label of its own.
"""

from collections import defaultdict

import numpy as np

from humanrt.drawing.canvas import Canvas
from humanrt.drawing.descriptions import Values, fill, gesture_texts
from humanrt.drawing.style import OBJECT, is_drawable
from humanrt.imaging.opencv import load_cv2
from humanrt.result import Body, Box, Gesture, Hand, Result

FINGERS = ("thumb", "index", "middle", "ring", "pinky")


def draw_segmentation(canvas: Canvas, result: Result) -> None:
    """Tint the pixels of each segment with its colour, and draw its contour."""
    if result.segmentation is None:
        return
    cv2 = load_cv2()
    labels, pixels, alpha = result.segmentation.labels.numpy(), canvas.pixels, canvas.options.alpha
    for segment in result.segmentation.legend:
        inside = labels == segment.label
        pixels[inside] = (1 - alpha) * pixels[inside] + alpha * np.array(segment.color)
        contours, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        cv2.drawContours(pixels, contours, -1, segment.color, canvas.style.line_width, cv2.LINE_AA)


def draw_objects(canvas: Canvas, result: Result) -> None:
    """Draw the box and the label of each object."""
    template = canvas.options.object_labels
    for thing in result.object:
        color = canvas.options.color or OBJECT
        canvas.box(thing.box, color)
        values: Values = {"id": str(thing.id), "label": thing.label, "score": 100 * thing.score}
        text = [f"{thing.label} {thing.score:.0%}"] if template is None else fill(template, values)
        _label(canvas, [text, [thing.label]] if template is None else [text], thing.box, color)


def draw_bodies(canvas: Canvas, result: Result) -> None:
    """Draw the box, limbs, joints and labels of each body; nothing of a body without keypoints."""
    options = canvas.options
    owned = {person.body.id for person in result.persons if person.body is not None}
    for body in result.body:
        if not body.keypoints:
            continue
        color = canvas.style.color("body", body.id)
        canvas.box(body.box, color)
        if options.draw_polygons:
            canvas.skeleton((limb for limbs in body.annotations.values() for limb in limbs), color)
        if options.draw_polygons or options.draw_points:
            canvas.dots([keypoint.position for keypoint in body.keypoints], color)
        if options.body_labels is None:
            texts = [] if body.id in owned else [[f"body {body.score:.0%}"]]
        else:
            texts = [fill(options.body_labels, {"id": str(body.id), "score": 100 * body.score})]
        for text in texts:
            _label(canvas, [text], body.box, color)
        for keypoint in body.keypoints if options.body_part_labels else ():
            values: Values = {"label": keypoint.part, "score": 100 * keypoint.score}
            _point_label(canvas, fill(options.body_part_labels, values), keypoint.position, color)


def draw_hands(canvas: Canvas, result: Result) -> None:
    """Draw the box, fingers, joints and labels of each hand."""
    options = canvas.options
    owned = {hand.id for person in result.persons for hand in (person.hands.left, person.hands.right) if hand}
    for hand in result.hand:
        color = canvas.style.color("hand", hand.id)
        canvas.box(hand.box, color)
        if options.draw_polygons:
            canvas.skeleton((hand.annotations.get(finger, ()) for finger in FINGERS), color)
        if options.draw_polygons or options.draw_points:
            canvas.dots(hand.keypoints, color)
        if options.hand_labels is None:
            texts = [] if hand.id in owned else [[f"{hand.label} {hand.score:.0%}"]]
        else:
            texts = [fill(options.hand_labels, {"id": str(hand.id), "label": hand.label, "score": 100 * hand.score})]
        for text in texts:
            _label(canvas, [text], hand.box, color)
        for finger in hand.annotations if options.finger_labels else ():
            _point_label(canvas, fill(options.finger_labels, {"label": finger}), hand.annotations[finger][-1], color)


def draw_gestures(canvas: Canvas, result: Result) -> None:
    """List the gestures of each person beside it, and those of other bodies and hands beside these."""
    if not canvas.options.draw_gestures:
        return
    faces = {face.id: face for face in result.face}
    owners: dict[tuple[str, int], tuple[str, int]] = {("iris", number): ("face", number) for number in faces}
    for person in result.persons:
        parts: list[tuple[str, Body | Hand | None]] = [("body", person.body)]
        parts += [("hand", person.hands.left), ("hand", person.hands.right)]
        owners.update({(kind, part.id): ("face", person.face.id) for kind, part in parts if part is not None})
    boxes: dict[tuple[str, int], Box] = {("face", number): face.box for number, face in faces.items()}
    boxes |= {("body", body.id): body.box for body in result.body} | {
        ("hand", hand.id): hand.box for hand in result.hand
    }
    lists: dict[tuple[str, int], list[Gesture]] = defaultdict(list)
    for gesture in result.gesture:
        part = (gesture.part, gesture.id)
        lists[owners.get(part, part)].append(gesture)
    for owner, gestures in lists.items():
        if owner in boxes and is_drawable(boxes[owner]):
            texts = gesture_texts(canvas.options.gesture_labels, gestures)
            color = canvas.style.color(*owner)
            alone = len(faces) <= 1
            canvas.label(texts, boxes[owner], color, rank=2, beside=True, apart=alone, on_faces=alone)


def _label(canvas: Canvas, texts: list[list[str]], box: Box, color: tuple[int, int, int]) -> None:
    if is_drawable(box):
        canvas.label(texts, box, color, rank=1)


def _point_label(canvas: Canvas, text: list[str], point: tuple[float, ...], color: tuple[int, int, int]) -> None:
    if np.isfinite(point[:2]).all():
        x, y = (float(value) for value in point[:2])
        canvas.label([text], (x, y, 0.0, 0.0), color, rank=3)
