"""What is said of a model whose outputs cannot be read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from numpy.typing import NDArray

from humanrt.errors import ConfigError, ModelError, ModelFormatError
from humanrt.zoo import Card

# What NumPy and Python raise for arrays of another shape, or with other values, than those that are read.
UNREADABLE = (ArithmeticError, LookupError, TypeError, ValueError)


@contextmanager
def reading(card: Card, meanings: Sequence[str], outputs: Sequence[NDArray[Any]]) -> Iterator[None]:
    """Read outputs, those that the card calls ``meanings``, within this block.

    Raises ModelFormatError, with the model and what came out, instead of what reading others than its family has ends
    in: cards of a user's own may be mistaken. Errors that speak of the card or of the model pass as they are.
    """
    try:
        yield
    except (ConfigError, ModelError):
        raise
    except UNREADABLE as error:
        came = ", ".join(
            f"{name} {output.dtype} {list(output.shape)}" for name, output in zip(meanings, outputs, strict=True)
        )
        raise ModelFormatError(
            f"{card.name} gave {came}, which cannot be read as those of a model for {card.config_key} ({error}): "
            "compare its card with those of HumanRT's own models"
        ) from error
