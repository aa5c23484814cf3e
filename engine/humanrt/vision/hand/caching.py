"""Hands in a video: reused, or followed by the skeleton model alone, while the detector is skipped.

Source: Human's src/hand/handtrack.ts and handposepipeline.ts. Human returns no hand for a frame in which it has lost
the last one; here the detector runs then.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from humanrt.result import Body, Hand
from humanrt.runtime import scheduler
from humanrt.streams.caching import Cached, load_cached
from humanrt.vision.caching import kind_of
from humanrt.vision.call import Call
from humanrt.vision.hand.detector import DetectedHand, FollowedHands, HandDetector, HandTask, Plan
from humanrt.vision.hand.pipeline import DETECTOR, SKELETON, HandFamilies, detect_hands, look_further
from humanrt.vision.hand.skeleton import Skeleton
from humanrt.vision.stage import family_of, run_stage


async def follow_hands(call: Call, families: HandFamilies, limit: int, bodies: Sequence[Body] = ()) -> tuple[Hand, ...]:
    """Return the hands of a frame of a session, as ``detect_hands()`` does, or those of earlier frames, followed."""
    frame, settings = call.frame, call.config.hand
    if frame is None or not families.runs_for(limit):
        return await detect_hands(call, families, limit, bodies)
    model = call.models[DETECTOR]
    detector = family_of(model.card, families.detectors, "a hand detector")
    kind = kind_of(call, DETECTOR, settings)
    cached: Cached[FollowedHands] = load_cached(frame, DETECTOR, kind) or Cached(kind, FollowedHands(), 0, -inf)
    plan: Plan = detector.plan(cached, settings, frame, limit)
    if plan == "reuse":
        frame.save(DETECTOR, cached.reused(cached.value))
        return cached.value.hands[:limit] if limit else cached.value.hands
    places, afresh = cached.value.places, False
    if plan == "detect":
        found = await run_stage(detector, model, call.picture, HandTask(settings, limit))
        usable = frame.skip_allowed and detector.keeps(len(found), len(cached.value.hands), limit, settings)
        afresh = not (usable and places)
        places = found if afresh else places
    skeletons: Sequence[Skeleton | None] = [None] * len(places)
    if places and SKELETON in call.models:
        regions = [hand.region for hand in places]
        skeletons = [*await run_stage(families.skeleton, call.models[SKELETON], call.picture, regions)]
    if afresh and (settings.second_look or settings.around_wrists):
        places, skeletons = await look_further(call, families, detector, [*places], skeletons, bodies)
    ran = bool(places) and SKELETON in call.models
    followed = await scheduler.run(_record, call, families, detector, places, skeletons, limit)
    skipped = 0 if plan == "detect" else cached.skipped + 1
    time = detector.time(plan, cached.time, frame.time, ran=ran)
    frame.save(DETECTOR, Cached(kind, followed, skipped, time))
    return followed.hands


def _record(
    call: Call,
    families: HandFamilies,
    detector: HandDetector,
    found: Sequence[DetectedHand],
    skeletons: Sequence[Skeleton | None],
    limit: int,
) -> FollowedHands:
    """Record the hands, and where the next frame searches for those with keypoints."""
    settings = call.config.hand
    recorder = families.recorder(*call.size, settings)
    records = [detector.record(hand, skeleton, recorder) for hand, skeleton in zip(found, skeletons, strict=True)]
    needed = 1 if settings.confirmed and settings.landmarks else 0
    found_hands = [hand for hand in records if hand is not None and len(hand.keypoints) >= needed]
    kept = families.choose(found_hands, limit, settings)
    origins = {id(hand): detected for hand, detected in zip(records, found, strict=True)}
    places = (detector.place(hand, origins[id(hand)], recorder) for hand in kept if len(hand.keypoints))
    return FollowedHands(
        tuple(replace(hand, id=i) for i, hand in enumerate(kept)), [place for place in places if place is not None]
    )
