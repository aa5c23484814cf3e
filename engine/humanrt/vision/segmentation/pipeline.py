"""Segmentation: the model of the configuration, whatever its family, and what a video remembers of it."""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial

from humanrt.config import SegmentationConfig
from humanrt.errors import ConfigError
from humanrt.result import Segmentation
from humanrt.runtime import scheduler
from humanrt.tensors import Tensor
from humanrt.vision.call import Call
from humanrt.vision.choice import family_of
from humanrt.vision.reading import reading
from humanrt.vision.segmentation import class_map, instances, matting, person, picture
from humanrt.vision.segmentation.layers import Segmenter
from humanrt.zoo import Card

KEY = "segmentation"
SEGMENTERS: Sequence[Segmenter] = (
    matting,
    person,
    instances.IN_PROBABILITIES,
    instances.IN_LOGITS,
    class_map.IN_PROBABILITIES,
    class_map.IN_LOGITS,
)


def segmentation_models(segmentation: SegmentationConfig) -> dict[str, str]:
    """Tell which models segmentation needs: the path of each, by its key of the configuration."""
    return {KEY: segmentation.model_path} if segmentation.enabled else {}


async def detect_segments(call: Call) -> Segmentation | None:
    """Tell what every pixel of a picture belongs to.

    Runs in the caller's scope, which owns every tensor made here, those of the result included; what a recurrent model
    remembers for the next frame goes to the call's turn.
    """
    if KEY not in call.models:
        return None
    model, settings = call.models[KEY], call.config.segmentation
    segmenter = family_of(model.card, SEGMENTERS, "a segmentation model")
    if settings.mode == "state" and segmenter is not matting:
        raise ConfigError(
            f"segmentation.mode 'state' shows what a recurrent model remembers, and {model.card.name} is none: rvm is"
        )
    with call.picture.pinned() as pixels:
        batch = await scheduler.run(partial(picture.prepare, quirks=call.quirks), pixels, model.card)
        inputs = {picture.INPUT: call.engine.adopt(batch)}
        if segmenter is matting:
            inputs |= _recalled(call, model.card)
        outputs = await model.execute(inputs, segmenter.OUTPUTS)
        with ExitStack() as pins:
            arrays = [pins.enter_context(output.pinned()) for output in outputs]
            decode = partial(segmenter.decode, quirks=call.quirks)
            with reading(model.card, segmenter.OUTPUTS, arrays):
                layers = await scheduler.run(decode, arrays, pixels, model.card, settings)
    arrays_of = {name: array for name, array in vars(layers).items() if name != "legend" and array is not None}
    found = Segmentation(layers.legend, **{name: call.engine.adopt(array) for name, array in arrays_of.items()})
    if segmenter is matting and call.turn is not None:
        call.turn.remember(_frames(call, model.card), outputs[-len(matting.STATES) :])
    return found


def _frames(call: Call, card: Card) -> tuple[object, ...]:
    """Say for which frames a state is good."""
    return (card.digest, call.size, call.config.segmentation.ratio)


def _recalled(call: Call, card: Card) -> dict[str, Tensor]:
    """Return the inputs of a recurrent model besides the picture: what the frame before left, or else zeros."""
    states = call.turn.recall(_frames(call, card)) if call.turn is not None else ()
    if not states:
        states = tuple(call.engine.scalar(0.0) for _ in matting.STATES)
    ratio = call.engine.scalar(matting.ratio_for(call.size, call.config.segmentation.ratio))
    return {matting.RATIO: ratio, **dict(zip(matting.STATES, states, strict=True))}
