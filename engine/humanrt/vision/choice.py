"""Which family of models a model belongs to."""

from collections.abc import Sequence
from typing import TypeVar

from humanrt.errors import ConfigError
from humanrt.vision.family import Family
from humanrt.zoo import Card

AFamily = TypeVar("AFamily", bound=Family)


def family_of(card: Card, families: Sequence[AFamily], what: str) -> AFamily:
    """Tell a model's family by what its card says comes out: the first of ``families`` whose outputs are all there.

    Raises ConfigError for a card that is of none, which says what ``what``, "a face detector" for instance, has.
    """
    for family in families:
        if set(family.OUTPUTS) <= card.outputs.keys():
            return family
    known = "; ".join(", ".join(family.OUTPUTS) for family in families)
    raise ConfigError(f"the outputs of {card.name} are {', '.join(card.outputs)}; {what} has {known}")
