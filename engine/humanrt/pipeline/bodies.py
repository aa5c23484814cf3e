"""Bodies."""

from humanrt.config import BodyConfig
from humanrt.pipeline.call import Call
from humanrt.result import Body


def body_models(body: BodyConfig) -> dict[str, str]:
    """Tell which models bodies need: the path of each, by its key of the configuration."""
    return {}


async def detect_bodies(call: Call, limit: int) -> tuple[Body, ...]:
    """Find the bodies of a picture, at most ``limit``, best first.

    Runs in the caller's scope, which owns all tensors made here.
    """
    return ()
