"""warmup(), compare(), validate() and reset() beside the real Human."""

from hashlib import sha256

import numpy as np
import pytest

from humanrt import Human
from humanrt.errors import ConfigError
from humanrt.imaging import read_picture
from parity.detection import MODULES, OFF, with_addresses
from parity.everything import DEFAULT_MODELS, compare


@pytest.mark.slow(5)
@pytest.mark.parametrize("choice", ["face", "full"])
async def test_warmup_detects_in_the_same_picture(peer, choice):
    config = {**dict.fromkeys(MODULES, OFF), **DEFAULT_MODELS}
    async with Human({**config, "warmup": choice, "compat": "human", "raise_errors": True}) as human:
        samples = human.engine.store.samples()
        digests = {name: sha256(path.read_bytes()).hexdigest() for name, path in samples.items()}
        pictures = {digest: read_picture(samples[name]) for name, digest in digests.items()}
        used, theirs = peer.human_warmup(pictures, with_addresses(config, human.engine.store), choice)
        assert used == [digests["human_face" if choice == "face" else "human_body"]]
        with await human.warmup() as result:
            differences = compare(result.to_human(), theirs)
    assert [each for module in differences.values() for each in module if not each.within] == []
    assert len(theirs["face"]) == 1


async def test_warmup_that_is_switched_off_returns_nothing_in_both(peer):
    async with Human() as human:
        for choice in ("none", ""):
            used, theirs = peer.human_warmup({}, {}, choice)
            with await human.warmup({"warmup": choice}) as result:
                ours = result.to_human()
            assert used == []
            for field in ("face", "body", "hand", "gesture", "object", "persons", "width", "height"):
                assert ours[field] == theirs[field]


@pytest.mark.parametrize(
    ("first", "second"), [((40, 60), (40, 60)), ((40, 60), (31, 90)), ((7, 5), (200, 120)), ((1, 1), (3, 2))]
)
async def test_compare_returns_the_same_number(peer, first, second):
    chance = np.random.default_rng(7)
    one, other = (chance.integers(0, 256, (*size, 3), np.uint8) for size in (first, second))
    theirs = peer.human_compare(one[None].astype(np.float32), other[None].astype(np.float32))
    async with Human() as human:
        # Theirs is summed in float32, and OpenCV samples another size on a grid of its own.
        assert await human.compare(one, other) == pytest.approx(theirs, rel=1e-4)


def settings(section, path=()):
    """Yield the path and the value of each setting in a configuration of Human."""
    for key, value in section.items():
        if isinstance(value, dict) and value:
            yield from settings(value, (*path, key))
        else:
            yield (*path, key), value


def nested(path, value):
    for key in reversed(path):
        value = {key: value}
    return value


OF_ANOTHER_TYPE = {str: 3, bool: 3, int: "text", float: "text"}


async def test_validate_refuses_what_human_reports(peer):
    wrong = []
    for path, value in settings(peer.human_defaults()):
        if path[0] != "flags":
            wrong += [nested((*path[:-1], f"{path[-1]}x"), value), nested(path, OF_ANOTHER_TYPE[type(value)])]
    assert len(wrong) > 150
    theirs = peer.human_validate([{}, *wrong])
    assert theirs[0] == []
    assert {len(messages) for messages in theirs[1:]} == {1}
    async with Human() as human:
        assert human.validate({}) == {}
        for config in wrong:
            with pytest.raises(ConfigError):
                human.validate(config)


def test_reset_keeps_the_backend_and_returns_to_the_defaults(peer):
    defaults = peer.human_defaults()
    after = peer.human_after_reset({"backend": "cpu", "debug": True, "face": {"detector": {"maxDetected": 9}}})
    # Human sets this one by what the platform can, and forgets that in reset().
    assert after == {**defaults, "backend": "cpu", "cacheModels": True}
