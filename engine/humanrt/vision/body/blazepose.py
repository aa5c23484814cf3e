"""BlazePose: 39 points of a body, with depth, and where they are in space.

Source: Bazarevsky and others, "BlazePose: On-device Real-time Body Pose Tracking" (2020); the crops are MediaPipe's.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from humanrt.config import BodyConfig
from humanrt.imaging import Affine, crop, crop_turned, fit, map_points, normalize, resize_square
from humanrt.result import Body
from humanrt.vision.activation import sigmoid
from humanrt.vision.body.detector import Floats, Prepared, best
from humanrt.vision.body.people import Region
from humanrt.vision.body.skeleton import Pose, Size, Skeleton, box_around, box_over
from humanrt.vision.model import InputForm
from humanrt.vision.rounding import truncated

Pixel = TypeVar("Pixel", np.uint8, np.float32)

OUTPUTS = ("points", "world", "flag")
INPUT_SIZE = 256
SIDES = ("left", "right")
SKELETON = Skeleton(
    (
        *("nose", "leftEyeInside", "leftEye", "leftEyeOutside", "rightEyeInside", "rightEye", "rightEyeOutside"),
        *(f"{side}{part}" for part in ("Ear", "Mouth", "Shoulder", "Elbow", "Wrist") for side in SIDES),
        *(f"{side}{part}" for part in ("Pinky", "Index", "Thumb", "Hip", "Knee") for side in SIDES),
        *(f"{side}{part}" for part in ("Ankle", "Heel", "Foot") for side in SIDES),
        *("bodyCenter", "bodyTop", "leftPalm", "leftHand", "rightPalm", "rightHand"),
    ),
    {
        "shoulders": ("leftShoulder", "rightShoulder"),
        "hips": ("rightHip", "leftHip"),
        "mouth": ("leftMouth", "rightMouth"),
    }
    | {
        f"{side}{limb}": tuple(f"{side}{part}" for part in parts)
        for side in SIDES
        for limb, parts in {
            "LegUpper": ("Hip", "Knee"),
            "LegLower": ("Knee", "Ankle"),
            "Foot": ("Ankle", "Heel", "Foot"),
            "Torso": ("Shoulder", "Hip"),
            "ArmUpper": ("Shoulder", "Elbow"),
            "ArmLower": ("Elbow", "Wrist"),
            "Hand": ("Wrist", "Palm"),
            "HandPinky": ("Palm", "Pinky"),
            "HandIndex": ("Palm", "Index"),
            "HandThumb": ("Palm", "Thumb"),
            "EyeOutline": ("EyeInside", "EyeOutside"),
        }.items()
    },
)
PARTS = len(SKELETON.parts)
# Of the last six parts the model was taught only the place in the picture. These hang on others, whose depth, distance
# and score they get; bodyTop, on a circle around the body, hangs on nothing.
HANGS_ON = {
    "bodyCenter": ("leftHip", "rightHip"),
    "leftPalm": ("leftWrist", "leftIndex"),
    "leftHand": ("leftWrist", "leftWrist"),
    "rightPalm": ("rightWrist", "rightIndex"),
    "rightHand": ("rightWrist", "rightWrist"),
}
INDEX = {part: i for i, part in enumerate(SKELETON.parts)}
HANGING, SUPPORTS = [INDEX[part] for part in HANGS_ON], [[INDEX[part] for part in pair] for pair in HANGS_ON.values()]


def prepare(picture: NDArray[np.uint8], form: InputForm, *, quirks: bool) -> Prepared:
    """Scale a whole picture to float32 [1, n, n, 3], 0..1, its proportions kept."""
    size = picture.shape[1], picture.shape[0]
    if quirks:
        square, affine = resize_square(picture.astype(np.float32), form.height)
        return Prepared(_unit(square), [affine], size)
    framed, affine = fit(picture, form.height, form.width)
    return Prepared(_unit(framed), [affine], size)


def prepare_regions(
    picture: NDArray[np.uint8], form: InputForm, *, regions: Sequence[Region], quirks: bool
) -> Prepared:
    """Cut regions out of a picture, upright: float32 [regions, n, n, 3], 0..1.

    ``quirks`` squeezes each to the picture's own size, and that into the input; Human forgets the way back.
    """
    size = picture.shape[1], picture.shape[0]
    if quirks:
        source = picture.astype(np.float32)
        squeezed = [crop(source, region.box, *picture.shape[:2])[0] for region in regions]
        squares = [resize_square(cut, form.height) for cut in squeezed]
        return Prepared(np.concatenate([_unit(cut) for cut, _ in squares]), [affine for _, affine in squares], size)
    cuts = [crop_turned(picture, region.box, region.angle, form.height) for region in regions]
    return Prepared(np.concatenate([_unit(cut) for cut, _ in cuts]), [affine for _, affine in cuts], size)


def decode(
    outputs: Sequence[Floats], prepared: Prepared, limit: int, settings: BodyConfig, *, quirks: bool
) -> tuple[Body, ...]:
    """Read the OUTPUTS: [n, 195], [n, 117] and [n, 1].

    The model says where all parts are, also those that are not in the picture: what it is not sure of is left out.
    Human tells all 39, reads the distances as if each had five values, and tells depth in pixels of the input.
    """
    rows = zip(*(output.astype(np.float64) for output in outputs), prepared.affines, strict=True)
    seen = [
        (points.reshape(PARTS, 5), world, float(flag[0]), affine)
        for points, world, flag, affine in rows
        if flag[0] >= settings.min_confidence
    ]
    if quirks:
        return tuple(_human_body(points, world, flag, prepared.size) for points, world, flag, _ in seen)
    poses = (_pose(points, world.reshape(PARTS, 3), flag, affine) for points, world, flag, affine in seen)
    return best((SKELETON.body(pose, prepared.size, settings.min_confidence) for pose in poses), limit)


def _unit(pixels: NDArray[Pixel]) -> Floats:
    return normalize(pixels, 1 / 255, 0.0)


def _scores(points: NDArray[np.float64], flag: float) -> NDArray[np.float64]:
    """Tell how sure the model is that each part is there, and not hidden."""
    visibility, presence = sigmoid(points[:, 3:].astype(np.float32)).astype(np.float64).T
    scores: NDArray[np.float64] = visibility * presence * flag
    return scores


def _pose(points: NDArray[np.float64], world: NDArray[np.float64], flag: float, affine: Affine) -> Pose:
    """Take the points of one body, [39, 5], to the picture, and its distances, [39, 3], to the picture's axes."""
    lengths = np.linalg.norm(affine[:, :2], axis=0)
    places = np.column_stack([map_points(affine, points[:, :2]), points[:, 2] * lengths.mean()])
    distances = np.column_stack([world[:, :2] @ (affine[:, :2] / lengths).T, world[:, 2]])
    scores = _scores(points, flag)
    scores[HANGING] = scores[SUPPORTS].min(axis=1)
    places[HANGING, 2] = places[SUPPORTS, 2].mean(axis=1)
    distances[HANGING] = distances[SUPPORTS].mean(axis=1)
    distances[INDEX["bodyTop"]] = np.nan
    return Pose(flag, scores, places, distances)


