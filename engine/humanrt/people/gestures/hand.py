"""What hands do: which finger comes nearest, which is highest, and which pose they make."""

from collections.abc import Iterator

from humanrt.people.gestures.poses import FINGERS, HUMANS_POSES, POSES
from humanrt.result import Hand

# Of the 21 keypoints, the tips of the fingers.
TIPS = (4, 8, 12, 16, 20)
# How well a hand must fit a pose.
LEAST_CONFIDENCE = 0.7


def hand_gestures(hand: Hand, *, quirks: bool) -> Iterator[str]:
    """Tell what a hand with keypoints does.

    Human takes the roots of the fingers for their tips, and the palm for one of them. Its poses need not be told by
    the fingers that make them: a fist is a "point" to it, and a victory an "open palm" as well. ``quirks`` does so too.
    """
    if not len(hand.keypoints):
        return
    if quirks:
        # Of two that are alike, Human takes the later one.
        points = {name.lower(): group[0] for name, group in reversed([*hand.annotations.items()]) if len(group)}
    else:
        points = dict(zip(FINGERS, hand.keypoints[list(TIPS)], strict=True))
    yield f"{min(points, key=lambda name: points[name][2])} forward"
    yield f"{min(points, key=lambda name: points[name][1])} up"
    for pose in HUMANS_POSES if quirks else POSES:
        if (quirks or pose.is_told(hand.landmarks)) and pose.confidence(hand.landmarks) >= LEAST_CONFIDENCE:
            yield pose.name
