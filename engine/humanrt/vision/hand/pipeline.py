"""Which task feeds which: from the pixels of a picture to its hands."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import inf

import numpy as np

from humanrt.config import HandConfig
from humanrt.result import Hand
from humanrt.runtime import scheduler
from humanrt.tensors import non_max_suppression
from humanrt.vision.call import Call
from humanrt.vision.choice import family_of
from humanrt.vision.hand import handdetect, handtrack, skeleton
from humanrt.vision.hand.detector import DetectedHand, HandDetector
from humanrt.vision.hand.record import HandRecorder
from humanrt.vision.hand.skeleton import Seen
from humanrt.vision.model import TaskModel
from humanrt.vision.reading import reading

DETECTORS: Sequence[HandDetector] = (handtrack, handdetect)


def hand_models(hand: HandConfig) -> dict[str, str]:
    """Tell which models hands need: the path of each, by its key of the configuration."""
    if not hand.enabled:
        return {}
    wanted = {"hand.detector": hand.detector.model_path}
    if hand.landmarks:
        wanted["hand.skeleton"] = hand.skeleton.model_path
    return wanted


async def detect_hands(call: Call, limit: int) -> tuple[Hand, ...]:
    """Find the hands of a picture, at most ``limit``, best first; Human may give one where none are wanted.

    Runs in the caller's scope, which owns all tensors made here.
    """
    if not (limit or call.quirks):
        return ()
    model = call.models["hand.detector"]
    detector = family_of(model.card, DETECTORS, "a hand detector")
    found = await _find(call, model, detector, limit)
    if not found:
        return ()
    seen: Sequence[Seen | None] = [None] * len(found)
    if "hand.skeleton" in call.models:
        seen = await _look(call, call.models["hand.skeleton"], found)
    recorder = HandRecorder(*call.size, call.config.hand, quirks=call.quirks)
    return await scheduler.run(_record, detector, found, seen, recorder, limit)


async def _find(call: Call, model: TaskModel, detector: HandDetector, limit: int) -> list[DetectedHand]:
    form = model.form if detector is handtrack else model.fixed_form
    with call.picture.pinned() as pixels:
        prepared = await scheduler.run(partial(detector.prepare, form=form, quirks=call.quirks), pixels)
    outputs = await model.run(prepared.pixels, detector.OUTPUTS)
    decode = partial(detector.decode, quirks=call.quirks)
    with reading(model.card, detector.OUTPUTS, outputs):
        return await scheduler.run(decode, outputs, prepared, call.config.hand, limit)


async def _look(call: Call, model: TaskModel, found: Sequence[DetectedHand]) -> list[Seen]:
    """Let the skeleton model look at all hands together."""
    regions, form = [hand.region for hand in found], model.fixed_form
    with call.picture.pinned() as pixels:
        batch = await scheduler.run(partial(skeleton.cut, pixels, regions, form, quirks=call.quirks))
    outputs = await model.run(batch, skeleton.OUTPUTS)
    with reading(model.card, skeleton.OUTPUTS, outputs):
        return await scheduler.run(skeleton.decode, outputs, regions, form)


def _record(
    detector: HandDetector,
    found: Sequence[DetectedHand],
    seen: Sequence[Seen | None],
    recorder: HandRecorder,
    limit: int,
) -> tuple[Hand, ...]:
    records = (detector.record(hand, look, recorder) for hand, look in zip(found, seen, strict=True))
    hands = [hand for hand in records if hand is not None]
    kept = hands[: limit or 1] if recorder.quirks else _best(hands, limit, recorder.settings.iou_threshold)
    return tuple(replace(hand, id=i) for i, hand in enumerate(kept))


def _best(hands: Sequence[Hand], limit: int, iou_threshold: float) -> list[Hand]:
    """Choose the best hands, best first; Human keeps the detector's order, and a hand twice that has two palms."""
    boxes = np.array([hand.box for hand in hands], np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    scores = np.array([hand.score for hand in hands], np.float32)
    return [hands[i] for i in non_max_suppression(boxes, scores, limit, iou_threshold, -inf)]
