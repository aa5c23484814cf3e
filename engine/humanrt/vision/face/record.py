"""From a box and a mesh to the Face that users get. Source: Human's src/face/facemesh.ts."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from humanrt.config import FaceConfig
from humanrt.result import Face
from humanrt.vision.face import facemesh
from humanrt.vision.face.box import FaceBox
from humanrt.vision.face.landmarks import DETECTOR_ANNOTATIONS, MESH_ANNOTATIONS
from humanrt.vision.face.rotation import MESH_WITH_IRISES, camera_distance, face_rotation
from humanrt.vision.rounding import rounded


@dataclass(frozen=True)
class FaceRecorder:
    """Writes the faces of one picture of ``width`` x ``height`` pixels; ``quirks`` rounds and cuts as Human does."""

    width: int
    height: int
    settings: FaceConfig
    quirks: bool

    def confirms(self, flag: NDArray[np.float32]) -> bool:
        """Tell whether the mesh model is sure enough, from its ``flag``, [1], that it saw a face."""
        return self._score(float(flag[0])) >= self._least_score

    def from_detector(self, box: FaceBox, face_score: float = 0.0) -> Face | None:
        """Record a face as the detector saw it, with six points; None when its score is too low."""
        score = self._score(box.confidence)
        points = np.pad(box.landmarks, ((0, 0), (0, 1)))
        return self._face(box, score, score, self._score(face_score), points, DETECTOR_ANNOTATIONS)

    def from_mesh(
        self, box: FaceBox, angle: float, flag: NDArray[np.float32], mesh: NDArray[np.float32]
    ) -> Face | None:
        """Record a face as the mesh model saw it; ``flag``, [1], and ``mesh``, [468 or 478, 3], are in its own pixels.

        None when the model is not sure enough that it saw a face, unless ``face.mesh.keep_invalid`` wants it even so.
        """
        face_score = self._score(float(flag[0]))
        if not self.confirms(flag):
            return self.from_detector(box, float(flag[0])) if self.settings.mesh.keep_invalid else None
        points = facemesh.decode(mesh, box, angle, quirks=self.quirks)
        moved = box.centered_on(points)
        return self._face(moved, face_score, self._score(box.confidence), face_score, points, MESH_ANNOTATIONS)

    def _face(
        self,
        box: FaceBox,
        score: float,
        box_score: float,
        face_score: float,
        points: NDArray[np.float64],
        annotations: Mapping[str, tuple[int, ...]],
    ) -> Face | None:
        visible = box.clamped(self.width, self.height)
        outside = not (visible.start < visible.end).all()
        # Human turns the boxes of faces outside of the picture inside out.
        if score <= self._least_score or (outside and not self.quirks):
            return None
        mesh = points.astype(np.float32)
        mesh_raw = (points / (self.width, self.height, facemesh.INPUT_SIZE)).astype(np.float32)
        whole_raw = box.relative(self.width, self.height)
        width, height = box.size.tolist()
        has_mesh = annotations is MESH_ANNOTATIONS
        rotation = face_rotation(mesh, mesh_raw, whole_raw, self.width, self.height) if has_mesh else None
        has_irises = self.settings.iris.enabled and len(mesh) == MESH_WITH_IRISES
        distance = camera_distance(mesh, self.width) if has_irises else 0.0
        for array in (mesh, mesh_raw):
            array.flags.writeable = False
        return Face(
            id=0,
            score=score,
            box_score=box_score,
            face_score=face_score,
            box=visible.pixels(whole=self.quirks),
            # Human does not cut the relative box to the picture.
            box_raw=whole_raw if self.quirks else visible.relative(self.width, self.height),
            size=(width, height),
            mesh=mesh,
            mesh_raw=mesh_raw,
            annotations={
                name: mesh[[index for index in indices if index < len(mesh)]] for name, indices in annotations.items()
            },
            rotation=rotation,
            distance=(rounded(distance, 2) if self.quirks else distance) or None,
        )

    @property
    def _least_score(self) -> float:
        """What a face's score must be over; Human takes a 0 for "not set", which it takes for 1."""
        return self.settings.detector.min_confidence or (1.0 if self.quirks else 0.0)

    def _score(self, score: float) -> float:
        return rounded(score, 2) if self.quirks else score
