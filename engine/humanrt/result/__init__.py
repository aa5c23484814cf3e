"""What detect() gives back: frozen records in the coordinates of the original picture.

Field names and meanings are Human's; ``to_human()`` gives its JSON. See ``geometry.py`` for the coordinates.
"""

from humanrt.result.body import Body, Keypoint
from humanrt.result.face import Angle, Emotion, Face, Gaze, Race, Rotation
from humanrt.result.geometry import Box, Point, Points
from humanrt.result.gesture import Gesture
from humanrt.result.hand import Curl, Direction, Finger, Hand
from humanrt.result.object import Object
from humanrt.result.person import Hands, Person
from humanrt.result.result import Result
from humanrt.result.segmentation import Segment, Segmentation

__all__ = [
    "Angle",
    "Body",
    "Box",
    "Curl",
    "Direction",
    "Emotion",
    "Face",
    "Finger",
    "Gaze",
    "Gesture",
    "Hand",
    "Hands",
    "Keypoint",
    "Object",
    "Person",
    "Point",
    "Points",
    "Race",
    "Result",
    "Rotation",
    "Segment",
    "Segmentation",
]
