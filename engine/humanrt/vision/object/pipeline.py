"""Objects: their detector is the only model."""

from collections.abc import Sequence
from functools import partial

from humanrt.config import ObjectConfig
from humanrt.errors import ConfigError
from humanrt.result import Object
from humanrt.runtime import scheduler
from humanrt.vision.call import Call
from humanrt.vision.choice import family_of
from humanrt.vision.object import centernet, nanodet
from humanrt.vision.object.detector import ObjectDetector
from humanrt.vision.reading import reading

DETECTORS: Sequence[ObjectDetector] = (centernet, nanodet)


def object_models(settings: ObjectConfig) -> dict[str, str]:
    """Tell which models objects need: the path of each, by its key of the configuration."""
    return {"object": settings.model_path} if settings.enabled else {}


async def detect_objects(call: Call) -> tuple[Object, ...]:
    """Find the objects of a picture, best first.

    Runs in the caller's scope, which owns all tensors made here.
    """
    model, quirks = call.models["object"], call.quirks
    detector = family_of(model.card, DETECTORS, "an object detector")
    if detector.LABELED not in model.card.outputs:
        raise ConfigError(
            f"the card of {model.card.name} has no output {detector.LABELED!r}, whose labels name objects"
        )
    form = model.fixed_form
    with call.picture.pinned() as pixels:
        batch = await scheduler.run(partial(detector.prepare, pixels, form, quirks=quirks))
    outputs = await model.run(batch, detector.OUTPUTS)
    decode = partial(detector.decode, quirks=quirks)
    with reading(model.card, detector.OUTPUTS, outputs):
        return tuple(await scheduler.run(decode, outputs, form, model.card, call.size, call.config.object))
