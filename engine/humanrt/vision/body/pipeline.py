"""Bodies: one family of models, which blazepose's detector may precede."""

from dataclasses import dataclass, replace
from functools import partial

from humanrt.config import BodyConfig
from humanrt.errors import ConfigError
from humanrt.result import Body
from humanrt.runtime import scheduler
from humanrt.vision.body.blazepose import BLAZEPOSE, REFINED
from humanrt.vision.body.detector import BodyFamily, BodyTask, Region
from humanrt.vision.body.efficientpose import EFFICIENTPOSE
from humanrt.vision.body.movenet import SEVERAL, SINGLE
from humanrt.vision.body.people import REGION_DETECTOR, RegionDetector, RegionTask
from humanrt.vision.body.posenet import POSENET
from humanrt.vision.body.tiles import all_large, halves, merged
from humanrt.vision.caching import reuse
from humanrt.vision.call import Call
from humanrt.vision.scaling import require_pixels
from humanrt.vision.stage import family_of, run_stage, run_stages

# The ends of the models' names of the parts above the neck, which "leftEyeInside" of blazepose begins with.
PARTS_OF_HEADS = ("nose", "head", "neck", "Eye", "EyeInside", "EyeOutside", "Ear", "Mouth", "bodyTop")


@dataclass(frozen=True)
class BodyFamilies:
    """The families that ``detect_bodies()`` chooses from; ``compat/`` has another instance."""

    # The first whose outputs a model card has is taken: families with a single output come last.
    bodies: tuple[BodyFamily, ...] = (POSENET, REFINED, BLAZEPOSE, SEVERAL, SINGLE, EFFICIENTPOSE)
    regions: RegionDetector = REGION_DETECTOR

    def runs_for(self, limit: int) -> bool:
        """Return whether models are run if at most ``limit`` bodies are wanted."""
        return limit > 0

    def check_regions(self, family: BodyFamily, model: str) -> None:
        """Raise ``ConfigError`` if ``body.detector`` is enabled for a ``model`` that does not take regions."""
        if not family.takes_regions:
            raise ConfigError(
                f"body.detector finds the regions of bodies for blazepose, and {model} needs none: "
                "set body.detector.enabled to False, or body.model_path to blazepose-lite.json"
            )


def body_models(body: BodyConfig) -> dict[str, str]:
    """Return the path of each model that bodies need, by its key of the configuration."""
    if not body.enabled:
        return {}
    wanted = {"body": body.model_path}
    if body.detector.enabled:
        wanted["body.detector"] = body.detector.model_path
    return wanted


async def detect_bodies(call: Call, families: BodyFamilies, limit: int) -> tuple[Body, ...]:
    """Return the bodies of an image, at most ``limit``, best first.

    Runs in the caller's scope, which owns all tensors allocated here. Raises ``ConfigError`` if ``body.detector`` is
    enabled for a model that does not take regions.
    """
    if "body" not in call.models or not families.runs_for(limit):
        return ()
    model, settings = call.models["body"], call.config.body
    family = family_of(model.card, families.bodies, "a body model")
    regions: list[Region] | None = None
    if "body.detector" in call.models:
        families.check_regions(family, model.card.name)
        if family.takes_regions:
            wanted = RegionTask(settings.detector, limit)
            regions = await run_stage(families.regions, call.models["body.detector"], call.picture, wanted)
            if not regions:
                return ()
            if call.original is not None:
                require_pixels((region.box[2] - region.box[0] for region in regions), family.form(model).height)
    task = BodyTask(settings, limit, regions)
    bodies = confirmed(await run_stage(family, model, call.picture, task), settings)
    if settings.tiles and family.takes_tiles and not all_large(bodies):
        tasks = [task._replace(tile=tile) for tile in halves(*call.size)]
        found = await run_stages(family, model, call.picture, tasks)
        return await scheduler.run(merged, [bodies, *(confirmed(each, settings) for each in found)], limit)
    return bodies


async def reuse_bodies(call: Call, families: BodyFamilies, limit: int) -> tuple[Body, ...]:
    """Return the bodies of a frame of a session, as ``detect_bodies()`` does, or those of an earlier frame."""
    detect = partial(detect_bodies, call, families, limit)
    if "body" not in call.models or call.frame is None or not families.runs_for(limit):
        return await detect()
    rule = family_of(call.models["body"].card, families.bodies, "a body model").reuse
    if rule is None:
        return await detect()
    found = await reuse(call, call.frame, "body", call.config.body, rule, detect)
    return found[:limit] if limit else found


def confirmed(bodies: tuple[Body, ...], settings: BodyConfig) -> tuple[Body, ...]:
    """Return the bodies with the keypoints that the configuration requires, with ids in their order."""
    if not (settings.min_keypoints or settings.below_neck):
        return bodies
    whole = (body for body in bodies if is_body(body, settings))
    return tuple(replace(body, id=i) for i, body in enumerate(whole))


def is_body(body: Body, settings: BodyConfig) -> bool:
    """Return whether a body has the keypoints that the configuration requires."""
    certain = [keypoint.part for keypoint in body.keypoints if keypoint.score > settings.keypoint_confidence]
    if len(certain) < settings.min_keypoints:
        return False
    return not settings.below_neck or any(not part.endswith(PARTS_OF_HEADS) for part in certain)
