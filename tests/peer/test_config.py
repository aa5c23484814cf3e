"""Every key of the real Human's configuration is known, and means the same."""

from dataclasses import fields, is_dataclass

from humanrt.config import Config, load_config

# Where a default of ours differs on purpose: what a user of Human in a browser would set otherwise.
OURS = {"deallocate", "wasm_path", "model_base_path", "cache_models"}


def without_filters(values):
    """Human's defaults without what does not exist here yet."""
    return {**values, "filter": {**values["filter"], "enabled": False}, "wasmPath": ""}


def differences(ours, theirs, path=""):
    for item in fields(ours):
        our, their = getattr(ours, item.name), getattr(theirs, item.name)
        if is_dataclass(our):
            yield from differences(our, their, f"{path}{item.name}.")
        elif our != their:
            yield f"{path}{item.name}"


async def test_every_key_and_every_default(peer):
    config = load_config(without_filters(peer.human_defaults()))
    assert set(differences(Config(), config)) <= OURS
