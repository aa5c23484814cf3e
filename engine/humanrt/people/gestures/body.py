"""What bodies do: they raise hands, and lean."""

from collections.abc import Iterator
from math import dist, inf

from humanrt.result import Body

# From which difference in height between the shoulders on, in heights of the picture, a body leans to Human.
HUMANS_LEAN = 0.1
# The same for a standing body as high as the picture, in distances between the shoulders, which are this part of a
# body's height apart (Drillis and Contini, "Body Segment Parameters", 1966): 23 degrees. Unlike the height, they are
# known of bodies that the picture's edge cuts off.
SHOULDERS = 0.259
LEAN = HUMANS_LEAN / SHOULDERS


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
        if quirks:
            slope, least = left.position_raw[1] - right.position_raw[1], HUMANS_LEAN
        else:
            slope = left.position[1] - right.position[1]
            least = LEAN * dist(left.position[:2], right.position[:2])
        if abs(slope) > least:
            yield f"leaning {'left' if slope > 0 else 'right'}"
