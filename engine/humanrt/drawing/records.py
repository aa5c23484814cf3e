"""The detections of one module, drawn onto the image of the result, in the spirit of Human's ``draw``.

``vision/modules.py`` names one of these functions for each module.
"""

from math import isfinite
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from humanrt.drawing.primitives import LIGHT_BLUE, Color, draw_box, draw_label, draw_lines, draw_points
from humanrt.result import Box, Face, Result

Picture: TypeAlias = NDArray[np.uint8]
"""uint8 [h, w, 3] RGB; a canvas is also C-contiguous and writable."""

BODY_COLOR = (144, 238, 144)
HAND_COLOR = (255, 200, 120)
OBJECT_COLOR = (221, 160, 221)
GESTURE_COLOR = (255, 255, 200)
FINGERS = ("thumb", "index", "middle", "ring", "pinky")
# The weight of a segment's colour in the blend with the picture.
TINT = 0.4


def draw_segmentation(canvas: Picture, result: Result) -> None:
    """Tint the pixels of each segment with its colour."""
    if result.segmentation is None:
        return
    labels = result.segmentation.labels.numpy()
    for segment in result.segmentation.legend:
        pixels = labels == segment.label
        canvas[pixels] = (1 - TINT) * canvas[pixels] + TINT * np.array(segment.color)


def draw_gestures(canvas: Picture, result: Result) -> None:
    """Draw all gestures as text in the top left corner."""
    if result.gesture:
        lines = (f"{gesture.part} {gesture.id}: {gesture.gesture}" for gesture in result.gesture)
        draw_label(canvas, "\n".join(lines), 0, 0, GESTURE_COLOR)


def draw_objects(canvas: Picture, result: Result) -> None:
    """Draw the box of each object with its class and score."""
    for thing in result.object:
        _draw_box(canvas, thing.box, f"{thing.label} {thing.score:.0%}", OBJECT_COLOR)


def draw_bodies(canvas: Picture, result: Result) -> None:
    """Draw the box, limbs and keypoints of each body."""
    for body in result.body:
        _draw_box(canvas, body.box, f"body {body.id}: {body.score:.0%}", BODY_COLOR)
        for lines in body.annotations.values():
            for line in lines:
                draw_lines(canvas, line, BODY_COLOR)
        draw_points(canvas, [keypoint.position for keypoint in body.keypoints], BODY_COLOR)


def draw_hands(canvas: Picture, result: Result) -> None:
    """Draw the box, fingers and keypoints of each hand."""
    for hand in result.hand:
        _draw_box(canvas, hand.box, f"{hand.label} {hand.id}: {hand.score:.0%}", HAND_COLOR)
        if len(hand.keypoints):
            for finger in FINGERS:
                draw_lines(canvas, hand.annotations[finger], HAND_COLOR)
            draw_points(canvas, hand.keypoints, HAND_COLOR)


def draw_faces(canvas: Picture, result: Result) -> None:
    """Draw the box, description and mesh of each face."""
    for face in result.face:
        _draw_box(canvas, face.box, "\n".join([f"face {face.id}: {face.score:.0%}", *_description(face)]))
        # The dots of a mesh grow with the face, so that they do not cover a small one.
        draw_points(canvas, face.mesh, radius=max(face.box[2:]) / 250)


def _draw_box(canvas: Picture, box: Box, label: str, color: Color = LIGHT_BLUE) -> None:
    if all(map(isfinite, box)):  # with compat="human" a record without keypoints has an infinite box
        draw_box(canvas, box, label, color)


def _description(face: Face) -> list[str]:
    """Return the known attributes of a face as lines of text."""
    age = [] if face.age is None else [f"{face.age:.0f} years"]
    gender = [] if face.gender == "unknown" else [face.gender]
    emotion = [f"{each.emotion} {each.score:.0%}" for each in face.emotion[:1]]
    return [line for line in (", ".join(gender + age), *emotion) if line]
