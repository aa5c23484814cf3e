"""What bodies do: they raise hands, and lean."""

from collections.abc import Iterator
from math import inf

from humanrt.result import Body

# From which difference in height between the shoulders on, in parts of the body's height, a body leans.
LEAN = 0.1


def body_gestures(body: Body, *, quirks: bool) -> Iterator[str]:
    """Tell what a body does.

    ``quirks`` measures its leaning in heights of the picture, as Human does: small bodies then never lean.
    """
    found = {keypoint.part: keypoint for keypoint in body.keypoints}
    depths = {part: keypoint.position[1] for part, keypoint in found.items()}  # y grows downwards
    nose = depths.get("nose", -inf)
    match depths.get("leftWrist", inf) < nose, depths.get("rightWrist", inf) < nose:
        case True, True:
            yield "i give up"
        case True, False:
            yield "raise left hand"
        case False, True:
            yield "raise right hand"
    if "leftShoulder" in found and "rightShoulder" in found:
        left, right = found["leftShoulder"], found["rightShoulder"]
        slope = left.position_raw[1] - right.position_raw[1]
        height = 1.0 if quirks else body.box_raw[3]
        if abs(slope) > LEAN * height:
            yield f"leaning {'left' if slope > 0 else 'right'}"
