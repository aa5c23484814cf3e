"""The result of detect(): frozen records in the coordinates of the original picture.

Names and meanings of the fields are Human's. ``record.py`` documents the coordinates. ``formats/`` holds the formats
that records are written in, and Human's JSON, which is read as well.
"""

from humanrt.result.body import Body, Keypoint
from humanrt.result.face import Angle, Emotion, Face, FaceQuality, Gaze, Race, Rotation
from humanrt.result.hand import Curl, Direction, Finger, Hand
from humanrt.result.object import Object
from humanrt.result.person import Gesture, Hands, Person
from humanrt.result.record import Box, Point, Points
from humanrt.result.result import Result
from humanrt.result.row import Row
from humanrt.result.segmentation import Segment, Segmentation

__all__ = [
    "Angle",
    "Body",
    "Box",
    "Curl",
    "Direction",
    "Emotion",
    "Face",
    "FaceQuality",
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
    "Row",
    "Segment",
    "Segmentation",
]
