"""Which task feeds which: from the pixels of a picture to its faces."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from humanrt.config import Config, FaceConfig
from humanrt.result import Face
from humanrt.runtime import scheduler
from humanrt.tensors import Tensor
from humanrt.vision.call import Call, Models
from humanrt.vision.choice import family_of
from humanrt.vision.face import blazeface, faceboxes, facemesh, mask
from humanrt.vision.face.box import FaceBox
from humanrt.vision.face.crop import Crops, Floats
from humanrt.vision.face.description import DESCRIBERS, describe
from humanrt.vision.face.detector import FaceDetector
from humanrt.vision.face.meshing import each, has_mesh, mesh_faces
from humanrt.vision.face.record import FaceRecorder
from humanrt.vision.model import TaskModel
from humanrt.vision.reading import reading

DETECTORS: Sequence[FaceDetector] = (blazeface.IN_FOUR_PARTS, blazeface.SHORT_RANGE, blazeface.FULL_RANGE, faceboxes)
# The side of a face's crop where neither mesh nor detector has one of its own.
CROP_SIZE = 256


def face_models(face: FaceConfig) -> dict[str, str]:
    """Tell which models faces need: the path of each, by its key of the configuration."""
    if not (face.enabled and face.detector.enabled):
        return {}
    wanted = {"face.detector": face.detector.model_path}
    if face.mesh.enabled and face.attention.enabled:
        wanted["face.attention"] = face.attention.model_path
    elif face.mesh.enabled:
        wanted["face.mesh"] = face.mesh.model_path
        if face.iris.enabled:
            wanted["face.iris"] = face.iris.model_path
    for key in DESCRIBERS:
        _, name, *part = key.split(".")  # "face.ssrnet.age" is switched on by face.ssrnet, and has a path of its own
        section = getattr(face, name)
        if section.enabled:
            wanted[key] = getattr(section, "_".join(["model_path", *part]))
    return wanted


async def detect_faces(call: Call) -> tuple[Face, ...]:
    """Find and describe the faces of a picture, best first.

    Runs in the caller's scope, which owns every tensor made here, those of the faces included.
    """
    models, picture, config = call.models, call.picture, call.config
    if "face.detector" not in models:
        return ()
    boxes = await _find(models["face.detector"], picture, config)
    if not boxes:
        return ()
    turns = [facemesh.turn(box) if config.face.detector.rotation else 0.0 for box in boxes]
    crops = await _cut(models, picture, boxes, turns, config)
    recorder = FaceRecorder(picture.shape[1], picture.shape[0], config.face, quirks=call.quirks)
    if has_mesh(models):
        flags, meshes = await mesh_faces(models, crops, recorder, config)
        records = await scheduler.run(each, recorder.from_mesh, boxes, turns, flags, meshes)
        if config.face.detector.mask:
            crops = await scheduler.run(partial(_mask, quirks=recorder.quirks), crops, meshes, records)
    else:
        records = await scheduler.run(each, recorder.from_detector, boxes)
    kept = [i for i, face in enumerate(records) if face is not None]
    if not kept:
        return ()
    crops = await scheduler.run(np.take, crops, kept, 0)
    said = await describe(models, crops, config)
    tensors: Sequence[Tensor | None] = [None] * len(kept)
    if config.face.detector.return_:
        tensors = [call.engine.adopt(crop) for crop in await scheduler.run(each, facemesh.prepare, crops)]
    faces = [face for face in records if face is not None]
    return tuple(
        replace(face, id=i, tensor=tensor, **words)
        for i, (face, tensor, words) in enumerate(zip(faces, tensors, said, strict=True))
    )


async def _find(model: TaskModel, picture: Tensor, config: Config) -> list[FaceBox]:
    detector = family_of(model.card, DETECTORS, "a face detector")
    settings, quirks = config.face.detector, config.compat == "human"
    form = model.form if detector is faceboxes else model.fixed_form  # which takes any size
    prepare = partial(detector.prepare, form=form, square=settings.square, quirks=quirks)
    with picture.pinned() as pixels:
        prepared = await scheduler.run(prepare, pixels)
    outputs = await model.run(prepared.pixels, detector.OUTPUTS)
    with reading(model.card, detector.OUTPUTS, outputs):
        return await scheduler.run(partial(detector.decode, quirks=quirks), outputs, prepared, settings)


async def _cut(
    models: Models, picture: Tensor, boxes: Sequence[FaceBox], turns: Sequence[float], config: Config
) -> Crops:
    """Cut every face out of the picture, upright."""
    size = facemesh.INPUT_SIZE if has_mesh(models) else models["face.detector"].form.height or CROP_SIZE
    quirks = config.compat == "human"
    with picture.pinned() as pixels:
        return await scheduler.run(partial(facemesh.cut, pixels, boxes, turns, size, quirks=quirks))


def _mask(crops: Crops, meshes: Sequence[Floats], faces: Sequence[Face | None], *, quirks: bool) -> Crops:
    """Darken what is outside of each face that has a mesh."""
    masked = []
    for crop, mesh, face in zip(crops, meshes, faces, strict=True):
        if face is None or face.rotation is None:
            masked.append(crop)
        elif quirks:
            masked.append(mask.darkened(crop, mask.outline_in_box(face.mesh, face.box)))
        else:
            masked.append(mask.darkened(crop, mask.outline_in_crop(mesh, facemesh.INPUT_SIZE)))
    return np.stack(masked)
