"""Faces: which models run in which order, from an image to its faces."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from humanrt.config import FaceConfig, FaceDetectorConfig
from humanrt.result import Face
from humanrt.runtime import scheduler
from humanrt.runtime.side_by_side import side_by_side
from humanrt.tensors import Tensor
from humanrt.vision.call import Call, Models
from humanrt.vision.face.box import FaceBox, merged
from humanrt.vision.face.describer import Description
from humanrt.vision.face.detector import FaceDetector
from humanrt.vision.face.facemesh import Crops, Meshes, Placed, face_angle, to_unit
from humanrt.vision.face.families import FaceFamilies
from humanrt.vision.face.iris import IrisTask
from humanrt.vision.face.mask import darken
from humanrt.vision.face.record import FaceRecorder
from humanrt.vision.stage import family_of, run_stage

# The side of a face's crop where neither the mesh model nor the detector has a square input.
CROP_SIZE = 256


def face_models(face: FaceConfig) -> dict[str, str]:
    """Return the path of each model that faces need, by its key of the configuration."""
    if not (face.enabled and face.detector.enabled):
        return {}
    wanted = {"face.detector": face.detector.model_path}
    if face.mesh.enabled and face.attention.enabled:
        wanted["face.attention"] = face.attention.model_path
    elif face.mesh.enabled:
        wanted["face.mesh"] = face.mesh.model_path
        if face.iris.enabled:
            wanted["face.iris"] = face.iris.model_path
    describers: Mapping[str, tuple[bool, str]] = {
        "face.emotion": (face.emotion.enabled, face.emotion.model_path),
        "face.antispoof": (face.antispoof.enabled, face.antispoof.model_path),
        "face.liveness": (face.liveness.enabled, face.liveness.model_path),
        "face.description": (face.description.enabled, face.description.model_path),
        "face.ssrnet.age": (face.ssrnet.enabled, face.ssrnet.model_path_age),
        "face.ssrnet.gender": (face.ssrnet.enabled, face.ssrnet.model_path_gender),
        "face.gear": (face.gear.enabled, face.gear.model_path),
        "face.mobilefacenet": (face.mobilefacenet.enabled, face.mobilefacenet.model_path),
        "face.insightface": (face.insightface.enabled, face.insightface.model_path),
    }
    return wanted | {key: path for key, (enabled, path) in describers.items() if enabled}


async def detect_faces(call: Call, families: FaceFamilies) -> tuple[Face, ...]:
    """Return the faces of an image, described, best first.

    Runs in the caller's scope, which owns every tensor allocated here, those of the faces included.
    """
    models, config = call.models, call.config.face
    if "face.detector" not in models:
        return ()
    detector = family_of(models["face.detector"].card, families.detectors, "a face detector")
    if len(config.detector.input_size) > 1:
        boxes = await _detect_at_scales(call, detector, config.detector)
    else:
        boxes = await run_stage(detector, models["face.detector"], call.picture, config.detector)
    if not boxes:
        return ()
    recorder = families.recorder(*call.size, config)
    placed = Placed(boxes, [face_angle(box) if config.detector.rotation else 0.0 for box in boxes])
    if "face.mesh" in models or "face.attention" in models:
        meshes = await _mesh(call, families, placed, recorder)
        records, crops = await scheduler.run(_record_meshes, recorder, placed, meshes, families)
    else:
        records, crops = await scheduler.run(_record_boxes, call, recorder, placed, families)
    if not records:
        return ()
    descriptions = await _describe(models, families, crops, config)
    tensors: Sequence[Tensor | None] = [None] * len(records)
    if config.detector.return_:
        tensors = [call.adopt(pixels) for pixels in await scheduler.run(_split, crops)]
    rows = zip(records, descriptions, tensors, strict=True)
    return tuple(_described(i, face, description, tensor) for i, (face, description, tensor) in enumerate(rows))


async def _detect_at_scales(call: Call, detector: FaceDetector, settings: FaceDetectorConfig) -> list[FaceBox]:
    """Run the detector on the image at each size, side by side; return the best boxes of all."""
    model = call.models["face.detector"]
    tasks = [replace(settings, input_size=(size,)) for size in settings.input_size]
    found = await side_by_side(*(run_stage(detector, model, call.picture, task) for task in tasks))
    return merged([box for boxes in found for box in boxes], settings)


async def _mesh(call: Call, families: FaceFamilies, placed: Placed, recorder: FaceRecorder) -> Meshes:
    """Cut the faces out and put a mesh on each; where there is an iris model, refine the eyes of confirmed faces."""
    model = call.models["face.attention" if "face.attention" in call.models else "face.mesh"]
    mesh = family_of(model.card, families.meshes, "a mesh model")
    meshes = await run_stage(mesh, model, call.picture, placed)
    confirmed = [i for i, flag in enumerate(meshes.flags) if recorder.confirms(flag)]
    if "face.iris" in call.models and confirmed:
        task = IrisTask([meshes.points[i] for i in confirmed], call.config.face.iris.scale)
        refined = await run_stage(families.iris, call.models["face.iris"], meshes.crops[confirmed], task)
        for i, points in zip(confirmed, refined, strict=True):
            meshes.points[i] = points
    return meshes


def _record_meshes(
    recorder: FaceRecorder, placed: Placed, meshes: Meshes, families: FaceFamilies
) -> tuple[list[Face], Crops]:
    """Record the faces with a mesh; return them and their crops."""
    crops = meshes.crops
    rows = zip(placed.boxes, placed.angles, meshes.flags, meshes.points, strict=True)
    records = [recorder.from_mesh(*row) for row in rows]
    if recorder.settings.detector.mask:
        crops = darken(crops, meshes.points, records, families.outline)
    return _kept(records, crops)


def _record_boxes(
    call: Call, recorder: FaceRecorder, placed: Placed, families: FaceFamilies
) -> tuple[list[Face], Crops]:
    """Record the faces as detected; return them and their crops."""
    size = call.models["face.detector"].form.height or CROP_SIZE
    pixels = call.picture.registry.values(call.picture)
    records = [recorder.from_detector(box) for box in placed.boxes]
    return _kept(records, families.cut(pixels, placed.boxes, placed.angles, size))


def _kept(records: Sequence[Face | None], crops: Crops) -> tuple[list[Face], Crops]:
    kept = [i for i, face in enumerate(records) if face is not None]
    return [face for face in records if face is not None], crops if len(kept) == len(crops) else crops[kept]


async def _describe(models: Models, families: FaceFamilies, crops: Crops, config: FaceConfig) -> list[Description]:
    """Run every model that describes faces on all crops, side by side; return their merged descriptions."""
    wanted = ((family, models[key]) for key, family in families.describers.items() if key in models)
    descriptions = [Description()] * len(crops)
    for of_model in await side_by_side(*(run_stage(family, model, crops, config) for family, model in wanted)):
        merged = zip(descriptions, of_model, strict=True)
        descriptions = [known.overridden_by(description) for known, description in merged]
    return descriptions


def _described(id_: int, face: Face, description: Description, tensor: Tensor | None) -> Face:
    gender = description.gender
    return replace(
        face,
        id=id_,
        tensor=tensor,
        age=description.age,
        gender=face.gender if gender is None else gender.gender,
        gender_score=None if gender is None else gender.score,
        emotion=description.emotion or (),
        race=description.race,
        embedding=description.embedding,
        real=description.real,
        live=description.live,
    )


def _split(crops: Crops) -> list[np.ndarray]:
    """Copy each crop, float32 0..1, so that each can be freed alone."""
    return [to_unit(crop) for crop in crops]
