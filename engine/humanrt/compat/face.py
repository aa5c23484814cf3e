"""Faces as Human detects and records them: src/face/blazeface.ts, facemesh.ts, iris.ts, attention.ts, mask.ts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import atan2, pi
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.compat.precision import HUMAN
from humanrt.config import FaceConfig, FaceDetectorConfig
from humanrt.imaging import Affine, crop, crop_rotated, rotate
from humanrt.result import Face
from humanrt.vision.face import blazeface, descriptor
from humanrt.vision.face.attention import ATTENTION, ATTENTION_LOGIT, Attention
from humanrt.vision.face.blazeface import BlazeFace
from humanrt.vision.face.box import FaceBox
from humanrt.vision.face.centerface import CENTERFACE
from humanrt.vision.face.describer import FaceDescriber, GenderScore
from humanrt.vision.face.detector import Prepared
from humanrt.vision.face.faceboxes import FACEBOXES
from humanrt.vision.face.facemesh import CORNERS_OF_MOUTH, MOUTH, NOSE, Crops, FaceMesh, Floats
from humanrt.vision.face.families import DESCRIBERS, FaceFamilies
from humanrt.vision.face.iris import CONTOURS, INPUT_SIZE, Eye, Iris
from humanrt.vision.face.mask import SILHOUETTE
from humanrt.vision.face.record import Boxes, FaceRecorder
from humanrt.vision.face.scrfd import SCRFD, WITHOUT_POINTS
from humanrt.vision.face.ssrnet import SsrnetGender
from humanrt.vision.face.yunet import YUNET
from humanrt.vision.stage import InputForm

# Faces rotated by less than this, in radians, are cut out as they are.
LEAST_ANGLE = 0.2
TINY = 1e-9  # pixels; a box that lies outside of the image has no size


@dataclass(frozen=True)
class HumanBlazeFace(BlazeFace):
    """Resizes in float32, as TF.js does, and has Human's way out of the padded square."""

    def prepare(self, source: NDArray[Any], form: InputForm, task: FaceDetectorConfig) -> Prepared:
        """Return the image as float32 [1, n, n, 3], -1..1."""
        prepared = super().prepare(source.astype(np.float32), form, task)
        if not task.square:
            return prepared
        boxes, landmarks = _out_of_square(source.shape[1], source.shape[0], form.height)
        return prepared._replace(boxes=boxes, landmarks=landmarks)


def _out_of_square(width: int, height: int, input_size: int) -> tuple[Affine, Affine]:
    """Return Human's affines from the square to the image, for boxes and for landmarks.

    They are wrong for every image that is not square: boxes are scaled by the wrong side and the padding is subtracted
    in the wrong unit ("TODO fix this math" in blazeface.ts); for landmarks the padding is not subtracted at all.
    """
    image = np.array([width, height], np.float64)
    side = max(width, height)
    padding = (side - image) // 2 / input_size
    scale = image / input_size
    boxes = np.column_stack([np.diag(image / side * scale), -padding * scale])
    return boxes, np.column_stack([np.diag(scale), np.zeros(2)])


