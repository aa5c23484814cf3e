"""Bodies: one family of models, which blazepose's detector may go ahead of."""

from collections.abc import Sequence
from functools import partial

from humanrt.config import BodyConfig
from humanrt.errors import ConfigError
from humanrt.result import Body
from humanrt.runtime import scheduler
from humanrt.vision.body import blazepose, efficientpose, movenet, people, posenet
from humanrt.vision.body.detector import BodyDetector
from humanrt.vision.body.people import Region
from humanrt.vision.call import Call
from humanrt.vision.choice import family_of
from humanrt.vision.reading import reading

# The first whose outputs are all there is the one: what names a single output comes last.
FAMILIES: Sequence[BodyDetector] = (posenet, blazepose, movenet.SEVERAL, movenet.SINGLE, efficientpose)


def body_models(body: BodyConfig) -> dict[str, str]:
    """Tell which models bodies need: the path of each, by its key of the configuration."""
    if not body.enabled:
        return {}
    wanted = {"body": body.model_path}
    if body.detector.enabled:
        wanted["body.detector"] = body.detector.model_path
    return wanted


async def detect_bodies(call: Call, limit: int) -> tuple[Body, ...]:
    """Find the bodies of a picture, at most ``limit``, best first.

    Runs in the caller's scope, which owns all tensors made here. Raises ConfigError where ``body.detector`` is on for a
    model that does without; Human then does without it, too.
    """
    # Human's models of one body know no limit: even where it is 0, they are asked.
    if "body" not in call.models or (limit == 0 and not call.quirks):
        return ()
    model = call.models["body"]
    family = family_of(model.card, FAMILIES, "a model of bodies")
    form = model.form if family is movenet.SEVERAL else model.fixed_form
    prepare = partial(family.prepare, form=form, quirks=call.quirks)
    if "body.detector" in call.models and family is not blazepose and not call.quirks:
        raise ConfigError(
            f"body.detector finds people for blazepose, and {model.card.name} finds them on its own: "
            "set body.detector.enabled to False, or body.model_path to blazepose-lite.json"
        )
    if family is blazepose and "body.detector" in call.models:
        regions = await _find_people(call, limit)
        if not regions:
            return ()
        prepare = partial(blazepose.prepare_regions, form=form, regions=regions, quirks=call.quirks)
    with call.picture.pinned() as pixels:
        prepared = await scheduler.run(prepare, pixels)
    outputs = await model.run(prepared.pixels, family.OUTPUTS)
    decode = partial(family.decode, quirks=call.quirks)
    with reading(model.card, family.OUTPUTS, outputs):
        return await scheduler.run(decode, outputs, prepared, limit, call.config.body)


async def _find_people(call: Call, limit: int) -> list[Region]:
    model, settings = call.models["body.detector"], call.config.body.detector
    with call.picture.pinned() as pixels:
        prepared = await scheduler.run(partial(people.prepare, form=model.fixed_form, quirks=call.quirks), pixels)
    outputs = await model.run(prepared.pixels, people.OUTPUTS)
    with reading(model.card, people.OUTPUTS, outputs):
        return await scheduler.run(partial(people.decode, quirks=call.quirks), outputs, prepared, limit, settings)
