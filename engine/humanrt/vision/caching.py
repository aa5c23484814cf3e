"""Frame caching in ``detect()``: whether a frame may reuse results, and modules that reuse a whole result.

Source: Human's ``skip()`` in src/image/image.ts, and the ``predict()`` of each model.
"""

from collections.abc import Awaitable, Callable, Hashable, Iterator
from typing import NamedTuple, TypeVar

from humanrt.config import Config
from humanrt.imaging import mean_squared_difference
from humanrt.runtime import scheduler
from humanrt.streams.caching import Cached, Limits, load_cached
from humanrt.streams.session import SessionFrame
from humanrt.tensors import Tensor, values_of
from humanrt.vision.call import Call

PICTURE = "picture"
# Human's measure of two frames: the mean of the squared differences of their values, 0..255, over this.
LEVELS = 255

Records = TypeVar("Records", bound=tuple[object, ...])


class Reuse(NamedTuple):
    """How a model counts the frames that reuse its result, which differs in Human from model to model."""

    ahead: int = 0
    """1 if the frame in question counts as skipped before the limit is tested: ``skip_frames`` of 1 is none then."""
    empty: bool = False
    """Whether the result that nothing was detected is reused."""


async def compare_frames(call: Call, frame: SessionFrame) -> None:
    """Decide whether ``frame`` may reuse results, and store its picture for the next one.

    It may if it resembles the frame before, or, with ``skip_allowed`` in the configuration, in any case. The first
    frame, and one of another size than the frame before, may not.
    """
    config = call.config
    if not any(limits.skip_frames and limits.skip_time for limits in _limits(config)):
        return
    if config.skip_allowed:
        frame.skip_allowed = True
    elif config.cache_sensitivity:
        (*before,) = frame.recall(PICTURE, call.size)
        difference = await scheduler.run(_compare, call, frame, before)
        frame.skip_allowed = difference is not None and difference <= config.cache_sensitivity


def _compare(call: Call, frame: SessionFrame, before: list[Tensor]) -> float | None:
    """Return the difference to the frame before, in Human's measure; None if there is none."""
    pixels = values_of(call.picture)
    frame.remember(PICTURE, call.size, [call.adopt(pixels.copy())])  # the pixels may be the caller's
    return mean_squared_difference(pixels, values_of(before[0])) / LEVELS if before else None


def _limits(config: Config) -> Iterator[Limits]:
    """Yield the sections of the enabled modules that results are reused by."""
    face = config.face
    if face.enabled and face.detector.enabled:
        yield face.detector
        describers = (face.emotion, face.antispoof, face.liveness, face.description, face.ssrnet, face.gear)
        embedders = (face.mobilefacenet, face.insightface, face.embedding)
        yield from (section for section in (*describers, *embedders) if section.enabled)
    yield from (section for section in (config.body, config.hand, config.object) if section.enabled)


def kind_of(call: Call, key: str, settings: object) -> Hashable:
    """Return what the result of the model of ``key`` depends on besides the pixels."""
    return call.models[key].card.digest, call.size, settings, call.config.compat


async def reuse(
    call: Call,
    frame: SessionFrame,
    key: str,
    settings: Limits,
    rule: Reuse,
    detect: Callable[[], Awaitable[Records]],
) -> Records:
    """Return the records of an earlier frame while ``settings`` permit it, else those that ``detect`` returns.

    Raises what ``detect`` raises.
    """
    kind = kind_of(call, key, settings)
    cached = load_cached(frame, key, kind)
    if cached is not None and (cached.value or rule.empty) and cached.is_fresh(settings, frame, ahead=rule.ahead):
        records: Records = cached.value
        frame.save(key, cached.reused(records))
        return records
    records = await detect()
    frame.save(key, Cached(kind, records, 0, frame.time))
    return records
