"""Objects: their detector is the only model."""

from dataclasses import dataclass
from functools import partial

from humanrt.config import ObjectConfig
from humanrt.result import Object
from humanrt.vision.caching import Reuse, reuse
from humanrt.vision.call import Call
from humanrt.vision.object.centernet import CENTERNET
from humanrt.vision.object.detector import ObjectFamily, ObjectTask
from humanrt.vision.object.nanodet import NANODET
from humanrt.vision.stage import family_of, run_stage


@dataclass(frozen=True)
class ObjectFamilies:
    """The families that ``detect_objects()`` chooses from; ``compat/`` has another instance."""

    detectors: tuple[ObjectFamily, ...] = (CENTERNET, NANODET)


def object_models(settings: ObjectConfig) -> dict[str, str]:
    """Return the path of the model that objects need, by its key of the configuration."""
    return {"object": settings.model_path} if settings.enabled else {}


async def detect_objects(call: Call, families: ObjectFamilies) -> tuple[Object, ...]:
    """Return the objects of an image, best first.

    Runs in the caller's scope, which owns all tensors allocated here.
    """
    model = call.models["object"]
    family = family_of(model.card, families.detectors, "an object detector")
    family.check(model.card)
    task = ObjectTask(call.config.object, model.card, call.size)
    found = await run_stage(family, model, call.picture, task)
    return tuple(found)


async def reuse_objects(call: Call, families: ObjectFamilies) -> tuple[Object, ...]:
    """Return the objects of a frame of a session, as ``detect_objects()`` does, or those of an earlier frame."""
    detect = partial(detect_objects, call, families)
    if call.frame is None:
        return await detect()
    return await reuse(call, call.frame, "object", call.config.object, Reuse(), detect)
