"""Every key of the real Human's configuration is accepted, and has the same default."""

from dataclasses import fields, is_dataclass

from humanrt.config import Config, load_config

# Defaults that differ on purpose: Human's are for a browser.
OURS = {"deallocate", "wasm_path", "model_base_path", "cache_models", "filter.auto_brightness"}


def without_filters(values):
    """Human's defaults without the filters, which do not exist here yet."""
    return {**values, "filter": {**values["filter"], "enabled": False}, "wasmPath": ""}


def differences(ours, theirs, path=""):
    for item in fields(ours):
        our, their = getattr(ours, item.name), getattr(theirs, item.name)
        if is_dataclass(our):
            yield from differences(our, their, f"{path}{item.name}.")
        elif our != their:
            yield f"{path}{item.name}"


async def test_every_key_and_every_default(peer):
    config = load_config({"preset": "human", **without_filters(peer.human_defaults())})
    assert set(differences(Config(), config)) <= OURS
