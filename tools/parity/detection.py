"""Detection of one picture with Human and with HumanRT: the same pixels, model files and configuration."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from humanrt import Human
from humanrt.zoo import Store, find_card
from parity.node import Backend, Peer

ON, OFF = {"enabled": True}, {"enabled": False}
MODULES = ("face", "body", "hand", "object", "gesture", "segmentation", "filter")

Json = Mapping[str, Any]


async def detect_both(
    peer: Peer,
    picture: NDArray[np.uint8],
    config: Json,
    *,
    compat: Literal["human"] | None = "human",
    before: Json | None = None,
    backend: Backend = "wasm",
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run both on a picture, uint8 [h, w, 3]; return our JSON and Human's.

    Modules that ``config`` does not name are off in both. ``modelPath`` may name a model that is not in Human's
    package; both read the same files. ``before`` is the configuration of a call of Human before this one.
    """
    config = {**dict.fromkeys(MODULES, OFF), **config}
    async with Human({"preset": "human", **config, "compat": compat, "raise_errors": True}) as human:
        with await human.detect(picture) as result:
            ours = result.to_human()
        theirs = peer.human(picture, with_addresses(config, human.engine.store), before=before, backend=backend)
        return ours, theirs


def with_addresses(section: Json, store: Store) -> dict[str, Any]:
    """Return a section with the paths of models replaced by the addresses that Human loads them from."""
    replaced = dict(section)
    for key, value in section.items():
        if isinstance(value, dict):
            replaced[key] = with_addresses(value, store)
        elif key.startswith("modelPath"):
            replaced[key] = store.ensure(find_card(value)).as_uri()
    return replaced
