"""Hands."""

from humanrt.config import HandConfig
from humanrt.pipeline.call import Call
from humanrt.result import Hand


def hand_models(hand: HandConfig) -> dict[str, str]:
    """Tell which models hands need: the path of each, by its key of the configuration."""
    return {}


async def detect_hands(call: Call, limit: int) -> tuple[Hand, ...]:
    """Find the hands of a picture, at most ``limit``, best first.

    Runs in the caller's scope, which owns all tensors made here.
    """
    return ()
