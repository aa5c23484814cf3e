"""One small record of each kind, as ``detect()`` might return it."""

import numpy as np

from humanrt import Angle, Body, Face, Finger, Gaze, Hand, Keypoint, Object, Rotation

MESH = np.array([[1, 2, 3], [4.5, 5, 6]], np.float32)
ROTATION = Rotation(Angle(roll=0.1, yaw=0.2, pitch=0.3), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0), Gaze(0.0, 0.0))
FACE = Face(
    id=0,
    score=1.0,
    box_score=0.875,
    face_score=1.0,
    box=(10.0, 20.0, 30.0, 40.0),
    box_raw=(0.1, 0.4, 0.3, 0.8),
    size=(30.0, 40.0),
    mesh=MESH,
    mesh_raw=MESH / 100,
    annotations={"noseTip": MESH[[1]], "leftEyeIris": MESH[[]]},
    rotation=ROTATION,
)

NOSE = Keypoint("nose", 0.5, (20.0, 25.0), (0.2, 0.5))
WRIST = Keypoint("leftWrist", 0.75, (5.0, 6.5), (0.05, 0.13))
ARM = {"leftArm": ((NOSE.position, WRIST.position),)}
BODY = Body(0, 0.75, (5.0, 6.0, 50.0, 44.0), (0.05, 0.12, 0.5, 0.88), (NOSE, WRIST), ARM)

FINGERS = ("thumb", "index", "middle", "ring", "pinky")
JOINTS = np.arange(63, dtype=np.float32).reshape(21, 3)
HAND = Hand(
    id=0,
    score=0.5,
    box_score=0.5,
    finger_score=0.875,
    box=(1.0, 2.0, 8.0, 9.0),
    box_raw=(0.01, 0.04, 0.08, 0.18),
    label="fist",
    keypoints=JOINTS,
    annotations={name: JOINTS[4 * i + 1 : 4 * i + 5] for i, name in enumerate(FINGERS)},
    landmarks=dict.fromkeys(FINGERS, Finger("none", "verticalUp")),
)

OBJECT = Object(0, 0.25, 42, "cup", (60.0, 20.0, 10.0, 12.0), (0.6, 0.4, 0.1, 0.24))
