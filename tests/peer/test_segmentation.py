"""Segmentations are those of the real Human 3.3.6, on the frames of a video, rvm's recurrent state included."""

import numpy as np
import pytest

from humanrt import Human
from parity.detection import MODULES, OFF, with_addresses
from parity.pictures import read_picture

ASTRONAUT = read_picture("astronaut")
# Three frames of 301 x 200, between which the picture moves.
FRAMES = [np.ascontiguousarray(ASTRONAUT[10 * i : 10 * i + 200, 15 * i : 15 * i + 301]) for i in range(3)]

CASES = [
    ("rvm", {}),
    ("rvm", {"ratio": 0.3}),
    ("rvm", {"mode": "alpha"}),
    ("rvm", {"mode": "foreground"}),
    ("rvm", {"mode": "state"}),
    ("selfie", {}),
    ("selfie", {"mode": "alpha"}),
    ("meet", {}),
    ("meet", {"mode": "alpha"}),
]


def configured(model, settings):
    section = {"enabled": True, "modelPath": f"{model}.json", **settings}
    return {**dict.fromkeys(MODULES, OFF), "segmentation": section}


def share_within(ours, theirs, levels=1):
    return (np.abs(ours.astype(np.float64) - theirs) <= levels + 1e-3).mean()


@pytest.mark.parametrize(("model", "settings"), CASES)
async def test_alpha_foreground_and_state(peer, model, settings):
    config = configured(model, settings)
    async with Human({**config, "compat": "human", "raise_errors": True}) as human, human.session() as session:
        theirs = peer.human_segmentation(FRAMES, with_addresses(config, human.engine.store))
        for frame, pixels in zip(FRAMES, theirs, strict=True):
            with await human.detect(frame, session=session) as result:
                found = result.segmentation
                if found.alpha is not None:
                    assert share_within(found.alpha.numpy() * 255, pixels[..., -1]) >= 0.99
                if found.foreground is not None:
                    assert share_within(found.foreground.numpy(), pixels[..., :3]) >= 0.99
                if found.state is not None:
                    assert share_within(found.state.numpy(), pixels[..., 0]) >= 0.99


async def both(peer, model):
    """Alpha of the first frame, 0..255, ours in default mode and Human's."""
    config = configured(model, {})
    async with Human({**config, "raise_errors": True}) as human:
        (theirs,) = peer.human_segmentation(FRAMES[:1], with_addresses(config, human.engine.store))
        with await human.detect(FRAMES[0]) as result:
            return result.segmentation.alpha.data_sync() * 255, theirs[..., -1]


@pytest.mark.parametrize("model", ["rvm", "selfie"])
async def test_in_default_mode_alpha_differs_by_rounding_only(peer, model):
    """We keep the fractions of alpha, and round the resized picture, the model's input, to integers."""
    assert share_within(*await both(peer, model), levels=4) >= 0.99


async def test_in_default_mode_meet_segments_the_whole_person(peer):
    """Human's softmax is along the lines, which leaves hardly any foreground."""
    _, selfies = await both(peer, "selfie")
    ours, theirs = await both(peer, "meet")
    person = selfies > 250
    assert np.median(ours[person]) > 245
    assert np.median(theirs[person]) < 25