def face_angle(box: FaceBox) -> float:
    """Return how far a face is rotated by the line from its mouth to its nose; 0 for one that is nearly upright."""
    if not len(box.landmarks):
        return 0.0
    mouth, nose = box.landmarks[MOUTH], box.landmarks[NOSE]
    if len(box.landmarks) == CORNERS_OF_MOUTH[-1] + 1:
        mouth = box.landmarks[[*CORNERS_OF_MOUTH]].mean(axis=0)
    angle = pi / 2 - atan2(mouth[1] - nose[1], nose[0] - mouth[0])
    angle -= 2 * pi * ((angle + pi) // (2 * pi))
    return angle if abs(angle) > LEAST_ANGLE else 0.0


def cut_faces(picture: NDArray[np.uint8], boxes: Sequence[FaceBox], angles: Sequence[float], size: int) -> Crops:
    """Cut faces out as Human does: the whole image is rotated to the nearest pixel first; all in float32."""
    source = picture.astype(np.float32)
    crops = []
    for box, angle in zip(boxes, angles, strict=True):
        corners, center = (*box.start, *box.end), (*box.center,)
        if angle:
            upright, _ = crop(rotate(source, angle, center), corners, size, size)
        else:
            upright, _ = crop_rotated(source, corners, angle, center, size, size)
        crops.append(upright)
    return np.stack(crops)


@dataclass(frozen=True)
class HumanIris(Iris):
    """Mirrors the right eye too, and not its points back, so that the right eye gets worse; moves the brows as well."""

    parts: tuple[str, ...] = tuple(CONTOURS)

    def cut(self, face: NDArray[Any], eye: Eye) -> NDArray[Any]:
        """Cut one eye out of a face's crop."""
        cut, _ = crop(face, (*eye.start, *(eye.start + eye.size)), INPUT_SIZE, INPUT_SIZE)
        return cut[:, ::-1]


@dataclass(frozen=True)
class HumanAttention(Attention):
    """Gives each iris the depth of the other eye."""

    def iris_depths(self, mesh: Floats) -> tuple[np.float32, np.float32]:
        """Return the depths of the left and the right iris."""
        left, right = super().iris_depths(mesh)
        return right, left


@dataclass(frozen=True)
class HumanSsrnetGender(SsrnetGender):
    """Compares a single output with a second one that is not there: every face is male, without a score."""

    def gender(self, row: Floats) -> GenderScore:
        """Decode one face's row."""
        return super().gender(row) if len(row) > 1 else GenderScore("male", None)


def outline_in_box(mesh: NDArray[np.float32], face: Face) -> NDArray[np.float64]:
    """Return the outline over the size of the face's box.

    This is not its crop: the box was moved to the mesh and clipped to the image, and in the crop a rotated face is
    upright.
    """
    del mesh
    return (face.mesh[SILHOUETTE, :2].astype(np.float64) - face.box[:2]) / np.maximum(face.box[2:], TINY)


@dataclass(frozen=True)
class HumanFaceRecorder(FaceRecorder):
    """Records the crop as the face's box, also outside of the image with a negative size; the relative box is whole."""

    def boxes(self, box: FaceBox) -> Boxes | None:
        """Return the crop clipped to the image in pixels, and the unclipped one over the image's size."""
        crop = box.clamped(self.width, self.height).pixels(self.precision)
        return Boxes(crop, box.relative(self.width, self.height), crop)


def _recorder(width: int, height: int, settings: FaceConfig) -> FaceRecorder:
    return HumanFaceRecorder(width, height, settings, HUMAN)


def _describers() -> Mapping[str, FaceDescriber]:
    families = {key: replace(family, precision=HUMAN) for key, family in DESCRIBERS.items()}
    return MappingProxyType(families | {"face.ssrnet.gender": HumanSsrnetGender(precision=HUMAN)})


FACE = FaceFamilies(
    detectors=(
        HumanBlazeFace(blazeface.IN_FOUR_PARTS.outputs),
        HumanBlazeFace(blazeface.SHORT_RANGE.outputs),
        # Human reads the head for persons.
        HumanBlazeFace(blazeface.FULL_RANGE.outputs, head=1),
        YUNET,
        FACEBOXES,
        SCRFD,
        WITHOUT_POINTS,
        CENTERFACE,
    ),
    meshes=(
        HumanAttention(ATTENTION_LOGIT.outputs, cut=cut_faces, logit=True),
        HumanAttention(ATTENTION.outputs, cut=cut_faces),
        FaceMesh(cut=cut_faces),
    ),
    iris=HumanIris(),
    describers=_describers(),
    aligned=MappingProxyType({"face.embedding": descriptor.ALIGNED}),
    recorder=_recorder,
    cut=cut_faces,
    angle=face_angle,
    outline=outline_in_box,
)
