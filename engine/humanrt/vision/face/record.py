"""From a box and a mesh to the ``Face`` of the result. Source: Human's src/face/facemesh.ts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceConfig
from humanrt.result import Box, Face
from humanrt.vision.face.box import FaceBox
from humanrt.vision.face.facemesh import INPUT_SIZE, to_image
from humanrt.vision.face.landmarks import DETECTOR_ANNOTATIONS, FIVE_ANNOTATIONS, MESH_ANNOTATIONS
from humanrt.vision.face.rotation import MESH_WITH_IRISES, camera_distance, face_rotation
from humanrt.vision.precision import EXACT, Precision

FIVE_POINTS = 5  # of detectors that have both corners of the mouth


class Boxes(NamedTuple):
    """The box of a face in pixels and over the image's size, and that of its crop in pixels."""

    face: Box
    relative: Box
    crop: Box


@dataclass(frozen=True)
class FaceRecorder:
    """Records the faces of one image of ``width`` x ``height`` pixels."""

    width: int
    height: int
    settings: FaceConfig
    precision: Precision = EXACT

    def confirms(self, flag: NDArray[np.float32]) -> bool:
        """Return whether the mesh model's probability of a face, ``flag``, [1], reaches the configured confidence."""
        return self.precision.rounded(float(flag[0]), 2) >= self._least_flag

    def from_detector(self, box: FaceBox, face_score: float = 0.0) -> Face | None:
        """Record a face with the detector's landmarks; return None if its score is too low."""
        score = self.precision.rounded(box.confidence, 2)
        points = np.pad(box.landmarks, ((0, 0), (0, 1)))
        annotations = FIVE_ANNOTATIONS if len(points) == FIVE_POINTS else DETECTOR_ANNOTATIONS
        if score <= self._least_score:
            return None
        return self._face(box, score, score, self.precision.rounded(face_score, 2), points, annotations)

    def from_mesh(
        self, box: FaceBox, angle: float, flag: NDArray[np.float32], mesh: NDArray[np.float32]
    ) -> Face | None:
        """Record a face with its mesh, [468 or 478, 3] in pixels of the model's input, and its flag, [1].

        If the flag is too low, return None, or the face as detected: ``keep_invalid``, ``keep_above`` and ``min_size``.
        The score is that of a detector that was trained on annotated boxes, for it tells faces from others better; else
        the flag.
        """
        face_score = self.precision.rounded(float(flag[0]), 2)
        if not self.confirms(flag):
            return self.from_detector(box, float(flag[0])) if self._kept(box) else None
        box_score = self.precision.rounded(box.confidence, 2)
        score = box_score if box.annotated else face_score
        if score <= (self._least_score if box.annotated else self._least_flag):
            return None
        points = self.precision.whole(to_image(mesh, box, angle))
        moved = box.centered_on(points)
        if not moved.annotated:
            moved = replace(moved, face=(points[:, :2].min(axis=0), points[:, :2].max(axis=0)))
        return self._face(moved, score, box_score, face_score, points, MESH_ANNOTATIONS)

    def _kept(self, box: FaceBox) -> bool:
        """Return whether a face is kept although its mesh does not confirm it."""
        mesh = self.settings.mesh
        start, end = box.face or (box.start, box.end)
        small = float((end - start).max()) < mesh.min_size
        return mesh.keep_invalid or box.confidence > mesh.keep_above or small

    def boxes(self, box: FaceBox) -> Boxes | None:
        """Return the box of the face in pixels and over the image's size, and that of its crop in pixels.

        All are clipped to the image. Returns None if nothing of the face is inside.
        """
        corners = np.stack([*(box.face or (box.start, box.end)), box.start, box.end])
        (left, top), (right, bottom), *crop = np.clip(corners, 0.0, (self.width, self.height)).tolist()
        if not (left < right and top < bottom):
            return None
        x, y, width, height = left, top, right - left, bottom - top
        relative = (x / self.width, y / self.height, width / self.width, height / self.height)
        (left, top), (right, bottom) = crop
        return Boxes((x, y, width, height), relative, (left, top, right - left, bottom - top))

    def _face(
        self,
        box: FaceBox,
        score: float,
        box_score: float,
        face_score: float,
        points: NDArray[np.float64],
        annotations: Mapping[str, tuple[int, ...]],
    ) -> Face | None:
        boxes = self.boxes(box)
        if boxes is None:
            return None
        mesh = points.astype(np.float32)
        mesh_raw = (points / (self.width, self.height, INPUT_SIZE)).astype(np.float32)
        width, height = box.size.tolist()
        rotation = None
        if annotations is MESH_ANNOTATIONS:
            relative = box.relative(self.width, self.height)
            rotation = face_rotation(mesh, mesh_raw, relative, self.width, self.height)
        has_irises = self.settings.iris.enabled and len(mesh) == MESH_WITH_IRISES
        distance = camera_distance(mesh, self.width) if has_irises else 0.0
        for array in (mesh, mesh_raw):
            array.flags.writeable = False
        return Face(
            id=0,
            score=score,
            box_score=box_score,
            face_score=face_score,
            box=boxes.face,
            box_raw=boxes.relative,
            size=(width, height),
            mesh=mesh,
            mesh_raw=mesh_raw,
            annotations={
                name: mesh[[index for index in indices if index < len(mesh)]] for name, indices in annotations.items()
            },
            rotation=rotation,
            distance=self.precision.rounded(distance, 2) or None,
            crop=boxes.crop,
        )

    @property
    def _least_flag(self) -> float:
        """The score that the mesh's must reach."""
        least = self.settings.mesh.min_confidence
        return self._least_score if least is None else least

    @property
    def _least_score(self) -> float:
        """The score that a face's must exceed. With Human 0 is "not set", for which it takes 1."""
        return self.precision.threshold(self.settings.detector.min_confidence, 1.0)
