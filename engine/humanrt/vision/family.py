"""What all families of models have in common."""

from typing import Protocol


class Family(Protocol):
    """Models that are prepared for and read in one way; a module of this folder, or an object."""

    @property
    def OUTPUTS(self) -> tuple[str, ...]:  # noqa: N802  # a constant where a module plays this part
        """The outputs wanted, as the model's card names them; a card that has them is one of this family."""
