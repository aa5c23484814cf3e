"""Drawing a Result onto its picture, in the spirit of Human's ``draw.all``."""

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from humanrt.drawing.primitives import LIGHT_BLUE, Color, draw_box, draw_label, draw_lines, draw_points
from humanrt.result import Body, Box, Face, Hand, Object, Result, Segmentation

Picture = NDArray[np.uint8]

BODY = (144, 238, 144)
HAND = (255, 200, 120)
OBJECT = (221, 160, 221)
GESTURE = (255, 255, 200)
FINGERS = ("thumb", "index", "middle", "ring", "pinky")
# How much of a segment's colour lies over the picture.
TINT = 0.4


def draw_result(pixels: Picture, result: Result) -> Picture:
    """Draw everything in ``result`` on a copy of its picture, uint8 [h, w, 3] RGB, and return the copy."""
    canvas = np.array(pixels, order="C")
    if result.segmentation is not None:
        _tint(canvas, result.segmentation)
    if result.gesture:
        lines = (f"{gesture.part} {gesture.id}: {gesture.gesture}" for gesture in result.gesture)
        draw_label(canvas, "\n".join(lines), 0, 0, GESTURE)
    for thing in result.object:
        _draw_object(canvas, thing)
    for body in result.body:
        _draw_body(canvas, body)
    for hand in result.hand:
        _draw_hand(canvas, hand)
    for face in result.face:
        _draw_face(canvas, face)
    return canvas


def _tint(canvas: Picture, segmentation: Segmentation) -> None:
    labels = segmentation.labels.numpy()
    for segment in segmentation.legend:
        pixels = labels == segment.label
        canvas[pixels] = (1 - TINT) * canvas[pixels] + TINT * np.array(segment.color)


def _draw_box(canvas: Picture, box: Box, label: str, color: Color = LIGHT_BLUE) -> None:
    if all(map(isfinite, box)):  # Human draws infinite boxes around nothing
        draw_box(canvas, box, label, color)


def _draw_object(canvas: Picture, thing: Object) -> None:
    _draw_box(canvas, thing.box, f"{thing.label} {thing.score:.0%}", OBJECT)


def _draw_body(canvas: Picture, body: Body) -> None:
    _draw_box(canvas, body.box, f"body {body.id}: {body.score:.0%}", BODY)
    for lines in body.annotations.values():
        for line in lines:
            draw_lines(canvas, line, BODY)
    draw_points(canvas, [keypoint.position for keypoint in body.keypoints], BODY)


def _draw_hand(canvas: Picture, hand: Hand) -> None:
    _draw_box(canvas, hand.box, f"{hand.label} {hand.id}: {hand.score:.0%}", HAND)
    if len(hand.keypoints):
        for finger in FINGERS:
            draw_lines(canvas, hand.annotations[finger], HAND)
        draw_points(canvas, hand.keypoints, HAND)


def _draw_face(canvas: Picture, face: Face) -> None:
    _draw_box(canvas, face.box, "\n".join([f"face {face.id}: {face.score:.0%}", *_description(face)]))
    # The dots of a mesh grow with the face, so that a small face is not covered by them.
    draw_points(canvas, face.mesh, radius=max(face.box[2:]) / 250)


def _description(face: Face) -> list[str]:
    """Say what is known of a face, a line each."""
    age = [] if face.age is None else [f"{face.age:.0f} years"]
    gender = [] if face.gender == "unknown" else [face.gender]
    emotion = [f"{each.emotion} {each.score:.0%}" for each in face.emotion[:1]]
    return [line for line in (", ".join(gender + age), *emotion) if line]
