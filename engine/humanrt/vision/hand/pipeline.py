"""Hands: a detector, and a model for the skeleton of each hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from humanrt.config import HandConfig
from humanrt.result import Body, Face, Hand
from humanrt.runtime import scheduler
from humanrt.streams.geometry import overlap
from humanrt.tensors import non_max_suppression
from humanrt.vision.call import Call
from humanrt.vision.hand.detector import DetectedHand, HandDetector, HandTask
from humanrt.vision.hand.handdetect import HANDDETECT
from humanrt.vision.hand.handtrack import HANDTRACK
from humanrt.vision.hand.record import HandRecorder
from humanrt.vision.hand.skeleton import SKELETON as SKELETONS
from humanrt.vision.hand.skeleton import WRIST, Region, Skeleton, SkeletonFamily, region_around
from humanrt.vision.hand.wrists import PARTS, around_wrists
from humanrt.vision.scaling import require_pixels
from humanrt.vision.stage import family_of, run_stage, run_stages

# The largest overlap of a hand with a face (intersection over union); the skeleton of a face's own is as large as it.
MOST_OF_A_FACE = 0.4
# The least area of a hand that touches a face, of the face's: eyes and curls in close-ups are smaller.
LEAST_OF_A_FACE = 0.1
# How many times as large as the square around its first points the crop of the second look is.
SECOND_MARGIN = 1.9
# The overlap of two palms (intersection over union), found in different parts of the image, from which they are one.
SAME_PALM = 0.3
DETECTOR, SKELETON = "hand.detector", "hand.skeleton"


@dataclass(frozen=True)
class HandFamilies:
    """The families that ``detect_hands()`` chooses from; ``compat/`` has another instance."""

    detectors: tuple[HandDetector, ...] = (HANDTRACK, HANDDETECT)
    skeleton: SkeletonFamily = SKELETONS
    recorder: Callable[[int, int, HandConfig], HandRecorder] = HandRecorder

    def runs_for(self, limit: int) -> bool:
        """Return whether models are run if at most ``limit`` hands are wanted."""
        return limit > 0

    def choose(self, hands: Sequence[Hand], limit: int, settings: HandConfig) -> list[Hand]:
        """Return the best hands, best first, without those that overlap a better one."""
        boxes = np.array([hand.box for hand in hands], np.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        scores = np.array([hand.score for hand in hands], np.float32)
        return [hands[i] for i in non_max_suppression(boxes, scores, limit, settings.iou_threshold, -inf)]


def hand_models(hand: HandConfig) -> dict[str, str]:
    """Return the path of each model that hands need, by its key of the configuration."""
    if not hand.enabled:
        return {}
    wanted = {DETECTOR: hand.detector.model_path}
    if hand.landmarks:
        wanted[SKELETON] = hand.skeleton.model_path
    return wanted


async def detect_hands(call: Call, families: HandFamilies, limit: int, bodies: Sequence[Body] = ()) -> tuple[Hand, ...]:
    """Return the hands of an image, at most ``limit``, best first; ``bodies`` are those that are known.

    Runs in the caller's scope, which owns all tensors allocated here.
    """
    if not families.runs_for(limit):
        return ()
    model, task = call.models[DETECTOR], HandTask(call.config.hand, limit)
    detector = family_of(model.card, families.detectors, "a hand detector")
    found = await run_stage(detector, model, call.picture, task)
    skeletons: Sequence[Skeleton | None] = [None] * len(found)
    if found and SKELETON in call.models:
        regions = [hand.region for hand in found]
        if call.original is not None:
            _require_pixels(call, regions)
        skeletons = [*await run_stage(families.skeleton, call.models[SKELETON], call.picture, regions)]
    if task.settings.second_look or task.settings.around_wrists:
        found, skeletons = await look_further(call, families, detector, found, skeletons, bodies)
    if not found:
        return ()
    return await scheduler.run(_record, call, families, detector, found, skeletons, limit)


async def look_further(
    call: Call,
    families: HandFamilies,
    detector: HandDetector,
    found: list[DetectedHand],
    skeletons: Sequence[Skeleton | None],
    bodies: Sequence[Body],
) -> tuple[list[DetectedHand], Sequence[Skeleton | None]]:
    """Return the hands that were found, with the skeletons of a second look, and those at the wrists of bodies.

    Wrists of hands that have a skeleton are not searched. Which of the two is done is the configuration's.
    """
    model, settings = call.models.get(SKELETON), call.config.hand
    if model is None:
        return found, skeletons
    skeletons = await _look_again(call, families, skeletons)
    if not (settings.around_wrists and detector.in_parts):
        return found, skeletons
    wrists = [each.keypoints[WRIST, :2] for each in skeletons if each and each.flag >= settings.min_confidence]
    parts = around_wrists(bodies, wrists)
    tasks = [HandTask(settings, PARTS, parts[i : i + PARTS]) for i in range(0, len(parts), PARTS)]
    in_parts = await run_stages(detector, call.models[DETECTOR], call.picture, tasks) if tasks else []
    more = _without_doubles([hand for hands in in_parts for hand in hands])
    if not more:
        return found, skeletons
    regions = [hand.region for hand in more]
    if call.original is not None:
        _require_pixels(call, regions)
    first = await run_stage(families.skeleton, model, call.picture, regions)
    return [*found, *more], [*skeletons, *await _look_again(call, families, first)]


async def _look_again(
    call: Call, families: HandFamilies, skeletons: Sequence[Skeleton | None]
) -> Sequence[Skeleton | None]:
    """Return the skeletons; with ``second_look`` those of hands from a crop around the points of the first look."""
    settings = call.config.hand
    least = settings.min_confidence if settings.second_look else inf
    hands = {i: each.keypoints[:, :2] for i, each in enumerate(skeletons) if each and each.flag >= least}
    if not hands:
        return skeletons
    regions = [region_around(points, SECOND_MARGIN, upright=settings.rotation) for points in hands.values()]
    again = await run_stage(families.skeleton, call.models[SKELETON], call.picture, regions)
    replaced = dict(zip(hands, again, strict=True))
    return [replaced.get(i, skeleton) for i, skeleton in enumerate(skeletons)]


def _require_pixels(call: Call, regions: Sequence[Region]) -> None:
    sides = (float(min(region.end - region.start)) for region in regions)
    require_pixels(sides, call.models[SKELETON].form.height)


def _without_doubles(hands: Sequence[DetectedHand]) -> list[DetectedHand]:
    boxes = np.array([(*hand.start, *hand.end) for hand in hands], np.float32).reshape(-1, 4)
    scores = np.array([hand.score for hand in hands], np.float32)
    return [hands[i] for i in non_max_suppression(boxes, scores, len(hands), SAME_PALM, -inf)]


def _record(
    call: Call,
    families: HandFamilies,
    detector: HandDetector,
    found: Sequence[DetectedHand],
    skeletons: Sequence[Skeleton | None],
    limit: int,
) -> tuple[Hand, ...]:
    settings = call.config.hand
    recorder = families.recorder(*call.size, settings)
    records = (detector.record(hand, skeleton, recorder) for hand, skeleton in zip(found, skeletons, strict=True))
    needed = 1 if settings.confirmed and settings.landmarks else 0
    found_hands = [hand for hand in records if hand is not None and len(hand.keypoints) >= needed]
    kept = families.choose(found_hands, limit, settings)
    return tuple(replace(hand, id=i) for i, hand in enumerate(kept))


def without_faces(hands: tuple[Hand, ...], faces: Sequence[Face]) -> tuple[Hand, ...]:
    """Return the hands that are neither faces nor parts of one, with ids in their order."""
    if not (hands and faces):
        return hands
    places, of_faces = [hand.box for hand in hands], [face.box for face in faces]
    shared = overlap(places, of_faces)
    sides, sides_of_faces = np.array(places)[:, 2:], np.array(of_faces)[:, 2:]
    areas, least = sides[:, :1] * sides[:, 1:], LEAST_OF_A_FACE * sides_of_faces[:, 0] * sides_of_faces[:, 1]
    wrong = ((shared > MOST_OF_A_FACE) | ((shared > 0) & (areas < least))).any(axis=1)
    kept = (hand for hand, drop in zip(hands, wrong.tolist(), strict=True) if not drop)
    return tuple(replace(hand, id=i) for i, hand in enumerate(kept))
