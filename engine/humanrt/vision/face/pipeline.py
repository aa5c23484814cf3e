"""Faces: which models run in which order, from an image to its faces."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from humanrt.config import FaceConfig, FaceDetectorConfig
from humanrt.result import Face
from humanrt.runtime import scheduler
from humanrt.runtime.side_by_side import side_by_side
from humanrt.tensors import Tensor, values_of
from humanrt.vision.call import Call
from humanrt.vision.face.alignment import AlignedFaces, FivePoints, alignment_of, points_of
from humanrt.vision.face.box import FaceBox, merged, trusted
from humanrt.vision.face.caching import FaceCache
from humanrt.vision.face.describer import Description
from humanrt.vision.face.descriptor import AlignedDescriptor
from humanrt.vision.face.detector import FaceDetector
from humanrt.vision.face.facemesh import INPUT_SIZE, Crops, Meshes, Placed, to_unit
from humanrt.vision.face.families import FaceFamilies
from humanrt.vision.face.iris import IrisTask
from humanrt.vision.face.mask import darken
from humanrt.vision.face.record import FaceRecorder
from humanrt.vision.face.second_look import FirstLook, SecondLook, Seen, in_first_crop
from humanrt.vision.scaling import require_pixels
from humanrt.vision.stage import VisionModel, family_of, run_stage, run_stages

# The side of a face's crop where neither the mesh model nor the detector has a square input.
CROP_SIZE = 256
DESCRIPTION = "face.description"

# The faces of an image, their crops, and their indices among the detected boxes.
Recorded: TypeAlias = tuple[list[Face], Crops, list[int]]


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
        "face.embedding": (face.embedding.enabled, face.embedding.model_path),
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
    cache = None if call.frame is None else FaceCache(call, call.frame)
    boxes = [] if cache is None else cache.followed()
    if not boxes and len(config.detector.input_size) > 1:
        boxes = await _detect_at_scales(call, detector, config.detector)
    elif not boxes:
        boxes = await run_stage(detector, models["face.detector"], call.picture, config.detector)
    if not boxes:
        return ()
    if call.original is not None:
        require_pixels((float(min(box.extent)) for box in boxes), _pixels_of_crops(call, families))
    recorder = families.recorder(*call.size, config)
    placed = Placed(boxes, [families.angle(box) if config.detector.rotation else 0.0 for box in boxes])
    if "face.mesh" in models or "face.attention" in models:
        meshes = await _mesh(call, families, placed, recorder)
        recorded = await scheduler.run(_record_meshes, recorder, placed, meshes, families, cache)
    else:
        recorded = await scheduler.run(_record_boxes, call, recorder, placed, families)
    records, crops, _ = recorded
    if not records:
        return ()
    descriptions = await _describe(call, families, placed, recorded, cache)
    tensors: Sequence[Tensor | None] = [None] * len(records)
    if config.detector.return_:
        tensors = [call.adopt(pixels) for pixels in await scheduler.run(_split, crops)]
    rows = zip(records, descriptions, tensors, strict=True)
    faces = tuple(_described(i, face, description, tensor) for i, (face, description, tensor) in enumerate(rows))
    return await scheduler.run(_with_quality, call, placed, recorded, faces) if config.quality.enabled else faces


def _pixels_of_crops(call: Call, families: FaceFamilies) -> int:
    """Return the side in pixels of the largest crop that is cut out of the image for a model or the result."""
    models, sides = call.models, [0]
    if "face.mesh" in models or "face.attention" in models:
        sides.append(INPUT_SIZE)
    elif call.config.face.detector.return_ or not models.keys().isdisjoint(families.describers):
        sides.append(_crop_size(call))
    for key in families.aligned:
        if key in models:
            (spec,) = models[key].card.inputs.values()
            sides.append(max(side for side in spec.shape[1:] if isinstance(side, int)))
    return max(sides)


async def _detect_at_scales(call: Call, detector: FaceDetector, settings: FaceDetectorConfig) -> list[FaceBox]:
    """Run the detector on the image at each size; return the best boxes of all."""
    model = call.models["face.detector"]
    tasks = [replace(settings, input_size=(size,)) for size in settings.input_size]
    found = await run_stages(detector, model, call.picture, tasks)
    return merged(trusted(found, settings.input_size, max(call.size)), settings)


async def _mesh(call: Call, families: FaceFamilies, placed: Placed, recorder: FaceRecorder) -> Meshes:
    """Cut the faces out and put a mesh on each; run what the configuration has besides on the confirmed faces."""
    model = call.models["face.attention" if "face.attention" in call.models else "face.mesh"]
    mesh = family_of(model.card, families.meshes, "a mesh model")
    meshes = await run_stage(mesh, model, call.picture, placed)
    confirmed = [i for i, flag in enumerate(meshes.flags) if recorder.confirms(flag)]
    second = call.config.face.mesh.second_look
    if not confirmed or not (second or "face.iris" in call.models):
        return meshes
    crops, points = meshes.crops[confirmed], [meshes.points[i] for i in confirmed]
    first = Placed([placed.boxes[i] for i in confirmed], [placed.angles[i] for i in confirmed])
    seen: Seen | None = None
    if second:
        again = SecondLook(mesh.outputs, mesh)
        seen = await run_stage(again, model, call.picture, FirstLook(first, points))
        crops, points = seen.meshes.crops, seen.meshes.points
    if "face.iris" in call.models:
        task = IrisTask(points, call.config.face.iris.scale)
        points = await run_stage(families.iris, call.models["face.iris"], crops, task)
    if seen is not None:
        points = await scheduler.run(in_first_crop, points, seen.placed, first)
    for i, refined in zip(confirmed, points, strict=True):
        meshes.points[i] = refined
    return meshes


def _record_meshes(
    recorder: FaceRecorder, placed: Placed, meshes: Meshes, families: FaceFamilies, cache: FaceCache | None
) -> Recorded:
    """Record the faces with a mesh; return them, their crops and their indices. Store in the cache where they are."""
    crops = meshes.crops
    rows = zip(placed.boxes, placed.angles, meshes.flags, meshes.points, strict=True)
    records = [recorder.from_mesh(*row) for row in rows]
    if recorder.settings.detector.mask:
        crops = darken(crops, meshes.points, records, families.outline)
    if cache is not None:
        with_mesh = [
            face if recorder.confirms(flag) else None for face, flag in zip(records, meshes.flags, strict=True)
        ]
        cache.follow(placed.boxes, with_mesh)
    return _kept(records, crops)


def _record_boxes(call: Call, recorder: FaceRecorder, placed: Placed, families: FaceFamilies) -> Recorded:
    """Record the faces as detected; return them, their crops (empty if none is needed) and their indices."""
    channels = call.picture.shape[2]
    pixels = values_of(call.picture)
    records = [recorder.from_detector(box) for box in placed.boxes]
    crops: Crops = np.empty((len(records), 0, 0, channels), np.uint8)
    if recorder.settings.detector.return_ or not call.models.keys().isdisjoint(families.describers):
        crops = families.cut(pixels, placed.boxes, placed.angles, _crop_size(call))
    return _kept(records, crops)


def _crop_size(call: Call) -> int:
    """Return the side of a face's crop where there is no mesh: that of the detector's input if it is square."""
    form = call.models["face.detector"].form
    return form.height if form.height and form.channels == call.picture.shape[2] else CROP_SIZE


def _kept(records: Sequence[Face | None], crops: Crops) -> Recorded:
    kept = [i for i, face in enumerate(records) if face is not None]
    faces = [face for face in records if face is not None]
    return faces, crops if len(kept) == len(crops) else crops[kept], kept


async def _describe(
    call: Call, families: FaceFamilies, placed: Placed, recorded: Recorded, cache: FaceCache | None
) -> list[Description]:
    """Run every model that describes faces on all crops, or on the aligned faces, side by side; merge descriptions."""
    models, (records, crops, _) = call.models, recorded
    descriptions = [Description()] * len(records)
    described = call.config.face.description.aligned
    aligned = [
        key
        for key in families.aligned
        if key in models
        and (described if key == DESCRIPTION else models[key].card.alignment or key not in families.describers)
    ]
    points = await scheduler.run(_points, placed, recorded) if aligned else []
    describers: dict[str, Callable[[], Coroutine[Any, Any, list[Description]]]] = {}
    for key in (*families.describers, *families.aligned):
        if key in aligned:
            describers[key] = partial(_describe_aligned, call, families.aligned[key], models[key], points)
        elif key in models:
            describers[key] = partial(run_stage, families.describers[key], models[key], crops, call.config.face)
    if cache is None:
        runs = [describe() for describe in describers.values()]
    else:
        runs = [cache.describe(key, records, describe) for key, describe in describers.items()]
    for of_model in await side_by_side(*runs):
        merged = zip(descriptions, of_model, strict=True)
        descriptions = [known.overridden_by(description) for known, description in merged]
    return descriptions


async def _describe_aligned(
    call: Call, family: AlignedDescriptor, model: VisionModel, points: Sequence[FivePoints | None]
) -> list[Description]:
    """Run a model on the aligned faces of the image; faces without points are not described."""
    (spec,) = model.card.inputs.values()
    known = [of_face for of_face in points if of_face is not None]
    if not known:
        return [Description()] * len(points)
    task = AlignedFaces(known, alignment_of(model.card), spec.value_range, call.config.face)
    described = await run_stage(family, model, call.picture, task)
    found = iter(described)
    return [Description() if of_face is None else next(found) for of_face in points]


def _with_quality(call: Call, placed: Placed, recorded: Recorded, faces: Sequence[Face]) -> tuple[Face, ...]:
    from humanrt.vision.face.quality import qualities

    found = qualities(values_of(call.picture), faces, _points(placed, recorded))
    return tuple(replace(face, quality=quality) for face, quality in zip(faces, found, strict=True))


def _points(placed: Placed, recorded: Recorded) -> list[FivePoints | None]:
    records, _, kept = recorded
    return [points_of(placed.boxes[i], face.mesh) for i, face in zip(kept, records, strict=True)]


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
