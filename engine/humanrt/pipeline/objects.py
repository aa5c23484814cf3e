"""Objects."""

from humanrt.config import ObjectConfig
from humanrt.pipeline.call import Call
from humanrt.result import Object


def object_models(settings: ObjectConfig) -> dict[str, str]:
    """Tell which models objects need: the path of each, by its key of the configuration."""
    return {}


async def detect_objects(call: Call) -> tuple[Object, ...]:
    """Find the objects of a picture, best first.

    Runs in the caller's scope, which owns all tensors made here.
    """
    return ()
