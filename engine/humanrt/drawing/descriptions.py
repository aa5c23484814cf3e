"""The texts of labels: Human's templates filled in, and the short lines that stand for them by default.

Templates are those of Human's src/draw/labels.ts. A line whose values are all unknown is left out.
"""

import re
from collections.abc import Iterable, Mapping
from math import degrees
from typing import TypeAlias

from humanrt.result import Face, Gesture

Values: TypeAlias = Mapping[str, str | float | None]

PLACEHOLDER = re.compile(r"\[(\w+)\]")
# The most gestures in one label, before they are counted.
MOST_GESTURES = 3


def fill(template: str, values: Values) -> list[str]:
    """Return the lines of a template with values in place of names in brackets; numbers have one decimal."""
    lines = []
    for line in template.split("\n"):
        names = PLACEHOLDER.findall(line)
        if not names or any(values.get(name) is not None for name in names):
            text = PLACEHOLDER.sub(lambda name: _written(values.get(name[1])), line)
            lines.append(" ".join(text.split()))
    return [line for line in lines if line]


def face_values(face: Face) -> Values:
    """Return the values of Human's template of a face; angles are in degrees, the distance in centimetres."""
    angle = face.rotation and face.rotation.angle
    gaze = face.rotation and face.rotation.gaze
    emotions = " ".join(f"{100 * emotion.score:.0f}% {emotion.emotion}" for emotion in face.emotion[:3])
    return {
        "id": str(face.id),
        "score": 100 * face.score,
        "gender": None if face.gender == "unknown" else face.gender,
        "genderScore": _percent(face.gender_score),
        "age": face.age,
        "distance": _percent(face.distance),
        "real": _percent(face.real),
        "live": _percent(face.live),
        "emotions": emotions or None,
        "roll": f"{degrees(angle.roll):.0f}" if angle else None,
        "yaw": f"{degrees(angle.yaw):.0f}" if angle else None,
        "pitch": f"{degrees(angle.pitch):.0f}" if angle else None,
        "gaze": f"{degrees(gaze.bearing):.0f}" if gaze and gaze.strength else None,
    }


def face_texts(face: Face, *, numbered: bool) -> list[list[str]]:
    """Return one line on a face, "female 24, happy" for instance, and shorter ones; with its id if it is numbered."""
    words: list[str] = [face.gender] if face.gender != "unknown" else []
    words += ["age"] if face.age is not None and not words else []
    words += [f"{face.age:.0f}"] if face.age is not None else []
    emotion = [each.emotion for each in face.emotion[:1]]
    number = [f"#{face.id}"] if numbered else []
    texts = [", ".join([" ".join(number + words)] * bool(number + words) + emotion), " ".join(number + words)]
    if not words and not emotion:
        texts = [" ".join([*number, f"{face.score:.0%}"])]
    texts += number
    return [[text] for text in dict.fromkeys(texts) if text]


def gesture_texts(template: str, gestures: Iterable[Gesture]) -> list[list[str]]:
    """Return the lines of some gestures, and fewer lines that end in the number of the others."""
    lines = [
        line
        for each in gestures
        for line in fill(template, {"where": each.part, "who": f"#{each.id}" if each.id else "", "what": each.gesture})
    ]
    lines = list(dict.fromkeys(lines))  # a face and its irises have some of the same names
    shorter = [[*lines[:count], f"+{len(lines) - count}"] for count in (MOST_GESTURES, 1) if len(lines) > count + 1]
    return [lines, *shorter]


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _written(value: str | float | None) -> str:
    return f"{value:.1f}" if isinstance(value, (int, float)) else value or ""