def _human_body(points: NDArray[np.float64], world: NDArray[np.float64], flag: float, size: Size) -> Body:
    """Make Human's record: in whole pixels, cut off twice."""
    width, height = size
    side = max(size)
    places = points[:, :3] / (INPUT_SIZE, INPUT_SIZE, 1) * (width, height, 1)
    padding = np.array([(side - width) // 2, (side - height) // 2])
    places[:, :2] = np.trunc(np.trunc(places[:, :2]) * (size + 2 * padding) / size - padding)
    for name in SIDES:
        places[INDEX[f"{name}Palm"], 2] = (places[INDEX[f"{name}Wrist"], 2] + places[INDEX[f"{name}Index"], 2]) / 2
    scores = np.trunc(100 * _scores(points, flag)) / 100
    # Where there are no more values Human's are undefined or NaN.
    distances = np.full((PARTS, 5), np.nan)
    distances.flat[: len(world)] = world
    keypoints = tuple(
        replace(keypoint, distance=tuple(distance[:3]))
        for keypoint, distance in zip(
            SKELETON.keypoints(Pose(flag, scores, places), size), distances.tolist(), strict=True
        )
    )
    box = box_around([keypoint.position for keypoint in keypoints])
    return Body(0, truncated(flag, 2), box, box_over(box, size), keypoints, SKELETON.lines(keypoints))
