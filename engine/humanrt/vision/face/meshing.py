"""Meshing faces: the model that puts points on their crops, and the one that refines the eyes."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

from humanrt.config import Config
from humanrt.runtime import scheduler
from humanrt.vision.activation import sigmoid
from humanrt.vision.call import Models
from humanrt.vision.face import attention, facemesh, iris
from humanrt.vision.face.crop import Crops, Floats
from humanrt.vision.face.iris import Eye
from humanrt.vision.face.record import FaceRecorder
from humanrt.vision.model import TaskModel
from humanrt.vision.reading import reading

Value = TypeVar("Value")


def has_mesh(models: Models) -> bool:
    """Tell whether there is a model for the mesh."""
    return "face.mesh" in models or "face.attention" in models


async def mesh_faces(
    models: Models, crops: Crops, recorder: FaceRecorder, config: Config
) -> tuple[Floats, Sequence[Floats]]:
    """Look for a face in each crop: how sure the model is, [n, 1], and the points, [468 or 478, 3], in its pixels.

    Runs in the caller's scope, which owns all tensors made here.
    """
    batch = await scheduler.run(facemesh.prepare, crops)
    quirks = config.compat == "human"
    if "face.attention" in models:
        return await _attend(models["face.attention"], batch, quirks=quirks)
    flags, points = await models["face.mesh"].run(batch, facemesh.OUTPUTS)
    with reading(models["face.mesh"].card, facemesh.OUTPUTS, [flags, points]):
        meshes = list(points.reshape(len(points), -1, 3))
        sure = [i for i, flag in enumerate(flags) if recorder.confirms(flag)]
    if "face.iris" in models and sure:
        cut = partial(_cut_eyes, scale=config.face.iris.scale, quirks=quirks)
        eyes, batch = await scheduler.run(cut, crops[sure], [meshes[i] for i in sure])
        (rows,) = await models["face.iris"].run(batch, iris.OUTPUTS)
        with reading(models["face.iris"].card, iris.OUTPUTS, [rows]):
            pairs = rows.reshape(len(sure), 2, -1)
            refined = await scheduler.run(each, iris.refine, [meshes[i] for i in sure], eyes, pairs)
        for i, mesh in zip(sure, refined, strict=True):
            meshes[i] = mesh
    return flags, meshes


def _cut_eyes(
    crops: Crops, meshes: Sequence[Floats], *, scale: float, quirks: bool
) -> tuple[Sequence[tuple[Eye, Eye]], Floats]:
    """Find the eyes in faces' crops, and cut them out."""
    eyes = [iris.eyes_of(mesh, scale) for mesh in meshes]
    return eyes, iris.prepare(crops, eyes, quirks=quirks)


async def _attend(model: TaskModel, batch: Floats, *, quirks: bool) -> tuple[Floats, Sequence[Floats]]:
    is_logit = attention.FLAG_LOGIT in model.card.outputs
    meanings = (attention.FLAG_LOGIT if is_logit else attention.FLAG, *attention.PARTS)
    flags, *parts = await model.run(batch, meanings)
    with reading(model.card, meanings, [flags, *parts]):
        meshes = await scheduler.run(each, partial(attention.refine, quirks=quirks), *parts)
        return (sigmoid(flags) if is_logit else flags).reshape(-1, 1), meshes


def each(function: Callable[..., Value], *columns: Iterable[Any]) -> list[Value]:
    """Call a function for each face, with its place in every column."""
    return [function(*row) for row in zip(*columns, strict=True)]
