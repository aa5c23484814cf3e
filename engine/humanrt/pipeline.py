"""Which task feeds which: from the pixels of a picture to its faces."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from humanrt.config import Config
from humanrt.engine import Engine
from humanrt.result import Face
from humanrt.runtime import scheduler
from humanrt.tasks import blazeface, facemesh
from humanrt.tasks.face_box import FaceBox
from humanrt.tasks.face_record import FaceRecorder
from humanrt.tasks.model import TaskModel
from humanrt.tensors import Tensor


@dataclass(frozen=True, eq=False)
class FaceModels:
    """The models of one call; ``mesh`` is None where the configuration switches it off."""

    detector: TaskModel
    mesh: TaskModel | None


async def detect_faces(engine: Engine, models: FaceModels, picture: Tensor, config: Config) -> tuple[Face, ...]:
    """Find the faces of a picture, uint8 [h, w, 3] RGB, best first.

    Runs in the caller's scope, which owns every tensor made here, those of the faces included.
    """
    boxes = await _find(engine, models.detector, picture, config)
    if not boxes:
        return ()
    settings, quirks = config.face.detector, config.compat == "human"
    turns = [facemesh.turn(box) if settings.rotation else 0.0 for box in boxes]
    crops = None
    if models.mesh or settings.return_:
        size = facemesh.INPUT_SIZE if models.mesh else blazeface.INPUT_SIZE
        with picture.pinned() as pixels:
            cut = partial(facemesh.prepare, pixels, boxes, turns, size, quirks=quirks)
            crops = engine.adopt(await scheduler.run(cut))
    outputs = await models.mesh.run(crops, facemesh.OUTPUTS) if models.mesh and crops else []
    recorder = FaceRecorder(picture.shape[1], picture.shape[0], config.face, quirks)
    faces: list[Face] = []
    for i, face in enumerate(await scheduler.run(_record, recorder, boxes, turns, outputs)):
        if face is not None:
            tensor = _crop(engine, crops, i) if crops and settings.return_ else None
            faces.append(replace(face, id=len(faces), tensor=tensor))
    return tuple(faces)


async def _find(engine: Engine, detector: TaskModel, picture: Tensor, config: Config) -> list[FaceBox]:
    settings, quirks = config.face.detector, config.compat == "human"
    with picture.pinned() as pixels:
        prepared = await scheduler.run(partial(blazeface.prepare, pixels, square=settings.square, quirks=quirks))
    outputs = await detector.run(engine.adopt(prepared.pixels), blazeface.OUTPUTS)
    return await scheduler.run(partial(blazeface.decode, outputs, prepared, settings, quirks=quirks))


def _record(
    recorder: FaceRecorder, boxes: Sequence[FaceBox], turns: Sequence[float], outputs: Sequence[NDArray[np.float32]]
) -> list[Face | None]:
    """Make a record of each box, with its row of the mesh model's ``outputs`` if that model ran."""
    if not outputs:
        return [recorder.from_detector(box) for box in boxes]
    return [recorder.from_mesh(*seen) for seen in zip(boxes, turns, *outputs, strict=True)]


def _crop(engine: Engine, crops: Tensor, index: int) -> Tensor:
    """Make a tensor of its own of one face's crop, float32 [h, w, 3]."""
    with crops.pinned() as array:
        return engine.adopt(array[index].copy())
