"""Objects: their detector is the only model."""

from collections.abc import Sequence
from functools import partial

from humanrt.config import ObjectConfig
from humanrt.errors import ConfigError
from humanrt.pipeline.call import Call
from humanrt.result import Object
from humanrt.runtime import scheduler
from humanrt.tasks.object import centernet, nanodet
from humanrt.tasks.object.detector import ObjectDetector
from humanrt.zoo import Card

DETECTORS: Sequence[ObjectDetector] = (centernet, nanodet)


def object_models(settings: ObjectConfig) -> dict[str, str]:
    """Tell which models objects need: the path of each, by its key of the configuration."""
    return {"object": settings.model_path} if settings.enabled else {}


async def detect_objects(call: Call) -> tuple[Object, ...]:
    """Find the objects of a picture, best first.

    Runs in the caller's scope, which owns all tensors made here.
    """
    model, quirks = call.models["object"], call.quirks
    detector = _detector_of(model.card)
    with call.picture.pinned() as pixels:
        batch = await scheduler.run(partial(detector.prepare, pixels, model.form, quirks=quirks))
    outputs = await model.run(batch, detector.OUTPUTS)
    labels = model.card.outputs[detector.LABELED].labels
    decode = partial(detector.decode, quirks=quirks)
    return tuple(await scheduler.run(decode, outputs, model.form, labels, call.size, call.config.object))


def _detector_of(card: Card) -> ObjectDetector:
    """Tell a detector's family by what its card says comes out."""
    for detector in DETECTORS:
        if {*detector.OUTPUTS, detector.LABELED} <= card.outputs.keys():
            return detector
    known = "; ".join(", ".join(detector.OUTPUTS) for detector in DETECTORS)
    raise ConfigError(f"the outputs of {card.name} are {', '.join(card.outputs)}; an object detector has {known}")
