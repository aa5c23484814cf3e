"""BlazePose: 39 points of a body, with depth, and with their distances from the hips in metres.

Source: Bazarevsky and others, "BlazePose: On-device Real-time Body Pose Tracking" (2020); the crops are MediaPipe's,
and so is the refinement by the heatmap, as TensorFlow.js's pose-detection has it (refine_landmarks_from_heatmap.ts).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from humanrt.imaging import Affine, crop_turned, fit, map_points, normalize
from humanrt.result import Body
from humanrt.vision.body.detector import BodyFamily, BodyTask, Prepared
from humanrt.vision.body.skeleton import Pose, Skeleton, best
from humanrt.vision.caching import Reuse
from humanrt.vision.decoding import sigmoid
from humanrt.vision.stage import InputForm

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
# For the last six parts the model was trained on the position in the image only. These get depth, distance and score
# from the parts named here; bodyTop, on a circle around the body, gets none.
DERIVED_FROM = {
    "bodyCenter": ("leftHip", "rightHip"),
    "leftPalm": ("leftWrist", "leftIndex"),
    "leftHand": ("leftWrist", "leftWrist"),
    "rightPalm": ("rightWrist", "rightIndex"),
    "rightHand": ("rightWrist", "rightWrist"),
}
# A point is moved to the centre of the heatmap's cells around it, so many to each side, if one of them has this score.
CELLS, LEAST_HEAT = 3, 0.5
INDEX = {part: i for i, part in enumerate(SKELETON.parts)}
DERIVED, SOURCES = (
    [INDEX[part] for part in DERIVED_FROM],
    [[INDEX[part] for part in pair] for pair in DERIVED_FROM.values()],
)


@dataclass(frozen=True)
class BlazePose(BodyFamily):
    """The model in its three sizes; outputs: points [n, 195], distances [n, 117], flag [n, 1] and a heatmap.

    The heatmap, [n, h, w, 39], is that of ``REFINED`` alone: the model cards of the package have one.
    """

    outputs: tuple[str, ...] = ("points", "world", "flag")
    reuse: ClassVar[Reuse | None] = Reuse(empty=True)
    takes_regions: bool = True

    def prepare(self, source: NDArray[Any], form: InputForm, task: BodyTask) -> Prepared:
        """Return the whole image, or its regions upright, as float32 [n, h, w, 3], 0..1, the proportions kept."""
        size = source.shape[1], source.shape[0]
        if task.regions is None:
            framed, affine = fit(source, form.height, form.width)
            return Prepared(unit(framed), [affine], size)
        cuts = [crop_turned(source, region.box, region.angle, form.height) for region in task.regions]
        return Prepared(np.concatenate([unit(cut) for cut, _ in cuts]), [affine for _, affine in cuts], size)

    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: BodyTask) -> tuple[Body, ...]:
        """Return the bodies with a flag over ``min_confidence``, each with its points over it.

        The model also invents parts that are not in the image: those have a low score.
        """
        least = task.settings.min_confidence
        points, world, flags, *heatmaps = (output.astype(np.float64) for output in outputs)
        for heatmap in heatmaps:
            points = np.stack([refined(*pose) for pose in zip(points.reshape(-1, PARTS, 5), heatmap, strict=True)])
        rows = zip(points, world, flags, prepared.affines, strict=True)
        poses = (
            _pose(points.reshape(PARTS, 5), world.reshape(PARTS, 3), float(flag[0]), affine)
            for points, world, flag, affine in rows
            if flag[0] >= least
        )
        return best((SKELETON.body(pose, prepared.size, least) for pose in poses), task.limit)


BLAZEPOSE = BlazePose()
REFINED = BlazePose((*BLAZEPOSE.outputs, "heatmap"))


def refined(points: NDArray[np.float64], heatmap: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the points of a body, [39, 5] in pixels of the input, moved to where the heatmap, [h, w, 39], has them."""
    moved = points.copy()
    size = np.array(heatmap.shape[1::-1])
    places = np.clip(np.nan_to_num(points[:, :2], nan=-1.0), -1, INPUT_SIZE)
    cells = np.trunc(places / INPUT_SIZE * size).astype(int)
    inside = ((places >= 0) & (cells < size)).all(axis=1)
    for part in np.flatnonzero(inside):
        low, high = np.maximum(cells[part] - CELLS, 0), np.minimum(cells[part] + CELLS + 1, size)
        around = heatmap[low[1] : high[1], low[0] : high[0], part]
        if around.max() >= LEAST_HEAT:
            columns, rows = np.arange(low[0], high[0]), np.arange(low[1], high[1])
            center = np.array([around.sum(axis=0) @ columns, around.sum(axis=1) @ rows]) / around.sum()
            moved[part, :2] = center / size * INPUT_SIZE
    return moved


def unit(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Return an image as float32 [1, h, w, 3], 0..1."""
    return normalize(pixels, 1 / 255, 0.0)


def scores_of(points: NDArray[np.float64], flag: float) -> NDArray[np.float64]:
    """Return the probability that each part is in the image and visible."""
    visibility, presence = sigmoid(points[:, 3:].astype(np.float32)).astype(np.float64).T
    scores: NDArray[np.float64] = visibility * presence * flag
    return scores


def _pose(points: NDArray[np.float64], world: NDArray[np.float64], flag: float, affine: Affine) -> Pose:
    """Transform the points of one body, [39, 5], to the image, and its distances, [39, 3], to the image's axes."""
    lengths = np.linalg.norm(affine[:, :2], axis=0)
    places = np.column_stack([map_points(affine, points[:, :2]), points[:, 2] * lengths.mean()])
    distances = np.column_stack([world[:, :2] @ (affine[:, :2] / lengths).T, world[:, 2]])
    scores = scores_of(points, flag)
    scores[DERIVED] = scores[SOURCES].min(axis=1)
    places[DERIVED, 2] = places[SOURCES, 2].mean(axis=1)
    distances[DERIVED] = distances[SOURCES].mean(axis=1)
    distances[INDEX["bodyTop"]] = np.nan
    return Pose(flag, scores, places, distances)
