"""Segmentation: one model, and what it passes from frame to frame of a video."""

from dataclasses import dataclass

from humanrt.config import SegmentationConfig
from humanrt.errors import ConfigError
from humanrt.result import Segmentation
from humanrt.tensors import Tensor
from humanrt.vision.call import Call
from humanrt.vision.segmentation import class_map, instances, matting
from humanrt.vision.segmentation.matting import MATTING, Matting
from humanrt.vision.segmentation.person import PERSON_MASK
from humanrt.vision.segmentation.segmenter import IMAGE, SegmentationTask, Segmenter
from humanrt.vision.stage import Recurrence, family_of, run_stage
from humanrt.zoo import Card

KEY = "segmentation"


@dataclass(frozen=True)
class SegmentationFamilies:
    """The families that ``detect_segments()`` chooses from; ``compat/`` has another instance."""

    segmenters: tuple[Segmenter, ...] = (
        MATTING,
        PERSON_MASK,
        instances.IN_PROBABILITIES,
        instances.IN_LOGITS,
        class_map.IN_PROBABILITIES,
        class_map.IN_LOGITS,
    )


def segmentation_models(segmentation: SegmentationConfig) -> dict[str, str]:
    """Return the path of the model that segmentation needs, by its key of the configuration."""
    return {KEY: segmentation.model_path} if segmentation.enabled else {}


async def detect_segments(call: Call, families: SegmentationFamilies) -> Segmentation | None:
    """Return the segment of every pixel of an image.

    Runs in the caller's scope, which owns every tensor allocated here, those of the result included. The states of a
    recurrent model go to the call's frame, for the next frame.
    """
    if KEY not in call.models:
        return None
    model, settings = call.models[KEY], call.config.segmentation
    segmenter = family_of(model.card, families.segmenters, "a segmentation model")
    recurrent = isinstance(segmenter, Matting)
    if settings.mode == "state" and not recurrent:
        raise ConfigError(
            f"segmentation.mode 'state' shows the state of a recurrent model, which {model.card.name} is not: rvm is"
        )
    recurrence = Recurrence(IMAGE, _recalled(call, model.card) if recurrent else {})
    if recurrent and call.frame is not None:
        recurrence.states = matting.STATES
    task = SegmentationTask(settings, model.card)
    layers = await run_stage(segmenter, model, call.picture, task, recurrence)
    found = Segmentation(
        layers.legend,
        labels=call.adopt(layers.labels),
        masks=call.adopt(layers.masks),
        alpha=None if layers.alpha is None else call.adopt(layers.alpha),
        foreground=None if layers.foreground is None else call.adopt(layers.foreground),
        state=None if layers.state is None else call.adopt(layers.state),
    )
    if recurrent and call.frame is not None:
        call.frame.remember(KEY, _frames(call, model.card), recurrence.kept)
    return found


def _frames(call: Call, card: Card) -> tuple[object, ...]:
    """Return the kind of frames that a state can be used for."""
    return (card.digest, call.size, call.config.segmentation.ratio)


def _recalled(call: Call, card: Card) -> dict[str, Tensor]:
    """Return the inputs of a recurrent model besides the image: the states of the previous frame, or zeros."""
    states = call.frame.recall(KEY, _frames(call, card)) if call.frame is not None else ()
    if not states:
        states = tuple(call.engine.scalar(0.0) for _ in matting.STATES)
    ratio = call.engine.scalar(matting.ratio_for(call.size, call.config.segmentation.ratio))
    return {matting.RATIO: ratio, **dict(zip(matting.STATES, states, strict=True))}
