"""Which family each of HumanRT's own models belongs to, ours and Human's alike."""

import pytest

from humanrt.compat import HUMAN
from humanrt.vision.families import FAMILIES
from humanrt.vision.stage import family_of
from humanrt.zoo import cards

CARDS = list(cards().values())


def candidates(families, card):
    """The families among which the pipeline chooses, or the only one."""
    key = card.config_key
    choices = {
        "face.detector": families.face.detectors,
        "face.mesh": families.face.meshes,
        "face.attention": families.face.meshes,
        "face.iris": [families.face.iris],
        "body": families.body.bodies,
        "body.detector": [families.body.regions],
        "hand.detector": families.hand.detectors,
        "hand.skeleton": [families.hand.skeleton],
        "object": families.object.detectors,
        "segmentation": families.segmentation.segmenters,
    }
    describers = families.face.aligned | families.face.describers
    return choices[key] if key in choices else [describers[key]]


@pytest.mark.parametrize("families", [FAMILIES, HUMAN], ids=["ours", "human"])
@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_every_model_belongs_to_the_family_that_decodes_most_of_its_outputs(card, families):
    known = candidates(families, card)
    family = family_of(card, known, "a model")
    others = [other for other in known if card.outputs.keys() >= set(other.outputs)]
    assert max(len(other.outputs) for other in others) == len(family.outputs)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_humans_family_of_a_model_decodes_outputs_of_ours(card):
    ours, humans = (family_of(card, candidates(families, card), "a model") for families in (FAMILIES, HUMAN))
    assert set(humans.outputs) <= set(ours.outputs)
    assert isinstance(humans, type(ours))
